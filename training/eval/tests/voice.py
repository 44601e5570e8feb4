"""A synthetic speaker whose every figure is set: harmonics of a swinging F0 under a falling spectrum, in syllables, with a pause."""
import numpy as np

RATE = 16000


def tone(f0=150.0, swing=0.0, tilt=-6.0, seconds=2.0, gap=0.0, seed=0):
    """PCM. F0 in Hz swings by `swing` semitones RMS, slowly; harmonics fall by `tilt` dB an octave; a gap of silence in the middle."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = f0 * 2 ** (swing * np.sqrt(2) * np.sin(2 * np.pi * 2 * time) / 12)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    out = np.zeros(len(time))
    for number in range(1, int(7000 / (f0 * 2 ** (abs(swing) / 8))) + 1):
        out += 10 ** (tilt * np.log2(number) / 20) * np.sin(number * phase)
    out *= 0.8 + 0.2 * np.sin(2 * np.pi * 4 * time)  # four syllables a second
    out += np.random.default_rng(seed).normal(0, 1e-4, len(out))
    out *= 0.1 / out.std()
    half = len(out) // 2
    ramp = np.minimum(1, np.minimum(np.arange(half), np.arange(half)[::-1]) / 160)
    return np.concatenate([out[:half] * ramp, np.zeros(int(gap * RATE)), out[half : 2 * half] * ramp])
