"""The flow language model: phones with durations and a style to latents, frame by frame. Shapes and names: docs/MODEL.md."""
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from codec import LATENT
from tower import TIMBRE

PHONES = (
    "<pad> pau aa ae ah ao aw ax ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh".split()
)
PHONE_ID = {phone: i for i, phone in enumerate(PHONES)}
MARK_ID = {"": 0, ",": 1, "-": 1, ".": 2, "?": 3, "!": 4, ";": 5, ":": 5}
FRAMES_PER_SECOND = 25
CONTROLS = 8
WINDOW = 128


def rotate(x, position):
    """Rotary positions on neighbouring pairs of [batch, time, heads, channels]."""
    pairs = x.shape[-1] // 2
    angle = position[:, None, None].float() * torch.exp(torch.arange(pairs, device=x.device) * (-math.log(10000.0) / pairs))
    a, b = x.unflatten(-1, (pairs, 2)).unbind(-1)
    return torch.stack([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1).flatten(-2)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.in_proj = nn.Linear(dim, 3 * dim, bias=False)
        self.out_proj = nn.Linear(dim, dim, bias=False)

    def forward(self, x, mask, position, cache=None):
        batch, time, dim = x.shape
        q, k, v = self.in_proj(x).view(batch, time, 3, self.heads, dim // self.heads).unbind(2)
        q, k = rotate(q, position), rotate(k, position)
        if cache is not None:
            k = torch.cat([cache["k"], k], 1)[:, -WINDOW:] if "k" in cache else k
            v = torch.cat([cache["v"], v], 1)[:, -WINDOW:] if "v" in cache else v
            cache["k"], cache["v"] = k, v
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        score = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5
        if mask is not None:
            score = score.masked_fill(~mask, -1e4)
        return self.out_proj((torch.softmax(score, -1) @ v).transpose(1, 2).reshape(batch, time, dim))


class Layer(nn.Module):
    def __init__(self, dim, heads, dropout=0.0):
        super().__init__()
        self.self_attn = Attention(dim, heads)
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-5), nn.LayerNorm(dim, eps=1e-5)
        self.linear1, self.linear2 = nn.Linear(dim, 4 * dim, bias=False), nn.Linear(4 * dim, dim, bias=False)
        self.dropout = dropout
        nn.init.normal_(self.self_attn.out_proj.weight, std=0.01)
        nn.init.normal_(self.linear2.weight, std=0.01)

    def forward(self, x, mask, position, cache=None):
        drop = lambda y: F.dropout(y, self.dropout, self.training)
        x = x + drop(self.self_attn(self.norm1(x), mask, position, cache))
        return x + drop(self.linear2(F.gelu(self.linear1(self.norm2(x)), approximate="tanh")))


class Stack(nn.Module):
    def __init__(self, dim, heads, layers, dropout=0.0):
        super().__init__()
        self.layers = nn.ModuleList([Layer(dim, heads, dropout) for _ in range(layers)])


class TextEncoder(nn.Module):
    """Phones [batch, n, 4], which are there [batch, n] to [batch, n, dim]."""

    def __init__(self, dim=256, layers=2):
        super().__init__()
        self.phone, self.stress = nn.Embedding(len(PHONES), dim), nn.Embedding(3, dim)
        self.word_start, self.punct = nn.Embedding(2, dim), nn.Embedding(6, dim)
        for table in (self.phone, self.stress, self.word_start, self.punct):
            nn.init.normal_(table.weight, std=0.3)
        self.convs = nn.ModuleList([nn.Conv1d(dim, dim, 5, padding=2) for _ in range(2)])
        self.conv_norms = nn.ModuleList([nn.LayerNorm(dim, eps=1e-5) for _ in range(2)])
        self.transformer = Stack(dim, 4, layers, dropout=0.1)
        self.out_norm = nn.LayerNorm(dim, eps=1e-5)

    def forward(self, phones, present):
        x = self.phone(phones[..., 0]) + self.stress(phones[..., 1]) + self.word_start(phones[..., 2]) + self.punct(phones[..., 3])
        there = present[..., None].to(x.dtype)
        for conv, norm in zip(self.convs, self.conv_norms):
            x = x + F.gelu(conv((norm(x) * there).transpose(1, 2)).transpose(1, 2), approximate="tanh")
        position = torch.arange(x.shape[1], device=x.device)
        for layer in self.transformer.layers:
            x = layer(x, present[:, None, None, :], position)
        return self.out_norm(x)


class VarianceNorm(nn.Module):
    """Divides by the root of the unbiased variance; its origin calls it an RMS norm."""

    def __init__(self, dim):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * (self.alpha * torch.rsqrt(1e-5 + x.var(-1, keepdim=True)))


class TimeEmbedding(nn.Module):
    def __init__(self, dim, channels=256):
        super().__init__()
        self.register_buffer("freqs", torch.exp(-math.log(10000) * torch.arange(channels // 2) / (channels // 2)))
        self.mlp = nn.Sequential(nn.Linear(channels, dim), nn.SiLU(), nn.Linear(dim, dim), VarianceNorm(dim))

    def forward(self, time):
        angle = time * self.freqs
        return self.mlp(torch.cat([angle.cos(), angle.sin()], -1))


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.in_ln = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(dim, 3 * dim))
        nn.init.normal_(self.adaLN_modulation[1].weight, std=0.01)
        nn.init.zeros_(self.adaLN_modulation[1].bias)
        with torch.no_grad():
            self.adaLN_modulation[1].bias[2 * dim :] = 0.5

    def forward(self, x, condition):
        shift, scale, gate = self.adaLN_modulation(condition).chunk(3, -1)
        return x + gate * self.mlp(self.in_ln(x) * (1 + scale) + shift)


class Last(nn.Module):
    def __init__(self, dim, out):
        super().__init__()
        self.norm_final = nn.LayerNorm(dim, eps=1e-6, elementwise_affine=False)
        self.linear = nn.Linear(dim, out)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(dim, 2 * dim))
        for layer in (self.linear, self.adaLN_modulation[1]):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, x, condition):
        shift, scale = self.adaLN_modulation(condition).chunk(2, -1)
        return self.linear(self.norm_final(x) * (1 + scale) + shift)


class Head(nn.Module):
    """Mean velocity from a point [.., LATENT] at time `begin` [.., 1] to where it is at `end`, given a condition [.., dim]. Where both are one time it is the
    velocity of flow matching, which is learned first; distill.py teaches the rest."""

    def __init__(self, condition, dim=256, depth=3):
        super().__init__()
        self.time_embed = nn.ModuleList([TimeEmbedding(dim) for _ in range(2)])
        self.cond_embed = nn.Linear(condition, dim)
        self.input_proj = nn.Linear(LATENT, dim)
        self.res_blocks = nn.ModuleList([Block(dim) for _ in range(depth)])
        self.final_layer = Last(dim, LATENT)

    def forward(self, condition, point, begin, end):
        condition = condition + (self.time_embed[0](begin) + self.time_embed[1](end)) / 2
        x = self.input_proj(point)
        for block in self.res_blocks:
            x = block(x, condition)
        return self.final_layer(x, condition)


class FlowLm(nn.Module):
    def __init__(self, dim=256, layers=6):
        super().__init__()
        self.dim = dim
        self.text = TextEncoder(dim)
        self.slot_position, self.slot_proj = nn.Linear(3, dim), nn.Linear(2 * dim, dim)
        self.input_linear = nn.Linear(LATENT, dim, bias=False)
        self.bos_emb = nn.Parameter(torch.zeros(LATENT))
        self.register_buffer("emb_mean", torch.zeros(LATENT))
        self.register_buffer("emb_std", torch.ones(LATENT))
        self.prosody = nn.Sequential(nn.Linear(2 * CONTROLS, 64), nn.SiLU(), nn.Linear(64, 64))
        self.style_proj = nn.Linear(TIMBRE + 64, dim)
        self.transformer = Stack(dim, dim // 64, layers)
        self.out_norm = nn.LayerNorm(dim, eps=1e-5)
        sizes = (dim + TIMBRE + 64, 256, 256, 2)
        self.duration = nn.Sequential(
            nn.Linear(*sizes[:2]), nn.GELU("tanh"), nn.Linear(*sizes[1:3]), nn.GELU("tanh"), nn.Linear(*sizes[2:])
        )
        self.flow_net = Head(dim)

    def style(self, timbre, controls):
        """Timbre [batch, TIMBRE], values and flags [batch, 2 CONTROLS] to [batch, TIMBRE + 64]. The timbre has length 1;
        it is scaled so that its channels have about variance 1."""
        return torch.cat([timbre * math.sqrt(TIMBRE), self.prosody(controls)], -1)

    def condition(self, text, slots, places, style):
        """Text [batch, n, dim], slots [batch, 2 t] with places [batch, 2 t, 3], style to [batch, t, dim]."""
        heard = torch.gather(text, 1, slots[..., None].expand(-1, -1, self.dim)) + self.slot_position(places)
        return self.slot_proj(heard.unflatten(1, (-1, 2)).flatten(2)) + self.style_proj(style)[:, None]

    def log_durations(self, text, style):
        """Mean of ln(duration / 80 ms) and ln of its deviation, [batch, n, 2]; lengths.py fits the latter."""
        told = torch.cat([text, style[:, None].expand(-1, text.shape[1], -1)], -1)
        return self.duration(F.dropout(told, 0.2, self.training))  # it overfits before the rest does

    def backbone(self, before, condition):
        """Latents before [batch, t, LATENT] and condition to hidden [batch, t, dim]."""
        time = before.shape[1]
        x = self.input_linear(before) + condition
        at = torch.arange(time, device=x.device)
        mask = (at[:, None] >= at[None]) & (at[:, None] - at[None] < WINDOW)
        for layer in self.transformer.layers:
            x = layer(x, mask, at)
        return self.out_norm(x)

    def flow_loss(self, hidden, latent, draws=2):
        """Flow matching of [n, LATENT] given [n, dim], `draws` noises each."""
        condition = self.flow_net.cond_embed(hidden).repeat(draws, 1)
        latent = latent.repeat(draws, 1)
        noise = torch.randn_like(latent)
        time = torch.sigmoid(torch.randn_like(latent[:, :1]))
        return (self.flow_net(condition, time * latent + (1 - time) * noise, time, time) - (latent - noise)).square().mean()

    def sample(self, hidden, noise, temperature=0.7, steps=8, whole=False):
        """A latent in Euler steps of the velocity at the beginning of each, or where the head knows it of the mean velocity of the `whole` step."""
        condition = self.flow_net.cond_embed(hidden)
        x = noise * math.sqrt(temperature)
        for k in range(steps):
            begin, end = (torch.full((len(x), 1), (k + n) / steps, device=x.device) for n in (0, int(whole)))
            x = x + self.flow_net(condition, x, begin, end) / steps
        return x

    @torch.no_grad()
    def generate(self, condition, noise, temperature=0.7, steps=8, prompt=(), whole=False):
        """Condition [batch, t, dim], unit noise [batch, t, LATENT] to normalised latents, and hidden; of the first frames the latents
        are known where there is a `prompt` [batch, p, LATENT], and the noise is of the others."""
        before = self.bos_emb[None].expand(len(condition), -1)
        caches = [{} for _ in self.transformer.layers]
        latents, hiddens = [], []
        known = prompt.shape[1] if len(prompt) else 0
        for t in range(condition.shape[1]):
            x = self.input_linear(before)[:, None] + condition[:, t : t + 1]
            for layer, cache in zip(self.transformer.layers, caches):
                x = layer(x, None, torch.tensor([t], device=x.device), cache)
            if t < known:
                before = prompt[:, t]
                continue
            hidden = self.out_norm(x)[:, 0]
            before = self.sample(hidden, noise[:, t - known], temperature, steps, whole)
            latents.append(before)
            hiddens.append(hidden)
        return torch.stack(latents, 1), torch.stack(hiddens, 1)


def phone_ids(segments):
    """Segments of align.py to ids [n, 4] and ends in seconds [n]."""
    ids = np.array(
        [[PHONE_ID.get(p, 1), stress if p != "pau" else 0, start, MARK_ID.get(mark, 0)] for p, _, stress, start, mark in segments],
        np.int64,
    )
    following = 0
    for row in ids[::-1]:
        following = row[3] or following
        row[3] = following
    return ids, np.array([s[1] for s in segments], np.float32)


def slots(ends, frames):
    """Ends [n] to the phone of each 20 ms slot [2 frames], its place [2 frames, 3], and ln(duration / 80 ms) [n]."""
    starts = np.concatenate([[0], ends[:-1]]).astype(np.float32)
    duration = np.maximum(ends - starts, 0.005)
    time = (np.arange(2 * frames) + 0.5) * 0.02
    phone = np.minimum(np.searchsorted(ends, time, side="right"), len(ends) - 1)
    through = np.clip((time - starts[phone]) / duration[phone], 0, 1.5)
    left = np.clip((ends[phone] - time) / 0.1, -0.5, 3)
    log_duration = np.log(duration / 0.08)
    return phone.astype(np.int64), np.stack([through, left, log_duration[phone]], -1).astype(np.float32), log_duration.astype(np.float32)


def controls(mean=0.0, spread=None, stretch=1.0, habitual=None, rng=None, drop=0.1):
    """Values, then flags [2 CONTROLS]: 0 the utterance's ln F0 above the speaker's / .3, 1 (SD of ln F0 - .2) / .08, 2 ln
    stretch of durations / .15, 3 (habitual ln F0 - 5) / .3. With `rng`, as in training: a little noise, some left out."""
    value, given = np.zeros(CONTROLS, np.float32), np.zeros(CONTROLS, np.float32)
    for k, found in enumerate(
        (mean / 0.3, spread and (spread - 0.2) / 0.08, np.log(stretch) / 0.15, habitual and (habitual - 5) / 0.3)
    ):
        if found is not None:
            value[k], given[k] = found, 1
    if rng is not None:
        given *= rng.random(CONTROLS) >= drop
        value += rng.standard_normal(CONTROLS) * 0.05
    return np.concatenate([value * given, given]).astype(np.float32)
