"""The codec: features relative to their speaker at 100 Hz <-> latents at 25 Hz.

A latent is 3 explicit numbers (pitch relative to the speaker, its slope, voicing) and LEARNED learned ones. The decoder is
told the speaker's profile (mean canonical envelope, ln warp, mean aperiodicity) and adds it back; it is causal, the encoder, which only training uses, is not. Shapes and names: docs/MODEL.md.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

BANDS, HEARD, APERIODICITIES = 80, 70, 3
EXPLICIT, LEARNED = 3, 61
LATENT = EXPLICIT + LEARNED
PROFILE = BANDS + 1 + APERIODICITIES  # mean envelope, 5 ln warp, mean aperiodicity


class ConvNext(nn.Module):
    """[batch, time, channels] to the same: depthwise convolution, norm, two linear maps, residual."""

    def __init__(self, channels, kernel, expansion=3, causal=True):
        super().__init__()
        self.pad = (kernel - 1, 0) if causal else (kernel // 2, kernel // 2)
        self.dw = nn.Conv1d(channels, channels, kernel, groups=channels)
        self.n = nn.LayerNorm(channels, eps=1e-5)
        self.a = nn.Linear(channels, expansion * channels)
        self.b = nn.Linear(expansion * channels, channels)
        self.g = nn.Parameter(torch.full((channels,), 0.3))

    def forward(self, x):
        y = self.dw(F.pad(x.transpose(1, 2), self.pad)).transpose(1, 2)
        return x + self.g * self.b(F.gelu(self.a(self.n(y)), approximate="tanh"))


class Encoder(nn.Module):
    """[batch, 4 t, HEARD + 5] to the learned part of latents [batch, t, LEARNED], of mean 0 and variance 1."""

    def __init__(self, channels=144, dim=256):
        super().__init__()
        self.i = nn.Linear(HEARD + APERIODICITIES + 2, channels)
        self.b1 = nn.ModuleList([ConvNext(channels, 7, causal=False) for _ in range(3)])
        self.down = nn.Linear(4 * channels, dim)
        self.b2 = nn.ModuleList([ConvNext(dim, 5, causal=False) for _ in range(2)])
        self.o = nn.Linear(dim, LEARNED)
        self.norm = nn.BatchNorm1d(LEARNED, affine=False, momentum=0.02)

    def forward(self, x):
        x = self.i(x)
        for block in self.b1:
            x = block(x)
        batch, time, channels = x.shape
        x = self.down(x.reshape(batch, time // 4, 4 * channels))
        for block in self.b2:
            x = block(x)
        return self.norm(self.o(x).transpose(1, 2)).transpose(1, 2)


class Decoder(nn.Module):
    """Latents [batch, t, LATENT], profile [batch, PROFILE] to canonical envelope [.., 4 t, BANDS], aperiodicity, voicing
    logit and residual of ln F0."""

    def __init__(self, dim=256, sub=160):
        super().__init__()
        self.i = nn.Linear(LATENT, dim)
        self.m = nn.Sequential(nn.Linear(PROFILE, 128), nn.GELU("tanh"), nn.Linear(128, dim))
        self.b1 = nn.ModuleList([ConvNext(dim, 5) for _ in range(2)])
        self.up = nn.Linear(dim, 4 * sub)
        self.p = nn.Linear(dim, sub)
        self.b2 = nn.ModuleList([ConvNext(sub, 5) for _ in range(4)])
        self.n = nn.LayerNorm(sub, eps=1e-5)
        self.o = nn.Linear(sub, BANDS + APERIODICITIES + 2)

    def parts(self, latents, profile):
        """What the network gives, relative to the speaker."""
        speaker = self.m(profile)
        x = self.i(latents) + speaker[:, None]
        for block in self.b1:
            x = block(x)
        batch, time, _ = x.shape
        x = self.up(x).reshape(batch, 4 * time, -1) + self.p(speaker)[:, None]
        for block in self.b2:
            x = block(x)
        envelope, breath, voicing, residual = self.o(self.n(x)).split([BANDS, APERIODICITIES, 1, 1], -1)
        return envelope, breath, voicing[..., 0], residual[..., 0]

    def forward(self, latents, profile):
        envelope, breath, voicing, residual = self.parts(latents, profile)
        return envelope + profile[:, None, :BANDS], breath + profile[:, None, BANDS + 1 :], voicing, residual


PLACES = torch.tensor([-0.375, -0.125, 0.125, 0.375])


def explicit(pitch, voiced):
    """ln F0 minus the speaker's mean [batch, 4 t], voiced [batch, 4 t] to [batch, t, 3]: mean / .2, 25 x change over a
    frame, 2 x voiced share - 1."""
    track = pitch.unflatten(1, (-1, 4))
    change = (track * torch.tensor([-1.5, -0.5, 0.5, 1.5], device=pitch.device) / 5).sum(-1) * 4
    return torch.stack([track.mean(-1) / 0.2, change * 25, 2 * voiced.unflatten(1, (-1, 4)).mean(-1) - 1], -1)


def pitch_line(latents):
    """The explicit channels' ln F0 relative to the speaker at the four sub-frames [batch, 4 t]."""
    return (latents[..., :1] * 0.2 + latents[..., 1:2] / 25 * PLACES.to(latents.device)).flatten(1)


def encoder_input(envelope, breath, pitch, voiced):
    """What the encoder sees [batch, 4 t, HEARD + 5]."""
    voiced = voiced[..., None]
    return torch.cat([envelope[..., :HEARD], breath * voiced, pitch[..., None] / 0.2, voiced], -1)
