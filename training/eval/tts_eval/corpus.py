"""Who is heard: EmoDB's actors as references (for evaluation only, never for training), and readers nobody trained on.

`EMODB` and `SPEECH` (environment) are folders with recordings and a `manifest.tsv`; README.md says what they are.
"""
import csv
import importlib.util
import os
import re
from pathlib import Path

import numpy as np
import soundfile

from .store import digest

PROJECT = Path(__file__).resolve().parents[3]
BESIDE = PROJECT.parent / "shared"
EMODB = Path(os.environ.get("EMODB", BESIDE / "eval" / "emodb"))
SPEECH = Path(os.environ.get("SPEECH", BESIDE / "speech"))
PROTOTYPE = Path(os.environ.get("PROTOTYPE", BESIDE / "native" / "model.safetensors"))
WORK = Path(os.environ.get("WORK", PROJECT / "work")) / "eval"
DATA = Path(__file__).resolve().parents[1] / "data"

EMOTIONS = ["neutral", "anger", "boredom", "disgust", "fear", "happiness", "sadness"]
HELD_OUT = {"ls1867", "ls1898", "ls2136", "ls3526"}  # where training/native/data.py does not say otherwise


def table(path):
    """Rows of a tab-separated file as dicts."""
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def lines(name):
    """Sentences of data/NAME, one a line."""
    return [line.strip() for line in (DATA / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def wave(source, name):
    """The recording `source` as a 16-bit WAV under WORK, made once; every system gets the same bytes."""
    target = WORK / "references" / f"{name}.wav"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        pcm, rate = soundfile.read(source, dtype="float64", always_2d=True)
        soundfile.write(target, pcm.mean(1), rate, subtype="PCM_16")
    return target


def german_syllables(text):
    """Groups of vowels: near enough, since rates are compared within a sentence."""
    return len(re.findall(r"[aeiouyäöü]+", text.lower()))


class EmoDB:
    """The clips, and which of them are references and which stay to judge identity by."""

    def __init__(self, folder=None):
        self.folder = Path(folder or EMODB)
        if not (self.folder / "manifest.tsv").exists():
            raise SystemExit(f"{self.folder}/manifest.tsv is missing: set EMODB to the folder that holds EmoDB and its manifest")
        self.rows = table(self.folder / "manifest.tsv")
        for row in self.rows:
            row["id"] = Path(row["path"]).stem
            row["syllables"] = german_syllables(row["text"])
        self.gender = {row["speaker"]: row["gender"] for row in self.rows}

    def wave(self, row):
        return wave(self.folder / row["path"], row["id"])

    def speakers(self, count=None):
        """All, or `count` of them with the genders in turn."""
        names = sorted(self.gender)
        if count is None:
            return names
        women = [name for name in names if self.gender[name] == "F"]
        men = [name for name in names if self.gender[name] == "M"]
        return sorted(women[: (count + 1) // 2] + men[: count // 2])

    def references(self, speakers, emotions, each):
        """Up to `each` clips of every speaker and emotion, drawn by a hash of their names, so that a longer list holds a shorter."""
        drawn = []
        for speaker in speakers:
            for emotion in emotions:
                own = [row for row in self.rows if row["speaker"] == speaker and row["emotion"] == emotion]
                drawn += sorted(own, key=lambda row: digest(row["id"]))[:each]
        return drawn

    def judges(self, speaker, references):
        """The speaker's neutral clips that are no references: what identity is scored against."""
        used = {row["id"] for row in references}
        return [r for r in self.rows if r["speaker"] == speaker and r["emotion"] == "neutral" and r["id"] not in used]


def split_rule():
    """training/native/data.py's own `held_out(row)` where it is there, so that there is one list; else the four readers."""
    path = PROJECT / "training" / "native" / "data.py"
    if not path.exists():
        return lambda row: row["speaker"] in HELD_OUT
    spec = importlib.util.spec_from_file_location("native_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.held_out


def held_out_sentences(count, longest=17.0):
    """Up to `count` recordings of readers that no stage of training heard (learners of English left out), in an order that does
    not depend on `count`: rows with `id`, `file` and `text` in sentence case."""
    if not (SPEECH / "manifest.tsv").exists():
        raise SystemExit(f"{SPEECH}/manifest.tsv is missing: set SPEECH to the folder that holds the recordings and their manifest")
    held = split_rule()
    chosen = []
    for row in table(SPEECH / "manifest.tsv"):
        if row["set"] != "speechocean762" and held(row) and float(row["seconds"]) <= longest:
            text = row["text"] if row["text"] != row["text"].upper() else row["text"].capitalize()
            text = re.sub(r"\bi\b", "I", text)
            chosen.append(row | {"id": Path(row["path"]).stem, "file": SPEECH / row["path"], "text": text})
    return sorted(chosen, key=lambda row: digest(row["id"]))[:count]


def joined(files, seconds):
    """The first `seconds` of recordings laid end to end, at the first one's rate: (pcm, rate)."""
    parts, rate = [], None
    for file in files:
        pcm, found = soundfile.read(file, dtype="float64", always_2d=True)
        rate = rate or found
        if found == rate:
            parts.append(pcm.mean(1))
        if sum(map(len, parts)) >= seconds * rate:
            break
    return np.concatenate(parts)[: int(seconds * rate)], rate
