"""Trains the flow language model. usage: train_lm.py [--name lm] [--minutes 70] [--threads 1] [--init model.safetensors | RUN]

The timbre of an utterance always comes from other recordings of its speaker, in a state that has nothing to do with its own:
so it can only tell who speaks. The true latent before each frame is given with noise, or now and then not at all, so that the
model learns to recover from its own mistakes. `--init` takes what fits from earlier weights, or from a run.
"""
import argparse
import json

import numpy as np
import torch

from data import WORK
from lm import LATENT, FlowLm, controls, phone_ids, slots
from schedule import DEVICE, Run, fitting
from tower import TIMBRE


class Utterances:
    """Everything that is aligned: dicts with latents, phones, slots, and what is needed for controls."""

    def __init__(self):
        stored = np.load(WORK / "latents.npz")
        latents = stored["latents"]
        index = json.loads(str(stored["index"]))
        free = latents.astype(np.float32)
        self.mean, self.std = free.mean(0), free.std(0) + 1e-4
        self.latents = np.clip((free - self.mean) / self.std, -4, 4).astype(np.float16)
        table = np.load(WORK / "timbres.npz")
        row = {path: i for i, path in enumerate(table["path"])}
        self.timbre = table["timbre"]
        segments = {}
        for file in sorted((WORK / "align").glob("*.jsonl")):
            for line in file.read_text().splitlines():
                record = json.loads(line)
                if record["phones"]:
                    segments[record["path"]] = record["phones"]
        usual = {}
        for phones in segments.values():
            before = 0.0
            for phone, end, *_ in phones:
                usual.setdefault(phone, []).append(max(end - before, 0.01))
                before = end
        self.usual = {phone: float(np.mean(seconds)) for phone, seconds in usual.items()}
        speakers = np.load(WORK / "speakers.npz")
        self.habitual = dict(zip(speakers["name"], speakers["pitch"][:, 0]))
        self.by_speaker, self.items = {}, []
        for item in index:
            if item["path"] in row and not item["held"]:
                self.by_speaker.setdefault(item["speaker"], []).append(row[item["path"]])
        for item in index:
            phones = segments.get(item["path"])
            if phones is None or item["path"] not in row:
                continue
            ids, ends = phone_ids(phones)
            phone, places, log_duration = slots(ends, item["frames"])
            spoken, expected, before = 0.0, 0.0, 0.0
            for name, end, *_ in phones:
                if name != "pau":
                    spoken += max(end - before, 0.01)
                    expected += self.usual[name]
                before = end
            stretch = float(np.clip(spoken / max(expected, 0.05), 0.6, 1.7))
            self.items.append(
                item | {"row": row[item["path"]], "ids": ids, "phone": phone, "places": places, "log_duration": log_duration, "stretch": stretch}
            )

    def heard_as(self, item, rng):
        """The timbre that is told: the mean of one to three vectors of other recordings, in any states."""
        others = self.by_speaker.get(item["speaker"]) or [item["row"]]
        count = int(rng.integers(1, 4))
        found = np.zeros(TIMBRE, np.float32)
        for _ in range(count):
            other = others[int(rng.integers(len(others)))]
            if other == item["row"] and len(others) > 1:
                other = others[int(rng.integers(len(others)))]
            found += self.timbre[other, int(rng.integers(self.timbre.shape[1]))]
        found += rng.standard_normal(TIMBRE).astype(np.float32) * 0.02
        return found / np.linalg.norm(found)

    def collate(self, items, rng, drop=0.1):
        frames, phones, count = max(i["frames"] for i in items), max(len(i["ids"]) for i in items), len(items)
        batch = {
            "latents": np.zeros((count, frames, LATENT), np.float32),
            "present": np.zeros((count, frames), bool),
            "ids": np.zeros((count, phones, 4), np.int64),
            "spoken": np.zeros((count, phones), bool),
            "slots": np.zeros((count, 2 * frames), np.int64),
            "places": np.zeros((count, 2 * frames, 3), np.float32),
            "log_duration": np.zeros((count, phones), np.float32),
            "timbre": np.zeros((count, TIMBRE), np.float32),
            "controls": np.zeros((count, 16), np.float32),
        }
        for k, item in enumerate(items):
            t, n = item["frames"], len(item["ids"])
            batch["latents"][k, :t] = self.latents[item["at"] : item["at"] + t]
            batch["present"][k, :t] = True
            batch["ids"][k, :n], batch["spoken"][k, :n] = item["ids"], True
            batch["slots"][k, : 2 * t], batch["places"][k, : 2 * t] = item["phone"], item["places"]
            batch["log_duration"][k, :n] = item["log_duration"]
            batch["timbre"][k] = self.heard_as(item, rng)
            mean, spread = item["log_f0"]
            batch["controls"][k] = controls(mean, spread, item["stretch"], self.habitual[item["speaker"]], rng, drop)
        return {key: torch.from_numpy(value).to(DEVICE) for key, value in batch.items()}


