"""Kinds of sound (open vowels, hisses, murmurs, ..) in which speakers differ by more than their mean spectrum, and what the model's own speech has in each.

usage: kinds.py [--name kinds] [--readers 24] [--threads 1] --init MODEL.safetensors

A frame belongs to kinds by the softmax of a linear map, which makes of it distances to centroids of readers' canonical frames. What a speaker has in a kind
beside what the model says there for the speaker's timbre is kept in a voice, and the decoder adds it. Nothing is trained by gradients.
"""
import argparse

import numpy as np
import torch
import torch.nn as nn

from codec import BANDS, HEARD, Decoder
from corpus import Speakers
from data import WORK, held_out
from lm import LATENT, FlowLm, controls
from schedule import averaged
from speakers import Recordings, scaled, voiced, warp_matrix
from tower import Profile
from train_lm import Utterances

KINDS = 8
QUIET = -1.2  # mean of a frame relative to the speaker, below which nobody speaks
PRIOR = 20  # frames of nothing that are heard in each kind beside the person's
TEMPERATURE = 0.4


class Kinds(nn.Module):
    """Envelopes [.., BANDS] relative to the speaker, voiced [..] to shares of kinds [.., KINDS]."""

    def __init__(self, kinds=KINDS):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(kinds, BANDS + 1))
        self.bias = nn.Parameter(torch.zeros(kinds))
        self.usual = nn.Parameter(torch.zeros(kinds, BANDS))

    def forward(self, envelope, voiced):
        frames = torch.cat([envelope, voiced[..., None].to(envelope.dtype)], -1)
        return torch.softmax(frames @ self.weight.T + self.bias, -1)

    def heard(self, envelope, voiced):
        """Sums [KINDS, BANDS] and counts [KINDS] of frames [n, BANDS] in which somebody speaks."""
        loud = envelope[:, :HEARD].mean(1) > QUIET
        share = self(envelope[loud], voiced[loud])
        return share.T @ envelope[loud], share.sum(0)

    @torch.no_grad()
    def own(self, envelope, voiced):
        """What a person of whom these are frames has beside the model's speech [KINDS, BANDS]; above what every recording holds less and less is said."""
        sums, counts = self.heard(envelope, voiced)
        said = ((BANDS - torch.arange(BANDS)) / (BANDS - HEARD + 2)).clamp(max=1)
        return said * (sums - self.usual * counts[:, None]) / (counts[:, None] + PRIOR)


def relative(recordings, profile):
    """Frames of a speaker's recordings relative to a profile [PROFILE]: canonical envelopes [n, BANDS], of which the level is taken out, and voiced [n]."""
    features = np.concatenate([item["features"] for item in recordings])
    x = scaled(features[:, 1:81], False) @ warp_matrix(float(np.exp(profile[BANDS] / 5)))
    spoken = voiced(features)
    x = x - x[spoken, :HEARD].mean() - profile[:BANDS]
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(spoken)


def centroids(frames, kinds=KINDS, seed=0):
    """Canonical frames [n, BANDS], voiced [n] to the linear map, weight [kinds, BANDS + 1] and bias: nearness in a few cosine coefficients of the heard
    bands, of which loudness, and voicing beside them, say less."""
    from sklearn.cluster import KMeans

    envelope, spoken = frames
    order = np.arange(HEARD) + 0.5
    basis = np.zeros((BANDS + 1, 14))
    basis[:HEARD, :13] = np.cos(np.pi * np.outer(order, np.arange(13)) / HEARD) / HEARD
    basis[BANDS, 13] = 1
    told = np.concatenate([envelope, spoken[:, None]], 1)
    spread = (told @ basis).std(0)
    basis /= np.where(spread > 1e-3, spread, np.inf)  # what never changes says nothing
    basis[:, [0, 13]] *= 0.5
    found = KMeans(kinds, n_init=2, random_state=seed, max_iter=60).fit(told @ basis).cluster_centers_
    return torch.from_numpy(found @ basis.T).float(), torch.from_numpy(-0.5 * (found**2).sum(1)).float()


def timbre_of(data, name):
    """The mean timbre of a speaker's utterances [1, TIMBRE]."""
    timbre = data.timbre[[item["row"] for item in data.items if item["speaker"] == name], 0].mean(0)
    return torch.from_numpy(timbre / np.linalg.norm(timbre)).float()[None]


def spoken_by_model(model, decoder, profile, data, speakers, names, each=2):
    """Envelopes relative to the profile [n, BANDS] and voiced [n] of what the model says in the timbres of `names`."""
    envelopes, voices = [], []
    for name in names:
        items, timbre = [item for item in data.items if item["speaker"] == name], timbre_of(data, name)
        pitch = speakers.pitch[speakers.row[name]]
        style = model.style(timbre, torch.from_numpy(controls(0.0, float(pitch[1]), 1.0, float(pitch[0])))[None])
        for item in items[:each]:
            batch = data.collate([item], np.random.default_rng(0), 0.0)
            condition = model.condition(model.text(batch["ids"], batch["spoken"]), batch["slots"], batch["places"], style)
            noise = torch.randn(1, item["frames"], LATENT)
            latents = model.generate(condition, noise, TEMPERATURE, 1, whole=True)[0] * model.emb_std + model.emb_mean
            envelope, _, voicing, _ = decoder.parts(latents, profile(timbre))
            envelopes.append(envelope[0])
            voices.append(voicing[0] > 0)
    return torch.cat(envelopes), torch.cat(voices)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--name", default="kinds")
    options.add_argument("--readers", type=int, default=24)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--init", required=True)
    args = options.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    model, decoder, profile, kinds, speakers = FlowLm(), Decoder(), Profile(), Kinds(), Speakers()
    averaged(args.init, lm=model, decoder=decoder, profile=profile)
    by_speaker = Recordings(("libri_3spk", "libri_261spk", "libri_train_clean_5")).by_speaker()
    names = [name for name, items in sorted(by_speaker.items()) if name in speakers.row and not held_out(items[0])]
    pool = []
    for name in names:
        envelope, spoken = relative(by_speaker[name], speakers.profile(name))
        loud = np.nonzero((envelope[:, :HEARD].mean(1) > QUIET).numpy())[0]
        some = rng.choice(loud, min(len(loud), 1000), replace=False)
        pool.append((envelope[some].numpy(), spoken[some].numpy()))
    kinds.weight.data, kinds.bias.data = centroids([np.concatenate(part) for part in zip(*pool)])
    data = Utterances()
    said = {item["speaker"] for item in data.items}
    chosen = [names[i] for i in rng.permutation(len(names)) if names[i] in said][: args.readers]
    with torch.no_grad():
        sums, counts = kinds.heard(*spoken_by_model(model, decoder, profile, data, speakers, chosen))
        kinds.usual.copy_(sums / counts[:, None].clamp(min=1))
        own = [kinds.own(*relative(by_speaker[name], profile(timbre_of(data, name))[0].numpy())) for name in chosen]
    print(
        f"{len(names)} readers; shares of the model's speech {np.round((counts / counts.sum()).numpy(), 2)}; a reader differs by"
        f" {float(torch.stack(own).square().mean((0, 2)).sqrt().mean()) * 17.4:.1f} dB"
    )
    torch.save({"average": {"kinds": kinds.state_dict()}, "step": 0}, WORK / "runs" / f"{args.name}.pt")


if __name__ == "__main__":
    main()
