"""How a person speaks for once, made from read speech: states that the speaker encoder must hear through.

usage: states.py [--each 6]    writes WORK/features/states.0.{f16,jsonl}: some clips of every speaker spoken again in other states

Two kinds. `acted` changes analysis frames, for nothing. The clips of `main` are synthesised by WORLD (Morise 2016) with their pitch and
spectrum changed and analysed again, so that they show what no arithmetic on frames does: a higher voice draws its envelope
with fewer harmonics. No emotional recordings are used; the size of the changes is that measured in emotional speech.
"""
import argparse
import json
from typing import NamedTuple

import numpy as np

from data import FULL_BAND, SAMPLE_RATE, WORK, held_out, level
from features import BANDS, FFT, MEL, pitch
from speakers import HEARD, OFFSET, SCALE, Recordings, centres, scaled, warp_matrix

AT = centres()
OCTAVES = np.clip(np.log2(AT / 1000), -1.5, 2.5).astype(np.float32)
PRESENCE = np.exp(-((np.log2(AT / 2800) / 0.8) ** 2)).astype(np.float32)  # what a strained voice adds, 1.6 to 4.9 kHz
COSINES = np.cos(np.pi * np.outer(np.arange(1, 5), np.linspace(0, 1, BANDS))).astype(np.float32)
DB = 1 / 4.343 / 4  # of power, in units of x
LOWEST = 0.35  # a sad or bored voice falls this much less than an excited one rises


class Person(NamedTuple):
    """What turns a speaker into another: all formants, ln F0, a smooth shape [BANDS] of x."""

    formants: float = 1.0
    pitch: float = 0.0
    shape: np.ndarray = np.zeros(BANDS, np.float32)


class State(NamedTuple):
    """ln F0 shift, times its range, shape [BANDS] of x, times the first formant, times all formants, times the spectrum's contrast."""

    pitch: float = 0.0
    range: float = 1.0
    shape: np.ndarray = np.zeros(BANDS, np.float32)
    first: float = 1.0
    formants: float = 1.0
    contrast: float = 1.0

    def numbers(self):
        """[6], each with a deviation of about 1."""
        tilt = float(self.shape[:HEARD] @ OCTAVES[:HEARD] / (OCTAVES[:HEARD] @ OCTAVES[:HEARD])) / DB
        logs = np.log([self.range, self.first, self.formants, self.contrast])
        return np.array([self.pitch / 0.25, tilt / 1.5, *(logs / [0.25, 0.06, 0.02, 0.12])], np.float32)


def person(rng):
    """Now and then the speaker as he is."""
    if rng.random() < 0.4:
        return Person()
    formants = float(np.exp(np.clip(rng.standard_normal() * 0.06, -0.15, 0.15)))
    shape = (rng.standard_normal(4) * [0.12, 0.15, 0.15, 0.12]) @ COSINES
    return Person(formants, float(2 * np.log(formants) + rng.standard_normal() * 0.08), shape.astype(np.float32))


def state(rng, strong=0.6):
    """Effort 1 is full anger or joy: half an octave up. People are louder and higher than usual more often and farther than
    they are quieter and lower, so effort is not symmetric. `strong`: how often effort is great."""
    effort = rng.uniform(0.3, 2.0) if rng.random() < strong else rng.uniform(-0.7, 0.5)
    kind = rng.random()
    if kind < 0.15:
        return State()
    parts = np.ones(6, bool)
    if kind < 0.35:  # one factor alone
        parts = np.arange(6) == rng.integers(6)
    # none moves in step with another: else hearing one would tell the rest
    size = effort * rng.uniform([0.1, -0.1, 0.2, 0.0, -0.3, -0.05], [0.48, 0.35, 2.2, 0.1, 1.0, 0.1])
    tilt, presence = size[2], 3 * max(size[4], -0.3)
    loose = (rng.standard_normal(4) * [1.0, 1.0, 0.8, 0.5]) @ COSINES
    shape = DB * (parts[2] * (tilt + rng.standard_normal() * 0.6) * OCTAVES + parts[4] * (presence * PRESENCE + loose))
    return State(
        float(parts[0] * (max(size[0], LOWEST * size[0]) + rng.standard_normal() * 0.05)),
        float(np.exp(parts[1] * (size[1] + rng.standard_normal() * 0.2))),
        shape.astype(np.float32),
        float(np.clip(1 + parts[3] * (size[3] + rng.standard_normal() * 0.02), 0.85, 1.25)),
        float(np.exp(parts[3] * np.clip(0.01 * effort + rng.standard_normal() * 0.012, -0.04, 0.05))),
        float(np.exp(parts[5] * (size[5] + rng.standard_normal() * 0.1))),
    )


