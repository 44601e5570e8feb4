"""Writes weights/ and the goldens from trained runs.

usage: export.py WEIGHTS_FOLDER GOLDENS.safetensors [--codec codec] [--tower tower] [--lm lm] [--head head] [--lengths lengths] [--kinds kinds] [--refine refine] [--model-name native-3]

Codec, tower and language model are runs, or a model.safetensors of which they are kept; head and lengths are runs or, if they are not given, the language model's own; kinds and the refiner are a run or a
model.safetensors, or there are none.

Matrices are stored as f16, vectors as f32; everything that the goldens hold is computed in f32 from the weights as stored.
The goldens' phones are those of the file that is there already.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from codec import BANDS, EXPLICIT, HEARD, Decoder, pitch_line
from kinds import Kinds
from corpus import BREATH_OFFSET, BREATH_SCALE, Speakers
from data import WORK, held_out, rows
from lm import CONTROLS, LATENT, PHONES, WINDOW, FlowLm, controls, slots
from refine import Refiner
from renderer import render
from schedule import STORED_AS, averaged
from speakers import OFFSET, SCALE, warp_matrix
from tower import TIMBRE, Profile, Tower

CONFIG = """family = "native"
name = "{name}"
sample_rate = 24000
frame_rate = 25            # latents per second
phones = [{phones}]

[sampling]                 # where the caller does not choose
steps = {steps}
temperature = {temperature}

[neutral]                  # what speech at that temperature lacks of its readers': part of every manner, the neutral one too
pitch = {pitch}                # semitones
energy = {energy}               # dB of alpha ratio

[flow_lm]
dim = 256
layers = 6
heads = 4
feedforward = 1024
window = {window}               # frames of attention, the present one included
max_period = 10000.0
latent = {latent}
text_layers = 2
text_convs = 2
timbre = {timbre}
prosody = 64
prosody_controls = {controls}       # 0 ln F0 above the speaker's, 1 SD of ln F0, 2 ln of the stretch of durations, 3 habitual ln F0

[flow_lm.head]             # from time 0 (noise) to 1 (data)
flow = "lsd"               # told where a step begins and ends, it gives the mean velocity between
dim = 256
depth = 3

