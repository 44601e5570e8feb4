"""Where the recordings are and who may be heard in training.

`SPEECH` (environment) is a folder with `manifest.tsv` (path, speaker, gender, seconds, set, licence, text) and the files it
names; training/README.md says where the recordings come from. `WORK` (environment, default `work/` of the project) takes
everything that is made of them.
"""
import csv
import hashlib
import os
from collections import Counter
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

PROJECT = Path(__file__).resolve().parents[2]
SPEECH = Path(os.environ.get("SPEECH", PROJECT.parent / "shared" / "speech"))
WORK = Path(os.environ.get("WORK", PROJECT / "work"))

SAMPLE_RATE = 24000
# Left out of every stage, to judge it: four readers with much speech, eight with a little, every speaker of
# speechocean762 whose number ends in 0, and every twentieth prompt of kathleen.
HELD_OUT = {
    "ls1867", "ls1898", "ls2136", "ls3526",
    "ls1034", "ls1040", "ls1069", "ls1081", "ls125", "ls1235", "ls1246", "ls1263",
}  # fmt: skip
FULL_BAND = {"kathleen"}  # the others hold nothing above 8 kHz


def rows(sets=None):
    """The manifest, one dict a recording, in its order."""
    with open(SPEECH / "manifest.tsv", encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in table if sets is None or row["set"] in sets]


def few(recordings, most):
    """The first `most` recordings of every speaker; all if it is 0."""
    count = Counter()
    kept = []
    for row in recordings:
        count[row["speaker"]] += 1
        if not most or count[row["speaker"]] <= most:
            kept.append(row)
    return kept


def held_out(row):
    """Whether a recording may only be used to judge."""
    if row["set"] == "kathleen":
        return int(row["path"].split("_")[1][1:]) % 20 == 7
    return row["speaker"] in HELD_OUT or (row["set"] == "speechocean762" and row["speaker"].endswith("0"))


def manifest_hash():
    """What the data was, in 16 digits."""
    return hashlib.sha256((SPEECH / "manifest.tsv").read_bytes()).hexdigest()[:16]


def read(path):
    """A recording as float64 mono at 24 kHz."""
    pcm, rate = soundfile.read(path, dtype="float64", always_2d=True)
    pcm = pcm.mean(1)
    if rate != SAMPLE_RATE:
        common = gcd(rate, SAMPLE_RATE)
        pcm = resample_poly(pcm, SAMPLE_RATE // common, rate // common)
    return pcm


def level(pcm, dbfs=-23.0):
    """Scaled so that active frames (within 40 dB of the loudest 10 ms) have an RMS of `dbfs`; clipped at .99."""
    frames = pcm[: len(pcm) // 240 * 240].reshape(-1, 240)
    energy = (frames**2).mean(1)
    if not len(energy) or energy.max() <= 0:
        return pcm
    active = energy > energy.max() * 1e-4
    return np.clip(pcm * 10 ** (dbfs / 20) / np.sqrt(energy[active].mean() + 1e-12), -0.99, 0.99)
