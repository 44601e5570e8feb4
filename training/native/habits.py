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
KINDS, TRACT = ((188.0, 2.8, 0.98), (124.0, 3.1, 1.16)), 0.06
TOLD, EFFORT, MOOD, DOUBT = (1.0, 4.0), (-12.8, 4.9), (6.0, 5.0, 0.9), 2.0


def alpha(x):
    """Frames [n, BANDS] of x to the mean of their alpha ratios in dB; bands are as wide as the mel scale makes them."""
    power = np.exp(4 * x.astype(np.float64)) * (AT + 700)
    between = lambda low, high: power[:, (AT > low) & (AT < high)].sum(1)
    return float((10 * np.log10(between(1000, 5000) / between(50, 1000))).mean())


def habit(log_tract, told):
    """Arrays of ln of the tract's length and of semitones told to semitones believed."""
    total = weights = 0
    for hz, deviation, tract in KINDS:
        mean, variance = 12 * np.log2(hz), deviation**2 + TOLD[1] ** 2
        off = told - TOLD[0] - mean
        share = np.exp(-0.5 * (off**2 / variance + ((log_tract - np.log(tract)) / TRACT) ** 2)) / np.sqrt(variance)
        total, weights = total + share * (mean + deviation**2 / variance * off), weights + share
    return total / weights


def excess(rise, effort):
    """Semitones above the habit and dB of alpha ratio to the dB that are laid to the mood."""
    both = MOOD[2] * MOOD[0] * MOOD[1]
    shown = np.array([[DOUBT**2 + MOOD[0] ** 2, both], [both, EFFORT[1] ** 2 + MOOD[1] ** 2]])
    gain = np.linalg.solve(shown, [both, MOOD[1] ** 2])
    return gain[0] * rise + gain[1] * (effort - EFFORT[0])


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
    found = habit(tract, told)
    laid = excess(shown - found, effort)
    for name, value in (("told", told), ("believed", found)):
        error = abs(value - true)
        print(
            f"pitch {name}: follows the clip by {slope(shown[people], value[people], owner[people]):.2f}, error in read speech"
            f" {error[read].mean():.2f}, of readers held out {error[read & held].mean():.2f}, in states {error[people & states].mean():.2f}"
        )
    print(f"effort laid to moods in read speech: {laid[read].mean():.1f} dB, size {abs(laid[read]).mean():.1f}")


if __name__ == "__main__":
    main()
