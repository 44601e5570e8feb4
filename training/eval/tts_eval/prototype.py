"""A baseline: the single-tower prototype as a copying engine, in PyTorch.

What the reference gives: a vector of timbre from one encoder that was trained jointly with the language model and hears everything
(`timbre_encoder`), and the clip's own mean and SD of ln F0 as controls. What it is told of the text: phones as the `tts` command
lists them. In: 24 kHz PCM. Out: 24 kHz PCM. The model is docs/MODEL.md's native-1 with its encoder:
`model.safetensors` with `flow_lm.*`, `timbre_encoder.*` and `decoder.*`.
"""
import math

import numpy as np
import parselmouth
import pyworld
import torch
import torch.nn.functional as functional
from safetensors.torch import load_file
from scipy.ndimage import binary_closing

RATE, HOP, FFT, BANDS, HEARD = 24000, 240, 1024, 80, 70
PHONES = (
    "<pad> pau aa ae ah ao aw ax ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh"
).split()
PUNCTUATION = {"comma": 1, "period": 2, "question": 3, "exclamation": 4, "semicolon": 5, "colon": 5}
STEPS, TEMPERATURE, WINDOW = 8, 0.7, 128


def mel_edges():
    """[82] Hz: band edges equally wide in mel from 0 to 12 kHz; the inner ones are the bands' centres."""
    return 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), BANDS + 2) / 2595) - 1)


def mel_weights():
    """[80, 513] triangles, each summing to 1."""
    edges, bins = mel_edges(), np.linspace(0, RATE / 2, FFT // 2 + 1)
    out = np.zeros((BANDS, len(bins)))
    for band, (low, middle, high) in enumerate(zip(edges, edges[1:], edges[2:])):
        out[band] = np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, None)
        if out[band].sum() < 1e-3:
            out[band, np.argmin(abs(bins - middle))] = 1
    return out / out.sum(1, keepdims=True)


