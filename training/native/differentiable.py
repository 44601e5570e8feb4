"""The renderer (renderer.py) in torch, for whole batches and with gradients: what is taught through the sound itself passes here."""
import numpy as np
import torch

from codec import APERIODICITIES, BANDS
from renderer import FFT, HOP, HZ, RATE, envelope_bins, pulses
from schedule import DEVICE


def here(array):
    return torch.from_numpy(np.asarray(array, np.float32)).to(DEVICE)


KNOTS = [np.interp(HZ, np.arange(5) * 3000.0, row) for row in np.eye(APERIODICITIES + 2)]
SPREAD = here([envelope_bins(row) for row in np.eye(BANDS)])  # bands to bins, of ln power
AIR, AIR_BELOW = here(KNOTS[1:4]), here(-60 * KNOTS[0])  # aperiodicities to bins, of dB
FOLD = here([1] + [2] * (FFT // 2 - 1) + [1] + [0] * (FFT // 2 - 1))
PLACES = torch.arange(FFT, device=DEVICE)


def minimum_phase(log_power):
    """ln power [.., BINS] to the complex minimum-phase spectrum, by folding the cepstrum."""
    return torch.exp(torch.fft.rfft(torch.fft.irfft(log_power / 2, FFT) * FOLD, FFT))


class Pulses:
    """Where the pulses of tracks of F0 [t] in Hz or 0, of one length, stand; a batch of them in one list."""

    def __init__(self, tracks):
        self.clips, self.frames = len(tracks), len(tracks[0])
        parts = []
        for clip, f0 in enumerate(tracks):
            samples = len(f0) * HOP
            sample, fraction, voiced = pulses(f0, samples)
            period = np.diff(np.append(sample, min(samples, sample[-1] + 48)))
            place = np.minimum((sample + fraction) / HOP, len(f0) - 1)
            low = place.astype(int)
            parts.append((np.full(len(sample), clip), sample, fraction, np.minimum(period, FFT), voiced[sample], low, np.minimum(low + 1, len(f0) - 1), place - low))
        columns = (torch.from_numpy(np.concatenate(part)).to(DEVICE) for part in zip(*parts))
        clip, sample, fraction, period, voiced, low, high, share = columns
        self.sample, self.period, self.clip = sample, period, clip
        self.low, self.high, self.share = clip * self.frames + low, clip * self.frames + high, share.float()[:, None]
        self.voiced = voiced
        turn = here(-2 * np.pi * HZ / RATE) * fraction.float()[voiced, None]
        self.turned = torch.polar(period[voiced].float().sqrt()[:, None].expand_as(turn).contiguous(), turn)
        self.turned[:, 0] = 0  # no DC: the sum of many pulses would drift


def render(at, envelope, breath, gains, noise):
    """Of pulses `at`: ln power [b, t, BANDS], aperiodicity in dB [b, t, 3], ln gains of the amplitudes of voice and breath [b, t, BINS] each or None, unit noise
    [b, HOP t] to sound [b, HOP t]. Noise lies where it sounds, where renderer.render takes it in order of pulses."""
    mixed = lambda rows: (1 - at.share) * rows[at.low] + at.share * rows[at.high]
    power = (envelope @ SPREAD).exp().flatten(0, 1)
    ratio = (breath @ AIR + AIR_BELOW).mul(np.log(10) / 20).exp().clamp(1e-3, 1).flatten(0, 1)
    power, ratio = mixed(power) + 1e-30, mixed(ratio)
    voice, air = power * (1 - ratio**2).clamp(min=2e-12), power * ratio**2
    if gains:
        voice, air = (part * mixed(gain.exp().flatten(0, 1)) ** 2 for part, gain in zip((voice, air), gains))
    # where there is no voice all of it is breath
    air = torch.where(at.voiced[:, None], air, voice + air).log()
    within = (PLACES < at.period[:, None]).float()
    breath = noise.flatten()[at.clip[:, None] * noise.shape[1] + (at.sample[:, None] + PLACES).clamp(max=noise.shape[1] - 1)] * within
    breath = (breath - breath.sum(1, keepdim=True) / at.period[:, None].clamp(min=1)) * within
    spectrum = minimum_phase(air) * torch.fft.rfft(breath, FFT)
    said = at.voiced.nonzero()[:, 0]
    response = torch.fft.irfft(spectrum.index_add(0, said, minimum_phase(voice[said].log()) * at.turned), FFT)
    length = at.frames * HOP + FFT
    places = (at.clip * length + at.sample)[:, None] + PLACES
    return torch.zeros(at.clips * length, device=DEVICE).index_add(0, places.flatten(), response.flatten()).reshape(at.clips, length)[:, : at.frames * HOP]
