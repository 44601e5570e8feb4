"""Teaches the flow head the whole way from noise to latent, so that one step does what eight did. usage: distill.py [--name head] [--minutes 20] --init MODEL.safetensors

The language model speaks for itself, as it will (`speak`), and the head it has now goes from noise to latents in many small steps. A head that is told where a step begins and
where it ends (a flow map: Boffi et al. 2025) learns the mean velocity between any two points of such a way. Nothing else of the model changes, and no recording's latents are needed.
"""
import argparse
import copy

import numpy as np
import torch

from data import WORK
from lm import LATENT, FlowLm
from schedule import DEVICE, Run, averaged
from train_lm import Utterances, batches

WAY = 8  # steps of the old head
TEMPERATURES = (0.1, 1.0)


def speak(model, data, items, frames, rng):
    """What the backbone gives the head [n, dim] where the model says `items` by itself, in the voices of their readers, in batches of `frames`."""
    for part in batches(items, frames, rng):
        batch = data.collate(part, rng, 0.0)
        text = model.text(batch["ids"], batch["spoken"])
        condition = model.condition(text, batch["slots"], batch["places"], model.style(batch["timbre"], batch["controls"]))
        noise = torch.randn(*condition.shape[:2], LATENT, device=DEVICE)
        _, hidden = model.generate(condition, noise, float(rng.uniform(0.2, 0.8)), 2)
        yield hidden[batch["present"]]


def way(head, condition, noise):
    """The points [WAY + 1, n, LATENT] that the old head passes from `noise`."""
    points = [noise]
    for k in range(WAY):
        time = torch.full_like(noise[:, :1], k / WAY)
        points.append(points[-1] + head(condition, points[-1], time, time) / WAY)
    return torch.stack(points)


class Ways:
    """What the old head does with hidden [n, dim] that are drawn from what the model said."""

    def __init__(self, head, hidden, kept):
        self.head, self.hidden = head, hidden
        self.told = torch.zeros(kept, hidden.shape[1], device=DEVICE)
        self.points = torch.zeros(WAY + 1, kept, LATENT, device=DEVICE)
        for first in range(0, kept, 1024):
            self.renew(torch.arange(first, min(first + 1024, kept)))

    @torch.no_grad()
    def renew(self, rows):
        told = self.hidden[torch.randint(len(self.hidden), (len(rows),))].float().to(DEVICE)
        low, high = TEMPERATURES
        temperature = torch.rand(len(rows), 1, device=DEVICE) * (high - low) + low
        temperature[torch.rand(len(rows), device=DEVICE) < 0.5] = 0.4
        noise = torch.randn(len(rows), LATENT, device=DEVICE) * temperature.sqrt()
        self.told[rows], self.points[:, rows] = told, way(self.head, self.head.cond_embed(told), noise)

    def loss(self, new, rows, rng):
        """Mean squared error of the mean velocity between two points of ways: half go all the way, the others one of 2, 4 or 8 steps."""
        steps = torch.from_numpy(rng.choice([1, 1, 1, 2, 4, 8], len(rows))).to(DEVICE)
        first = (torch.rand(len(rows), device=DEVICE) * steps).long()
        begin, end = first * WAY // steps, (first + 1) * WAY // steps
        start, span = self.points[begin, rows], ((end - begin) / WAY)[:, None]
        velocity = (self.points[end, rows] - start) / span
        found = new(new.cond_embed(self.told[rows]), start, begin[:, None] / WAY, end[:, None] / WAY)
        error, whole = (found - velocity).square().mean(-1), steps == 1
        return error.mean(), {"one_step": error[whole].mean(), "smaller": error[~whole].mean(), "moved": velocity[whole].square().mean()}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="head")
    options.add_argument("--minutes", type=float, default=20)
    options.add_argument("--spoken", type=float, default=8, help="thousand seconds of speech that the model says first")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--rows", type=int, default=1024)
    options.add_argument("--kept", type=int, default=65536, help="ways that are learned from; every step forgets some")
    options.add_argument("--rate", type=float, default=1e-3)
    options.add_argument("--init", required=True)
    args = options.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    model = FlowLm().to(DEVICE)
    averaged(args.init, lm=model)
    said = WORK / f"{args.name}-hidden.npy"
    if not said.exists():
        data, rng, parts, count = Utterances(), np.random.default_rng(17), [], 0
        with torch.no_grad():
            for hidden in speak(model, data, [i for i in data.items if not i["held"]], 4000, rng):
                parts.append(hidden.half().cpu().numpy())
                count += len(hidden)
                if count >= args.spoken * 25000:
                    break
        np.save(said, np.concatenate(parts))
        print(f"said {count / 90000:.2f} h", flush=True)
    hidden = torch.from_numpy(np.load(said))
    held = 20000 if len(hidden) > 40000 else len(hidden) // 2
    torch.manual_seed(7)
    unseen = Ways(model.flow_net, hidden[-held:], min(held, 8192))
    ways = Ways(model.flow_net, hidden[:-held], args.kept)
    new = copy.deepcopy(model.flow_net).requires_grad_(True)
    run = Run(args.name, {"head": new}, args.minutes, args.rate, threads=args.threads)
    rng = np.random.default_rng(run.step)

    def judge():
        random = torch.get_rng_state()
        torch.manual_seed(7)
        with torch.no_grad():
            parts = unseen.loss(run.average["head"], torch.arange(len(unseen.told)), np.random.default_rng(3))[1]
        torch.set_rng_state(random)
        return parts

    while run.going():
        ways.renew(torch.randint(args.kept, (args.rows // 4,)))
        error, parts = ways.loss(new, torch.randint(args.kept, (args.rows,)), rng)
        run.update(error, args.rows / 25, **parts)
        run.report(100, judge if run.step % 500 == 0 else None)
    run.save()


if __name__ == "__main__":
    main()
