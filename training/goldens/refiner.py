"""What tts-core/src/codec/refiner.rs and renderer.rs must make of a small refiner's gains, made by the reference.

usage: refiner.py OUT       OUT is tests/goldens/refiner.safetensors

Weights, rows of parameters and noise are made up, and all are in the file: the arithmetic is what is held.
"""
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "native"))
from refine import Refiner  # noqa: E402
from renderer import HOP, render  # noqa: E402

FRAMES = 14


def main(out):
    torch.manual_seed(3)
    refiner = Refiner(dim=8, blocks=2)
    for part in refiner.parameters():
        torch.nn.init.normal_(part, std=part.shape[-1] ** -0.5 if part.ndim > 1 else 0.5)
    at = np.arange(FRAMES)
    f0 = np.where((at < 5) | (at > 8), 140 + 9.0 * at, 0)
    envelope = -7 - np.linspace(0, 6, 80) + 1.5 * np.sin(at[:, None] * 0.7 + np.arange(80) * 0.4)
    breath = np.array([-20.0, -11, -5]) + 2 * np.cos(at[:, None] + np.arange(3))
    told = [torch.from_numpy(part.astype(np.float32))[None] for part in (f0, envelope, breath)]
    with torch.no_grad():
        points, gains = refiner.points(*told)[0].numpy(), [gain[0].double().numpy() for gain in refiner(*told)]
    noise = np.random.default_rng(4).standard_normal(FRAMES * HOP + 1024).astype(np.float32)
    pcm = render(*(part[0].double().numpy() for part in (told[1], told[2], told[0])), noise.astype(np.float64), gains)
    rows = np.concatenate([envelope, np.full((FRAMES, 1), -60), breath, f0[:, None]], 1)
    tensors = {"rows": rows, "gains": points, "noise": noise, "pcm": pcm}
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value, np.float32)) for name, value in tensors.items()}
    save_file(tensors | {f"refiner.{name}": value.contiguous() for name, value in refiner.state_dict().items()}, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
