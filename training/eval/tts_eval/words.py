"""Word error rate by pocketsphinx: the default voice against people, flite and espeak-ng on the same sentences.

The judge is weak (about .2 on clean human speech), so only comparisons on the same sentences mean something. Two lists: sentences of
readers that no stage of training heard, where their recordings are the measure, and 40 Harvard sentences, where there are none.
"""
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from .corpus import WORK, held_out_sentences, lines
from .engine import Missing
from .report import Table
from .sound import at_rate
from .stats import interval
from .store import Store, digest

JUDGE = 1  # count up when what is fed to the judge changes


def words(text):
    """Lower-case words, apostrophes kept."""
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("-", " ").replace("’", "'")).split()


def distance(said, heard):
    """Least number of words to change, drop or put in."""
    row = list(range(len(heard) + 1))
    for i, left in enumerate(said, 1):
        before, row = row, [i]
        for j, right in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right)))
    return row[-1]


class Judge:
    """pocketsphinx with its default English model; a little silence and noise around, a steady peak."""

    def __init__(self):
        self.decoder = None

    def heard(self, pcm, rate):
        if self.decoder is None:
            from pocketsphinx import Decoder

            self.decoder = Decoder(loglevel="FATAL")
        pcm = at_rate(pcm, rate)
        pcm = np.pad(pcm / (np.abs(pcm).max(initial=0) + 1e-9) * 0.6, 3200) * 32767
        pcm = pcm + np.random.RandomState(0).randn(len(pcm)) * 3
        # A new utterance must not remember the last one's level, or the order of the sentences would count.
        self.decoder.reinit_feat()
        self.decoder.start_utt()
        self.decoder.process_raw(pcm.astype(np.int16).tobytes(), full_utt=True)
        self.decoder.end_utt()
        found = self.decoder.hyp()
        return words(re.sub(r"\(\d+\)", "", found.hypstr)) if found else []


class Default:
    """`tts say`, the voice that speaks when none is asked for, or another that is."""

    def __init__(self, engine, voice=None):
        self.engine, self.voice = engine, voice
        self.title = f"tts, {voice or 'default'} voice"
        self.key = digest("tts", engine.name, voice)

    def speak(self, row, target):
        self.engine.say(target, row["text"], voice=self.voice)


class Program:
    """Another synthesiser, by its command."""

    def __init__(self, title, *command):
        if not shutil.which(command[0]):
            raise Missing(f"{command[0]} is not installed (apt-get install {command[0]})")
        self.title, self.command = title, command
        self.key = digest(*command)

    def speak(self, row, target):
        filled = [part.format(text=row["text"], target=target) for part in self.command]
        subprocess.run(filled, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Human:
    """The recording."""

    title, key = "the human recordings", "human"

    def speak(self, row, target):
        pcm, rate = soundfile.read(row["file"], dtype="float64", always_2d=True)
        soundfile.write(target, pcm.mean(1), rate)


OTHERS = {
    "flite rms": ("flite", "-voice", "rms", "-t", "{text}", "-o", "{target}"),
    "flite slt": ("flite", "-voice", "slt", "-t", "{text}", "-o", "{target}"),
    "espeak-ng": ("espeak-ng", "-v", "en-us", "-w", "{target}", "{text}"),
}


def speakers(engine, voices=(), others=tuple(OTHERS)):
    """(those there are, [reasons for those there are not])."""
    made, reasons = [Default(engine), *(Default(engine, voice) for voice in voices)], []
    for title in others:
        if title not in OTHERS:
            raise SystemExit(f"--against {title}: there is {', '.join(OTHERS)}")
        try:
            made.append(Program(title, *OTHERS[title]))
        except Missing as reason:
            reasons.append(f"{title}: {reason}")
    return made, reasons


def errors(judge, speaker, rows):
    """[sentences, 2]: words wrong, words said. Kept in WORK, a line a sentence."""
    store = Store(WORK / "measured" / f"words-{speaker.key}.jsonl")
    out, known = [], len(store.held)
    for number, row in enumerate(rows, 1):

        def make():
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "said.wav"
                speaker.speak(row, target)
                return judge.heard(*soundfile.read(target, dtype="float64"))

        heard = store.get(f"{JUDGE} {row['id']} {digest(row['text'])}", make)
        said = words(row["text"])
        out.append((distance(said, heard), len(said)))
        if number % 20 == 0 and len(store.held) > known:
            print(f"{speaker.title}: {number} of {len(rows)} sentences, {np.sum(out, 0)[0] / np.sum(out, 0)[1]:.3f}", flush=True)
    return np.array(out, float)


def rate(drawn):
    """Wrong over said of a list of (wrong, said)."""
    wrong, said = np.sum(drawn, 0)[:2]
    return wrong / said


def ratio(drawn):
    """Of [sentences, 4]: the first's rate over the second's, both on the sentences drawn."""
    total = np.sum(drawn, 0)
    return (total[0] / total[1]) / (total[2] / total[3]) if total[2] else float("nan")


def word_errors(engine, sentences=200, voices=(), others=tuple(OTHERS)):
    """The two tables."""
    judge = Judge()
    made, reasons = speakers(engine, voices, others)
    note = "pocketsphinx 5, default English model; intervals of 95 % by drawing sentences" + "".join(f"; {reason}" for reason in reasons) + "."
    tables = []
    harvard = [{"id": f"harvard{number:03}", "text": text} for number, text in enumerate(lines("harvard.txt"))]
    rows = held_out_sentences(sentences)
    lists = [("words", f"Words: {len(rows)} sentences of held-out readers", rows, [Human(), *made])]
    lists.append(("harvard", f"Words: {len(harvard)} Harvard sentences", harvard, made))
    for name, title, rows, those in lists:
        measure = Human.title if name == "words" else "flite rms"
        bounds = ("≤ 1.3 x human, below flite slt", "≤ 1.1 x human, below flite rms") if name == "words" else ("", "")
        table = Table(name, title, ["speaker", "WER", "words", f"times {measure}", "must", "want"], note)
        found = {speaker.title: errors(judge, speaker, rows) for speaker in those}
        for speaker, counts in found.items():
            beside = [np.concatenate(pair) for pair in zip(counts, found[measure])] if measure in found else None
            times = interval(beside, ratio) if beside and speaker != measure else None
            own = bounds if speaker == made[0].title else ("", "")
            table.add(speaker, interval(list(counts), rate), int(counts[:, 1].sum()), times, *own)
        tables.append(table)
    return tables
