"""What the codec keeps. usage: judge_codec.py [--codec codec] [--tower tower] [--clips 6]

For every held-out reader with enough speech: similarity to other clips of the person (Resemblyzer), as a share of what two of
the person's clips reach above other people of the gender (nSIM), and PESQ-wb, of: the parameters rendered, the codec's round
trip, and the round trip with the profile that the tower hears in another clip. Prints JSON.
"""
import argparse
import json
import warnings

import numpy as np
import torch

from codec import BANDS, Decoder, Encoder, encoder_input, explicit, pitch_line
from corpus import BREATH_OFFSET, BREATH_SCALE, Corpus
from data import SPEECH, level, read, rows
from renderer import quick
from schedule import averaged
from speakers import OFFSET, SCALE, warp_matrix
from tower import Profile, Tower
from train_tower import Clips, tower_input

warnings.filterwarnings("ignore")


def parameters(latents, decoder, profile, habitual):
    """Plain latents [1, t, 64] of a speaker to ln power [4 t, BANDS], aperiodicity in dB [4 t, 3], F0 [4 t] in Hz or 0."""
    envelope, breath, voicing, residual = decoder(latents, profile)
    warp = float(torch.exp(profile[0, BANDS] / 5))
    envelope = envelope[0].numpy() @ warp_matrix(1 / warp) * SCALE + OFFSET
    f0 = torch.exp(pitch_line(latents) + 0.1 * residual + habitual)[0].numpy()
    breath = np.minimum(breath[0].numpy() * BREATH_SCALE + BREATH_OFFSET, -1e-3)
    return envelope.astype(np.float64), breath, np.where(voicing[0].numpy() > 0, f0, 0)


def likeness(heard, own, others):
    """What tells the nSIM of sound, of 16 vectors of the person, the last 8 the reference, and some of others; `heard` makes sound a vector."""
    reference = np.mean(own[8:], 0)
    reference /= np.linalg.norm(reference)
    ceiling, floor = (np.mean([v @ reference for v in some]) for some in (own[:8], others))
    return lambda pcm: float((heard(pcm) @ reference - floor) / (ceiling - floor))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--codec", default="codec")
    options.add_argument("--tower")
    options.add_argument("--clips", type=int, default=6)
    args = options.parse_args()
    from pesq import pesq
    from resemblyzer import VoiceEncoder, preprocess_wav
    from scipy.signal import resample_poly

    torch.set_num_threads(1)
    listener = VoiceEncoder("cpu", verbose=False)
    heard = lambda pcm: listener.embed_utterance(preprocess_wav(pcm.astype(np.float32), source_sr=24000))
    corpus = Corpus(("libri_train_clean_5",))
    encoder, decoder, tower, profiler = Encoder(), Decoder(), Tower(), Profile()
    averaged(args.codec, encoder=encoder, decoder=decoder)
    clips = None
    if args.tower:
        averaged(args.tower, tower=tower, profile=profiler)
        heard_clips = Clips(("libri_train_clean_5",))
        clips = {item["path"]: n for n, item in enumerate(heard_clips.items)}
    rng = np.random.RandomState(0)
    others = {}
    for gender in "FM":
        pool = [r for r in rows({"libri_261spk"}) if r["gender"] == gender]
        others[gender] = [heard(level(read(SPEECH / pool[i]["path"]))) for i in rng.choice(len(pool), 12, replace=False)]
    results = {}
    for speaker, numbers in corpus.by_speaker().items():
        items = [corpus.items[n] for n in numbers if corpus.items[n]["held"]]
        if len(items) < 20:
            continue
        own = [heard(level(read(SPEECH / item["path"]))) for item in items[10:26]]
        share = likeness(heard, own, others[items[0]["gender"]])
        habitual = float(corpus.speakers.pitch[corpus.speakers.row[speaker], 0])
        profile = torch.from_numpy(corpus.speakers.profile(speaker))[None]
        found = {"parameters": [], "codec": [], "pesq_parameters": [], "pesq_codec": []} | ({"codec_heard": []} if clips else {})
        for item in items[: args.clips]:
            pitch, voiced, envelope, breath = (
                torch.from_numpy(item[key].astype(np.float32))[None] for key in ("pitch", "voiced", "envelope", "breath")
            )
            original = level(read(SPEECH / item["path"]))
            plain = (envelope + profile[:, None, :BANDS])[0].numpy() @ warp_matrix(1 / float(torch.exp(profile[0, BANDS] / 5)))
            air = np.minimum((breath + profile[:, None, BANDS + 1 :])[0].numpy() * BREATH_SCALE + BREATH_OFFSET, -1e-3)
            f0 = np.where(item["voiced"] > 0, np.exp(item["pitch"].astype(np.float64) + habitual), 0)
            with torch.no_grad():
                latents = torch.cat([explicit(pitch, voiced), encoder(encoder_input(envelope, breath, pitch, voiced))], -1)
                made = {"parameters": quick(plain.astype(np.float64) * SCALE + OFFSET, air, f0), "codec": quick(*parameters(latents, decoder, profile, habitual))}
                if clips:
                    other = items[-1]
                    x, log_f0, flag = (torch.from_numpy(np.asarray(part, np.float32))[None] for part in heard_clips.crop(clips[other["path"]], np.random.default_rng(1), 500))
                    timbre, _ = tower(tower_input(x[..., :70], log_f0, flag))
                    made["codec_heard"] = quick(*parameters(latents, decoder, profiler(timbre), habitual))
            for name, pcm in made.items():
                found[name].append(share(pcm))
                if f"pesq_{name}" in found:
                    n = min(len(pcm), len(original))
                    narrow = [resample_poly(p[:n], 2, 3) for p in (original, pcm)]
                    found[f"pesq_{name}"].append(float(pesq(16000, *narrow, "wb")))
        results[speaker] = {name: round(float(np.mean(values)), 3) for name, values in found.items()}
        print(speaker, json.dumps(results[speaker]), flush=True)
    print("all", json.dumps({k: round(float(np.mean([r[k] for r in results.values()])), 3) for k in next(iter(results.values()))}))


if __name__ == "__main__":
    main()
