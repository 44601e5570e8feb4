"""Judges speech: length, level, clipping, silence and, where pocketsphinx is installed, its words.

usage: listen.py SENTENCES FOLDER     line N of SENTENCES (from 0) was spoken into FOLDER/N.wav; readme.wav is judged too

Standard library only, but for pocketsphinx. Ends with 1 and says why if anything is out of bounds.
"""

import array
import math
import pathlib
import re
import sys
import wave

RATE = 24000
SECONDS_A_WORD = (0.15, 0.9)
LEVEL_DBFS = (-35.0, -12.0)  # of the loudest half of the frames; the model was trained at -23
WORDS_HEARD = 0.5


def read(path):
    with wave.open(str(path)) as file:
        found = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if found != (1, 2, RATE):
            raise SystemExit(f"{path}: channels, bytes and rate are {found}, expected (1, 2, {RATE})")
        samples = array.array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def judge(path, samples, words):
    """What is wrong with the sound, if anything."""
    wrong = []
    seconds = len(samples) / RATE
    low, high = (words * bound + extra for bound, extra in zip(SECONDS_A_WORD, (0.2, 1.0)))
    if not low <= seconds <= high:
        wrong.append(f"lasts {seconds:.2f} s, expected {low:.2f} to {high:.2f} for {words} words")
    frames = [samples[at : at + 480] for at in range(0, len(samples) - 479, 480)]
    powers = sorted(sum(x * x for x in frame) / 480 for frame in frames)
    loud = powers[len(powers) // 2 :] or [0]
    level = 10 * math.log10(sum(loud) / len(loud) / 32768**2 + 1e-12)
    if not LEVEL_DBFS[0] <= level <= LEVEL_DBFS[1]:
        wrong.append(f"level is {level:.1f} dBFS, expected {LEVEL_DBFS[0]} to {LEVEL_DBFS[1]}")
    peak = max((abs(x) for x in samples), default=0)
    if peak >= 32767:
        wrong.append("it is clipped")
    mean = sum(samples) / max(len(samples), 1)
    if abs(mean) > 100:
        wrong.append(f"its mean is {mean:.0f}, expected about 0")
    print(f"{path.name}: {seconds:.2f} s, {level:.1f} dBFS, peak {peak / 32768:.2f}")
    return [f"{path}: {what}" for what in wrong]


def resampled(samples):
    """24 kHz to 16 kHz: a windowed sinc at 7.2 kHz, evaluated where the new samples lie."""
    half = 24
    taps = []
    for phase in (0.0, 0.5):
        row = []
        for k in range(-half, half + 1):
            t = k - phase
            x = 2 * 7200 / RATE * t
            sinc = 1.0 if x == 0 else math.sin(math.pi * x) / (math.pi * x)
            row.append(2 * 7200 / RATE * sinc * (0.5 + 0.5 * math.cos(math.pi * t / (half + 1))))
        taps.append(row)
    padded = [0] * half + list(samples) + [0] * (half + 2)
    gain = 0.6 * 32767 / max(max(map(abs, samples), default=1), 1)
    out = array.array("h", [0] * 3200)
    for i in range(len(samples) * 2 // 3):
        at, row = i * 3 // 2, taps[i % 2]
        value = gain * sum(x * w for x, w in zip(padded[at : at + 2 * half + 1], row))
        out.append(max(-32768, min(32767, round(value))))
    out.extend([0] * 3200)
    return out


def plain(text):
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def errors(said, heard):
    """Edits from one list of words to the other."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(said, 1):
        before, row = row, [i]
        for j, b in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def main():
    sentences = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    folder = pathlib.Path(sys.argv[2])
    wrong = judge(folder / "readme.wav", read(folder / "readme.wav"), 10)
    sounds = [read(folder / f"{n}.wav") for n in range(len(sentences))]
    for n, (text, samples) in enumerate(zip(sentences, sounds)):
        wrong += judge(folder / f"{n}.wav", samples, len(plain(text)))
    try:
        from pocketsphinx import Decoder
    except ImportError:
        print("pocketsphinx is not installed: words are not transcribed")
    else:
        decoder = Decoder(loglevel="FATAL")
        total = missed = 0
        for text, samples in zip(sentences, sounds):
            decoder.start_utt()
            decoder.process_raw(resampled(samples).tobytes(), full_utt=True)
            decoder.end_utt()
            found = decoder.hyp()
            heard = plain(re.sub(r"\(\d+\)", "", found.hypstr)) if found else []
            said = plain(text)
            total += len(said)
            missed += min(errors(said, heard), len(said))
            print(f"said: {' '.join(said)} | heard: {' '.join(heard)}")
        share = 1 - missed / total
        print(f"{share:.2f} of {total} words heard")
        if share < WORDS_HEARD:
            wrong.append(f"{share:.2f} of the words were heard, expected {WORDS_HEARD}")
    if wrong:
        raise SystemExit("\n".join(wrong))


main()
