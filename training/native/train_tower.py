"""Trains the timbre tower. usage: train_tower.py [--name tower] [--minutes 12] [--threads 1]

What makes it see the person and not the mood is the pairing: two clips of a speaker are put into different states, and both
must name the same person. No emotional recordings are used: states are made by changing analysis frames by what was measured
in emotional speech (pitch up to half an octave, alpha ratio by several dB, first formant, range), each factor alone and in
bundles. Identities are multiplied by scaling formants and by smooth spectral shapes, which change the answer too.
"""
import argparse

import numpy as np
import torch
import torch.nn.functional as F

from codec import APERIODICITIES, BANDS, HEARD
from corpus import Speakers
from data import FULL_BAND, held_out
from schedule import DEVICE, Run, averaged
from speakers import Recordings, centres, scaled, warp_matrix
from tower import Profile, Tower, tower_input

LENGTH = 250
AT = torch.from_numpy(centres().astype(np.float32))
OCTAVES = torch.clamp(torch.log2(AT / 1000), -1.5, 2.5)
DB = 1 / 4.343 / 4  # of power, in units of x


class Clips:
    """Frames of all recordings: x [frames, BANDS], ln F0, voiced."""

    def __init__(self, sets):
        self.speakers = Speakers()
        self.items = []
        for item in Recordings(sets).items:
            features = item.pop("features")
            voiced = features[:, 0] > 0
            if item["speaker"] not in self.speakers.row or voiced.sum() < 60 or len(features) < 100:
                continue
            x = scaled(features[:, 1:81], item["set"] in FULL_BAND).astype(np.float16)
            f0 = np.where(voiced, np.log(np.maximum(features[:, 0].astype(np.float32), 1)), 0)
            self.items.append(item | {"x": x, "log_f0": f0.astype(np.float16), "voiced": voiced, "held": held_out(item)})

    def by_speaker(self, held=False):
        found = {}
        for number, item in enumerate(self.items):
            if item["held"] == held:
                found.setdefault(item["speaker"], []).append(number)
        return found

    def crop(self, number, rng, length=LENGTH):
        """x, ln F0, voiced of a stretch with at least 40 voiced frames where there is one; short clips go round."""
        item = self.items[number]
        frames = len(item["x"])
        for _ in range(5):
            at = np.arange(length) % frames if frames < length else int(rng.integers(frames - length + 1)) + np.arange(length)
            if item["voiced"][at].sum() >= 40:
                break
        return item["x"][at].astype(np.float32), item["log_f0"][at].astype(np.float32), item["voiced"][at].astype(np.float32)


def person(rng):
    """Formant factor, ln F0 shift and smooth shape [BANDS] that turn a speaker into another; now and then none."""
    if rng.random() < 0.4:
        return 1.0, 0.0, np.zeros(BANDS, np.float32)
    factor = float(np.exp(np.clip(rng.standard_normal() * 0.06, -0.15, 0.15)))
    shift = 2 * np.log(factor) + rng.standard_normal() * 0.08
    at = np.linspace(0, 1, BANDS)
    size = rng.standard_normal(4) * [0.12, 0.15, 0.15, 0.12]
    shape = sum(s * np.cos(np.pi * (k + 1) * at) for k, s in enumerate(size))
    return factor, float(shift), shape.astype(np.float32)


def state(rng):
    """How somebody speaks for once: ln F0 shift, range factor, tilt in dB per octave, first-formant factor.

    Effort 1 is full anger or joy: half an octave up. People are louder and higher than usual more often and farther than
    they are quieter and lower, so effort is not symmetric."""
    kind = rng.random()
    effort = rng.uniform(0.1, 1.6) if rng.random() < 0.7 else -rng.uniform(0.05, 0.6)
    if kind < 0.2:
        return 0.0, 1.0, 0.0, 1.0
    if kind < 0.4:  # one factor alone
        factor = rng.integers(4)
        return (
            effort * 0.35 * (factor == 0),
            float(np.exp(effort * 0.3 * (factor == 1))),
            effort * 2.0 * (factor == 2),
            1 + 0.06 * effort * (factor == 3),
        )
    return (
        effort * 0.35 + rng.standard_normal() * 0.08,
        float(np.exp(0.2 * effort + 0.2 * rng.standard_normal())),
        effort * 1.6 + rng.standard_normal() * 0.7,
        float(np.clip(1 + 0.05 * effort + 0.02 * rng.standard_normal(), 0.85, 1.2)),
    )