def batches(items, frames, rng):
    """Lists of items of like length, `frames` frames together, for ever."""
    while True:
        order = np.argsort([i["frames"] * (1 + 0.15 * rng.standard_normal()) for i in items])
        made, now, longest = [], [], 0
        for i in order:
            length = items[i]["frames"]
            if now and max(longest, length) * (len(now) + 1) > frames:
                made.append(now)
                now, longest = [], 0
            now.append(items[i])
            longest = max(longest, length)
        made.append(now)
        rng.shuffle(made)
        yield from made


def heard_before(model, latents, noise):
    """What the model hears before each of `latents` [batch, t, LATENT]: the one before as it was, or with noise, and now and then nothing."""
    before = torch.cat([model.bos_emb.expand(len(latents), 1, -1), latents[:, :-1]], 1)
    if not noise:
        return before
    before = before + torch.randn_like(before) * torch.rand_like(before[:, :1, :1]) * noise
    return before * (torch.rand_like(before[..., :1]) > 0.05)


def losses(model, batch, noise, draws):
    latents, present = batch["latents"], batch["present"]
    text = model.text(batch["ids"], batch["spoken"])
    style = model.style(batch["timbre"], batch["controls"])
    before = heard_before(model, latents, noise)
    hidden = model.backbone(before, model.condition(text, batch["slots"], batch["places"], style))
    flow = model.flow_loss(hidden[present], latents[present], draws)
    durations = ((model.log_durations(text, style)[..., 0] - batch["log_duration"]).abs() * batch["spoken"]).sum() / batch["spoken"].sum()
    return flow + 0.3 * durations, {"flow": flow, "duration": durations}


def take(model, path):
    """Copies every tensor of the same name and shape but the latents' mean and deviation, which are the data's."""
    from safetensors.torch import load_file

    old = {key.removeprefix("flow_lm."): value.float() for key, value in load_file(path).items() if key.startswith("flow_lm.")}
    own, taken = model.state_dict(), 0
    for key, value in own.items():
        if key in old and old[key].shape == value.shape and not key.startswith("emb_"):
            value.copy_(old[key])
            taken += value.numel()
    print(f"took {taken / 1e6:.2f} of {sum(v.numel() for v in own.values()) / 1e6:.2f} M numbers from {path}", flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="lm")
    options.add_argument("--minutes", type=float, default=70)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--frames", type=int, default=1600)
    options.add_argument("--rate", type=float, default=1e-3)
    options.add_argument("--noise", type=float, default=0.5)
    options.add_argument("--draws", type=int, default=2)
    options.add_argument("--init")
    args = options.parse_args()
    data = Utterances()
    usable, held = [i for i in data.items if not i["held"]], [i for i in data.items if i["held"]]
    hours = sum(i["frames"] for i in usable) / 90000
    print(f"{len(usable)} utterances, {hours:.2f} h, {len({i['speaker'] for i in usable})} speakers; {len(held)} held out", flush=True)
    torch.manual_seed(0)
    model = FlowLm()
    if args.init and args.init.endswith(".safetensors"):
        take(model, args.init)
    elif args.init:
        fitting(args.init, lm=model)
    model.emb_mean.copy_(torch.from_numpy(data.mean))
    model.emb_std.copy_(torch.from_numpy(data.std))
    run = Run(args.name, {"lm": model}, args.minutes, args.rate, decay=0.02, threads=args.threads)
    rng = np.random.default_rng(run.step)
    known = [i for i in held if i["set"] == "kathleen"][:32]
    unknown = [i for i in held if i["set"] != "kathleen"][:24]

    def judge():
        judged, found = run.average["lm"].eval(), {}
        state = torch.get_rng_state()
        torch.manual_seed(7)
        with torch.no_grad():
            for name, some in (("known", known), ("unknown", unknown)):
                own = np.random.default_rng(3)
                made, left = [], sum(i["frames"] for i in some)
                for part in batches(some, args.frames, own):
                    made.append(losses(judged, data.collate(part, own, 0.0), 0.0, 4)[1])
                    left -= sum(i["frames"] for i in part)
                    if left <= 0:
                        break
                for key in made[0]:
                    found[f"{name}_{key}"] = np.mean([float(m[key]) for m in made])
        torch.set_rng_state(state)
        judged.train()
        return found

    for part in batches(usable, args.frames, rng):
        if not run.going():
            break
        loss, parts = losses(model, data.collate(part, rng), args.noise, args.draws)
        run.update(loss, sum(i["frames"] for i in part) / 25, **parts)
        run.report(100, judge if run.step % 500 == 0 else None)
    run.save()


if __name__ == "__main__":
    main()
