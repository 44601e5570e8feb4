"""A folder of pairs of recordings, judged: what a codec's round trip, a renderer or a copy kept.

    DIR/reference/NAME.wav   DIR/result/NAME.wav   DIR/speakers.tsv   with the columns name, speaker, gender

The table of speakers may be missing; then there is no nSIM. For it, a result is compared with the speaker's other references
(ceiling: these among themselves; floor: the references of other speakers of the gender).
"""
from pathlib import Path

import numpy as np

from .corpus import table as rows_of
from .identity import Judges, SpeakerVectors, between
from .report import Table
from .sound import measure, read
from .stats import mean_interval


def judge(folder):
    """One table: PESQ-wb, similarity of the pair, F0 error, nSIM."""
    from pesq import NoUtterancesError, pesq

    folder = Path(folder)
    names = sorted(path.stem for path in (folder / "reference").glob("*.wav"))
    names = [name for name in names if (folder / "result" / f"{name}.wav").exists()]
    if not names:
        raise SystemExit(f"{folder}: no NAME.wav in both reference/ and result/")
    encoder = SpeakerVectors()
    reference, result, quality, pitch = {}, {}, [], []
    for name in names:
        left, right = (read(folder / kind / f"{name}.wav") for kind in ("reference", "result"))
        reference[name], result[name] = encoder.of(left, 16000), encoder.of(right, 16000)
        length = min(len(left), len(right))
        try:
            quality.append(float(pesq(16000, left[:length], right[:length], "wb")))
        except NoUtterancesError:
            quality.append(float("nan"))
        pitch.append(abs(measure(left, 16000)["f0_median"] - measure(right, 16000)["f0_median"]))
    out = Table("pairs", f"Pairs of {folder.name}", ["figure", "mean", "must", "want"], f"{len(names)} pairs; intervals by drawing pairs, nSIM by drawing speakers.")
    out.add("PESQ-wb", mean_interval(quality), "2.1", "2.6")
    out.add("similarity of the pair", mean_interval([between(reference[name], result[name]) for name in names]), "", "")
    out.add("F0 median, absolute error (st)", mean_interval(pitch), "", "")
    if (folder / "speakers.tsv").exists():
        said_by = {row["name"]: row for row in rows_of(folder / "speakers.tsv")}
        out.add("nSIM", mean_interval(likeness(names, reference, result, said_by)), ".75", ".85")
    return [out]


def likeness(names, reference, result, said_by):
    """nSIM of each speaker with at least three references: every result against the others of the speaker."""
    speaker = {name: said_by[name]["speaker"] for name in names if name in said_by}
    gender = {row["speaker"]: row["gender"] for row in said_by.values()}
    of = {who: [name for name in speaker if speaker[name] == who] for who in set(speaker.values())}
    everyone = {who: [reference[name] for name in own] for who, own in of.items()}
    scores = []
    for who in sorted(of):
        if len(of[who]) > 2:
            each = []
            for name in of[who]:
                others = [reference[other] for other in of[who] if other != name]
                each.append(Judges(everyone | {who: others}, gender).score(who, [result[name]]))
            scores.append(float(np.nanmean(each)))
    return scores
