"""A trial: a small causal network between decoder and renderer that tells the spectra of voice and breath bin by bin, where the decoder tells 80 bands and
three aperiodicities; trained on the sound itself. Not part of the shipped model: docs/QUALITY.md has what it brings.

usage: refine.py [--name refine] [--codec codec] [--minutes 30] [--hours 1] [--clips 6] [--threads 1] [--said N MODEL.safetensors]    after latents.py; codec is a run's or a
model.safetensors's

Voice and breath are rendered apart from what the decoder makes of a recording's latents. In training the network's gains are laid on their short-time spectra,
and the sum is compared with the recording at four resolutions; when it is judged they are laid on these, and on the parameters themselves, as a renderer would. Prints
PESQ-wb and that distance for held-out readers, without and with it; and, of N utterances of each that MODEL says in their timbre, the words that are misheard, F0 that
is off (semitones) and likeness.
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

from codec import ConvNext, Decoder
from corpus import Speakers
from data import FULL_BAND, SPEECH, WORK, level, read, rows
from judge_codec import likeness, parameters
from renderer import BINS, FFT, HOP, RATE, envelope_bins
from schedule import Run, averaged

warnings.filterwarnings("ignore")
POINTS = 257  # gains are told at every second bin
MOST = 2.0  # ln of the largest gain of an amplitude
CROP = 120  # frames of 10 ms
READERS = ("ls1867", "ls1898", "ls2136", "ls3526")


class Refiner(nn.Module):
    """F0 [b, t] in Hz or 0, ln power [b, t, 80], aperiodicity in dB [b, t, 3] to ln gains of the amplitudes of voice and breath, [b, t, BINS] each."""

    def __init__(self, dim=224, blocks=5):
        super().__init__()
        self.i = nn.Linear(85, dim)
        self.b = nn.ModuleList([ConvNext(dim, 5) for _ in range(blocks)])
        self.n = nn.LayerNorm(dim, eps=1e-5)
        self.o = nn.Linear(dim, 2 * POINTS)
        nn.init.zeros_(self.o.weight)
        nn.init.zeros_(self.o.bias)

    def forward(self, f0, envelope, breath):
        voiced = (f0 > 0).float()
        x = [voiced[..., None], (voiced * (f0.clamp(min=50).log() - 5))[..., None], (envelope + 9) / 4, (breath + 3) / 20]
        x = self.i(torch.cat(x, -1))
        for block in self.b:
            x = block(x)
        gains = MOST * torch.tanh(self.o(self.n(x)))
        return [F.interpolate(gain, size=BINS, mode="linear", align_corners=True) for gain in gains.split(POINTS, -1)]


def powers(envelope, breath):
    """Power of voice and of breath [t, BINS]."""
    power = np.exp(np.stack([envelope_bins(row) for row in envelope]))
    ratio = np.clip(pyworld.decode_aperiodicity(np.ascontiguousarray(breath, np.float64), RATE, FFT), 1e-3, 1)
    return power * np.maximum(1 - ratio**2, 1e-9), power * ratio**2


def synthesised(f0, power, ratio):
    sound = pyworld.synthesize(np.ascontiguousarray(f0, np.float64), power, ratio, RATE, 10.0)[: len(f0) * HOP]
    return np.pad(sound, (0, len(f0) * HOP - len(sound)))


def together(f0, voice, breath):
    """The sound of both."""
    return synthesised(f0, voice + breath, np.clip(np.sqrt(breath / (voice + breath)), 1e-3, 1 - 1e-9))


def collected(items, latents, decoder, speakers):
    """Of each recording: parameters, voice alone, breath alone, the recording."""
    for item in items:
        z = torch.from_numpy(latents[item["at"] : item["at"] + item["frames"]].astype(np.float32))[None]
        profile = torch.from_numpy(speakers.profile(item["speaker"]))[None]
        habitual = float(speakers.pitch[speakers.row[item["speaker"]], 0])
        with torch.no_grad():
            envelope, breath, f0 = parameters(z, decoder, profile, habitual)
        sound = np.zeros(len(f0) * HOP)
        recording = level(read(SPEECH / item["path"]))[: len(sound)]
        sound[: len(recording)] = recording
        described = [part.astype(np.float32) for part in (f0, envelope, breath)]
        yield described, [part.astype(np.float16) for part in (*apart(f0, powers(envelope, breath)), sound)], item["set"] in FULL_BAND


WINDOW = torch.hann_window(FFT)


def refined(model, described, voice, breath):
    """Sound [b, n] of voice and breath [b, n] with the gains that `model` tells."""
    spectrum = lambda x: torch.stft(x, FFT, HOP, window=WINDOW, return_complex=True).transpose(1, 2)
    gains = [torch.cat([gain, gain[:, -1:]], 1).exp() for gain in model(*described)]
    both = spectrum(voice) * gains[0] + spectrum(breath) * gains[1]
    return torch.istft(both.transpose(1, 2), FFT, HOP, window=WINDOW, length=voice.shape[1])


def distance(a, b, full_band=False):
    """Of sounds [b, n]: spectral convergence and mean difference of ln magnitudes, over four resolutions; up to 7.6 kHz where the recording has no more."""
    total = 0
    for size in (256, 512, 1024, 2048):
        window = torch.hann_window(size)
        one, other = (torch.stft(x, size, size // 4, window=window, return_complex=True).abs().clamp(min=1e-4) for x in (a, b))
        if not full_band:
            one, other = (x[:, : int(size * 7600 / RATE)] for x in (one, other))
        total = total + (one.log() - other.log()).abs().mean() + (one - other).norm() / other.norm()
    return total


def rendered(model, f0, envelope, breath):
    """Sound of parameters: without the network, with it on the parameters, with it on the spectra."""
    parts = powers(envelope.astype(np.float64), breath)
    described = [torch.from_numpy(np.asarray(part, np.float32))[None] for part in (f0, envelope, breath)]
    with torch.no_grad():
        gains = [gain[0].numpy() for gain in model(*described)]
        masked = refined(model, described, *(torch.from_numpy(sound.astype(np.float32))[None] for sound in apart(f0, parts)))
    return [together(f0, *parts), together(f0, *(part * np.exp(2 * gain) for part, gain in zip(parts, gains))), masked[0].numpy()]


def judged(model, held):
    """Means over held-out recordings of PESQ-wb and distance: without the network, with it on the parameters, with it on the spectra; nothing of none."""
    if not held:
        return {}
    from pesq import pesq
    from scipy.signal import resample_poly

    found = []
    for (f0, envelope, breath), (_, _, recording), _ in held:
        recording = recording.astype(np.float32)
        made = rendered(model, f0, envelope, breath)
        narrow = [resample_poly(sound, 2, 3) for sound in (recording, *made)]
        far = [distance(torch.from_numpy(sound.astype(np.float32))[None], torch.from_numpy(recording)[None]) for sound in made]
        found.append([pesq(16000, narrow[0], sound, "wb") for sound in narrow[1:]] + far)
    names = [f"{judge}{how}" for judge in ("pesq", "distance") for how in ("", "_parameters", "_spectra")]
    return dict(zip(names, np.mean(found, 0)))


def apart(f0, parts):
    """Sound of voice alone and of breath alone."""
    return [synthesised(f0, part, np.full_like(part, ratio)) for part, ratio in zip(parts, (1e-3, 1 - 1e-12))]


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
            sounds = {"recording": recording(item)} | dict(zip(("plain", "parameters", "spectra"), rendered(refiner, f0, envelope, breath)))
            meant = words.words(text[item["path"]]["text"])
            for how, pcm in sounds.items():
                track = pyworld.harvest(np.asarray(pcm, np.float64), RATE, frame_period=10.0)[0]
                short = min(len(track), len(f0))
                both = (track[:short] > 0) & (f0[:short] > 0)
                off = 0 if how == "recording" else np.abs(12 * np.log2(track[:short][both] / f0[:short][both])).mean()
                found.setdefault(how, []).append((words.distance(meant, judge.heard(pcm, RATE)), len(meant), off, share(pcm)))
    sums = {how: np.array(values) for how, values in found.items()}
    return {how: [round(float(x), 3) for x in (v[:, 0].sum() / v[:, 1].sum(), v[:, 2].mean(), v[:, 3].mean())] for how, v in sums.items()}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="refine")
    options.add_argument("--codec", default="codec")
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--hours", type=float, default=1)
    options.add_argument("--clips", type=int, default=6)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--said", nargs=2, metavar=("N", "MODEL"))
    args = options.parse_args()
    rng = np.random.default_rng(0)
    table = np.load(WORK / "latents.npz")
    index, latents, decoder, speakers = json.loads(str(table["index"])), table["latents"], Decoder(), Speakers()
    averaged(args.codec, decoder=decoder)
    torch.set_num_threads(args.threads)
    seen = [item for item in index if not item["held"] and item["frames"] * 4 > CROP]
    rng.shuffle(seen)
    ends = np.cumsum([item["frames"] for item in seen]) / 90000
    seen = list(collected(seen[: int(np.searchsorted(ends, args.hours)) + 1], latents, decoder, speakers))
    unseen = [[item for item in index if item["held"] and item["speaker"] == name][: args.clips] for name in READERS]
    held = list(collected(sum(unseen, []), latents, decoder, speakers))
    # one batch is of one bandwidth
    groups = [group for group in ([item for item in seen if item[2] is full] for full in (True, False)) if group]
    model = Refiner()
    run = Run(args.name, {"refine": model}, args.minutes, 1.5e-3, threads=args.threads)
    if not run.step:
        run.write({"before": {key: round(float(value), 4) for key, value in judged(model, held).items()}})
    while run.going():
        group = groups[min(int(rng.integers(4)), len(groups) - 1)]
        parts = [[], [], [], [], [], []]
        for number in rng.integers(len(group), size=8):
            described, sounds, _ = group[number]
            start = int(rng.integers(len(described[0]) - CROP + 1))
            for stack, part in zip(parts, described):
                stack.append(part[start : start + CROP])
            for stack, part in zip(parts[3:], sounds):
                stack.append(part[start * HOP : (start + CROP) * HOP].astype(np.float32))
        f0, envelope, breath, voice, noise, recording = (torch.from_numpy(np.stack(stack)) for stack in parts)
        loss = distance(refined(model, (f0, envelope, breath), voice, noise), recording, group[0][2])
        run.update(loss, 8 * CROP / 100, distance=loss)
        run.report(200, lambda: judged(run.average["refine"], held) if run.step % 1000 == 0 else {})
    run.save()
    run.write({"end": {key: round(float(value), 4) for key, value in judged(run.average["refine"], held).items()}})
    if args.said:
        run.write({"said": said(run.average["refine"], int(args.said[0]), args.said[1])})


if __name__ == "__main__":
    main()
