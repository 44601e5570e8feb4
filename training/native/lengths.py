"""How much durations vary from one saying to the next: fits what the language model says of it, as the last layer's second row. usage: lengths.py
[--name lengths] [--steps 1500] --init MODEL.safetensors

The mean is the model's as it is. Of what it misses in recordings that it was trained on the pattern is learned, which sounds vary more than others; how much in
all, from readers held out, since a model knows its own recordings better than it should. Half of that is taken for the aligner's, whose boundaries lie some 20 ms
off: with all of it words get less clear, with half they do not.
"""
import argparse

import numpy as np
import torch

from data import WORK
from lm import FlowLm
from schedule import averaged
from train_lm import Utterances


SPOKEN = 0.5  # share of what the mean misses that is the reader's


def missed(model, data, items, rng, drop):
    """Inputs of the last layer [n, 256] and what the mean lies off [n] of every phone of `items`."""
    inputs, off = [], []
    for first in range(0, len(items), 32):
        batch = data.collate(sorted(items, key=lambda item: len(item["ids"]))[first : first + 32], rng, drop)
        with torch.no_grad():
            style = model.style(batch["timbre"], batch["controls"])
            text = model.text(batch["ids"], batch["spoken"])
            told = torch.cat([text, style[:, None].expand(-1, text.shape[1], -1)], -1)[batch["spoken"]]
            inputs.append(model.duration[:-1](told))
            off.append(batch["log_duration"][batch["spoken"]] - model.duration[-1](inputs[-1])[:, 0])
    return torch.cat(inputs), torch.cat(off)


def loss(layer, inputs, off):
    """Negative logarithm of the likelihood of normal errors, but for a constant."""
    log_deviation = layer(inputs)[:, 0].clamp(-4, 2)
    return (log_deviation + 0.5 * (off * torch.exp(-log_deviation)) ** 2).mean()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="lengths")
    options.add_argument("--steps", type=int, default=1500)
    options.add_argument("--init", required=True)
    args = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    data, model = Utterances(), FlowLm()
    averaged(args.init, lm=model)
    inputs, off = missed(model, data, [item for item in data.items if not item["held"]], rng, 0.1)
    unseen = missed(model, data, [item for item in data.items if item["held"]], rng, 0.0)
    layer = torch.nn.Linear(inputs.shape[1], 1)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.constant_(layer.bias, float(off.std().log()))
    optimiser = torch.optim.AdamW(layer.parameters(), 3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, args.steps)
    for _ in range(args.steps):
        some = torch.randint(len(inputs), (4096,))
        optimiser.zero_grad()
        loss(layer, inputs[some], off[some]).backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        layer.bias += (unseen[1] * torch.exp(-layer(unseen[0])[:, 0])).std().log()
        one = unseen[1].std().log() + 0.5
        print(
            f"{len(inputs)} phones, {len(unseen[0])} of readers held out: deviation {off.std():.3f}, {unseen[1].std():.3f};"
            f" loss held out {loss(layer, *unseen):.3f}, of one deviation for all {one:.3f}"
        )
        layer.bias += np.log(SPOKEN)
    torch.save({"weight": layer.weight.detach(), "bias": layer.bias.detach()}, WORK / "runs" / f"{args.name}.pt")


if __name__ == "__main__":
    main()
