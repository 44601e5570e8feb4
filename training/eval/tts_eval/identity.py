"""Who is heard: speaker vectors by Resemblyzer (Wan et al. 2018), and how much of a person a clone keeps.

nSIM = (similarity - floor) / (ceiling - floor), cosines with the person's held-out neutral clips: the floor is what other speakers
of the gender reach with theirs, the ceiling what the clips reach among themselves. 0 is a stranger, 1 the person.
"""
import warnings

import numpy as np

from .sound import at_rate
from .stats import normalised_similarity
from .store import plain

CHANNELS = 256


class SpeakerVectors:
    """The stock encoder, loaded at first use."""

    def __init__(self):
        self.encoder = None

    def of(self, pcm, rate):
        """[256], of length 1, as a list."""
        if self.encoder is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import resemblyzer
            self.library = resemblyzer
            self.encoder = resemblyzer.VoiceEncoder("cpu", verbose=False)
        pcm = at_rate(pcm, rate).astype(np.float32)
        if not np.abs(pcm).max(initial=0) > 1e-4:
            return [float("nan")] * CHANNELS
        trimmed = self.library.preprocess_wav(pcm, source_sr=16000)
        return plain(self.encoder.embed_utterance(trimmed if len(trimmed) >= 8000 else pcm))


def unit(vectors):
    vectors = np.atleast_2d(np.asarray(vectors, float))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def between(left, right):
    """Mean cosine of every vector of one list with every one of the other."""
    return float(np.mean(unit(left) @ unit(right).T))


def among(vectors):
    """Mean cosine of different vectors of one list."""
    vectors = unit(vectors)
    count = len(vectors)
    if count < 2:
        return float("nan")
    return float(((vectors @ vectors.T).sum() - count) / (count * (count - 1)))


class Judges:
    """Held-out clips of each person: `{speaker: vectors}` and `{speaker: gender}`."""

    def __init__(self, vectors, gender):
        self.vectors = {speaker: own for speaker, own in vectors.items() if len(own) > 1}
        self.gender = gender

    def floor(self, speaker):
        others = [
            between(own, self.vectors[speaker])
            for other, own in self.vectors.items()
            if other != speaker and self.gender[other] == self.gender[speaker]
        ]
        return float(np.mean(others)) if others else float("nan")

    def score(self, speaker, clones):
        """nSIM of clones of `speaker`; nan if there is nobody to compare with."""
        if speaker not in self.vectors or not len(clones):
            return float("nan")
        own = self.vectors[speaker]
        return normalised_similarity(between(clones, own), self.floor(speaker), among(own))
