"""The whole way: a corpus of synthetic actors, a system that copies a known part of each reference, and what the figures make of it."""
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile

from tests.voice import RATE, tone
from tts_eval import clones, corpus, leak, systems, timbre
from tts_eval.clones import Bench, Size
from tts_eval.engine import Missing

STATES = {"neutral": (0, 0.0), "anger": (6, 4.0), "sadness": (-2, -3.0)}  # semitones, dB an octave
USUAL = {"a": 200.0, "b": 110.0, "c": 230.0, "d": 125.0}


class Copier:
    """Copies `part` of how far the reference is from the person's habit."""

    def __init__(self, part):
        self.part, self.name, self.title, self.key = part, "clone", f"copies {part}", f"copier{part}"

    def keep(self, clip):
        speaker, state, _ = Path(clip).stem.split("_")
        return USUAL[speaker], STATES[state]

    def refuses(self, clip):
        return "too angry" if self.part is None and "anger" in str(clip) else None

    def speak(self, kept, text, seed):
        usual, (higher, brighter) = kept
        wobble = np.random.default_rng(seed).normal(0, 0.1)
        return tone(usual * 2 ** ((self.part * higher + wobble) / 12), swing=1.0, tilt=-8 + self.part * brighter, seconds=1.5), RATE

    def timbre(self, kept):
        return np.array([kept[0], self.part * kept[1][0], self.part * kept[1][1]]) / 100

    def log_f0(self, kept):
        return np.log(kept[0]) + self.part * kept[1][0] * np.log(2) / 12


class Plain:
    """In place of the command."""

    def syllables(self, text):
        return 6


class Vectors:
    """In place of the stock encoder: what the sound is, in two numbers."""

    def of(self, pcm, rate):
        spectrum = np.abs(np.fft.rfft(pcm[:RATE]))
        return [float(value) for value in np.sqrt(np.add.reduceat(spectrum, np.arange(0, 4000, 500)))]


class Leaking(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        folder = Path(cls.place.name)
        rows = ["path\tspeaker\tgender\temotion\tseconds\ttext"]
        rng = np.random.default_rng(0)
        for speaker, usual in USUAL.items():
            for state, (higher, brighter) in STATES.items():
                for take in range(4 if state == "neutral" else 2):
                    hz = usual * 2 ** ((higher + rng.normal(0, 0.2)) / 12)
                    pcm = tone(hz, swing=1.0, tilt=-8 + brighter, seconds=1.5, seed=take)
                    soundfile.write(folder / f"{speaker}_{state}_{take}.wav", pcm, RATE)
                    gender = "F" if speaker in "ac" else "M"
                    rows.append(f"{speaker}_{state}_{take}.wav\t{speaker}\t{gender}\t{state}\t1.5\tDas ist ein Satz.")
        (folder / "manifest.tsv").write_text("\n".join(rows) + "\n")
        work = folder / "work"
        for module in (clones, corpus):
            patch = mock.patch.object(module, "WORK", work)
            patch.start()
            cls.addClassCleanup(patch.stop)
        cls.addClassCleanup(cls.place.cleanup)
        size = Size(None, list(STATES), 2, 3, 19)
        cls.bench = Bench(Plain(), size, corpus.EmoDB(folder), Vectors())
        cls.systems = {str(part): Copier(part) for part in (0.0, 0.5, 1.0)}

    def test_the_slope_is_the_part_that_was_copied(self):
        (table,) = leak.slopes(self.bench, self.systems)
        rows = {row[0]: row[2:5] for row in table.rows}
        for name in ("F0 median (st)", "alpha ratio (dB)"):
            for (slope, _, _), part in zip(rows[name], (0.0, 0.5, 1.0)):
                self.assertAlmostEqual(slope, part, delta=0.06, msg=name)

    def test_emotion_is_read_where_it_was_copied(self):
        (table,) = leak.emotion(self.bench, self.systems)
        accuracy = [row[1][0] for row in table.rows]
        self.assertGreater(accuracy[0], 0.95)
        self.assertLess(accuracy[1], 0.6)
        self.assertGreater(accuracy[3], 0.95)

    def test_only_a_system_that_copies_nothing_is_equivalent(self):
        (table,) = leak.equivalence(self.bench, self.systems)
        self.assertEqual([row[2] for row in table.rows], [1.0, 0.0, 0.0])

    def test_identity_is_scored_on_clips_that_are_no_references(self):
        used = {row["id"] for row in self.bench.references}
        for speaker in USUAL:
            judged = {row["id"] for row in self.bench.emodb.judges(speaker, self.bench.references)}
            self.assertEqual(len(judged), 2)
            self.assertFalse(judged & used)
        (table,) = leak.identity(self.bench, self.systems)
        nothing, everything = table.rows[0], table.rows[2]
        self.assertAlmostEqual(nothing[4][0], 0.0, delta=0.01)
        self.assertLess(everything[4][0], -0.1)

    def test_the_vector_and_the_pitch_are_judged_by_what_is_in_the_file(self):
        for part, (accurate, error) in {0.0: (False, 0.0), 1.0: (True, 4.0)}.items():
            system = {"clone": Copier(part)}
            (vector,) = timbre.vector_emotion(self.bench, system)
            self.assertEqual(vector.rows[1][2][0] > 0.9, accurate)
            (pitch,) = timbre.habitual_pitch(self.bench, system)
            self.assertAlmostEqual(pitch.rows[1][1][0], error, delta=0.3)
            self.assertAlmostEqual(pitch.rows[0][1][0], 4.0, delta=0.3)

    def test_what_one_system_refuses_is_asked_of_none(self):
        rows, note = self.bench.admitted(self.bench.references, {"fine": Copier(0.0), "coward": Copier(None)})
        self.assertEqual(len(rows), 16)
        self.assertIn("8 clips left out; copies None refused", note)
        rows, note = self.bench.admitted(self.bench.references, {"fine": Copier(0.0)})
        self.assertEqual((len(rows), note), (24, ""))

    def test_the_copying_baseline_is_asked_for_in_the_way_there_is(self):
        clone, say = ("clone", "--like-the-clip"), ("say", "--like-the-clip")
        for model, there, clone_options, say_options in (
            (None, {clone}, ["--like-the-clip"], []),
            (None, {say}, [], ["--like-the-clip"]),
            (None, {clone, say}, [], ["--like-the-clip"]),
            ("english", {clone, say}, ["--like-the-clip"], []),
            (None, {("say", "--prosody-from")}, [], ["--prosody-from"]),
        ):
            engine = mock.Mock()
            engine.name, engine.model = "x", model
            engine.has = lambda *asked, there=there: asked in there
            copy = systems.Copy(engine)
            self.assertEqual((copy.clone_options, copy.say_options), (clone_options, say_options))
        engine.has = lambda *asked: False
        with self.assertRaises(Missing):
            systems.Copy(engine)

    def test_a_second_run_measures_nothing_again(self):
        system = Copier(0.5)
        self.bench.clones(system)
        again = Bench(Plain(), self.bench.size, self.bench.emodb, Vectors())
        system.speak = None
        self.assertEqual(len(again.clones(system)), len(self.bench.references))

    def test_a_longer_list_of_references_holds_the_shorter(self):
        one = self.bench.emodb.references(list(USUAL), list(STATES), 1)
        two = self.bench.emodb.references(list(USUAL), list(STATES), 2)
        self.assertEqual(len(one) * 2, len(two))
        self.assertTrue(all(row in two for row in one))


if __name__ == "__main__":
    unittest.main()