[decoder]
dim = 256
blocks = 2                 # ConvNeXt at 25 Hz
subframes = 4              # 100 Hz
subframe_dim = 160
subframe_blocks = 4        # ConvNeXt at 100 Hz
kernel = 5
expansion = 3
profile_dim = 128          # channels between a profile and the decoder
envelope_bands = {bands}
kinds = {kinds}                  # of sound, in which speakers differ by more than their mean spectrum
log_envelope_offset = {offset} # ln power = offset + scale x
log_envelope_scale = {scale}
aperiodicity_offset = {breath_offset} # dB = offset + scale x, at most the maximum
aperiodicity_scale = {breath_scale}
aperiodicity_max = -0.001
f0_residual = 0.1          # share of the network's F0 output
{refiner}
[speaker_encoder]          # frames of a clip, 100 a second, to a timbre and a habitual pitch
dim = {tower}
blocks = 4                 # ConvNeXt, centred
kernel = 7
expansion = 3
bands = {heard}
"""


REFINER = """
[decoder.refiner]          # tells gains bin by bin
dim = {dim}
blocks = {blocks}                 # ConvNeXt at 100 Hz
kernel = 5
expansion = 3
"""


def stored(value):
    return (value.half() if value.ndim > 1 else value.float()).contiguous().clone()


def usual_timbres(profile):
    """What timbre readers of LibriSpeech have for the length of their tract: [3, TIMBRE], what stands before 1, ln of the length over the mean, and its square."""
    table, said_by = np.load(WORK / "timbres.npz"), {row["path"]: row for row in rows()}
    own = {}
    for path, timbre in zip(table["path"], table["timbre"]):
        if said_by[path]["set"] != "kathleen" and not held_out(said_by[path]):
            own.setdefault(said_by[path]["speaker"], []).append(timbre[0])
    timbres = np.stack([np.mean(some, 0) for some in own.values()])
    with torch.no_grad():
        tract = profile(torch.from_numpy(timbres / np.linalg.norm(timbres, axis=1, keepdims=True)))[:, BANDS].numpy() / 5
    # readers of one length tell nothing of others: two rows hold the slopes down
    told = np.concatenate([np.stack([tract**0, tract, tract**2], 1), [[0, 0.01, 0], [0, 0, 0.01]]])
    return torch.from_numpy(np.linalg.lstsq(told, np.pad(timbres, ((0, 2), (0, 0))), rcond=None)[0]).float()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("weights", type=Path)
    options.add_argument("goldens", type=Path)
    options.add_argument("--codec", default="codec")
    options.add_argument("--tower", default="tower")
    options.add_argument("--lm", default="lm")
    options.add_argument("--head")
    options.add_argument("--lengths")
    options.add_argument("--kinds")
    options.add_argument("--refine")
    options.add_argument("--model-name", default="native-3")
    options.add_argument("--voice", type=Path, help="who speaks the goldens: a .voice file")
    options.add_argument("--speaker", default="kathleen", help="or, without it, the first recording of this speaker")
    options.add_argument("--steps", type=int, default=1)
    options.add_argument("--temperature", type=float, default=0.4)
    options.add_argument("--spread", type=float, nargs=2, default=(1.0, 1.0), help="times which latents lie farther from their mean: pitch, learned ones")
    options.add_argument("--neutral", type=float, nargs=2, default=(0.0, 0.0), help="pitch and energy: tts-eval readers tells")
    args = options.parse_args()
    torch.set_num_threads(1)
    lm, decoder, tower, profile = FlowLm(), Decoder(), Tower(), Profile()
    averaged(args.codec, decoder=decoder)
    averaged(args.tower, tower=tower, profile=profile)
    averaged(args.lm, lm=lm)
    if args.head:
        averaged(args.head, head=lm.flow_net)
    if args.lengths:
        found, last = torch.load(WORK / "runs" / f"{args.lengths}.pt"), lm.duration[-1]
        last.weight[1], last.bias[1] = found["weight"][0], found["bias"][0]
    kinds = Kinds()
    if args.kinds:
        averaged(args.kinds, kinds=kinds)
    refine = Refiner()
    if args.refine:
        averaged(args.refine, refine=refine)
    # what a low temperature takes from the variance of speech; the language model hears its own latents, before this
    lm.emb_std[:2] *= args.spread[0]
    lm.emb_std[EXPLICIT:] *= args.spread[1]
    modules = {"lm": lm, "decoder": decoder, "profile": profile, "tower": tower} | ({"kinds": kinds} if args.kinds else {}) | ({"refine": refine} if args.refine else {})
    tensors = {STORED_AS[name] + key: stored(value) for name, module in modules.items() for key, value in module.state_dict().items()}
    known = load_file(args.tower) if args.tower.endswith(".safetensors") else {}
    usual = known.get("speaker_encoder.usual")
    tensors["speaker_encoder.usual"] = stored(usual_timbres(profile)) if usual is None else usual
    args.weights.mkdir(parents=True, exist_ok=True)
    save_file(tensors, args.weights / "model.safetensors")
    config = CONFIG.format(
        name=args.model_name, phones=", ".join(f'"{p}"' for p in PHONES), steps=args.steps, temperature=args.temperature,
        pitch=args.neutral[0], energy=args.neutral[1],
        window=WINDOW, latent=LATENT, timbre=TIMBRE, controls=CONTROLS, bands=BANDS, kinds=len(kinds.bias) if args.kinds else 0, offset=OFFSET, scale=SCALE,
        breath_offset=BREATH_OFFSET, breath_scale=BREATH_SCALE, tower=tower.input.out_features, heard=HEARD,
        refiner=REFINER.format(dim=refine.i.out_features, blocks=len(refine.b)) if args.refine else "",
    )  # fmt: skip
    (args.weights / "config.toml").write_text(config)
    averaged(str(args.weights / "model.safetensors"), **modules)  # from here on the weights as stored

    phones = load_file(args.goldens)["phones"]
    speakers = Speakers()
    if args.voice:
        found = load_file(args.voice)
        timbre, pitch, own = found["timbre"], found["pitch"], found.get("own")
    else:
        table = np.load(WORK / "timbres.npz")
        said_by = {row["path"]: row["speaker"] for row in rows()}
        first = next(i for i, path in enumerate(table["path"]) if said_by[path] == args.speaker)
        own = None
        timbre, pitch = torch.from_numpy(table["timbre"][first, 0]), torch.from_numpy(speakers.pitch[speakers.row[args.speaker]])
    told = controls(0.0, float(pitch[1]), 1.0, float(pitch[0]))
    golden = {"phones": phones, "timbre": timbre, "pitch": pitch, "prosody": torch.from_numpy(told)}
    with torch.no_grad():
        ids = phones.long()[None]
        text = lm.text(ids, torch.ones(ids.shape[:2], dtype=torch.bool))
        style = lm.style(timbre[None], torch.from_numpy(told)[None])
        log_duration = lm.log_durations(text, style)
        duration = np.clip(0.08 * np.exp(log_duration[0, :, 0].numpy()), 0.02, 0.6)
        duration[-1] = 0.2
        ends = np.cumsum(duration).astype(np.float32)
        frames = int(np.ceil(ends[-1] * 25))
        phone, places, _ = slots(ends, frames)
        condition = lm.condition(text, torch.from_numpy(phone)[None], torch.from_numpy(places)[None], style)
        noise = torch.randn(1, frames, LATENT, generator=torch.Generator().manual_seed(5))
        normalised, hidden = lm.generate(condition, noise, 0.7, 8, whole=True)
        latents = normalised * lm.emb_std + lm.emb_mean
        told_decoder = profile(timbre[None])
        envelope, breath, voicing, residual = decoder(latents, told_decoder)
        if args.kinds:
            # made up, if the speaker's is not known: the arithmetic is what is held
            own = 0.1 * torch.sin(torch.arange(kinds.usual.numel()) * 0.7) if own is None else own
            relative = envelope - told_decoder[:, None, :BANDS]
            envelope = envelope + kinds(relative, voicing > 0) @ own.reshape(kinds.usual.shape)
        log_f0 = (pitch_line(latents) + 0.1 * residual)[0] + pitch[0]
        warp = float(torch.exp(told_decoder[0, BANDS] / 5))
        power = envelope[0].numpy() @ warp_matrix(1 / warp) * SCALE + OFFSET
        air = np.minimum(breath[0].numpy() * BREATH_SCALE + BREATH_OFFSET, -1e-3)
        f0 = torch.where(voicing[0] > 0, torch.exp(log_f0), torch.zeros(()))
    golden |= {
        "text": text[0], "style": style[0], "log_duration": log_duration[0], "phone_end": torch.from_numpy(ends),
        "cond": condition[0], "noise": noise[0], "hidden": hidden[0], "latents_normalised": normalised[0], "latents": latents[0],
        "profile": told_decoder[0], "dec_envelope": envelope[0], "envelope": torch.from_numpy(power), "dec_aperiodicity": breath[0],
        "dec_voicing_logit": voicing[0], "dec_f0_residual": residual[0], "log_f0": log_f0, "f0": f0,
    }  # fmt: skip
    kept = 36000
    air_noise = np.random.default_rng(7).standard_normal(len(f0) * 240 + 48).astype(np.float32)
    args_ = (power.astype(np.float64), air.astype(np.float64), f0.numpy().astype(np.float64))
    golden["render_noise"] = torch.from_numpy(air_noise[:kept])
    gains = None
    if args.refine:
        with torch.no_grad():
            told = [torch.from_numpy(part.astype(np.float32))[None] for part in (args_[2], *args_[:2])]
            golden["gains"] = refine.points(*told)[0]
            gains = [gain[0].double().numpy() for gain in refine(*told)]
    golden["pcm"] = torch.from_numpy(render(*args_, air_noise.astype(np.float64), gains)[:kept].astype(np.float32))
    golden["pcm_periodic"] = torch.from_numpy(render(*args_, air_noise * 0.0, gains)[:kept].astype(np.float32))
    # the tower on made-up frames: its arithmetic is what is held, not what it hears
    frames = torch.randn(1, 400, HEARD + 2, generator=torch.Generator().manual_seed(9)) * 0.5
    frames[..., HEARD] = (frames[..., HEARD] > -0.3).float()
    with torch.no_grad():
        vector, (mean, spread) = tower(frames)
    golden |= {"tower_frames": frames[0], "tower_timbre": vector[0], "tower_pitch": torch.stack([mean[0], spread[0]])}
    golden["own"] = own if args.kinds else torch.zeros(0)
    save_file({key: value.contiguous().clone() for key, value in golden.items()}, args.goldens)
    count = sum(value.numel() for value in tensors.values())
    print(f"{len(tensors)} tensors, {count / 1e6:.2f} M numbers, {(args.weights / 'model.safetensors').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
