"""Writes voices/<name>/<name>.voice from the timbres of a training run.

usage: voices.py WEIGHTS_FOLDER TIMBRES.safetensors TIMBRES.tsv VOICES_FOLDER [name=id ...]

TIMBRES.safetensors holds `timbre.<id>` for every speaker, TIMBRES.tsv the columns voice, gender, mean_log_f0, sd_log_f0.
The file carries the fingerprint of the weights that read it (tts-core/src/model/native.rs): FNV-1a over the model's name
and the bytes of flow_lm.style_proj.weight.
"""
import csv
import sys
import tomllib
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


def fnv1a(data, state=0xCBF29CE484222325):
    for byte in data:
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


def fingerprint(weights):
    config = tomllib.loads((weights / "config.toml").read_text())
    with safe_open(weights / "model.safetensors", "numpy") as file:
        reads_timbre = file.get_tensor("flow_lm.style_proj.weight")
    return f"{fnv1a(reads_timbre.tobytes(), fnv1a(config['name'].encode())):016x}"


def main():
    weights, timbres, table, folder = map(Path, sys.argv[1:5])
    pitch = {row["voice"]: row for row in csv.DictReader(table.open(), delimiter="\t")}
    model = fingerprint(weights)
    with safe_open(timbres, "numpy") as file:
        for pair in sys.argv[5:]:
            name, speaker = pair.split("=")
            row = pitch[speaker]
            tensors = {
                "timbre": file.get_tensor(f"timbre.{speaker}").astype(np.float32),
                "pitch": np.array([row["mean_log_f0"], row["sd_log_f0"]], np.float32),
            }
            target = folder / name / f"{name}.voice"
            target.parent.mkdir(parents=True, exist_ok=True)
            metadata = {"format": "tts-voice", "version": "1", "name": name, "model": model}
            save_file(tensors, target, metadata)
            print(name, speaker, row["gender"], model)


main()
