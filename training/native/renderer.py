"""The renderer, readable and in 64 bits: 100 Hz source-filter parameters to 24 kHz sound, pulse by pulse (docs/MODEL.md).

`render` is the reference that the program is held to; `quick` is WORLD's own synthesis, for judging many files.
"""
import numpy as np

from speakers import centres

RATE, HOP, FFT = 24000, 240, 1024
BINS = FFT // 2 + 1
HZ = np.arange(BINS) * RATE / FFT


def envelope_bins(bands):
    """ln power [80] to [513]: linear over Hz between the bands' centres, constant outside."""
    return np.interp(HZ, centres(len(bands)), bands)


def breath_bins(db):
    """Coded aperiodicity [3] to amplitude ratio [513]: in dB over Hz, -60 at 0 Hz, 0 at 12 kHz."""
    return np.clip(10 ** (np.interp(HZ, np.arange(5) * 3000.0, np.concatenate([[-60], db, [0]])) / 20), 1e-3, 1 - 1e-12)


def minimum_phase(power):
    """Power [513] to the complex minimum-phase spectrum, by folding the cepstrum."""
    cepstrum = np.fft.irfft(np.log(power + 1e-30) / 2, FFT)
    cepstrum[1 : FFT // 2] *= 2
    cepstrum[FFT // 2 + 1 :] = 0
    return np.exp(np.fft.rfft(cepstrum, FFT))


def pulses(f0, samples):
    """Where pulses stand: sample, fraction still to go, and whether each sample is voiced; 500 Hz where it is not."""
    at, frames = np.arange(samples) / HOP, np.arange(len(f0))
    voiced = np.interp(at, frames, (f0 > 0).astype(float)) > 0.5
    track = np.where(voiced, np.interp(at, frames, np.where(f0 > 0, f0, 500.0)), 500.0)
    phase = np.cumsum(track / RATE)
    sample = np.nonzero(np.floor(phase[1:]) > np.floor(phase[:-1]))[0]
    over = np.floor(phase[sample + 1])
    return sample, (over - phase[sample]) / (phase[sample + 1] - phase[sample]), voiced


def render(envelope, breath, f0, noise, gains=None):
    """ln power [t, 80], dB [t, 3], F0 [t] in Hz (0 unvoiced), unit noise (one period a pulse, in order), ln gains of the amplitudes of voice and breath [t, 513] each or None
    to [240 t]."""
    gains = [np.exp(gain) for gain in gains or np.zeros((2, len(f0), BINS))]
    samples = len(f0) * HOP
    sound = np.zeros(samples + FFT)
    where, fractions, voiced = pulses(f0, samples)
    for k, (sample, fraction) in enumerate(zip(where, fractions)):
        period = (where[k + 1] if k + 1 < len(where) else min(samples, sample + 48)) - sample
        place = min((sample + fraction) / HOP, len(f0) - 1)
        low, high = int(place), min(int(place) + 1, len(f0) - 1)
        share = place - low
        power = (1 - share) * np.exp(envelope_bins(envelope[low])) + share * np.exp(envelope_bins(envelope[high]))
        ratio = (1 - share) * breath_bins(breath[low]) + share * breath_bins(breath[high])
        voice, breathed = (
            power * part * ((1 - share) * gain[low] + share * gain[high]) ** 2 for part, gain in zip((1 - ratio**2, ratio**2), gains)
        )
        if not voiced[sample]:
            breathed = breathed + voice
        air, noise = noise[:period] - noise[:period].mean(), noise[period:]
        response = np.fft.irfft(minimum_phase(breathed) * np.fft.rfft(air, FFT), FFT)
        if voiced[sample]:
            voice = minimum_phase(voice) * np.exp(-2j * np.pi * HZ / RATE * fraction)
            voice[0] = 0
            response += np.fft.irfft(voice, FFT) * np.sqrt(period)
        sound[sample : sample + FFT] += response
    return sound[:samples]


def quick(envelope, breath, f0):
    """The same parameters through pyworld's synthesis."""
    import pyworld

    power = np.exp(np.stack([envelope_bins(row) for row in envelope]))
    air = pyworld.decode_aperiodicity(np.ascontiguousarray(breath, np.float64), RATE, FFT)
    return pyworld.synthesize(np.ascontiguousarray(f0, np.float64), power, air, RATE, 10.0)