WARPS = {}


def warped(x, factor, top=None):
    """x [frames, BANDS] with its frequency axis scaled; below `top` Hz only, fading over an octave, if given."""
    key = round(factor, 2)
    if key == 1.0:
        return x
    if key not in WARPS:
        WARPS[key] = warp_matrix(key)
    found = x @ WARPS[key]
    if top is None:
        return found
    share = np.clip(np.log2(2 * top / centres()), 0, 1).astype(np.float32)
    return found * share + x * (1 - share)


def acted(clip, identity, mood, rng):
    """A clip as another person in a state: (x [frames, HEARD], ln F0, voiced)."""
    x, log_f0, voiced = clip
    factor, shift, shape = identity
    x = warped(x, factor) + shape
    up, width, tilt, first = mood
    x = warped(x, first, 900.0) + tilt * DB * OCTAVES.numpy()
    mean = (log_f0 * voiced).sum() / max(voiced.sum(), 1)
    log_f0 = ((log_f0 - mean) * width + mean + shift + up) * voiced
    if rng.random() < 0.3:  # a room's noise, -20 to -45 dB below the voice
        loud = np.sort(x[voiced > 0].mean(1))[-10:].mean()
        x = np.logaddexp(4 * x, 4 * (loud - DB * rng.uniform(20, 45)) + rng.standard_normal(BANDS) * 0.3) / 4
    return x[:, :HEARD].astype(np.float32), log_f0.astype(np.float32), voiced


def target(speakers, row, identity):
    """Profile, mean and SD of ln F0 of a speaker turned into another."""
    factor, shift, shape = identity
    warp = float(speakers.warp[row]) / factor
    moved = shape @ warp_matrix(warp)
    mean = speakers.mean[row] + moved - moved[:HEARD].mean()
    profile = np.concatenate([mean, [5 * np.log(warp)], speakers.breath[row]]).astype(np.float32)
    return profile, speakers.pitch[row, 0] + shift, speakers.pitch[row, 1]


