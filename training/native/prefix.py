"""A language model that copies: the sound of a recording stands before the text, and nothing else says who speaks or how. It is what
others do, made of the same parts, for `tts-eval` to compare with; it is not shipped.

usage: prefix.py [--name prefix] [--minutes 40] [--threads 1] [--init model.safetensors | RUN] [--codec codec]
reads what train_lm.py reads

Taught on single recordings: the first two or three seconds are heard, the rest is said in the same manner.
"""
import argparse

import numpy as np
import torch
import torch.nn as nn

from codec import BANDS, LATENT, PROFILE, Decoder, Encoder, encoder_input, explicit
from corpus import described
from judge_codec import parameters
from lm import FlowLm, slots
from renderer import quick
from schedule import Run, averaged, fitting
from speakers import HEARD, scaled, voiced
from tower import TIMBRE, Profile, Tower, tower_input
from train_lm import Utterances, batches, heard_before, take

LONGEST = 75  # frames of a recording that are heard


class PrefixLm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lm = FlowLm()
        self.heard = nn.Parameter(torch.zeros(self.lm.dim))
        self.manner = nn.Sequential(nn.Linear(3 * LATENT, 128), nn.SiLU(), nn.Linear(128, TIMBRE + 64))

    def style(self, prompt):
        """Latents of the recording [batch, p, LATENT] to what stands in place of timbre and controls [batch, TIMBRE + 64]."""
        parts = [prompt.mean(1), prompt.std(1), (prompt[:, 1:] - prompt[:, :-1]).std(1)]
        return self.manner(torch.cat(parts, -1))

    def before_text(self, prompt, condition):
        """The condition of every frame: of the recording, then of the text."""
        return torch.cat([self.heard.expand(*prompt.shape[:2], -1), condition], 1)

    def losses(self, batch, length, noise, draws):
        """Of batches as train_lm.py collates them, whose first `length` frames are heard."""
        latents, prompt = batch["latents"], batch["latents"][:, :length]
        text, style = self.lm.text(batch["ids"], batch["spoken"]), self.style(prompt)
        said = self.lm.condition(text, batch["slots"][:, 2 * length :], batch["places"][:, 2 * length :], style)
        before = heard_before(self.lm, latents, noise)
        hidden = self.lm.backbone(before, self.before_text(prompt, said))[:, length:]
        present = batch["present"][:, length:]
        flow = self.lm.flow_loss(hidden[present], latents[:, length:][present], draws)
        durations = (self.lm.log_durations(text, style)[..., 0] - batch["log_duration"]).abs()
        durations = (durations * batch["spoken"]).sum() / batch["spoken"].sum()
        return flow + 0.3 * durations, {"flow": flow, "duration": durations}

    @torch.no_grad()
    def say(self, prompt, ids, noise, temperature):
        """Normalised latents of a recording [p, LATENT], phones [n, 4], unit noise [most, LATENT] to latents [t, LATENT]."""
        text = self.lm.text(ids[None], torch.ones(1, len(ids), dtype=torch.bool))
        style = self.style(prompt[None])
        seconds = np.clip(np.exp(self.lm.log_durations(text, style)[0, :, 0].numpy()) * 0.08, 0.02, 0.6)
        seconds[0], seconds[-1] = 0.08, 0.25
        ends = np.cumsum(seconds).astype(np.float32)
        frames = min(int(np.ceil(ends[-1] * 25)), len(noise))
        phone, places, _ = slots(ends, frames)
        said = self.lm.condition(text, torch.from_numpy(phone)[None], torch.from_numpy(places)[None], style)
        return self.lm.generate(self.before_text(prompt[None], said), noise[None, :frames], temperature, prompt=prompt[None])[0][0]


def batched(frames):
    """A batch of one clip."""
    return torch.from_numpy(np.float32(frames)[None])


