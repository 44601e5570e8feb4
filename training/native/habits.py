"""What is known of people before a clip is heard, and what believing a clip only in part costs: the constants of
tts-core/src/speaker/belief.rs.

usage: habits.py WEIGHTS_FOLDER      reads WORK/features and WORK/speakers.npz, prints

Readers of LibriSpeech alone; states are those of states.py. The sizes of moods are from the literature and are not found here:
half an octave and 3 to 10 dB of alpha ratio for anger and joy, a tenth of an octave down for sadness.
"""
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from codec import HEARD
from corpus import Speakers
from data import held_out
from speakers import Recordings, centres, scaled
from tower import Tower, tower_input

SETS = ("libri_3spk", "libri_261spk", "libri_train_clean_5")
AT = centres()
# as in belief.rs, but in semitones over 1 Hz
KINDS, TRACT, EFFORT = ((188.0, 2.8, 0.98), (124.0, 3.1, 1.16)), 0.06, (-12.8, 4.9)
CHANCE, ALIKE, FOLLOWED = np.array([1.35, 1.5, 1.4]), 0.45, (0.45, 1.0)
# how often; semitones up and dB brighter, mean and deviation; how far they go together; what the logarithm of the tract seems to gain
MOODS = (
    (0.5, (0.0, 0.0), (0.0, 0.0), 0.0, 0.0),
    (0.35, (7.0, 4.0), (6.5, 4.0), 0.7, -0.05),
    (0.15, (-1.5, 1.5), (-3.0, 2.0), 0.3, 0.0),
)


def alpha(x):
    """Frames [n, BANDS] of x to the mean of their alpha ratios in dB; bands are as wide as the mel scale makes them."""
    power = np.exp(4 * x.astype(np.float64)) * (AT + 700)
    between = lambda low, high: power[:, (AT > low) & (AT < high)].sum(1)
    return float((10 * np.log10(between(1000, 5000) / between(50, 1000))).mean())


def shows(rise, effort, together):
    """Mean [3] and covariance [3, 3] of what a clip in a mood shows beside its speaker: semitones told, of the median, dB of effort."""
    moved = np.array([FOLLOWED[0] * rise[1], rise[1], effort[1]])
    one = np.array([[1, 1, together], [1, 1, together], [together, together, 1]])
    chance = np.array([[1, ALIKE, 0], [ALIKE, 1, 0], [0, 0, 1]])
    spread = one * np.outer(moved, moved) + chance * np.outer(CHANCE, CHANCE)
    spread[0, 0] += FOLLOWED[1] ** 2 * (rise[1] > 0)
    return np.array([FOLLOWED[0] * rise[0], rise[0], effort[0]]), spread


def believed(log_tract, seen):
    """ln of the tract's length [n], and [n, 3] of semitones told, of the median, dB of effort, to semitones, dB [n] that are the person's,
    and how likely each mood is [n, moods]."""
    parts = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    terms, moods = [], []
    for hz, deviation, tract in KINDS:
        usual, person = np.array([12 * np.log2(hz), EFFORT[0]]), np.diag([deviation**2, EFFORT[1] ** 2])
        for share, *mood, shorter in MOODS:
            mean, spread = shows(*mood)
            total = parts @ person @ parts.T + spread
            off = seen - parts @ usual - mean
            solved = np.linalg.solve(total, off.T).T
            near = (off * solved).sum(1) + np.log(np.linalg.det(total)) + ((log_tract - np.log(tract) - shorter) / TRACT) ** 2
            moods.append(share * np.exp(-0.5 * near))
            terms.append(usual + solved @ parts @ person)
    weight = np.array(moods) / np.sum(moods, 0)
    found = (weight[..., None] * np.array(terms)).sum(0)
    return found[:, 0], found[:, 1], weight.reshape(len(KINDS), len(MOODS), -1).sum(0).T


