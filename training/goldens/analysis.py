"""What the analysis in tts-core/src/dsp must find, made by the programs that it mirrors.

usage: analysis.py GOLDEN OUT       GOLDEN holds `analysis_pcm`, 24 kHz; OUT is tests/goldens/analysis.safetensors

The first two seconds, rounded to 16 bits; not quite 2.01 s, because Praat centres its frames in the sound and these lie on
multiples of 10 ms then. Pitch: Praat's autocorrelation (praat-parselmouth), with lenient voicing, then
WORLD's StoneMask (pyworld); gaps up to 80 ms bridged. Envelope: WORLD's CheapTrick, in 80 bands equally wide in mel.
"""
import sys

import numpy as np
import parselmouth
import pyworld
from safetensors.numpy import load_file, save_file
from scipy.ndimage import binary_closing

RATE, HOP, FFT, BANDS, GAP = 24000, 240, 1024, 80, 8
SAMPLES = 48238


def mel_bands():
    """[bands, bins] triangles, each summing to 1; a band narrower than a bin is the bin nearest to its middle."""
    top = RATE / 2
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + top / 700), BANDS + 2) / 2595) - 1)
    bins = np.linspace(0, top, FFT // 2 + 1)
    weights = np.zeros((BANDS, len(bins)))
    for row, low, middle, high in zip(weights, edges, edges[1:], edges[2:]):
        row[:] = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
        if row.sum() < 1e-3:
            row[np.argmin(abs(bins - middle))] = 1
    return weights / weights.sum(1, keepdims=True)


def main(golden, out):
    pcm16 = np.round(load_file(golden)["analysis_pcm"][:SAMPLES] * 32768).astype(np.int16)
    pcm = pcm16.astype(np.float64) / 32768
    times = np.arange(len(pcm) // HOP + 1) * HOP / RATE
    found = parselmouth.Sound(pcm, RATE).to_pitch_ac(
        time_step=0.01, pitch_floor=60, pitch_ceiling=500, voicing_threshold=0.3, silence_threshold=0.01
    )
    nearest = np.round((times - found.xs()[0]) / 0.01).astype(int)
    inside = (nearest >= 0) & (nearest < found.n_frames)
    track, strength = (
        np.where(inside, found.selected_array[what][np.clip(nearest, 0, found.n_frames - 1)], 0)
        for what in ("frequency", "strength")
    )
    refined = pyworld.stonemask(pcm, track.astype(np.float64), times, RATE)
    known = np.nonzero(refined > 0)[0]
    closed = binary_closing(np.pad(refined > 0, GAP), np.ones(GAP + 1))[GAP:-GAP]
    f0 = np.where(closed, np.exp(np.interp(np.arange(len(times)), known, np.log(refined[known]))), 0.0)
    envelope = pyworld.cheaptrick(pcm, f0, times, RATE, fft_size=FFT)
    bands = np.log(envelope @ mel_bands().T + 1e-10)
    tensors = {"f0": f0, "track": track, "refined": refined, "strength": strength, "bands": bands}
    tensors = {name: value.astype(np.float32) for name, value in tensors.items()}
    save_file(tensors | {"pcm": pcm16, "envelope": np.log(envelope[::20]).astype(np.float32)}, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
