"""Trains the timbre tower. usage: train_tower.py [--name tower] [--minutes 40] [--threads 1] [--init RUN]

What makes it see the person and not the mood is the pairing: two clips of a speaker are in different states (states.py), and
both must name the same person; how they differ must say nothing of how the states do. Identities are multiplied by scaling
formants and by smooth spectral shapes, which change the answer too.
"""
import argparse

import numpy as np
import torch
import torch.nn.functional as F

from codec import APERIODICITIES, BANDS, HEARD, PROFILE
from corpus import Speakers
from data import FULL_BAND, held_out
from schedule import DEVICE, Run, fitting
from speakers import Recordings, scaled, warp_matrix
from states import DB, Person, State, acted, person, state
from tower import Profile, Tower, tower_input

LENGTH = 200


class Clips:
    """Frames of all recordings: x [frames, BANDS], ln F0, voiced."""

    def __init__(self, sets):
        self.speakers = Speakers()
        self.items = []
        for item in Recordings(sets).items:
            features = item.pop("features")
            voiced = features[:, 0] > 0
            low = item.get("state", [0])[0] < -0.8  # lower than people speak
            if item["speaker"] not in self.speakers.row or voiced.sum() < 60 or len(features) < 100 or low:
                continue
            x = scaled(features[:, 1:81], item["set"] in FULL_BAND).astype(np.float16)
            f0 = np.where(voiced, np.log(np.maximum(features[:, 0].astype(np.float32), 1)), 0)
            held = item.get("held", held_out(item))
            self.items.append(item | {"x": x, "log_f0": f0.astype(np.float16), "voiced": voiced, "held": held})

    def by_speaker(self, held=False, states=False):
        """{speaker: numbers of recordings}, or of those that states.py made of them."""
        found = {}
        for number, item in enumerate(self.items):
            if item["held"] == held and (item["set"] == "states") == states:
                found.setdefault(item["speaker"], []).append(number)
        return found

    def crop(self, number, rng, length=LENGTH):
        """x, ln F0, voiced of a stretch with at least 40 voiced frames where there is one; short clips go round."""
        item = self.items[number]
        frames = len(item["x"])
        for _ in range(20):
            at = np.arange(length) % frames if frames < length else int(rng.integers(frames - length + 1)) + np.arange(length)
            if item["voiced"][at].sum() >= 40:
                break
        return item["x"][at].astype(np.float32), item["log_f0"][at].astype(np.float32), item["voiced"][at].astype(np.float32)


def target(speakers, row, identity):
    """Profile, mean and SD of ln F0 of a speaker turned into another."""
    warp = float(speakers.warp[row]) / identity.formants
    moved = identity.shape @ warp_matrix(warp)
    mean = speakers.mean[row] + moved - moved[:HEARD].mean()
    profile = np.concatenate([mean, [5 * np.log(warp)], speakers.breath[row]]).astype(np.float32)
    return profile, speakers.pitch[row, 0] + identity.pitch, speakers.pitch[row, 1]


def contrast(timbre, who, temperature=0.1):
    """Supervised contrastive loss (Khosla et al. 2020) of vectors [n, TIMBRE] with labels [n]."""
    score = timbre @ timbre.T / temperature
    same = who[:, None] == who[None]
    itself = torch.eye(len(who), dtype=torch.bool, device=who.device)
    score = score.masked_fill(itself, -1e4)
    log_share = score - torch.logsumexp(score, 1, keepdim=True)
    positive = same & ~itself
    return -(log_share * positive).sum() / positive.sum()