def level(pcm):
    """-23 dBFS over the 10 ms frames within 40 dB of the loudest."""
    energy = (pcm[: len(pcm) // HOP * HOP].reshape(-1, HOP) ** 2).mean(1)
    active = energy[energy > energy.max() * 1e-4].mean()
    noise = np.random.RandomState(0).randn(len(pcm)) * 1e-5
    return np.clip(pcm * 10 ** (-23 / 20) / math.sqrt(active + 1e-12), -0.99, 0.99) + noise


def pitch(pcm, times):
    """F0 every 10 ms: lenient autocorrelation, refined, gaps up to 80 ms bridged."""
    found = parselmouth.Sound(pcm, RATE).to_pitch_ac(
        time_step=0.01, pitch_floor=60.0, pitch_ceiling=500.0, voicing_threshold=0.3, silence_threshold=0.01
    )
    at, hz = found.xs(), found.selected_array["frequency"]
    f0 = hz[np.clip(np.round((times - at[0]) / 0.01).astype(int), 0, len(hz) - 1)]
    f0 = np.where((times < at[0] - 0.005) | (times > at[-1] + 0.005), 0.0, f0)
    f0 = pyworld.stonemask(pcm, f0, times, RATE)
    known = np.nonzero(f0 > 0)[0]
    if len(known) < 2:
        return f0
    closed = binary_closing(np.pad(f0 > 0, 8), np.ones(9))[8:-8]
    return np.where(closed, np.exp(np.interp(np.arange(len(f0)), known, np.log(f0[known]))), 0.0)


def analyse(pcm):
    """(ln F0 where voiced, envelope `[frames, 70]` in the model's units, voicing `[frames]`) of a reference."""
    pcm = np.ascontiguousarray(level(pcm))
    times = np.arange(len(pcm) // HOP + 1) * 0.01
    f0 = pitch(pcm, times)
    envelope = pyworld.cheaptrick(pcm, f0, times, RATE, fft_size=FFT)
    breath = pyworld.code_aperiodicity(pyworld.d4c(pcm, f0, times, RATE, fft_size=FFT), RATE)
    voiced = (f0 > 0) & (breath.mean(1) < -0.1)
    bands = np.maximum(np.log(envelope @ mel_weights().T + 1e-10), -17.0)
    return np.log(f0[voiced]), ((bands + 9) / 4)[:, :HEARD].astype(np.float32), voiced.astype(np.float32)


def segments(plan):
    """Phones `[n, 4]` (id, stress, word start, punctuation class) from the command's plan of a text."""
    rows = [[1, 0, 0, 0]]
    for clause in plan["clauses"]:
        for item in clause["items"]:
            if item["type"] != "word":
                rows[-1][3] = max(rows[-1][3], PUNCTUATION.get(item.get("kind"), 1))
                rows.append([1, 0, 0, 0])
                continue
            marks = [phone[-1] if phone[-1].isdigit() else None for phone in item["phones"]]
            vowels = [at for at, mark in enumerate(marks) if mark is not None]
            for at, phone in enumerate(item["phones"]):
                owner = next((vowel for vowel in vowels if vowel >= at), vowels[-1] if vowels else at)
                name = "ax" if phone == "AH0" else phone.rstrip("012").lower()
                rows.append([PHONES.index(name), 2 if marks[owner] == "1" else 1, int(at == 0), 0])
    if rows[-1][0] != 1:
        rows.append([1, 0, 0, 0])
    follows = 0
    for row in reversed(rows):
        follows = row[3] = row[3] or follows
    return torch.tensor(rows)


def slots(ends, frames):
    """Which phone each 20 ms slot lies in, and where in it: `[2 frames]`, `[2 frames, 3]`."""
    starts = np.concatenate([[0], ends[:-1]])
    length = np.maximum(ends - starts, 0.005)
    at = (np.arange(2 * frames) + 0.5) * 0.02
    phone = np.minimum(np.searchsorted(ends, at, side="right"), len(ends) - 1)
    inside = np.clip((at - starts[phone]) / length[phone], 0, 1.5)
    left = np.clip((ends[phone] - at) / 0.1, -0.5, 3)
    return torch.from_numpy(phone), torch.from_numpy(np.stack([inside, left, np.log(length[phone] / 0.08)], 1)).float()


def gelu(x):
    return functional.gelu(x, approximate="tanh")


def rotate(x, positions):
    """Rotary positions on `[time, heads, width]`, pairs interleaved."""
    width = x.shape[-1]
    angle = positions[:, None, None].float() * torch.exp(torch.arange(width // 2) * (-math.log(10000.0) * 2 / width))
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos()], -1).flatten(-2)


class Prototype:
    """The weights, and what is done with them; nothing is trained here."""

    def __init__(self, path):
        self.weights = {name: tensor.float() for name, tensor in load_file(path).items()}
        edges = mel_edges()[1:-1]
        bins = np.linspace(0, RATE / 2, FFT // 2 + 1)
        self.to_bins = np.stack([np.interp(bins, edges, row) for row in np.eye(BANDS)])

    def linear(self, name, x):
        return functional.linear(x, self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias"))

    def norm(self, name, x, eps=1e-5):
        return functional.layer_norm(x, x.shape[-1:], self.weights.get(f"{name}.weight"), self.weights.get(f"{name}.bias"), eps)

    def convnext(self, name, x, causal):
        """`[time, channels]`."""
        kernel = self.weights[f"{name}.dw.weight"]
        reach = kernel.shape[-1] - 1
        padded = functional.pad(x.T[None], (reach, 0) if causal else (reach // 2, reach // 2))
        y = functional.conv1d(padded, kernel, self.weights[f"{name}.dw.bias"], groups=x.shape[1])[0].T
        return x + self.weights[f"{name}.g"] * self.linear(f"{name}.b", gelu(self.linear(f"{name}.a", self.norm(f"{name}.n", y))))

    def layer(self, name, x, positions, past=None):
        """One transformer layer over `[time, 256]`, 4 heads; `past` holds the keys and values of earlier frames."""
        time, width = x.shape
        qkv = self.linear(f"{name}.self_attn.in_proj", self.norm(f"{name}.norm1", x)).view(time, 3, 4, width // 4)
        q, k, v = rotate(qkv[:, 0], positions), rotate(qkv[:, 1], positions), qkv[:, 2]
        if past is not None:
            if past:
                k, v = torch.cat([past[0], k])[-WINDOW:], torch.cat([past[1], v])[-WINDOW:]
            past[:] = [k, v]
        score = torch.einsum("qhd,khd->hqk", q, k) * (width // 4) ** -0.5
        heard = torch.einsum("hqk,khd->qhd", score.softmax(-1), v).reshape(time, width)
        x = x + self.linear(f"{name}.self_attn.out_proj", heard)
        return x + self.linear(f"{name}.linear2", gelu(self.linear(f"{name}.linear1", self.norm(f"{name}.norm2", x))))

    def timbre(self, envelope, voicing):
        """`[64]` from envelope `[frames, 70]` and voicing `[frames]`."""
        envelope, voicing = torch.as_tensor(envelope), torch.as_tensor(voicing)
        x = torch.cat([envelope - envelope.mean(-1, keepdim=True), voicing[:, None]], -1)
        x = self.linear("timbre_encoder.i", x)
        for block in range(3):
            x = self.convnext(f"timbre_encoder.blocks.{block}", x, causal=False)
        weight = self.linear("timbre_encoder.att", torch.tanh(x)).softmax(0)
        mean = (weight * x).sum(0)
        deviation = ((weight * (x - mean) ** 2).sum(0) + 1e-5).sqrt()
        out = self.linear("timbre_encoder.o", torch.cat([mean, deviation]))
        return functional.layer_norm(out, out.shape)

    def style(self, timbre, mean_log_f0, sd_log_f0):
        """`[128]`: timbre and the controls (mean and SD of ln F0, rate 1) with their flags."""
        controls = torch.zeros(16)
        controls[0], controls[1] = (mean_log_f0 - 5) / 0.3, (sd_log_f0 - 0.2) / 0.08
        controls[8:11] = 1
        hidden = functional.silu(self.linear("flow_lm.prosody.0", controls))
        return torch.cat([timbre, self.linear("flow_lm.prosody.2", hidden)])

    def text(self, phones):
        """`[phones, 256]`."""
        tables = ("phone", "stress", "word_start", "punct")
        x = sum(self.weights[f"flow_lm.text.{name}.weight"][phones[:, column]] for column, name in enumerate(tables))
        for number in range(2):
            y = self.norm(f"flow_lm.text.conv_norms.{number}", x).T[None]
            name = f"flow_lm.text.convs.{number}"
            x = x + gelu(functional.conv1d(y, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], padding=2)[0].T)
        for number in range(2):
            x = self.layer(f"flow_lm.text.transformer.layers.{number}", x, torch.arange(len(x)))
        return self.norm("flow_lm.text.out_norm", x)

    def ends(self, text, style, phones):
        """When each phone ends, in seconds."""
        x = torch.cat([text, style.expand(len(text), -1)], -1)
        for number in (0, 2):
            x = gelu(self.linear(f"flow_lm.duration.{number}", x))
        length = np.clip(0.08 * np.exp(self.linear("flow_lm.duration.4", x)[:, 0].numpy()), 0.02, 0.6)
        length[0] = 0.08
        length[-1] = np.clip(length[-1], 0.2, 0.3)
        return np.cumsum(length)

    def flow(self, hidden, noise):
        """One latent `[32]`: Euler steps of the flow head."""
        name = "flow_lm.flow_net"
        base = self.linear(f"{name}.cond_embed", hidden)
        x = noise * math.sqrt(TEMPERATURE)
        for step in range(STEPS):
            angle = step / STEPS * self.weights[f"{name}.time_embed.0.freqs"]
            t = functional.silu(self.linear(f"{name}.time_embed.0.mlp.0", torch.cat([angle.cos(), angle.sin()])))
            t = self.linear(f"{name}.time_embed.0.mlp.2", t)
            t = t * self.weights[f"{name}.time_embed.0.mlp.3.alpha"] * torch.rsqrt(1e-5 + t.var())
            condition = functional.silu(base + t)
            y = self.linear(f"{name}.input_proj", x)
            for block in range(3):
                inner = f"{name}.res_blocks.{block}"
                shift, scale, gate = self.linear(f"{inner}.adaLN_modulation.1", condition).chunk(3)
                z = self.norm(f"{inner}.in_ln", y, 1e-6) * (1 + scale) + shift
                y = y + gate * self.linear(f"{inner}.mlp.2", functional.silu(self.linear(f"{inner}.mlp.0", z)))
            shift, scale = self.linear(f"{name}.final_layer.adaLN_modulation.1", condition).chunk(2)
            y = functional.layer_norm(y, y.shape, eps=1e-6) * (1 + scale) + shift
            x = x + self.linear(f"{name}.final_layer.linear", y) / STEPS
        return x

    def condition(self, text, phone, position, style):
        """`[frames, 256]` from two slots a frame."""
        x = text[phone] + self.linear("flow_lm.slot_position", position)
        return self.linear("flow_lm.slot_proj", x.reshape(len(phone) // 2, -1)) + self.linear("flow_lm.style_proj", style)

    def hidden(self, latent, condition, position, past):
        """`[256]` of one frame."""
        x = (self.linear("flow_lm.input_linear", latent) + condition)[None]
        for number, kept in enumerate(past):
            x = self.layer(f"flow_lm.transformer.layers.{number}", x, torch.tensor([position]), kept)
        return self.norm("flow_lm.out_norm", x)[0]

    def render(self, latents):
        """PCM from plain latents `[frames, 32]`."""
        x = self.linear("decoder.i", latents)
        for block in range(2):
            x = self.convnext(f"decoder.b1.{block}", x, causal=True)
        x = self.linear("decoder.up", x).reshape(4 * len(x), -1)
        for block in range(4):
            x = self.convnext(f"decoder.b2.{block}", x, causal=True)
        out = self.linear("decoder.o", self.norm("decoder.n", x)).numpy()
        z = latents.numpy()
        offsets = np.array([-0.375, -0.125, 0.125, 0.375])
        log_f0 = (z[:, :1] * 0.2 + 5 + z[:, 1:2] / 25 * offsets).reshape(-1) + 0.1 * out[:, 84]
        f0 = np.where(out[:, 83] > 0, np.exp(log_f0), 0.0).astype(np.float64)
        power = np.exp((out[:, :80] * 4 - 9).astype(np.float64) @ self.to_bins)
        coded = np.minimum(out[:, 80:83] * 2 - 3, -1e-3).astype(np.float64)
        breath = pyworld.decode_aperiodicity(np.ascontiguousarray(coded), RATE, FFT)
        breath[f0 <= 0] = 1.0
        return pyworld.synthesize(f0, np.ascontiguousarray(power), breath, RATE, 10.0)

    @torch.no_grad()
    def clone(self, pcm):
        """What it keeps of a reference: (timbre, mean and SD of ln F0)."""
        log_f0, envelope, voicing = analyse(pcm)
        if len(log_f0) < 2:
            return self.timbre(envelope, voicing), 5.0, 0.2
        return self.timbre(envelope, voicing), float(log_f0.mean()), float(log_f0.std())

    @torch.no_grad()
    def speak(self, kept, phones, seed):
        """24 kHz PCM."""
        style = self.style(*kept)
        text = self.text(phones)
        ends = self.ends(text, style, phones)
        frames = math.ceil(ends[-1] * 25)
        condition = self.condition(text, *slots(ends, frames), style)
        noise = torch.randn(frames, 32, generator=torch.Generator().manual_seed(seed))
        past = [[] for _ in range(6)]
        latent, out = self.weights["flow_lm.bos_emb"], []
        for at in range(frames):
            latent = self.flow(self.hidden(latent, condition[at], at, past), noise[at])
            out.append(latent)
        return self.render(torch.stack(out) * self.weights["flow_lm.emb_std"] + self.weights["flow_lm.emb_mean"])
