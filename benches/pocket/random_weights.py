"""Random weights of a released Pocket TTS configuration at full size, for measurements.

usage: python random_weights.py CONFIG.yaml TOKENIZER OUT_DIR

Needs pocket-tts 4.0.1 on the path: its modules say which tensors there are and of what shape. Every matrix is normal with a
variance of one over its fan-in, so that signals keep their size through the network as in a trained model. Writes
OUT_DIR/config.yaml (paths made local), OUT_DIR/model.safetensors and a copy of the tokenizer.
"""
import math
import shutil
import sys
from pathlib import Path

import safetensors.torch
import torch
import yaml
from pocket_tts.models.mimi import build_mimi
from pocket_tts.models.tts_model import TTSModel
from pocket_tts.utils.config import load_config


def fan_in(name, shape):
    if ".convtr." in name:
        # two taps of a transposed convolution meet in a sample
        return 2 * shape[0] if shape[1] != 1 else 2
    return math.prod(shape[1:])


def value(name, tensor, generator):
    noise = torch.randn(tensor.shape, generator=generator)
    if name.endswith(".freqs"):
        return tensor
    if name.endswith("emb_std") or "norm" in name and name.endswith("weight") or "in_ln.weight" in name:
        return 1 + 0.1 * noise
    if name.endswith("alpha"):
        return 1 + 0.1 * noise
    if "layer_scale" in name:
        return 0.2 + 0.05 * noise
    if name.endswith("bias") or name.endswith("emb_mean"):
        return 0.1 * noise
    if tensor.dim() < 2 or "embed.weight" in name and "cond" in name and "conditioner" in name:
        return noise
    return noise / math.sqrt(fan_in(name, tensor.shape))


def main():
    source, tokenizer, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tokenizer, out / "tokenizer.model")
    text = yaml.safe_load(source.read_text())
    text["weights_path"] = str(out / "model.safetensors")
    text.pop("weights_path_without_voice_cloning", None)
    text["flow_lm"]["lookup_table"].update(tokenizer="sentencepiece", tokenizer_path=str(out / "tokenizer.model"))
    (out / "config.yaml").write_text(yaml.safe_dump(text, sort_keys=False, allow_unicode=True))
    config = load_config(str(out / "config.yaml"))
    model = TTSModel._from_pydantic_config(config, 0.3, 1, None, -4.0, None)
    inner = config.mimi.inner_dim or config.mimi.seanet.dimension
    model.flow_lm.speaker_proj_weight = torch.nn.Parameter(torch.zeros(config.flow_lm.transformer.d_model, inner))
    model.mimi = build_mimi(config.mimi)
    generator = torch.Generator().manual_seed(1)
    state = {name: value(name, tensor, generator).contiguous() for name, tensor in sorted(model.state_dict().items())}
    # speech never ends by itself: every measurement has as many frames as it asks for
    state["flow_lm.out_eos.bias"].fill_(-1e3)
    safetensors.torch.save_file(state, out / "model.safetensors")
    print(out, sum(t.numel() for t in state.values()) / 1e6, "M values")


main()