WARPED = {}


def warped(x, factor, top=None):
    """x [frames, BANDS] with its frequency axis scaled; below `top` Hz only, fading over an octave, if given."""
    key = round(factor, 2)
    if key == 1.0:
        return x
    if key not in WARPED:
        WARPED[key] = warp_matrix(key)
    found = x @ WARPED[key]
    if top is None:
        return found
    share = np.clip(np.log2(2 * top / AT), 0, 1).astype(np.float32)
    return found * share + x * (1 - share)


def changed(x, log_f0, voiced, mood):
    """x [frames, BANDS] and ln F0 of a clip in a state."""
    mean = (x * voiced[:, None]).sum(0) / max(voiced.sum(), 1)
    x = mean + (x - mean) * mood.contrast
    x = warped(warped(x, mood.formants), mood.first, 900.0) + mood.shape
    middle = (log_f0 * voiced).sum() / max(voiced.sum(), 1)
    return x, ((log_f0 - middle) * mood.range + middle + mood.pitch) * voiced


def acted(clip, identity, mood, rng):
    """A clip as another person in a state: (x [frames, HEARD], ln F0, voiced)."""
    x, log_f0, voiced = clip
    x, log_f0 = changed(warped(x, identity.formants) + identity.shape, log_f0, voiced, mood)
    if rng.random() < 0.3 and voiced.any():  # a room's noise, -20 to -45 dB below the voice
        loud = np.sort(x[voiced > 0].mean(1))[-10:].mean()
        x = np.logaddexp(4 * x, 4 * (loud - DB * rng.uniform(20, 45)) + rng.standard_normal(BANDS) * 0.3) / 4
    return x[:, :HEARD].astype(np.float32), ((log_f0 + identity.pitch) * voiced).astype(np.float32), voiced


def spoken(features, full_band, mood, rng):
    """Features of a clip synthesised in a state and analysed again; without aperiodicity, which the encoder does not hear."""
    import pyworld

    voiced = features[:, 0] > 0
    f0 = np.log(np.maximum(features[:, 0].astype(np.float32), 1)) * voiced
    x, f0 = changed(scaled(features[:, 1:81], full_band), f0, voiced.astype(np.float32), mood)
    bins = np.linspace(0, SAMPLE_RATE / 2, FFT // 2 + 1)
    power = np.exp(np.stack([np.interp(bins, AT, row) for row in x * SCALE + OFFSET]).astype(np.float64))
    air = features[:, 81:84].astype(np.float64) + rng.uniform(-6, 3)
    air = pyworld.decode_aperiodicity(np.ascontiguousarray(np.minimum(air, -0.01)), SAMPLE_RATE, FFT)
    f0 = np.where(voiced, np.clip(np.exp(f0), 50, 590), 0).astype(np.float64)
    pcm = level(pyworld.synthesize(f0, power, air, SAMPLE_RATE, 10.0))
    pcm += rng.standard_normal(len(pcm)) * 1e-4
    found, times = pitch(pcm, high=600.0)
    envelope = pyworld.cheaptrick(pcm, found, times, SAMPLE_RATE, fft_size=FFT)
    bands = np.log(envelope @ MEL.T + 1e-10)
    return np.concatenate([found[:, None], bands, np.zeros((len(found), 3))], 1).astype(np.float16)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--each", type=int, default=6, help="clips of every speaker")
    args = options.parse_args()
    rng = np.random.default_rng(5)
    frames, folder = 0, WORK / "features"
    data, index = folder / "states.0.f16", folder / "states.0.jsonl"
    parts = [path.with_name(path.name + ".part") for path in (data, index)]
    with open(parts[0], "wb") as out, open(parts[1], "w") as log:
        for name, items in sorted(Recordings().by_speaker().items()):
            items = [item for item in items if (item["features"][:, 0] > 0).sum() >= 60 and item["frames"] >= 150]
            for k in range(args.each if items else 0):
                item = items[int(rng.integers(len(items)))]
                start = int(rng.integers(max(item["frames"] - 350, 0) + 1))
                mood = state(rng, 0.8)
                found = spoken(item["features"][start : start + 350], item["set"] in FULL_BAND, mood, rng)
                out.write(found.tobytes())
                record = {key: item[key] for key in ("speaker", "gender", "text")}
                record |= {"path": f"{item['path']}+{k}", "set": "states", "held": held_out(item), "at": frames, "frames": len(found)}
                record["state"] = [round(float(number), 3) for number in mood.numbers()]
                log.write(json.dumps(record) + "\n")
                frames += len(found)
    parts[0].replace(data)
    parts[1].replace(index)
    print(f"{frames / 360000:.2f} h in other states", flush=True)


if __name__ == "__main__":
    main()