class Echo:
    """How much of the states' differences shows in the vectors' differences: running covariances, penalised.

    Pairs are few in a batch, so the covariance with the six numbers of a state is averaged over batches; only the share of
    the present batch carries a gradient, scaled up to what the whole would have."""

    def __init__(self, keep=0.9):
        self.keep, self.cross, self.size = keep, None, None

    def __call__(self, apart, moods):
        cross = moods.T @ apart / len(apart)
        size = apart.square().sum(-1).mean()
        if self.cross is None:
            self.cross, self.size = cross.detach(), size.detach()
        old = self.cross
        self.cross = (self.keep * old + (1 - self.keep) * cross).detach()
        self.size = (self.keep * self.size + (1 - self.keep) * size).detach()
        # of 1: all that differs follows the states
        share = self.cross.square().sum() / (self.size + 1e-6)
        return share.detach() + 2 * ((cross - cross.detach()) * self.cross).sum() / (self.size + 1e-6)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="tower")
    options.add_argument("--minutes", type=float, default=40)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--people", type=int, default=24)
    options.add_argument("--rate", type=float, default=2e-3)
    options.add_argument("--init", help="a run whose averaged weights to start from")
    options.add_argument("--sets", default="kathleen,libri_3spk,libri_261spk,libri_train_clean_5,speechocean762")
    args = options.parse_args()
    clips = Clips((*args.sets.split(","), "states"))
    speakers = clips.speakers
    people, held = clips.by_speaker(), clips.by_speaker(held=True)
    again = clips.by_speaker(held=True, states=True) | clips.by_speaker(states=True)
    held.pop("kathleen", None)
    print(f"{len(clips.items)} clips, {len(people)} speakers, {len(held)} held out", flush=True)
    torch.manual_seed(0)
    tower, profile = Tower(), Profile()
    print("parameters", sum(p.numel() for p in tower.parameters()), flush=True)
    if args.init:
        fitting(args.init, tower=tower, profile=profile)
    run = Run(args.name, {"tower": tower, "profile": profile}, args.minutes, args.rate, decay=0.02, threads=args.threads)
    rng = np.random.default_rng(run.step)
    names = list(people)

    def batch(chosen, source, rng, real):
        parts, goals, who, states = [], [], [], []
        moods = [state(rng) for _ in range(6)]  # shared: the same state makes hard negatives
        for label, name in enumerate(chosen):
            row, identity = speakers.row[name], Person() if real else person(rng)
            for k in range(2):
                mood, number = moods[int(rng.integers(6))] if rng.random() < 0.5 else state(rng), None
                if k == 0 and rng.random() < (1.0 if real else 0.5):  # as people come: read, or hardly changed
                    mood = State()
                elif rng.random() < 0.5 and name in again:
                    number, mood = again[name][int(rng.integers(len(again[name])))], State()
                known = number is None
                number = source[name][int(rng.integers(len(source[name])))] if known else number
                parts.append(acted(clips.crop(number, rng), identity, mood, rng))
                states.append(mood.numbers() if known else np.array(clips.items[number]["state"], np.float32))
                goals.append(target(speakers, row, identity))
                who.append(label)
        x, log_f0, voiced = (torch.from_numpy(np.stack([np.asarray(p[i], np.float32) for p in parts])) for i in range(3))
        goal = torch.from_numpy(np.stack([g[0] for g in goals]))
        pitch = torch.tensor(np.array([[g[1], g[2]] for g in goals], np.float32))
        data = (tower_input(x, log_f0, voiced), goal, pitch, torch.tensor(who), torch.from_numpy(np.stack(states)))
        return [part.to(DEVICE) for part in data]

    # what is measured at few bands weighs as much as what is measured at many
    weight = torch.cat([torch.ones(BANDS), torch.full((1,), 12.0), torch.full((APERIODICITIES,), 1.0)])
    weight[HEARD:BANDS] = 0.2
    weight = weight.to(DEVICE)
    echo = Echo()

    def losses(models, data, echo):
        frames, goal, pitch, who, states = data
        timbre, (mean, spread) = models["tower"](frames)
        found = models["profile"](timbre)
        error = (found - goal) * weight.sqrt()
        shape = F.smooth_l1_loss(error, torch.zeros_like(error), beta=0.3, reduction="none").sum(-1).mean() * 4 / PROFILE
        level = ((mean - pitch[:, 0]) / 0.15).square().clamp(max=16).mean()
        width = (torch.log(spread) - torch.log(pitch[:, 1])).square().mean()
        alone = contrast(timbre, who)
        pairs, moods = timbre.unflatten(0, (-1, 2)), states.unflatten(0, (-1, 2))
        apart = pairs[:, 1] - pairs[:, 0]
        match = apart.square().sum(-1).mean()
        echoed = echo(apart, moods[:, 1] - moods[:, 0])
        # the profile in two states must be one, and the pitch too
        told, habit = found.unflatten(0, (-1, 2)), mean.unflatten(0, (-1, 2))
        steady = (weight * (told[:, 1] - told[:, 0]).square()).sum(-1).mean() * 8 / PROFILE
        swing = ((habit[:, 1] - habit[:, 0]) / 0.15).square().mean()
        total = 2 * shape + 0.4 * level + 0.1 * width + 0.5 * alone + match + 0.5 * echoed + steady + 0.1 * swing
        return total, {
            "db": (found[:, :HEARD] - goal[:, :HEARD]).abs().mean() / DB,
            "warp": (found[:, BANDS] - goal[:, BANDS]).abs().mean() / 5,
            "semitones": (mean - pitch[:, 0]).abs().mean() * 17.31,
            "follows": (habit[:, 1] - habit[:, 0]).abs().mean() * 17.31,
            "contrast": alone,
            "match": match,
            "echo": echoed,
        }

    def judge():
        for model in run.average.values():
            model.eval()
        with torch.no_grad():
            own, found = np.random.default_rng(7), []
            for _ in range(2):
                found.append(losses(run.average, batch(sorted(held)[:48], held, own, True), Echo())[1])
        for model in run.average.values():
            model.train()
        return {key: np.mean([float(f[key]) for f in found]) for key in found[0]}

    while run.going():
        chosen = [names[i] for i in rng.choice(len(names), args.people, replace=False)]
        data = batch(chosen, people, rng, False)
        loss, parts = losses(run.models, data, echo)
        run.update(loss, args.people * 2 * LENGTH / 100, **parts)
        run.report(100, judge)
    run.save()


if __name__ == "__main__":
    main()
