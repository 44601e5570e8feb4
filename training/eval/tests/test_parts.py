import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from tts_eval import controls, corpus, words
from tts_eval.engine import Engine, Failed, Missing
from tts_eval.pairs import likeness
from tts_eval.prototype import PHONES, segments, slots
from tts_eval.report import Table, cell, number
from tts_eval.sound import PROSODY
from tts_eval.store import Store
from tts_eval.words import distance, rate, ratio

FAKE = """#!/bin/sh
case "$1 $2" in
"--help "*) printf 'Commands:\\n  say   Speak\\n  voices  List\\n' ;;
"say --help") printf '  --rate 0.4..3   --pitch -12..12 semitones\\n  --emotion calm|happy|\\n     sad   how\\n  --emotional  no\\n' ;;
"say "*) echo "no such text" >&2; exit 3 ;;
*) exit 2 ;;
esac
"""


class Command(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        path = Path(place.name) / "tts"
        path.write_text(FAKE)
        path.chmod(0o755)
        self.engine = Engine(path)

    def test_help_says_what_there_is(self):
        self.assertTrue(self.engine.has("say", "--rate"))
        self.assertFalse(self.engine.has("say", "--emo"))
        self.assertFalse(self.engine.has("clone"))
        self.assertEqual(self.engine.range_of("--pitch"), (-12.0, 12.0))
        self.assertEqual(self.engine.range_of("--rate"), (0.4, 3.0))
        self.assertIsNone(self.engine.range_of("--emotion"))
        self.assertEqual(self.engine.choices_of("--emotion"), ["calm", "happy", "sad"])

    def test_what_is_missing_and_what_fails_are_two_things(self):
        with self.assertRaisesRegex(Missing, "tts clone"):
            self.engine.clone("a.wav", "b.voice")
        with self.assertRaisesRegex(Failed, "3: no such text"):
            self.engine.say("x.wav", "text")
        with self.assertRaises(Failed):
            self.engine.cost("clone")

    def test_another_model_goes_with_every_call(self):
        engine = Engine(self.engine.path, "english")
        self.assertNotEqual(engine.name, self.engine.name)
        self.assertEqual((engine.suffix, self.engine.suffix), (".safetensors", ".voice"))
        with mock.patch.object(Engine, "run") as run, mock.patch.object(Engine, "need"):
            engine.say("x.wav", "text", voice="a.safetensors")
            engine.clone("a.wav", "a.safetensors")
        for call in run.call_args_list:
            self.assertIn("--model english", " ".join(map(str, call.args)))

    def test_values_stay_within_the_range(self):
        self.assertEqual(controls.values(self.engine, "--rate"), [0.6, 0.8, 1, 1.3, 1.6])
        with mock.patch.object(Engine, "range_of", return_value=(-1.0, 1.0)):
            self.assertEqual(controls.values(self.engine, "--pitch"), [-0.8, -0.4, 0, 0.4, 0.8])


class Studio:
    """A booth whose voices obey: pitch moves F0 alone, range moves F0 SD and a quarter as far as pitch does, F0."""

    voices, texts = ["one", "two"], ["a", "b", "c", "d"]

    def __init__(self):
        self.engine = mock.Mock()
        self.engine.has = lambda command, option=None: option in ("--pitch", "--range", "--breathiness", "--emotion")
        self.engine.range_of = lambda option: None
        self.engine.choices_of = lambda option: ["happy", "sad", "angry"]

    def places(self):
        return [(voice, text) for voice in self.voices for text in self.texts]

    def say(self, voice, text, *options):
        out = dict.fromkeys(PROSODY, 0.0) | {"f0_median": 5.0 + len(voice), "f0_sd": 2.0, "hnr": 20.0}
        for option in options:
            name, value = option.split("=")
            if name == "--pitch":
                out["f0_median"] += float(value)
            if name == "--breathiness":
                out["hnr"] -= float(value)
            if name == "--range":
                out["f0_sd"] *= float(value)
                out["f0_median"] += 2 * (float(value) - 0.5) / 1.5
            if name == "--emotion":
                out["alpha"] += {"happy": 3.0, "sad": -3.0, "angry": 6.0}[value] + self.voices.index(voice) * 0.1
        return [out[name] for name in PROSODY]


class Controls(unittest.TestCase):
    def test_obedience_and_cross_talk(self):
        asked, cross = controls.asked_and_measured(Studio())
        self.assertEqual([row[0] for row in asked.rows], ["--pitch", "--range", "--breathiness"])
        self.assertTrue(all(abs(row[3][0] - 1) < 1e-9 for row in asked.rows))
        self.assertIn("--energy", asked.note)
        largest = {row[0]: row[4] for row in cross.rows}
        self.assertAlmostEqual(largest["--pitch"], 0.0)
        self.assertAlmostEqual(largest["--range"], 0.25)

    def test_presets_are_told_apart_by_strangers(self):
        (table,) = controls.presets(Studio())
        self.assertEqual(table.rows[0][0], 3)
        self.assertEqual(table.rows[0][1][0], 1.0)


class Words(unittest.TestCase):
    def test_distance(self):
        self.assertEqual(distance("a b c".split(), "a b c".split()), 0)
        self.assertEqual(distance("a b c".split(), "a x c d".split()), 2)
        self.assertEqual(distance("a b c".split(), []), 3)
        self.assertEqual(words.words("Don’t—stop, 2 half-way!"), ["don't", "stop", "half", "way"])

    def test_rates_weigh_by_words(self):
        self.assertAlmostEqual(rate([(1, 2), (0, 8)]), 0.1)
        self.assertAlmostEqual(ratio([(2, 10, 1, 10), (1, 5, 1, 5)]), 1.5)

    def test_sentences_are_one_a_line(self):
        self.assertEqual(len(corpus.lines("harvard.txt")), 40)
        self.assertEqual(len(corpus.lines("neutral.txt")), 10)


class Prototype(unittest.TestCase):
    def test_phones_of_a_plan(self):
        word = lambda *phones: {"type": "word", "phones": list(phones)}
        plan = {"clauses": [{"items": [word("AH0", "B", "AW1", "T"), {"type": "pause", "kind": "question"}]}]}
        rows = segments(plan).tolist()
        self.assertEqual([PHONES[row[0]] for row in rows], ["pau", "ax", "b", "aw", "t", "pau"])
        self.assertEqual([row[1] for row in rows], [0, 1, 2, 2, 2, 0])
        self.assertEqual([row[2] for row in rows], [0, 1, 0, 0, 0, 0])
        self.assertEqual([row[3] for row in rows], [3, 3, 3, 3, 3, 0])

    def test_slots_lie_in_their_phones(self):
        phone, position = slots(np.array([0.08, 0.2]), 5)
        self.assertEqual(phone.tolist(), [0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
        self.assertAlmostEqual(position[0, 0].item(), 0.125)
        self.assertAlmostEqual(position[0, 1].item(), 0.7)
        self.assertAlmostEqual(position[0, 2].item(), 0.0)


class Keeping(unittest.TestCase):
    def test_a_broken_line_is_measured_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.jsonl"
            path.write_text('["a", 1]\n["b", 2')
            store = Store(path)
            self.assertEqual(store.get("a", lambda: 5), 1)
            self.assertEqual(store.get("b", lambda: 5), 5)
            self.assertEqual(Store(path).get("b", lambda: 7), 5)


class Pairs(unittest.TestCase):
    def test_a_perfect_copy_is_one_and_a_strangers_voice_is_not(self):
        rng = np.random.default_rng(0)
        names = [f"{who}{take}" for who in "abcd" for take in range(4)]
        centre = {who: rng.normal(size=32) for who in "abcd"}
        reference = {name: list(centre[name[0]] + 0.2 * rng.normal(size=32)) for name in names}
        said_by = {name: {"speaker": name[0], "gender": "F"} for name in names}
        same = {name: list(centre[name[0]] + 0.2 * rng.normal(size=32)) for name in names}
        self.assertAlmostEqual(np.mean(likeness(names, reference, same, said_by)), 1.0, delta=0.05)
        other = {name: same["abcd"[("abcd".index(name[0]) + 1) % 4] + name[1]] for name in names}
        self.assertAlmostEqual(np.mean(likeness(names, reference, other, said_by)), 0.0, delta=0.15)


class Reporting(unittest.TestCase):
    def test_cells(self):
        self.assertEqual(number(0.125), ".125")
        self.assertEqual(number(-0.5), "-.5")
        self.assertEqual(number(0.0), "0")
        self.assertEqual(number(100.0), "100")
        self.assertEqual(number(float("nan")), "n/a")
        self.assertEqual(cell((0.5, 0.25, 1.0)), ".5 [.25, 1]")
        self.assertEqual(cell((0.5, float("nan"), float("nan"))), ".5")

    def test_a_row_of_the_wrong_length_is_refused(self):
        table = Table("x", "X", ["a", "b"])
        with self.assertRaises(ValueError):
            table.add(1)
        table.add(float("nan"), (1.0, 2.0, float("inf")))
        self.assertEqual(table.plain()["rows"], [[None, [1.0, 2.0, None]]])


if __name__ == "__main__":
    unittest.main()
