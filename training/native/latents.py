"""What the language model is trained on, made once by the trained codec and tower.

usage: latents.py [--codec codec] [--tower tower]    writes WORK/latents.npz and WORK/timbres.npz; the tower is a run's or a model.safetensors's
"""
import argparse
import json

import numpy as np
import torch

from codec import Encoder, encoder_input, explicit
from corpus import Corpus
from data import WORK
from schedule import averaged
from tower import Tower, tower_input
from states import Person, State, acted, state
from train_tower import Clips

STATES = 4  # timbres of every recording: as it is, and in three other states


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--codec", default="codec")
    options.add_argument("--tower", default="tower")
    args = options.parse_args()
    torch.set_num_threads(1)
    corpus = Corpus()
    encoder = Encoder()
    steps = averaged(args.codec, encoder=encoder)
    parts, index, at = [], [], 0
    with torch.no_grad():
        for item in corpus.items:
            pitch, voiced, envelope, breath = (
                torch.from_numpy(item[key].astype(np.float32))[None] for key in ("pitch", "voiced", "envelope", "breath")
            )
            learned = encoder(encoder_input(envelope, breath, pitch, voiced))
            found = torch.cat([explicit(pitch, voiced), learned], -1)[0].numpy().astype(np.float16)
            parts.append(found)
            index.append({k: item[k] for k in ("path", "speaker", "gender", "set", "held", "log_f0")} | {"at": at, "frames": len(found)})
            at += len(found)
    np.savez(WORK / "latents.npz", latents=np.concatenate(parts), index=json.dumps(index))
    print(f"{len(index)} recordings, {at / 90000:.2f} h, codec of {steps} steps", flush=True)
    del corpus
    clips = Clips(("kathleen", "libri_3spk", "libri_261spk", "libri_train_clean_5"))
    tower = Tower()
    averaged(args.tower, tower=tower)
    rng = np.random.default_rng(11)
    paths, timbres, pitches = [], [], []
    with torch.no_grad():
        for number, item in enumerate(clips.items):
            heard = []
            for k in range(STATES):
                heard.append(acted(clips.crop(number, rng, 400), Person(), state(rng) if k else State(), rng))
            x, log_f0, voiced = (torch.from_numpy(np.stack([np.asarray(h[i], np.float32) for h in heard])) for i in range(3))
            timbre, (mean, spread) = tower(tower_input(x, log_f0, voiced))
            paths.append(item["path"])
            timbres.append(timbre.numpy())
            pitches.append(torch.stack([mean, spread], -1).numpy())
    np.savez(WORK / "timbres.npz", path=np.array(paths), timbre=np.stack(timbres), pitch=np.stack(pitches))
    print(f"timbres of {len(paths)} recordings", flush=True)


if __name__ == "__main__":
    main()
