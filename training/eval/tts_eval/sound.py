"""What is measured of one utterance: pitch, level, spectral balance, breath, rate, pauses.

In: PCM, its rate and (for the rate of speech) how many syllables were said. Out: {name: number}, nan where it cannot be had. All of it
is measured at 16 kHz, so that recordings and synthesis of other bandwidths are judged alike. After the eGeMAPS set (Eyben et al. 2016).
"""
from math import gcd

import numpy as np
import parselmouth
import soundfile
from scipy.fft import dct
from scipy.ndimage import binary_closing, binary_opening
from scipy.signal import resample_poly

RATE = 16000
HOP, WINDOW = 160, 512
ACTIVE_DB = 30.0  # below the loud frames; what is quieter is a pause
PAUSE_FRAMES = 10  # shorter silences belong to the consonants
CEPSTRA = 8

# Those whose slope on the reference is the leak; names as printed.
LEAK = {
    "f0_median": "F0 median (st)",
    "f0_sd": "F0 SD (st)",
    "level_sd": "level SD (dB)",
    "alpha": "alpha ratio (dB)",
    "rate": "rate (ln)",
    "pause_share": "pause share",
}
# What an emotion is read from.
PROSODY = [*LEAK, "f0_slope", "final_slope", "hnr", "tilt", "voiced_share", *(f"mfcc{i}" for i in range(1, CEPSTRA + 1))]


def at_rate(pcm, rate, wanted=RATE):
    """float64 mono at `wanted` Hz."""
    pcm = np.asarray(pcm, float)
    if pcm.ndim > 1:
        pcm = pcm.mean(1)
    if rate != wanted:
        common = gcd(rate, wanted)
        pcm = resample_poly(pcm, wanted // common, rate // common)
    return pcm


def read(path, wanted=RATE):
    """A sound file as float64 mono at `wanted` Hz."""
    pcm, rate = soundfile.read(path, dtype="float64")
    return at_rate(pcm, rate, wanted)


def spectra(pcm):
    """Power `[frames, 257]` of Hann windows every 10 ms, and the level of each frame in dB."""
    padded = np.pad(pcm, WINDOW // 2)
    count = max(1, 1 + (len(padded) - WINDOW) // HOP)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(padded, (0, WINDOW)), WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW))) ** 2
    return power, 10 * np.log10(power.sum(1) + 1e-12)


def activity(level):
    """Which frames are speech: within `ACTIVE_DB` of the loud ones, short silences filled; None if there is no speech."""
    if not len(level) or level.max() < -60:
        return None
    loud = np.percentile(level, 95)
    speech = binary_opening(level > loud - ACTIVE_DB, np.ones(3))
    speech = binary_closing(np.pad(speech, PAUSE_FRAMES), np.ones(PAUSE_FRAMES))[PAUSE_FRAMES:-PAUSE_FRAMES]
    return speech if speech.any() else None


def track(pcm):
    """(seconds, F0 in Hz, correlation at the period) of the voiced frames. Two passes: the second looks only where the speaker was."""
    sound = parselmouth.Sound(pcm, RATE)

    def voiced(low, high):
        found = sound.to_pitch_ac(time_step=0.01, pitch_floor=low, pitch_ceiling=high)
        hz, strength = found.selected_array["frequency"], found.selected_array["strength"]
        return found.xs()[hz > 0], hz[hz > 0], strength[hz > 0]

    if len(pcm) < RATE // 10:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    first = voiced(60, 700)
    if len(first[1]) < 10:
        return first
    low, high = np.percentile(first[1], [25, 75])
    return voiced(max(50.0, 0.7 * low), min(800.0, max(2.0 * high, 1.5 * 0.7 * low)))


def semitones(hz):
    """Above 100 Hz."""
    return 12 * np.log2(np.asarray(hz, float) / 100)


def line(x, y):
    """Slope of y on x, robust to the odd octave error (Theil-Sen on at most 60 points)."""
    if len(x) < 5:
        return float("nan")
    pick = np.linspace(0, len(x) - 1, min(60, len(x))).astype(int)
    dx, dy = np.subtract.outer(x[pick], x[pick]), np.subtract.outer(y[pick], y[pick])
    return float(np.median(dy[dx > 0] / dx[dx > 0]))


def mel_cepstrum(power):
    """Mean mel cepstrum `[CEPSTRA]` (without level) of frames `[n, 257]`: 26 bands from 50 Hz to 7.5 kHz."""
    mel = lambda f: 2595 * np.log10(1 + f / 700)
    edges = 700 * (10 ** (np.linspace(mel(50), mel(7500), 28) / 2595) - 1)
    bins = np.linspace(0, RATE / 2, power.shape[1])
    up = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    down = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bands = np.log(power @ np.clip(np.minimum(up, down), 0, None).T + 1e-9)
    return dct(bands, norm="ortho")[:, 1 : CEPSTRA + 1].mean(0)


def measure(pcm, rate, syllables=None):
    """Every figure of one utterance. `rate` of speech is ln(syllables a second of speech without pauses)."""
    pcm = at_rate(pcm, rate)
    pcm = pcm - pcm.mean() if len(pcm) else pcm
    out = dict.fromkeys([*PROSODY, "level", "active_seconds"], float("nan"))
    power, level = spectra(pcm)
    speech = activity(level)
    if speech is None:
        return out
    spoken = np.nonzero(speech)[0]
    length = spoken[-1] - spoken[0] + 1
    out["pause_share"] = float(1 - len(spoken) / length)
    out["active_seconds"] = float(len(spoken) * HOP / RATE)
    if syllables:
        out["rate"] = float(np.log(syllables / out["active_seconds"]))
    out["level"] = float(10 * np.log10(np.mean(10 ** (level[speech] / 10))))
    out["level_sd"] = float(level[speech].std())
    seconds, hz, strength = track(pcm)
    out["voiced_share"] = float(min(1.0, len(hz) / len(spoken)))
    if len(hz) < 10:
        return out
    pitch = semitones(hz)
    out["f0_median"] = float(np.median(pitch))
    out["f0_sd"] = float(pitch.std())
    out["f0_slope"] = line(seconds, pitch)
    last = seconds > seconds[-1] - 0.4
    out["final_slope"] = line(seconds[last], pitch[last])
    frames = np.unique(np.clip(np.round(seconds * RATE / HOP).astype(int), 0, len(power) - 1))
    voiced = power[frames]
    bins = np.linspace(0, RATE / 2, power.shape[1])
    low, high = (bins >= 50) & (bins < 1000), (bins >= 1000) & (bins < 5000)
    out["alpha"] = float(np.mean(10 * np.log10((voiced[:, high].sum(1) + 1e-12) / (voiced[:, low].sum(1) + 1e-12))))
    span = (bins >= 100) & (bins < 5000)
    out["tilt"] = float(np.polyfit(bins[span] / 1000, 10 * np.log10(voiced.mean(0)[span] + 1e-12), 1)[0])
    strength = np.clip(strength, 1e-3, 1 - 1e-5)
    out["hnr"] = float(np.mean(10 * np.log10(strength / (1 - strength))))  # Boersma 1993
    for number, value in enumerate(mel_cepstrum(voiced), 1):
        out[f"mfcc{number}"] = float(value)
    return out
