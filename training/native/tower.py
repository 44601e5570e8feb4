"""The timbre tower: analysis frames of a clip to who speaks, in whatever state.

Input [batch, frames, HEARD + 2] at 100 Hz: x = (ln power + 9) / 4 of the heard bands minus the clip's level (mean over
voiced frames and bands), a voiced flag, (ln F0 - 5) / .2 (0 where unvoiced). Output: a vector of length 1, and the
habitual pitch. `Profile` turns the vector into what the decoder adds back. Shapes and names: docs/MODEL.md.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from codec import HEARD, PROFILE, ConvNext

TIMBRE = 128


class Tower(nn.Module):
    def __init__(self, dim=128, blocks=4, kernel=7):
        super().__init__()
        self.input = nn.Linear(HEARD + 2, dim)
        self.blocks = nn.ModuleList([ConvNext(dim, kernel, causal=False) for _ in range(blocks)])
        self.norm = nn.LayerNorm(dim, eps=1e-5)
        self.attention = nn.ModuleList([nn.Linear(dim, dim), nn.Linear(dim, dim)])
        self.timbre = nn.Linear(2 * dim, TIMBRE)
        self.pitch = nn.Sequential(nn.Linear(2 * dim, 64), nn.SiLU(), nn.Linear(64, 2))

    def forward(self, frames, present=None):
        """Timbre [batch, TIMBRE] and (mean ln F0, SD of ln F0), each [batch]; `present` [batch, frames] is 0 on padding."""
        voiced = frames[..., HEARD : HEARD + 1]
        x = self.input(frames)
        for block in self.blocks:
            x = block(x)
            if present is not None:
                x = x * present[..., None]
        x = self.norm(x)
        score = self.attention[1](torch.tanh(self.attention[0](x)))
        share = torch.softmax(score.masked_fill(voiced < 0.5, -1e4), 1)
        mean = (share * x).sum(1)
        spread = ((share * (x - mean[:, None]) ** 2).sum(1) + 1e-5).sqrt()
        pooled = torch.cat([mean, spread], -1)
        pitch = self.pitch(pooled)
        return F.normalize(self.timbre(pooled), dim=-1), (5 + 0.3 * pitch[:, 0], torch.exp(-1.5 + 0.5 * pitch[:, 1]))


class Profile(nn.Module):
    """Timbre [.., TIMBRE] to the decoder's profile [.., PROFILE]."""

    def __init__(self):
        super().__init__()
        self.profile = nn.Linear(TIMBRE, PROFILE)

    def forward(self, timbre):
        return self.profile(timbre)


def tower_input(x, log_f0, voiced):
    """x [.., frames, HEARD], ln F0 and voiced [.., frames] to the tower's input."""
    weight = voiced[..., None]
    level = (x * weight).sum((-2, -1), keepdim=True) / (weight.sum((-2, -1), keepdim=True) * HEARD + 1e-6)
    return torch.cat([x - level, weight, ((log_f0 - 5) / 0.2 * voiced)[..., None]], -1)
