"""Recordings to what the codec sees: every 10 ms F0, 80 log envelope bands and 3 coded aperiodicities.

usage: features.py SET SHARD SHARDS [MOST]    writes WORK/features/SET.SHARD.{f16,jsonl}, at most MOST recordings a speaker (0: all);
run again, it goes on where it was

F0 is Praat's autocorrelation with lenient voicing, refined by StoneMask, gaps up to 80 ms bridged: D4C's aperiodicity
decides later what is voiced. Envelope: CheapTrick, in bands equally wide in mel; aperiodicity: D4C (WORLD: Morise 2016).
"""
import json
import sys
import time

import numpy as np
import parselmouth
import pyworld
from scipy.ndimage import binary_closing

from data import SAMPLE_RATE, SPEECH, WORK, few, level, read, rows

HOP, FFT, BANDS, APERIODICITIES = 240, 1024, 80, 3
COLUMNS = 1 + BANDS + APERIODICITIES


def mel_bands(bands=BANDS):
    """[bands, bins] triangles, equally wide in mel from 0 to 12 kHz, each summing to 1."""
    hz = lambda mel: 700 * (10 ** (mel / 2595) - 1)
    edges = hz(np.linspace(0, 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700), bands + 2))
    bins = np.linspace(0, SAMPLE_RATE / 2, FFT // 2 + 1)
    weights = np.zeros((bands, len(bins)))
    for i, (low, middle, high) in enumerate(zip(edges, edges[1:], edges[2:])):
        weights[i] = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
        if weights[i].sum() < 1e-3:
            weights[i, np.argmin(abs(bins - middle))] = 1
    return weights / weights.sum(1, keepdims=True)


MEL = mel_bands()


def bridge(f0, gap=8):
    """F0 through gaps of at most `gap` frames, interpolated in ln."""
    voiced = f0 > 0
    if voiced.sum() < 2:
        return f0
    closed = binary_closing(np.pad(voiced, gap), np.ones(gap + 1))[gap:-gap]
    known = np.nonzero(voiced)[0]
    return np.where(closed, np.exp(np.interp(np.arange(len(f0)), known, np.log(f0[known]))), 0.0)


def pitch(pcm, low=60.0, high=500.0):
    """F0 in Hz every 10 ms, 0 where there is none, and the times."""
    times = np.arange(len(pcm) // HOP + 1) * 0.01
    found = parselmouth.Sound(pcm, SAMPLE_RATE).to_pitch_ac(
        time_step=0.01, pitch_floor=low, pitch_ceiling=high, voicing_threshold=0.3, silence_threshold=0.01
    )
    track = found.selected_array["frequency"]
    at = found.xs()
    nearest = np.clip(np.round((times - at[0]) / 0.01).astype(int), 0, len(track) - 1)
    f0 = track[nearest].copy()
    f0[(times < at[0] - 0.005) | (times > at[-1] + 0.005)] = 0
    return bridge(pyworld.stonemask(pcm, f0.astype(np.float64), times, SAMPLE_RATE)), times


def features(pcm, high=500.0):
    """[frames, 84] of level speech: F0 in Hz, ln power of 80 bands, aperiodicity in dB at 3, 6 and 9 kHz."""
    pcm = np.ascontiguousarray(pcm, np.float64)
    f0, times = pitch(pcm, high=high)
    envelope = pyworld.cheaptrick(pcm, f0, times, SAMPLE_RATE, fft_size=FFT)
    breath = pyworld.d4c(pcm, f0, times, SAMPLE_RATE, fft_size=FFT)
    bands = np.log(envelope @ MEL.T + 1e-10)
    return np.concatenate([f0[:, None], bands, pyworld.code_aperiodicity(breath, SAMPLE_RATE)], 1).astype(np.float16)


def of_file(path, seed=0, high=500.0):
    """Features of a recording; a whisper of noise keeps digital silence finite."""
    pcm = level(read(path))
    return features(pcm + np.random.RandomState(seed).randn(len(pcm)) * 1e-5, high)


def main():
    name, shard, shards = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    most = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    todo = few(rows({name}), most)[shard::shards]
    folder = WORK / "features"
    folder.mkdir(parents=True, exist_ok=True)
    index, data = folder / f"{name}.{shard}.jsonl", folder / f"{name}.{shard}.f16"
    done, frames = 0, 0
    if index.exists():
        kept = []
        for line in index.read_text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                break
            if not data.exists() or (record["at"] + record["frames"]) * COLUMNS * 2 > data.stat().st_size:
                break
            kept.append(line)
            frames = record["at"] + record["frames"]
        done = len(kept)
        index.write_text("".join(line + "\n" for line in kept))
    with open(data, "r+b" if data.exists() else "wb") as out, open(index, "a") as log:
        out.truncate(frames * COLUMNS * 2)
        out.seek(frames * COLUMNS * 2)
        start, seconds = time.time(), 0.0
        for number, row in enumerate(todo):
            if number < done:
                continue
            found = of_file(SPEECH / row["path"], number)
            out.write(found.tobytes())
            out.flush()
            record = {key: row[key] for key in ("path", "speaker", "gender", "set", "text")}
            log.write(json.dumps(record | {"at": frames, "frames": len(found)}) + "\n")
            log.flush()
            frames += len(found)
            seconds += len(found) / 100
            if number % 100 == 99:
                print(f"{name} {shard}: {number + 1} of {len(todo)}, {seconds / (time.time() - start):.1f} x real time", flush=True)
    print(f"{name} {shard}: done, {frames / 360000:.2f} h", flush=True)


if __name__ == "__main__":
    main()
