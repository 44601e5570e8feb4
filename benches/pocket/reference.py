"""What the reference takes for the work of the benchmark `pocket`, on one thread (its decoder has one of its own).

usage: python reference.py FOLDER [RUNS [int8]]

Needs pocket-tts 4.0.1 on the path; FOLDER is one that random_weights.py made; `int8` asks for its 8 bits. Prints the least and the median.
"""
import resource
import statistics
import sys
import time
from pathlib import Path

import torch
from pocket_tts.models.tts_model import TTSModel

TEXT = "The birch canoe slid on the smooth planks, and it is easy to tell the depth of a well."


def report(name, unit, values):
    print(f"{name:<36} {min(values):10.3f} {statistics.median(values):10.3f} {unit}", flush=True)


def main():
    folder, runs, int8 = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3, sys.argv[3:] == ["int8"]
    torch.set_num_threads(1)
    start = time.perf_counter()
    model = TTSModel.load_model(config=folder / "config.yaml", eos_threshold=1e9, quantize=int8)
    report("load", "ms", [1e3 * (time.perf_counter() - start)])
    t = torch.arange(126 * 1920) / 24000
    clip = (0.3 * torch.sin(720 * t) * torch.sin(9.6 * t) + 0.05 * torch.sin(16800 * t))[None]
    clones, firsts, factors = [], [], []
    for _ in range(min(runs, 3)):
        start = time.perf_counter()
        state = model.get_state_for_audio_prompt(clip)
        clones.append(1e3 * (time.perf_counter() - start))
    report("clone 10 s of sound", "ms", clones)
    for _ in range(runs):
        start, first, samples = time.perf_counter(), None, 0
        for chunk in model.generate_audio_stream(state, TEXT):
            first = first or 1e3 * (time.perf_counter() - start)
            samples += chunk.shape[-1]
        firsts.append(first)
        factors.append((time.perf_counter() - start) / (samples / 24000))
    report("first sound, warm voice", "ms", firsts)
    report("real-time factor", "s/s", factors)
    report("peak memory", "MB", [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3])


main()