def slope(x, y, owner):
    """Of y on x within owners."""
    across = along = 0.0
    for name in set(owner):
        a, b = x[owner == name], y[owner == name]
        across, along = across + (a - a.mean()) @ (b - b.mean()), along + ((a - a.mean()) ** 2).sum()
    return across / along


def main():
    torch.set_num_threads(1)
    weights = load_file(Path(sys.argv[1]) / "model.safetensors")
    tower = Tower()
    tower.load_state_dict({key[16:]: value.float() for key, value in weights.items() if key.startswith("speaker_encoder.")})
    tower.eval()
    profile = (weights["decoder.profile.weight"].float(), weights["decoder.profile.bias"])
    tract_row = weights["decoder.m.0.weight"].shape[1] - 4
    speakers, rng = Speakers(), np.random.default_rng(0)
    rows = []
    for states in (False, True):
        for name, items in sorted(Recordings(("states",) if states else SETS).by_speaker().items()):
            if not name.startswith("ls") or name not in speakers.row:
                continue
            items = [item for item in items if (item["features"][:, 0] > 0).sum() >= 60]
            for k in rng.permutation(len(items))[:8]:
                features = items[k]["features"][:600].astype(np.float32)
                voiced = features[:, 0] > 0
                x, log_f0 = scaled(features[:, 1:81], False), np.log(np.maximum(features[:, 0], 1)) * voiced
                frames = [torch.from_numpy(np.float32(part)[None]) for part in (x[:, :HEARD], log_f0, voiced)]
                with torch.no_grad():
                    timbre, (told, _) = tower(tower_input(*frames))
                    tract = float((profile[0] @ timbre[0] + profile[1])[tract_row]) / 5
                owner, held = speakers.row[name], items[k].get("held", held_out(items[k]))
                shown = float(np.median(log_f0[voiced])), float(told[0]), float(speakers.pitch[owner, 0])
                rows.append([owner, states, held, tract, alpha(x[voiced]), *(12 / np.log(2) * part for part in shown)])
    owner, states, held, tract, effort, shown, told, true = np.array(rows, np.float64).T
    states, held = states > 0, held > 0
    libri = np.array([name.startswith("ls") for name in speakers.row])
    for kind in "FM":
        some = libri & (speakers.gender == kind)
        print(
            f"{kind}: {np.exp(speakers.pitch[some, 0].mean()):.0f} Hz, {speakers.pitch[some, 0].std() * 12 / np.log(2):.1f} semitones,"
            f" tract {np.exp(np.log(speakers.warp[some]).mean()):.3f}, deviation as told"
            f" {tract[~states & np.isin(owner, np.nonzero(some)[0])].std():.3f}"
        )
    read = ~states
    print(f"effort {effort[read].mean():.1f} dB, deviation {effort[read].std():.1f}")
    # lower than people speak, or higher than shouting
    people = read | ((shown - true > -15) & (shown - true < 16))
    print(f"told in states: {(told - true)[people & states].mean():.1f} semitones high, deviation {(told - true)[people & states].std():.1f}")
    found, own, mood = believed(tract, np.stack([told, shown, effort], 1))
    for name, value in (("told", told), ("believed", found)):
        error = abs(value - true)
        print(
            f"pitch {name}: follows the clip by {slope(shown[people], value[people], owner[people]):.2f}, error in read speech"
            f" {error[read].mean():.2f}, of readers held out {error[read & held].mean():.2f}, in states {error[people & states].mean():.2f}"
        )
    usual = np.array([effort[read & (owner == o)].mean() if (read & (owner == o)).any() else np.nan for o in owner])
    print(
        f"effort: follows the clip by {slope(effort[people], own[people], owner[people]):.2f}, laid to moods in read speech"
        f" {(effort - own)[read].mean():.1f} dB, error {abs(own - usual)[read].mean():.2f}"
    )
    print("read speech is taken for calm, raised, subdued:", np.round(mood[read].mean(0), 2), "states:", np.round(mood[states].mean(0), 2))


if __name__ == "__main__":
    main()
