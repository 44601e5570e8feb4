"""The refiner: a small causal network between decoder and renderer that tells how much louder voice and breath are in every bin, where the decoder tells 80 bands and
three aperiodicities. Trained on the sound itself, through the renderer.

usage: refine.py [--name refine] [--codec codec] [--minutes 150] [--hours 4] [--clips 6] [--threads 1] [--said N MODEL.safetensors]    after latents.py; codec is a run's or a
model.safetensors's

The parameters that the decoder makes of a recording's latents are rendered and compared with the recording at four resolutions. Prints PESQ-wb and that distance for
held-out readers, without and with the network; and, of N utterances of each that MODEL says in their timbre, the words that are misheard, F0 that is off (semitones)
and likeness.
"""
import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pyworld
import torch
import torch.nn as nn
import torch.nn.functional as F

from codec import APERIODICITIES, BANDS, ConvNext, Decoder
from corpus import Speakers
from data import FULL_BAND, SPEECH, WORK, level, read, rows
from differentiable import Pulses, here, render
from judge_codec import likeness, parameters
from renderer import BINS, FFT, HOP, RATE
from schedule import DEVICE, Run, averaged
from speakers import OFFSET, SCALE

warnings.filterwarnings("ignore")
POINTS = 257  # gains are told at every second bin
MOST = 2.0  # ln of the largest gain of an amplitude
IDLE = 0.02  # what the mean square of gains costs: those that are not heard stay at 0, or would be heard once more breath is asked for
CROP = 100  # frames of 10 ms
BATCH = 6
READERS = ("ls1867", "ls1898", "ls2136", "ls3526")


class Refiner(nn.Module):
    """F0 [b, t] in Hz or 0, ln power [b, t, 80], aperiodicity in dB [b, t, 3] to ln gains of the amplitudes of voice and breath, [b, t, BINS] each."""

    def __init__(self, dim=224, blocks=5):
        super().__init__()
        self.i = nn.Linear(BANDS + APERIODICITIES + 2, dim)
        self.b = nn.ModuleList([ConvNext(dim, 5) for _ in range(blocks)])
        self.n = nn.LayerNorm(dim, eps=1e-5)
        self.o = nn.Linear(dim, 2 * POINTS)
        nn.init.zeros_(self.o.weight)
        nn.init.zeros_(self.o.bias)

    def points(self, f0, envelope, breath):
        """The gains as they are told: at every second bin, [b, t, 2 POINTS]."""
        voiced = (f0 > 0).float()
        x = [voiced[..., None], (voiced * (f0.clamp(min=50).log() - 5))[..., None], (envelope - OFFSET) / SCALE, (breath + 3) / 20]
        x = self.i(torch.cat(x, -1))
        for block in self.b:
            x = block(x)
        return MOST * torch.tanh(self.o(self.n(x)))

    def forward(self, f0, envelope, breath):
        gains = self.points(f0, envelope, breath)
        return [F.interpolate(gain, size=BINS, mode="linear", align_corners=True) for gain in gains.split(POINTS, -1)]


def collected(items, latents, decoder, speakers):
    """Of each recording: F0, envelope and breath as decoded, the recording, whether it is full band."""
    for item in items:
        z = torch.from_numpy(latents[item["at"] : item["at"] + item["frames"]].astype(np.float32))[None]
        profile = torch.from_numpy(speakers.profile(item["speaker"]))[None]
        habitual = float(speakers.pitch[speakers.row[item["speaker"]], 0])
        with torch.no_grad():
            envelope, breath, f0 = parameters(z, decoder, profile, habitual)
        sound = np.zeros(len(f0) * HOP, np.float16)
        recording = level(read(SPEECH / item["path"]))[: len(sound)]
        sound[: len(recording)] = recording
        yield *(part.astype(np.float32) for part in (f0, envelope, breath)), sound, item["set"] in FULL_BAND


