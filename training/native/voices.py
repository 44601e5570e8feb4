"""Writes voices/<name>/<name>.voice of speakers whose recordings were analysed.

usage: voices.py WEIGHTS_FOLDER VOICES_FOLDER [--tts PROGRAM] name=speaker ..

The timbre is the mean of what the tower hears in all recordings of the speaker, moved as little as brings the profile that
the decoder makes of it to the one measured over all of them; what the speaker has of their own in each kind of sound is measured over all of them too, louder or softer by what brings PROGRAM to the level of all voices. The file names the space that timbres live in by a fingerprint
of `decoder.profile.weight` (docs/VOICES.md).
"""
import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from codec import BANDS, HEARD
from corpus import Speakers
from data import WORK, rows
from kinds import Kinds, relative
from schedule import averaged
from speakers import SCALE, Recordings

SAID = "The boy was there when the sun rose."
LEVEL = -23.0  # dB of full scale, of frames within 20 dB of the loudest
NEAR = 0.02  # price of moving the timbre, against squared errors of the profile


def fnv1a(data, state=0xCBF29CE484222325):
    for byte in data:
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


def fitted(heard, weight, bias, profile):
    """The vector of length 1 near `heard` [n] whose profile is near `profile` [m]."""
    heard, goal = torch.from_numpy(heard), torch.from_numpy(profile)
    price = torch.ones(len(goal))
    price[HEARD:BANDS], price[BANDS] = 0.2, 12.0
    vector = heard.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([vector], lr=0.003)
    for _ in range(400):
        unit = vector / vector.norm()
        loss = (price * (weight @ unit + bias - goal) ** 2).sum() / len(goal) + NEAR * ((unit - heard) ** 2).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    unit = (vector / vector.norm()).detach()
    error = lambda v: float((weight @ v + bias - goal)[:HEARD].abs().mean() * 4 * 4.343)
    return unit.numpy(), error(heard), error(unit), float(unit @ heard)


def softer(tts, weights, voice):
    """By how much the program speaks too softly with a voice, in units of the envelope."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([tts, "say", "--model", weights, "--voice", voice, "--seed", "0", "-o", f"{place}/said.wav", SAID], check=True)
        pcm, _ = soundfile.read(f"{place}/said.wav")
    power = (pcm[: len(pcm) // 240 * 240].reshape(-1, 240) ** 2).mean(1)
    return (LEVEL - 10 * np.log10(power[power > 0.01 * power.max()].mean())) * np.log(10) / 10 / SCALE


def main():
    options = argparse.ArgumentParser()
    options.add_argument("weights", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("names", nargs="+", metavar="name=speaker")
    options.add_argument("--tts")
    args = options.parse_args()
    weights, folder = args.weights, args.folder
    with safe_open(weights / "model.safetensors", "numpy") as file:
        stored = file.get_tensor("decoder.profile.weight")
        weight = torch.from_numpy(stored.astype(np.float32))
        bias = torch.from_numpy(file.get_tensor("decoder.profile.bias"))
    model = f"{fnv1a(stored.tobytes()):016x}"
    speakers, table = Speakers(), np.load(WORK / "timbres.npz")
    said_by = {row["path"]: row["speaker"] for row in rows()}
    owner = np.array([said_by[path] for path in table["path"]])
    kinds, recordings = Kinds(), Recordings().by_speaker()
    averaged(str(weights / "model.safetensors"), kinds=kinds)
    for pair in args.names:
        name, speaker = pair.split("=")
        heard = table["timbre"][owner == speaker, 0].mean(0)
        heard /= np.linalg.norm(heard)
        timbre, before, after, kept = fitted(heard, weight, bias, speakers.profile(speaker))
        pitch = speakers.pitch[speakers.row[speaker]].astype(np.float32)
        own = kinds.own(*relative(recordings[speaker], weight.numpy() @ timbre + bias.numpy())).flatten().numpy()
        target = folder / name / f"{name}.voice"
        target.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"format": "tts-voice", "version": "1", "name": name, "model": model}
        save = lambda own: save_file({"timbre": timbre.astype(np.float32), "pitch": pitch, "own": own}, target, metadata)
        save(own)
        louder = 0.0
        if args.tts:
            louder = np.float32(softer(args.tts, weights, target))
            save(own + louder)
        print(f"{name} {speaker}: profile {before:.2f} -> {after:.2f} dB, cosine {kept:.3f}, own sounds {np.sqrt((own**2).mean()) * 17.4:.1f} dB, {louder * 17.4:+.1f} dB, {np.exp(pitch[0]):.0f} Hz, {model}")


if __name__ == "__main__":
    main()