class Copier:
    """A recording's analysis frames, and phones, to speech in its manner: run `name`, and tower and decoder of a model.safetensors."""

    def __init__(self, name, weights):
        self.model, self.encoder = PrefixLm(), Encoder()
        self.tower, self.profiler, self.decoder = Tower(), Profile(), Decoder()
        averaged(name, prefix=self.model, encoder=self.encoder)
        averaged(weights, tower=self.tower, profile=self.profiler, decoder=self.decoder)

    @torch.no_grad()
    def hear(self, features, most=LONGEST):
        """Analysis frames [t, 84] to (latents before the text, profile, mean ln F0): all as the clip has it, but for the length of the
        tract, which one clip does not tell."""
        features = features[: len(features) // 4 * 4].astype(np.float32)
        is_voiced = voiced(features)
        heard = scaled(features[:, 1 : HEARD + 1], True), np.log(np.maximum(features[:, 0], 1)) * is_voiced, is_voiced
        profile = self.profiler(self.tower(tower_input(*map(batched, heard)))[0])
        pitch, envelope, breath = described(features, is_voiced, False, float(torch.exp(profile[0, BANDS] / 5)))
        mean, usual, habitual = envelope[is_voiced].mean(0), breath[is_voiced].mean(0), float(pitch[is_voiced].mean())
        mean -= mean[:HEARD].mean()
        profile[0, :BANDS], profile[0, BANDS + 1 : PROFILE] = torch.from_numpy(mean), torch.from_numpy(usual)
        relative = envelope - mean, (breath - usual) * is_voiced[:, None], pitch - habitual, is_voiced
        parts = [batched(part) for part in relative]
        learned = self.encoder(encoder_input(*parts))
        latents = torch.cat([explicit(parts[2], parts[3]), learned], -1)[0]
        lm = self.model.lm
        return ((latents - lm.emb_mean) / lm.emb_std).clamp(-4, 4)[:most], profile, habitual

    @torch.no_grad()
    def say(self, kept, ids, seed, temperature=0.4):
        """24 kHz PCM of phones [n, 4]."""
        prompt, profile, habitual = kept
        noise = torch.from_numpy(np.random.default_rng(seed).standard_normal((1500, LATENT)).astype(np.float32))
        lm = self.model.lm
        latents = self.model.say(prompt, ids, noise, temperature) * lm.emb_std + lm.emb_mean
        return quick(*parameters(latents[None], self.decoder, profile, habitual))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="prefix")
    options.add_argument("--minutes", type=float, default=40)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--frames", type=int, default=1600)
    options.add_argument("--rate", type=float, default=1e-3)
    options.add_argument("--least", type=int, default=50, help=f"frames of a recording that are heard; at most {LONGEST}")
    options.add_argument("--init", default="lm")
    options.add_argument("--codec", default="codec", help="whose latents these are; goes along unchanged")
    args = options.parse_args()
    data = Utterances()
    usable = [i for i in data.items if not i["held"] and i["frames"] > 2 * args.least]
    if not usable:
        raise SystemExit(f"no recording is longer than {2 * args.least} frames")
    torch.manual_seed(0)
    model = PrefixLm()
    (take if args.init.endswith(".safetensors") else lambda lm, name: fitting(name, lm=lm))(model.lm, args.init)
    model.lm.emb_mean.copy_(torch.from_numpy(data.mean))
    model.lm.emb_std.copy_(torch.from_numpy(data.std))
    encoder = Encoder()
    averaged(args.codec, encoder=encoder)
    run = Run(args.name, {"prefix": model, "encoder": encoder}, args.minutes, args.rate, decay=0.02, threads=args.threads)
    rng = np.random.default_rng(run.step)
    for part in batches(usable, args.frames, rng):
        if not run.going():
            break
        length = int(rng.integers(args.least, min(LONGEST, min(i["frames"] for i in part) // 2) + 1))
        loss, parts = model.losses(data.collate([after(item, length) for item in part], rng), length, 0.5, 2)
        run.update(loss, sum(i["frames"] for i in part) / 25, **parts)
        run.report(100)
    run.save()


def after(item, length):
    """An utterance without the phones that end in its first `length` frames."""
    first = int(item["phone"][2 * length])
    phone = np.maximum(item["phone"] - first, 0)
    return item | {"ids": item["ids"][first:], "log_duration": item["log_duration"][first:], "phone": phone}


if __name__ == "__main__":
    main()
