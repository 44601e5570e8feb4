"""What is constant about each speaker: vocal tract length, mean spectrum, mean aperiodicity, habitual pitch.

usage: speakers.py        reads WORK/features, writes WORK/speakers.npz

Latents shall describe speech relative to its speaker, so these are taken out before the codec and put back after it:
canonical envelope = envelope with its frequency axis scaled by `warp` (formants up by that factor), minus its mean over
voiced frames (level removed). The warp is the one of a grid that brings a speaker's mean-free cepstra nearest to centroids
of all speakers (vocal tract length normalisation, Lee and Rose 1996), re-estimated a few times.
"""
import json

import numpy as np

from data import FULL_BAND, WORK
from features import BANDS, COLUMNS

HEARD = 70  # bands below 7.7 kHz: what 16 kHz recordings hold
OFFSET, SCALE, FLOOR = -9.0, 4.0, -17.0  # ln power is OFFSET + SCALE x, at least FLOOR
WARPS = np.round(np.arange(0.80, 1.261, 0.02), 2)


def centres(bands=BANDS):
    """Hz of the bands' centres."""
    return 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 12000 / 700), bands + 2)[1:-1] / 2595) - 1)


def warp_matrix(factor, bands=BANDS):
    """[bands, bands]: `env @ matrix` has its frequency axis scaled by `factor`; constant beyond the last band."""
    at = centres(bands)
    place = np.clip(np.interp(at / factor, at, np.arange(bands)), 0, bands - 1)
    low = np.minimum(place.astype(int), bands - 2)
    matrix = np.zeros((bands, bands), np.float32)
    matrix[low, np.arange(bands)] = 1 - (place - low)
    matrix[low + 1, np.arange(bands)] = place - low
    return matrix


def scaled(envelope, full_band):
    """ln power [.., bands] to x; what a 16 kHz recording does not hold goes on as its last band."""
    x = (np.maximum(envelope.astype(np.float32), FLOOR) - OFFSET) / SCALE
    if not full_band:
        x[..., HEARD:] = x[..., HEARD - 1 : HEARD]
    return x


def voiced(features):
    """[frames]: has F0, and D4C says that it is periodic."""
    return (features[:, 0] > 0) & (features[:, 81:84].astype(np.float32).mean(1) < -0.1)


class Recordings:
    """All recordings whose features are there: dicts with the manifest's columns and `features` [frames, 84] f16."""

    def __init__(self, sets=("kathleen", "libri_3spk", "libri_261spk", "libri_train_clean_5", "speechocean762")):
        self.items = []
        for name in sets:
            for index in sorted((WORK / "features").glob(f"{name}.*.jsonl")):
                data = np.fromfile(index.with_suffix(".f16"), np.float16)
                for line in index.read_text().splitlines():
                    try:
                        item = json.loads(line)
                    except ValueError:
                        break
                    part = data[item["at"] * COLUMNS : (item["at"] + item["frames"]) * COLUMNS]
                    if len(part) == item["frames"] * COLUMNS:
                        self.items.append(item | {"features": part.reshape(-1, COLUMNS)})

    def by_speaker(self):
        found = {}
        for item in self.items:
            found.setdefault(item["speaker"], []).append(item)
        return found


def cepstra(x):
    """[.., bands] to 12 cosine coefficients of the heard bands, without the level."""
    basis = np.cos(np.pi * np.outer(np.arange(HEARD) + 0.5, np.arange(1, 13)) / HEARD).astype(np.float32)
    return x[..., :HEARD] @ basis


def estimate_warps(frames, rounds=4, centroids=64, seed=0):
    """{speaker: frames [n, bands] of x, voiced} to {speaker: warp}, geometric mean 1."""
    from sklearn.cluster import KMeans

    matrices = [warp_matrix(w) for w in WARPS]
    warps = {speaker: 1.0 for speaker in frames}
    options = {}
    for speaker, x in frames.items():
        tried = np.stack([cepstra(x @ m) for m in matrices])
        options[speaker] = tried - tried.mean(1, keepdims=True)
    for number in range(rounds):
        pool = np.concatenate([options[s][np.argmin(abs(WARPS - warps[s]))] for s in frames])
        spread = pool.std(0)
        found = KMeans(centroids, n_init=1, random_state=seed, max_iter=40).fit(pool / spread).cluster_centers_.astype(np.float32)
        for speaker in frames:
            tried = options[speaker] / spread
            cost = [((t[:, None] - found[None]) ** 2).sum(-1).min(1).mean() for t in tried]
            cost = np.convolve(np.pad(cost, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
            best = int(np.argmin(cost))
            if 0 < best < len(WARPS) - 1:
                a, b, c = cost[best - 1 : best + 2]
                best = best + 0.5 * (a - c) / (a - 2 * b + c + 1e-9)
            warps[speaker] = float(np.interp(best, np.arange(len(WARPS)), WARPS))
        mean = np.exp(np.mean(np.log(list(warps.values()))))
        warps = {speaker: float(np.clip(w / mean, WARPS[0], WARPS[-1])) for speaker, w in warps.items()}
    return warps


def main():
    speakers = Recordings().by_speaker()
    rng = np.random.default_rng(0)
    frames, table = {}, {}
    for name, items in speakers.items():
        full = items[0]["set"] in FULL_BAND
        x = np.concatenate([scaled(i["features"][:, 1:81], full)[voiced(i["features"])] for i in items])
        f0 = np.log(np.concatenate([i["features"][voiced(i["features"]), 0].astype(np.float32) for i in items]))
        breath = np.concatenate([i["features"][voiced(i["features"]), 81:84].astype(np.float32) for i in items])
        table[name] = (x, f0, breath, items[0]["gender"])
        frames[name] = x[rng.choice(len(x), min(len(x), 400), replace=False)]
    warps = estimate_warps(frames)
    names = sorted(speakers)
    mean = np.zeros((len(names), BANDS), np.float32)
    for row, name in enumerate(names):
        x = table[name][0] @ warp_matrix(warps[name])
        mean[row] = x.mean(0) - x[:, :HEARD].mean()
    np.savez(
        WORK / "speakers.npz",
        name=np.array(names),
        gender=np.array([table[n][3] for n in names]),
        warp=np.array([warps[n] for n in names], np.float32),
        mean=mean,
        breath=np.stack([table[n][2].mean(0) for n in names]).astype(np.float32),
        pitch=np.array([[table[n][1].mean(), table[n][1].std()] for n in names], np.float32),
        seconds=np.array([sum(i["frames"] for i in speakers[n]) / 100 for n in names], np.float32),
    )
    for gender in "FM":
        some = [warps[n] for n in names if table[n][3] == gender]
        print(gender, len(some), "speakers, warp", np.round(np.percentile(some, [5, 25, 50, 75, 95]), 3))


if __name__ == "__main__":
    main()
