"""What cloning costs: wall time and peak memory of `tts clone` on a clip of five seconds."""
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from .corpus import held_out_sentences, joined
from .report import Table

SECONDS = 5.0


def of_cloning(engine, runs=5):
    """Median and slowest of `runs`, after one that warms the disk's cache."""
    engine.need("clone")
    files = [row["file"] for row in held_out_sentences(20)]
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        soundfile.write(clip, *joined(files[:1] + files, SECONDS), subtype="PCM_16")
        found = [engine.cost("clone", clip, "-o", Path(folder) / f"{run}.voice") for run in range(runs + 1)][1:]
    seconds, memory = np.array(found).T
    table = Table("cost", "Cloning a clip of 5 s", ["", "median", "largest", "must", "want"], f"{runs} runs of `tts clone`, whole process.")
    table.add("wall time (s)", float(np.median(seconds)), float(seconds.max()), "1", ".3")
    table.add("peak memory (MB)", float(np.median(memory)), float(memory.max()), "150", "")
    return [table]
