"""Trains the codec. usage: train_codec.py [--name codec] [--minutes 12] [--threads 2] [--init RUN | --decoder MODEL]

`--decoder` keeps the decoder of a run or of a model.safetensors as it is and trains an encoder for it, so that a language model can be taught
more without anything else of the model changing.
"""
import argparse
import math

import numpy as np
import torch
import torch.nn.functional as F

from codec import APERIODICITIES, BANDS, EXPLICIT, LEARNED, Decoder, Encoder, encoder_input, explicit, pitch_line
from corpus import Corpus, crops
from schedule import DEVICE, Run, averaged, fitting
from speakers import HEARD, SCALE

LENGTH = 128  # sub-frames of a crop


def jitter(profile):
    """Profiles of people who do not exist: smooth changes of the mean envelope, of warp and aperiodicity, for 7 of 10."""
    count = len(profile)
    at = torch.linspace(0, 1, BANDS)
    size = torch.randn(count, 4) * torch.tensor([0.25, 0.2, 0.15, 0.12])
    shape = sum(size[:, k : k + 1] * torch.cos(math.pi * (k + 1) * at) for k in range(4))
    change = torch.cat([shape, torch.randn(count, 1) * 0.25, torch.randn(count, APERIODICITIES) * 0.2], 1)
    some = (torch.rand(count, 1) < 0.7).to(profile.device)
    return profile + change.to(profile.device) * some


def losses(encoder, decoder, batch, profile, noise):
    """Sum to be minimised, and its parts. Envelope error in dB over heard bands is `db`."""
    pitch, voiced, envelope, breath, real = batch
    if noise:
        envelope = envelope + (torch.rand(len(envelope), 1, 1, device=envelope.device) * 2 - 1) * 0.35  # level, +-6 dB
        profile = jitter(profile)
    learned = encoder(encoder_input(envelope, breath, pitch, voiced))
    latents = torch.cat([explicit(pitch, voiced), learned], -1)
    if noise:
        share = torch.cat([torch.full((EXPLICIT,), 0.2), torch.ones(LEARNED)])
        size = torch.rand(len(latents), 1, 1, device=latents.device) * noise * share.to(latents.device)
        latents = latents + torch.randn_like(latents) * size
    found, found_breath, found_voicing, residual = decoder.parts(latents, profile)
    # louder frames weigh more; the canonical envelope of speech at -23 dBFS lies about .8 below 0 where it is loud
    level = (envelope[..., :HEARD]).mean(-1, keepdim=True)
    weight = torch.clamp((level + 2.1) / 1.2, 0.15, 1.0) * real[:, None]
    error = found - envelope
    shape = (error.abs() * weight).sum() / weight.sum()
    steps = ((error[:, 1:] - error[:, :-1]).abs() * weight[:, 1:]).sum() / weight[:, 1:].sum()
    spoken = voiced.sum() + 1
    airs = ((found_breath - breath).abs() * voiced[..., None]).sum() / (APERIODICITIES * spoken)
    voicing = F.binary_cross_entropy_with_logits(found_voicing, voiced)
    line = ((pitch_line(latents) + 0.1 * residual - pitch).abs() * voiced).sum() / spoken
    total = shape + 0.5 * steps + 0.3 * airs + 0.3 * voicing + 2 * line
    return total, {"db": shape * SCALE * 4.343, "air": airs, "voicing": voicing, "pitch": line}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="codec")
    options.add_argument("--minutes", type=float, default=12)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--batch", type=int, default=12)
    options.add_argument("--rate", type=float, default=2e-3)
    options.add_argument("--noise", type=float, default=0.1)
    options.add_argument("--init", help="a run whose averaged weights to start from, where they fit")
    options.add_argument("--decoder", help="a run or a model.safetensors whose decoder is kept")
    options.add_argument("--sets", default="kathleen,libri_3spk,libri_261spk,libri_train_clean_5,speechocean762")
    args = options.parse_args()
    corpus = Corpus(tuple(args.sets.split(",")))
    profiles = {name: torch.from_numpy(corpus.speakers.profile(name)) for name in corpus.by_speaker()}
    usable = [i for i, item in enumerate(corpus.items) if not item["held"]]
    held = [i for i, item in enumerate(corpus.items) if item["held"]]
    print(f"{len(usable)} recordings, {corpus.hours():.2f} h, {len(profiles)} speakers, {len(held)} recordings held out", flush=True)
    torch.manual_seed(0)
    encoder, decoder = Encoder(), Decoder()
    if args.init:
        fitting(args.init, encoder=encoder, decoder=decoder)
    if args.decoder:
        averaged(args.decoder, decoder=decoder)
    run = Run(args.name, {"encoder": encoder, "decoder": decoder}, args.minutes, args.rate, threads=args.threads)
    rng = np.random.default_rng(run.step)
    by_time = np.array([corpus.items[i]["frames"] for i in usable], np.float64)
    by_time /= by_time.sum()
    by_speaker = {}
    for i in usable:
        by_speaker.setdefault(corpus.items[i]["speaker"], []).append(i)
    names = list(by_speaker)

    def batch(chosen, generator):
        items = [corpus.items[i] for i in chosen]
        parts = [part.to(DEVICE) for part in crops(items, LENGTH, generator)]
        return parts, torch.stack([profiles[item["speaker"]] for item in items]).to(DEVICE)

    judged = held[:: max(1, len(held) // 48)][:48]

    def judge():
        for model in run.average.values():
            model.eval()
        with torch.no_grad():
            found = losses(run.average["encoder"], run.average["decoder"], *batch(judged, np.random.default_rng(5)), 0.0)[1]
        for model in run.average.values():
            model.train()
        return found

    while run.going():
        half = args.batch // 2
        chosen = [usable[i] for i in rng.choice(len(usable), half, p=by_time)]
        for name in rng.choice(names, args.batch - half):
            chosen.append(by_speaker[name][int(rng.integers(len(by_speaker[name])))])
        loss, parts = losses(encoder, decoder, *batch(chosen, rng), args.noise)
        run.update(loss, args.batch * LENGTH / 100, **parts)
        run.report(200, judge)
    run.save()


if __name__ == "__main__":
    main()
