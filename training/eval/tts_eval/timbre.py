"""The voice file itself: emotion in the timbre vector, and the habitual pitch told from one emotional clip."""
import numpy as np

from .report import Table
from .sound import semitones
from .stats import decode, mean_interval


def clips(bench):
    """Every clip of the bench's speakers and emotions."""
    return [row for row in bench.emodb.rows if row["speaker"] in bench.speakers and row["emotion"] in bench.size.emotions]


def vector_emotion(bench, systems):
    """Emotion decodable from the vector alone, speaker-centred, beside the stock speaker vector."""
    rows, refused = bench.admitted(clips(bench), systems)
    speaker, label = [row["speaker"] for row in rows], [row["emotion"] for row in rows]
    table = Table(
        "vector",
        "Emotion, read from the timbre vector",
        ["vector", "numbers", "accuracy", "chance", "p", "must", "want"],
        f"{len(rows)} clips of {len(bench.speakers)} speakers, {len(set(label))} classes, speaker-centred, folds by speaker, balanced accuracy, "
        f"linear discriminant; p by shuffling within speakers.{refused}",
    )
    vectors = {"stock d-vector (Resemblyzer)": [bench.recording(row)["vector"] for row in rows]}
    for system in systems.values():
        if system.name not in ("copy", "prefix"):  # one's vector is the clone's, the other has none
            vectors[system.title] = [system.timbre(system.keep(bench.emodb.wave(row))) for row in rows]
    for title, found in vectors.items():
        got = decode(speaker, np.array(found), label, min(200, bench.size.permutations))
        table.add(title, len(found[0]), (got["accuracy"], got["low"], got["high"]), got["chance"], got["p"], ".35", ".22")
    return [table]


def habitual_pitch(bench, systems):
    """How far the pitch kept of one emotional clip is from the median of the speaker's neutral clips."""
    rows, refused = bench.admitted([row for row in clips(bench) if row["emotion"] != "neutral"], systems)
    usual = {}
    for speaker in bench.speakers:
        own = [r for r in bench.emodb.rows if r["speaker"] == speaker and r["emotion"] == "neutral"]
        usual[speaker] = float(np.nanmedian([bench.recording(row)["figures"]["f0_median"] for row in own]))
    table = Table(
        "pitch",
        "Habitual F0 from one emotional clip: error in semitones",
        ["told by", "mean absolute error", "mean error", "must", "want"],
        f"{len(rows)} clips of {len(bench.speakers)} speakers against the median of their neutral clips; mean over speakers.{refused}",
    )

    def add(title, kept):
        error = {speaker: [] for speaker in bench.speakers}
        for row in rows:
            error[row["speaker"]].append(kept(row) - usual[row["speaker"]])
        sizes = [np.nanmean(np.abs(own)) for own in error.values() if own]
        table.add(title, mean_interval(sizes), mean_interval([np.nanmean(own) for own in error.values() if own]), "2.6", "1.7")

    add("the clip's own median (copying)", lambda row: bench.recording(row)["figures"]["f0_median"])
    for system in systems.values():
        if system.name == "clone":
            add(system.title, lambda row: float(semitones(np.exp(system.log_f0(system.keep(bench.emodb.wave(row)))))))
    return [table]
