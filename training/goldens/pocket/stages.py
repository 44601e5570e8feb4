"""What the reference makes of tiny models, stage by stage.

usage: stages.py OUT        OUT is tests/goldens/pocket; tokens.py comes first

Needs pocket-tts 4.0.1. Weights, noise and sound are formulas of their names (formula.py) and not stored: OUT/FAMILY.safetensors
holds what the reference makes of them, and in its metadata the names and shapes of the weights. tests/goldens/README.md says what
each tensor is.
"""
import copy
import json
import os
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
import yaml
from pocket_tts.models import flow_lm as solvers
from pocket_tts.models.mimi import build_mimi
from pocket_tts.models.text_chunking import prepare_text_prompt, split_into_best_sentences
from pocket_tts.models.tts_model import TTSModel, stamp_state_names
from pocket_tts.modules.stateful_module import increment_steps, init_states
from pocket_tts.utils.config import load_config
from safetensors.torch import save_file

from families import FAMILIES
from formula import normal, uniform, weight

TEXT = "Is it 3.5 (or more) \u2014 really?"
# the first that is one chunk is spoken: what a vocabulary has no piece for is lost where a text is cut
SPOKEN = ["it works; doesn\u2019t it", "it works; does it not", "2 of 3; or is it 4"]
AR_STEPS, DECODED, SPOKEN_STEPS = 5, 3, 20


def tensor(values, *shape):
    return torch.from_numpy(values).reshape(*shape)


@contextmanager
def noise(rows):
    """The reference draws a row of `rows`, unit normal, after the other; zeros while there are none."""
    rows = iter(rows)

    def draw(out, mean=0.0, std=1.0, **_):
        row = next(rows, None)
        return out.zero_() if row is None else out.copy_(row.view_as(out) * std)

    before = torch.nn.init.normal_
    torch.nn.init.normal_ = draw
    try:
        yield
    finally:
        torch.nn.init.normal_ = before


@contextmanager
def outputs(*modules):
    """Lists of what each module gives."""
    found = [[] for _ in modules]

    def keep(rows):
        return lambda _module, _inputs, out: rows.append((out[0] if isinstance(out, list) else out).detach().clone())

    hooks = [module.register_forward_hook(keep(rows)) for module, rows in zip(modules, found)]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def older(name, shape):
    """The names and shapes of a tensor in files of the older layout, by file."""
    if name.startswith("flow_lm."):
        name = name.removeprefix("flow_lm.").replace("in_proj.weight", "in_proj_weight")
        conditioners = "condition_provider.conditioners"
        renamed = {
            "conditioner.embed.weight": f"{conditioners}.transcript_in_segment.embed.weight",
            "speaker_proj_weight": f"{conditioners}.speaker_wavs.output_proj.weight",
            "bos_before_voice": "fuser.padding_value",
        }
        return "flow_lm", {renamed.get(name, name): shape}
    name = name.removeprefix("mimi.")
    convolution = ".conv." in name or ".convtr." in name
    name = name.replace(".conv.", ".conv.conv.", 1).replace(".convtr.", ".convtr.convtr.", 1)
    if not convolution:
        name = "model." + name.replace("in_proj.weight", "in_proj_weight")
    elif name.endswith(".weight"):
        return "mimi", {f"{name}_g": [shape[0]] + [1] * (len(shape) - 1), f"{name}_v": shape}
    return "mimi", {name: shape}


SKIPPED = {
    "flow_lm": {
        "flow.w_s_t.0.weight": [3, 2], "num_ema_updates": [1],
        "condition_provider.conditioners.transcript_in_segment.learnt_padding": [1, 1, 4],
        "condition_provider.conditioners.speaker_wavs.learnt_padding": [1, 1, 4],
    },
    "mimi": {
        "model.quantizer.vq.layers.0._codebook.embedding_sum": [4, 2], "quantizer.logvar_proj.weight": [2, 2],
        "wavlm_proj.weight": [2, 2], "wavlm_emb_downsample.conv.conv.weight": [2, 2, 3], "quantizer.logvar_param": [2],
        "wavlm_input_resample.kernel": [3],
    },
}