def distance(a, b, full_band=False):
    """Of sounds [b, n]: spectral convergence and mean difference of ln magnitudes, over four resolutions; up to 7.6 kHz where the recording has no more."""
    total = 0
    for size in (256, 512, 1024, 2048):
        window = torch.hann_window(size, device=a.device)
        one, other = (torch.stft(x, size, size // 4, window=window, return_complex=True).abs().clamp(min=1e-4) for x in (a, b))
        if not full_band:
            one, other = (x[:, : int(size * 7600 / RATE)] for x in (one, other))
        total = total + (one.log() - other.log()).abs().mean() + (one - other).norm() / other.norm()
    return total


def made(model, f0, envelope, breath, noise):
    """Sound [b, HOP t] of parameters [b, t, ..], as they are or as `model` refines them, and the gains."""
    envelope, breath = here(envelope), here(breath)
    gains = model(here(f0), envelope, breath) if model else None
    return render(Pulses(f0), envelope, breath, gains, noise), gains


@torch.no_grad()
def both(model, *described):
    """Sound of parameters without and with `model`, in the same noise."""
    one = [np.asarray(part, np.float32)[None] for part in described]
    noise = torch.randn(1, len(described[0]) * HOP, generator=torch.Generator().manual_seed(0)).to(DEVICE)
    return {how: made(some, *one, noise)[0][0].cpu().numpy() for how, some in (("plain", None), ("refined", model))}


def judged(model, held):
    """Means over held-out recordings of PESQ-wb and distance, without and with the network; nothing of none."""
    if not held:
        return {}
    from pesq import pesq
    from scipy.signal import resample_poly

    found = {}
    for *described, recording, _ in held:
        recording = recording.astype(np.float32)
        for how, sound in both(model, *described).items():
            narrow = [resample_poly(one, 2, 3) for one in (recording, sound)]
            far = distance(torch.from_numpy(sound)[None], torch.from_numpy(recording)[None])
            found.setdefault(f"pesq_{how}", []).append(pesq(16000, *narrow, "wb"))
            found.setdefault(f"distance_{how}", []).append(float(far))
    return {name: float(np.mean(values)) for name, values in found.items()}


def said(refiner, each, weights):
    """Of what the language model says: {how it is rendered: words misheard, semitones that F0 is off, likeness}."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "eval"))
    from resemblyzer import VoiceEncoder, preprocess_wav
    from tts_eval import words

    from kinds import TEMPERATURE, timbre_of
    from lm import LATENT, FlowLm, controls
    from tower import Profile
    from train_lm import Utterances

    model, decoder, profile, data, speakers = FlowLm(), Decoder(), Profile(), Utterances(), Speakers()
    averaged(weights, lm=model, decoder=decoder, profile=profile)
    text, judge, listener = {row["path"]: row for row in rows()}, words.Judge(), VoiceEncoder("cpu", verbose=False)
    heard = lambda pcm: listener.embed_utterance(preprocess_wav(pcm.astype(np.float32), source_sr=RATE))
    recording = lambda item: level(read(SPEECH / item["path"]))
    found = {}
    for name in READERS:
        own = [item for item in data.items if item["speaker"] == name]
        timbre, pitch = timbre_of(data, name), speakers.pitch[speakers.row[name]]
        style = model.style(timbre, torch.from_numpy(controls(0.0, float(pitch[1]), 1.0, float(pitch[0])))[None])
        others = [row for row in rows({"libri_261spk"}) if row["gender"] == text[own[0]["path"]]["gender"]][::12][:12]
        share = likeness(heard, [heard(recording(item)) for item in own[-16:]], [heard(recording(row)) for row in others])
        for item in [item for item in own if 40 < item["frames"] < 220][:each]:
            with torch.no_grad():
                batch = data.collate([item], np.random.default_rng(0), 0.0)
                condition = model.condition(model.text(batch["ids"], batch["spoken"]), batch["slots"], batch["places"], style)
                noise = torch.randn(1, item["frames"], LATENT)
                latents = model.generate(condition, noise, TEMPERATURE, 1, whole=True)[0] * model.emb_std + model.emb_mean
                envelope, breath, f0 = parameters(latents, decoder, profile(timbre), float(pitch[0]))
            sounds = {"recording": recording(item)} | both(refiner, f0, envelope, breath)
            meant = words.words(text[item["path"]]["text"])
            for how, pcm in sounds.items():
                track = pyworld.harvest(np.asarray(pcm, np.float64), RATE, frame_period=10.0)[0]
                short = min(len(track), len(f0))
                voiced = (track[:short] > 0) & (f0[:short] > 0)
                off = 0 if how == "recording" else np.abs(12 * np.log2(track[:short][voiced] / f0[:short][voiced])).mean()
                found.setdefault(how, []).append((words.distance(meant, judge.heard(pcm, RATE)), len(meant), off, share(pcm)))
    sums = {how: np.array(values) for how, values in found.items()}
    return {how: [round(float(x), 3) for x in (v[:, 0].sum() / v[:, 1].sum(), v[:, 2].mean(), v[:, 3].mean())] for how, v in sums.items()}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="refine")
    options.add_argument("--codec", default="codec")
    options.add_argument("--minutes", type=float, default=150)
    options.add_argument("--hours", type=float, default=4)
    options.add_argument("--clips", type=int, default=6)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--said", nargs=2, metavar=("N", "MODEL"))
    args = options.parse_args()
    table = np.load(WORK / "latents.npz")
    index, latents, decoder, speakers = json.loads(str(table["index"])), table["latents"], Decoder(), Speakers()
    averaged(args.codec, decoder=decoder)
    torch.set_num_threads(args.threads)
    seen = [item for item in index if not item["held"] and item["frames"] * 4 > CROP]
    np.random.default_rng(0).shuffle(seen)
    ends = np.cumsum([item["frames"] for item in seen]) / 90000
    seen = list(collected(seen[: int(np.searchsorted(ends, args.hours)) + 1], latents, decoder, speakers))
    unseen = [[item for item in index if item["held"] and item["speaker"] == name][: args.clips] for name in READERS]
    held = list(collected(sum(unseen, []), latents, decoder, speakers))
    # one batch is of one bandwidth
    groups = [group for group in ([item for item in seen if item[-1] is full] for full in (True, False)) if group]
    model = Refiner()
    run = Run(args.name, {"refine": model}, args.minutes, 1.5e-3, threads=args.threads)
    rng = np.random.default_rng(run.step)
    if not run.step:
        run.write({"before": {key: round(value, 4) for key, value in judged(model, held).items()}})
    while run.going():
        group = groups[min(int(rng.integers(4)), len(groups) - 1)]
        parts = [[], [], [], []]
        for number in rng.integers(len(group), size=BATCH):
            *some, full_band = group[number]
            start = int(rng.integers(len(some[0]) - CROP + 1))
            for stack, part, step in zip(parts, some, (1, 1, 1, HOP)):
                stack.append(part[start * step : (start + CROP) * step])
        *described, recording = (np.stack(stack) for stack in parts)
        sound, gains = made(model, *described, torch.randn(BATCH, CROP * HOP, device=DEVICE))
        # responses of pulses before the crop are not there
        heard, meant = sound[:, FFT:], here(recording[:, FFT:])
        far, idle = distance(heard, meant, full_band), sum(gain.square().mean() for gain in gains)
        run.update(far + IDLE * idle, BATCH * CROP / 100, distance=far, gains=idle)
        run.report(200, lambda: judged(run.average["refine"], held) if run.step % 1000 == 0 else {})
    run.save()
    run.write({"end": {key: round(value, 4) for key, value in judged(run.average["refine"], held).items()}})
    if args.said:
        run.write({"said": said(run.average["refine"], int(args.said[0]), args.said[1])})


if __name__ == "__main__":
    main()