def contrast(timbre, who, temperature=0.1):
    """Supervised contrastive loss (Khosla et al. 2020) of vectors [n, TIMBRE] with labels [n]."""
    score = timbre @ timbre.T / temperature
    same = who[:, None] == who[None]
    itself = torch.eye(len(who), dtype=torch.bool, device=who.device)
    score = score.masked_fill(itself, -1e4)
    log_share = score - torch.logsumexp(score, 1, keepdim=True)
    positive = same & ~itself
    return -(log_share * positive).sum() / positive.sum()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="tower")
    options.add_argument("--minutes", type=float, default=12)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--people", type=int, default=16)
    options.add_argument("--rate", type=float, default=2e-3)
    options.add_argument("--pitch-of", help="train the pitch head alone, on top of this run's tower")
    options.add_argument("--sets", default="kathleen,libri_3spk,libri_261spk,libri_train_clean_5,speechocean762")
    args = options.parse_args()
    clips = Clips(tuple(args.sets.split(",")))
    speakers = clips.speakers
    people, held = clips.by_speaker(), clips.by_speaker(held=True)
    held.pop("kathleen", None)
    print(f"{len(clips.items)} clips, {len(people)} speakers, {len(held)} held out", flush=True)
    torch.manual_seed(0)
    tower, profile = Tower(), Profile()
    print("parameters", sum(p.numel() for p in tower.parameters()), flush=True)
    if args.pitch_of:
        averaged(args.pitch_of, tower=tower, profile=profile)
        tower.pitch.requires_grad_(True)
    run = Run(args.name, {"tower": tower, "profile": profile}, args.minutes, args.rate, decay=0.02, threads=args.threads)
    rng = np.random.default_rng(run.step)
    names = list(people)

    def batch(chosen, source, rng, real):
        parts, goals, who = [], [], []
        moods = [state(rng) for _ in range(4)]  # shared: the same state makes hard negatives
        for label, name in enumerate(chosen):
            row, identity = speakers.row[name], (1.0, 0.0, np.zeros(BANDS, np.float32)) if real else person(rng)
            picked = [source[name][int(rng.integers(len(source[name])))] for _ in range(2)]
            for k, number in enumerate(picked):
                mood = (moods[int(rng.integers(4))] if rng.random() < 0.5 else state(rng)) if k or not real else (0.0, 1.0, 0.0, 1.0)
                parts.append(acted(clips.crop(number, rng), identity, mood, rng))
                goals.append(target(speakers, row, identity))
                who.append(label)
        x, log_f0, voiced = (torch.from_numpy(np.stack([np.asarray(p[i], np.float32) for p in parts])) for i in range(3))
        goal = torch.from_numpy(np.stack([g[0] for g in goals]))
        pitch = torch.tensor(np.array([[g[1], g[2]] for g in goals], np.float32))
        return [part.to(DEVICE) for part in (tower_input(x, log_f0, voiced), goal, pitch, torch.tensor(who))]

    # what is measured at few bands weighs as much as what is measured at many
    weight = torch.cat([torch.ones(BANDS), torch.full((1,), 12.0), torch.full((APERIODICITIES,), 1.0)])
    weight[HEARD:BANDS] = 0.2
    weight = weight.to(DEVICE)

    def losses(models, data):
        frames, goal, pitch, who = data
        timbre, (mean, spread) = models["tower"](frames)
        found = models["profile"](timbre)
        error = (found - goal) * weight.sqrt()
        shape = F.smooth_l1_loss(error, torch.zeros_like(error), beta=0.3, reduction="none").mean() * 4
        level = ((mean - pitch[:, 0]) / 0.15).square().clamp(max=16).mean()
        width = (torch.log(spread) - torch.log(pitch[:, 1])).square().mean()
        apart = contrast(timbre, who)
        pairs = timbre.unflatten(0, (-1, 2))
        match = (pairs[:, 0] - pairs[:, 1]).square().sum(-1).mean()
        if args.pitch_of:
            shape, apart, match = shape.detach(), apart.detach(), match.detach()
        total = 2 * shape + 0.3 * level + 0.1 * width + 0.5 * apart + 0.5 * match
        db = (found[:, :HEARD] - goal[:, :HEARD]).abs().mean() / DB
        return total, {
            "db": db,
            "warp": (found[:, BANDS] - goal[:, BANDS]).abs().mean() / 5,
            "semitones": (mean - pitch[:, 0]).abs().mean() * 17.31,
            "contrast": apart,
            "match": match,
        }

    def judge():
        found = {}
        for model in run.average.values():
            model.eval()
        with torch.no_grad():
            own = np.random.default_rng(7)
            for label, some in (("", sorted(held)[:48]),):
                parts = losses(run.average, batch(some, held, own, True))[1]
                found |= {label + key: value for key, value in parts.items()}
        for model in run.average.values():
            model.train()
        return found

    while run.going():
        chosen = [names[i] for i in rng.choice(len(names), args.people, replace=False)]
        loss, parts = losses(run.models, batch(chosen, people, rng, False))
        run.update(loss, args.people * 2 * LENGTH / 100, **parts)
        run.report(100, judge)
    run.save()


if __name__ == "__main__":
    main()