def build(name, config, tokenizers):
    """The reference's model with our weights, and the shapes of the files that it was loaded from."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for path in tokenizers.glob("*.model"), tokenizers.glob("*s.json"), tokenizers.glob("*n.json"):
            for file in path:
                (folder / file.name).write_bytes(file.read_bytes())
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
        before = os.getcwd()
        os.chdir(folder)
        try:
            parsed = load_config("config.yaml")
            blank = TTSModel._from_pydantic_config(parsed, 0.3, 1, None, -4.0, None)
            inner = parsed.mimi.inner_dim or parsed.mimi.seanet.dimension
            blank.flow_lm.speaker_proj_weight = torch.nn.Parameter(torch.zeros(parsed.flow_lm.transformer.d_model, inner))
            blank.mimi = build_mimi(parsed.mimi)
            shapes = {key: list(value.shape) for key, value in blank.state_dict().items()}
            files = {"model": shapes}
            if name == "old":
                files = {file: dict(skipped) for file, skipped in SKIPPED.items()}
                for key, shape in shapes.items():
                    file, names = older(key, shape)
                    files[file].update(names)
            gains = [1.0, 1.0]
            # the second time with the gains that the first one found
            for _ in range(2):
                for file, names in files.items():
                    tensors = {key: torch.from_numpy(weight(key, shape)) for key, shape in names.items()}
                    scale(tensors, gains)
                    save_file(tensors, f"{file}.safetensors")
                model = TTSModel.load_model(config="config.yaml")
                stamp_state_names(model)
                if gains == [1.0, 1.0]:
                    gains = measure(model)
        finally:
            os.chdir(before)
    return model, files, gains


def scale(tensors, gains):
    """Encoded sound and decoded sound to a usual level, by their last convolutions: `weight_g` where that is apart."""
    last = max((int(key.split("decoder.model.")[1].split(".")[0]) for key in tensors if "decoder.model." in key), default=0)
    for key in tensors:
        if "downsample" in key and "wavlm" not in key and not key.endswith("weight_v"):
            tensors[key] = tensors[key] * np.float32(gains[0])
        if f"decoder.model.{last}." in key and not key.endswith("weight_v"):
            tensors[key] = tensors[key] * np.float32(gains[1])


def measure(model):
    mimi, latent = model.mimi, model.flow_lm.ldim
    frame = mimi.frame_size
    encoded = mimi.encode_to_latent(tensor(uniform("audio", 4 * frame), 1, 1, -1))
    state = init_states(mimi, 1, 4 * int(mimi.encoder_frame_rate / mimi.frame_rate))
    decoded = mimi.decode_from_latent(tensor(normal("latents", 4 * latent), 1, 4, latent), state)
    # rounded, so that they are the same written as decimals
    return [round(float(1 / encoded.std()), 3), round(float(0.25 / decoded.std()), 3)]


def stages(model, config):
    """name -> tensor, and what is known of the spoken text."""
    G = {}
    lm, mimi = model.flow_lm, model.mimi
    latent, frame, up = lm.ldim, mimi.frame_size, int(mimi.encoder_frame_rate / mimi.frame_rate)

    ids = lm.conditioner.prepare(TEXT)
    G["text.ids"], G["text.emb"] = ids[0].int(), lm.conditioner(ids)
    # a token, the last one and the padding after it
    some = torch.tensor([[0, lm.conditioner.embed.weight.shape[0] - 2, lm.conditioner.embed.weight.shape[0] - 1]])
    G["text.emb_ends"] = lm.conditioner(some)

    # not a whole number of frames
    audio = tensor(uniform("audio", 2 * frame + frame // 3) * np.float32(0.5), 1, 1, -1)
    with outputs(mimi.encoder, mimi.encoder_transformer) as (convolved, transformed):
        G["enc.latent"] = mimi.encode_to_latent(audio)
    G["enc.seanet"], G["enc.transformer"] = convolved[0].mT, transformed[0].mT

    conditioning = model._encode_audio(audio)
    if lm.insert_bos_before_voice:
        conditioning = torch.cat([lm.bos_before_voice, conditioning], 1)
    state = init_states(lm, 1, conditioning.shape[1])
    with noise([]):
        model._run_flow_lm_and_increment_step(model_state=state, audio_conditioning=conditioning)
    voiced = conditioning.shape[1]
    for n in range(len(lm.transformer.layers)):
        G[f"voice.kv{n}"] = state[f"transformer.layers.{n}.self_attn"]["cache"]

    def begin(steps):
        fresh = copy.deepcopy(state)
        model._expand_kv_cache(fresh, voiced + ids.shape[1] + steps)
        with noise([]):
            model._run_flow_lm_and_increment_step(model_state=fresh, text_tokens=ids)
        return fresh, torch.full((1, 1, latent), float("nan"))

    rows = tensor(normal("noise", AR_STEPS * latent), AR_STEPS, latent)
    fresh, x = begin(AR_STEPS)
    latents = []
    with noise(rows), outputs(lm.z_proj or lm.out_norm, lm.out_eos) as (hidden, ends):
        for _ in range(AR_STEPS):
            x, _end = model._run_flow_lm_and_increment_step(model_state=fresh, backbone_input_latents=x)
            latents.append(x)
    G["ar.z"], G["ar.eos"], G["ar.latents"] = torch.cat(hidden, 1), torch.cat(ends).flatten(), torch.cat(latents, 1)
    # keys and values of a layer are a linear map of what the layer before it gave
    for n in range(len(lm.transformer.layers)):
        G[f"ar.kv{n}"] = fresh[f"transformer.layers.{n}.self_attn"]["cache"]
    timed = lm.flow_net.num_time_conds > 0
    for steps in (2, 4, 16) if timed else ():
        model.sampler_decode_steps = steps
        fresh, x = begin(2)
        with noise(rows):
            first, _end = model._run_flow_lm_and_increment_step(model_state=fresh, backbone_input_latents=x)
            second, _end = model._run_flow_lm_and_increment_step(model_state=fresh, backbone_input_latents=first)
        G[f"ar.latents_{steps}"] = torch.cat([first, second], 1)
    model.sampler_decode_steps = 1

    width = lm.flow_net.cond_embed.in_features
    condition, start = tensor(normal("condition", 3 * width), 3, width), tensor(normal("start", 3 * latent), 3, latent)
    solve = {"lsd": solvers.lsd_decode, "flow_matching": solvers.ot_decode}
    solve |= {"drifting": solvers.drifting_decode, "pointwise": solvers.pointwise_decode}
    for steps in (1, 2, 4, 16) if timed else (1,):
        G[f"head.{steps}"] = solve[lm.flow_type](partial(lm.flow_net, condition), start, steps)

    plain = tensor(normal("latents", DECODED * latent), 1, DECODED, latent)
    past = init_states(mimi, 1, DECODED * up)
    with outputs(mimi.upsample, mimi.decoder_transformer) as (wide, transformed):
        G["dec.audio"] = mimi.decode_from_latent(plain, past)
    G["dec.up"], G["dec.transformer"] = wide[0].mT, transformed[0].mT
    past, pieces = init_states(mimi, 1, DECODED * up), []
    for n in range(DECODED):
        pieces.append(mimi.decode_from_latent(plain[:, n : n + 1], past))
        increment_steps(mimi, past, increment=up)
    streamed = float((torch.cat(pieces, -1) - G["dec.audio"]).abs().max())

    # as generate_audio_stream does it; first without an end, to find a threshold that is crossed clearly
    options = (
        model.pad_with_spaces_for_short_inputs, model.remove_semicolons, model.append_terminal_punctuation,
        model.capitalize_first_letter, model.replace_characters,
    )
    tokenizer = lm.conditioner.tokenizer
    whole = ((text, *prepare_text_prompt(text, *options)) for text in SPOKEN)
    text, prepared, after = next(
        (text, prepared, after) for text, prepared, after in whole
        if split_into_best_sentences(tokenizer, text, 50, *options) == [prepared.strip()]
    )
    tokens = tokenizer.encode(prepared)
    most = model._estimate_max_gen_len(len(tokens))
    model.max_decoder_frames_per_call = 1

    def speak(name, threshold, most):
        model.eos_threshold = threshold
        model._estimate_max_gen_len = lambda _tokens: most
        rows = tensor(normal(name, SPOKEN_STEPS * latent), SPOKEN_STEPS, latent)
        # the first row is drawn while the text is read
        with noise([rows[0] * 0, *rows]), outputs(lm.out_eos) as (logits,):
            sound = torch.cat(list(model.generate_audio_stream(state, text)))
        return sound, torch.cat(logits[1:]).flatten()

    def gap(name, end):
        """How clearly the logit of frame `end` is over those from frame 6 on, and the middle."""
        _, logits = speak(name, 1e9, 10)
        over, under = float(logits[end]), float(logits[6:end].max())
        return over - under, (over + under) / 2, name

    margin, threshold, name = max(gap(f"spoken{n}", end) for n in range(6) for end in (7, 8))
    assert margin > 0.05, margin
    sound, logits = speak(name, threshold, most)
    G["e2e.audio"] = sound
    about = dict(
        text=text, prepared=prepared, tokens=tokens, most=most, frames_after=after + 2, threshold=threshold, steps=len(logits),
        frames=sound.numel() // frame, noise=name, margin=margin / 2, streamed=streamed,
    )
    return G, about


def main(out):
    out = Path(out)
    torch.set_num_threads(1)
    for name, config in FAMILIES.items():
        (out / f"{name}.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")
        model, files, gains = build(name, config, out)
        found, about = stages(model, config)
        for key, value in found.items():
            assert torch.isfinite(value.float()).all(), (name, key)
        # one value: several come in any order, and the file would not be the same twice
        metadata = {"about": json.dumps(dict(text=TEXT, e2e=about, gains=gains, files=files), separators=(",", ":"))}
        path = out / f"{name}.safetensors"
        save_file({key: value.detach().contiguous().clone() for key, value in found.items()}, path, metadata)
        path.chmod(0o644)
        print(name, gains, {key: about[key] for key in ("frames", "steps", "margin", "streamed")})


if __name__ == "__main__":
    with torch.no_grad():
        main(*sys.argv[1:])
