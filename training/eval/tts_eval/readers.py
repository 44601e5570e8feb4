"""Voices beside recordings of who they are: what speech without any control differs by, and likeness.

`[neutral]` of the model's config.toml comes from here: what all voices lack alike is the model's doing, and is given to all of them.
"""
import re
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from .corpus import HELD_OUT, PROJECT, SPEECH, joined, lines, table
from .identity import Judges, SpeakerVectors
from .report import Table
from .sound import measure, read
from .stats import mean_interval
from .store import digest

FIGURES = {
    "f0_median": "F0 median (st)",
    "f0_sd": "F0 SD (st)",
    "alpha": "alpha ratio (dB)",
    "hnr": "harmonicity (dB)",
    "level_sd": "level SD (dB)",
}
RECORDINGS, CLIPS, TEXTS = 12, 2, 4
CLIP_SECONDS = 5


def reader(voice):
    """Who a shipped voice is in the manifest, by its card."""
    card = (PROJECT / "voices" / voice / "card.toml").read_text(encoding="utf-8")
    number = re.search(r"LibriSpeech speaker (\d+)", card)
    return f"ls{number[1]}" if number else voice


class Booth:
    """Speaks and measures."""

    def __init__(self, engine):
        self.engine, self.vectors = engine, SpeakerVectors()
        self.texts = lines("neutral.txt")[:TEXTS]

    def heard(self, pcm, rate):
        """([figures], speaker vector)."""
        found = measure(pcm, rate)
        return [found[name] for name in FIGURES], self.vectors.of(pcm, rate)

    def said(self, voice):
        """The same of all texts, said with a voice."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "said.wav"
            for seed, text in enumerate(self.texts):
                self.engine.say(target, text, seed=seed, voice=voice)
                yield self.heard(*soundfile.read(target, dtype="float64"))

    def clones(self, rows):
        """What clones of some recordings say."""
        with tempfile.TemporaryDirectory() as folder:
            clip, voice = Path(folder) / "clip.wav", Path(folder) / "clone.voice"
            for row in rows:
                soundfile.write(clip, *joined([SPEECH / row["path"]], CLIP_SECONDS), subtype="PCM_16")
                self.engine.clone(clip, voice, "--force")
                yield from self.said(voice)


def beside_readers(engine, voices):
    """A table of what voices, and clones of readers that nothing was trained on, have more than the recordings."""
    booth = Booth(engine)
    who = {voice: reader(voice) for voice in voices} | {name: name for name in sorted(HELD_OUT)}
    recorded, gender, clips = {}, {}, {}
    for name in who.values():
        own = [r for r in table(SPEECH / "manifest.tsv") if r["speaker"] == name and float(r["seconds"]) > 2.5]
        own.sort(key=lambda row: digest(row["path"]))
        clips[name], rest = own[:CLIPS], own[CLIPS : CLIPS + RECORDINGS]
        recorded[name] = [booth.heard(read(SPEECH / row["path"]), 16000) for row in rest]
        gender[name] = own[0]["gender"]
    judges = Judges({name: [vector for _, vector in found] for name, found in recorded.items()}, gender)
    found = Table(
        "readers",
        "Voices beside recordings of who they are",
        ["who", *FIGURES.values(), "likeness (nSIM)"],
        f"Differences of {TEXTS} texts from {RECORDINGS} recordings; clones are made of {CLIPS} clips of {CLIP_SECONDS} s each, of readers that nothing was "
        "trained on; likeness: 0 is another speaker here of the gender, 1 the person's own recordings.",
    )
    kinds = {"voices": [], "clones": []}
    for title, name in who.items():
        made = list(booth.clones(clips[name]) if title in HELD_OUT else booth.said(title))
        usual = np.nanmean([figures for figures, _ in recorded[name]], 0)
        more = np.nanmean([figures for figures, _ in made], 0) - usual
        row = [*map(float, more), judges.score(name, [vector for _, vector in made])]
        kinds["clones" if title in HELD_OUT else "voices"].append(row)
        found.add(f"clones of {title}" if title in HELD_OUT else title, *row)
    for kind, rows in kinds.items():
        if rows:
            found.add(f"all {kind}", *(mean_interval(column) for column in zip(*rows)))
    return [found]
