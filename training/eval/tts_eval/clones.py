"""The material of leak, equivalence and identity: each system's clones of the same references, saying the same texts with the same seeds.

Only the figures and speaker vectors of a clone are kept (WORK/measured), not its sound.
"""
from dataclasses import dataclass

import numpy as np

from .corpus import EMOTIONS, WORK, EmoDB, lines
from .identity import Judges, SpeakerVectors
from .sound import LEAK, PROSODY, measure, read
from .store import Store, digest

FIGURES = 2  # count up when what `measure` says changes


@dataclass
class Size:
    """How much is heard."""

    speakers: int | None
    emotions: list
    each: int
    texts: int
    permutations: int


QUICK = Size(4, ["neutral", "anger", "sadness"], 1, 3, 200)
FULL = Size(None, EMOTIONS, 2, 10, 1000)


class Bench:
    """References, texts, the judge of identity, and what was measured."""

    def __init__(self, engine, size, emodb=None, vectors=None):
        self.engine, self.size = engine, size
        self.emodb = emodb or EmoDB()
        self.speakers = self.emodb.speakers(size.speakers)
        self.references = self.emodb.references(self.speakers, size.emotions, size.each)
        self.texts = lines("neutral.txt")[: size.texts]
        self.vectors = vectors or SpeakerVectors()
        self.recordings = Store(WORK / "measured" / "recordings.jsonl")
        self.stores = {}
        self.spoken = {}

    def admitted(self, rows, systems):
        """(rows that every system takes, a sentence about the rest): all are judged on the same references."""
        refused = {}
        for row in rows:
            for system in systems.values():
                reason = system.refuses(self.emodb.wave(row))
                if reason:
                    refused[row["id"]] = f"{system.title} refused {row['id']} ({row['emotion']}, {row['seconds']} s): {reason}"
        note = f" {len(refused)} clips left out; {next(iter(refused.values()))}." if refused else ""
        return [row for row in rows if row["id"] not in refused], note

    def recording(self, row):
        """{figures, vector} of a clip."""

        def make():
            pcm = read(self.emodb.wave(row))
            return {"figures": measure(pcm, 16000, row["syllables"]), "vector": self.vectors.of(pcm, 16000)}

        return self.recordings.get(f"{FIGURES} {row['id']}", make)

    def sentence_rate(self):
        """{text: mean ln rate of its clips}: rates of different sentences are compared after this is taken away."""
        found = {}
        for row in self.emodb.rows:
            if row["speaker"] in self.speakers and row["emotion"] in self.size.emotions:
                found.setdefault(row["text"], []).append(self.recording(row)["figures"]["rate"])
        return {text: np.nanmean(rates) for text, rates in found.items()}

    def store(self, system):
        if system.key not in self.stores:
            self.stores[system.key] = Store(WORK / "measured" / f"{system.name}-{system.key}.jsonl")
        return self.stores[system.key]

    def clone(self, system, row, number):
        """{figures, vector} of text `number` said by a clone of the clip; the text's number is the seed."""
        text = self.texts[number]

        def make():
            pcm, rate = system.speak(system.keep(self.emodb.wave(row)), text, number)
            if text not in self.spoken:
                self.spoken[text] = self.engine.syllables(text)
            return {"figures": measure(pcm, rate, self.spoken[text]), "vector": self.vectors.of(pcm, rate)}

        return self.store(system).get(f"{FIGURES} {row['id']} {digest(text)} {number}", make)

    def clones(self, system):
        """[reference][text] of everything."""
        out, known = [], len(self.store(system).held)
        for number, row in enumerate(self.references, 1):
            out.append([self.clone(system, row, text) for text in range(len(self.texts))])
            if number % 10 == 0 and len(self.store(system).held) > known:
                print(f"{system.name}: {number} of {len(self.references)} references", flush=True)
        return out

    def judges(self):
        """Everybody's neutral clips that are no reference, all speakers of the corpus, whatever the size."""
        vectors = {
            speaker: [self.recording(row)["vector"] for row in self.emodb.judges(speaker, self.references)]
            for speaker in self.emodb.speakers()
        }
        return Judges(vectors, self.emodb.gender)


def figures(records, names=tuple(PROSODY)):
    """[records, names]."""
    return np.array([[record["figures"][name] for name in names] for record in records], float)


def averaged(clones, names=tuple(PROSODY)):
    """[references, names]: the mean over the texts, so that only the reference differs."""
    with np.errstate(all="ignore"):
        return np.array([np.nanmean(figures(texts, names), 0) for texts in clones])


LEAKING = tuple(LEAK)
