"""Recordings relative to their speakers, in memory: what the codec and the language model are trained on."""
import numpy as np
import torch

from codec import APERIODICITIES, BANDS, HEARD, PROFILE
from data import FULL_BAND, WORK, held_out
from speakers import Recordings, centres, scaled, voiced, warp_matrix

BREATH_OFFSET, BREATH_SCALE = -3.0, 2.0  # dB is BREATH_OFFSET + BREATH_SCALE x
ORDINARY_SETS = ("kathleen", "libri_3spk", "libri_261spk", "libri_train_clean_5")


class Speakers:
    """WORK/speakers.npz by name."""

    def __init__(self):
        table = np.load(WORK / "speakers.npz")
        self.row = {name: i for i, name in enumerate(table["name"])}
        self.warp, self.mean, self.pitch, self.gender = table["warp"], table["mean"], table["pitch"], table["gender"]
        self.breath = (table["breath"] - BREATH_OFFSET) / BREATH_SCALE

    def profile(self, name):
        """[PROFILE]: mean canonical envelope, 5 ln warp, mean aperiodicity."""
        i = self.row[name]
        return np.concatenate([self.mean[i], [5 * np.log(self.warp[i])], self.breath[i]]).astype(np.float32)


def described(features, is_voiced, full_band, warp):
    """Analysis frames [t, 84] to ln F0 through the unvoiced ones [t], canonical envelope [t, BANDS], aperiodicity in units of x [t, 3]."""
    known = np.nonzero(is_voiced)[0]
    track = np.interp(np.arange(len(features)), known, np.log(features[known, 0].astype(np.float32)))
    canonical = scaled(features[:, 1:81], full_band) @ warp_matrix(warp)
    return track, canonical, (features[:, 81:84].astype(np.float32) - BREATH_OFFSET) / BREATH_SCALE


class Corpus:
    """Every recording as f16 arrays: `pitch` [t] (ln F0 minus the speaker's, interpolated), `voiced` [t], `envelope`
    [t, BANDS] (canonical, mean-free), `breath` [t, 3] (relative), t a multiple of 4; `valid` is how many bands are real."""

    def __init__(self, sets=ORDINARY_SETS, shortest=160):
        self.speakers = Speakers()
        self.items = []
        at = centres()
        for item in Recordings(sets).items:
            frames = item["frames"] // 4 * 4
            if frames < shortest or item["speaker"] not in self.speakers.row:
                continue
            features = item.pop("features")[:frames]
            i = self.speakers.row[item["speaker"]]
            full = item["set"] in FULL_BAND
            is_voiced = voiced(features)
            if is_voiced.sum() < 10:
                continue
            track, canonical, breath = described(features, is_voiced, full, self.speakers.warp[i])
            canonical, breath = canonical - self.speakers.mean[i], breath - self.speakers.breath[i]
            breath[~is_voiced] = 0
            self.items.append(
                item
                | {
                    "frames": frames,
                    "held": held_out(item),
                    "valid": BANDS if full else int((at < 7700 * self.speakers.warp[i]).sum()),
                    "pitch": (track - self.speakers.pitch[i, 0]).astype(np.float16),
                    "voiced": is_voiced.astype(np.float16),
                    "envelope": canonical.astype(np.float16),
                    "breath": breath.astype(np.float16),
                    "log_f0": (float(track[is_voiced].mean() - self.speakers.pitch[i, 0]), float(track[is_voiced].std())),
                }
            )

    def by_speaker(self):
        found = {}
        for number, item in enumerate(self.items):
            found.setdefault(item["speaker"], []).append(number)
        return found

    def hours(self):
        return sum(item["frames"] for item in self.items) / 360000


def crops(items, length, rng):
    """Random stretches of `length` sub-frames: pitch, voiced, envelope, breath stacked, and [n, BANDS] which bands are real."""
    parts = {key: [] for key in ("pitch", "voiced", "envelope", "breath")}
    real = np.zeros((len(items), BANDS), np.float32)
    for row, item in enumerate(items):
        start = int(rng.integers((item["frames"] - length) // 4 + 1)) * 4
        for key, stack in parts.items():
            stack.append(item[key][start : start + length].astype(np.float32))
        real[row, : item["valid"]] = 1
    return [torch.from_numpy(np.stack(stack)) for stack in parts.values()] + [torch.from_numpy(real)]


__all__ = ["APERIODICITIES", "BANDS", "HEARD", "PROFILE", "Corpus", "Speakers", "crops"]
