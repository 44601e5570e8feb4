"""The whole job on a toy set: made-up speakers saying made-up vowels, every stage a few steps, files checked at the end.

usage: python -m unittest discover training/tests    (needs training/requirements.txt; under a minute on a core of its own)
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import soundfile

NATIVE = Path(__file__).resolve().parents[1] / "native"
RATE = 16000
# two readers are in HELD_OUT of data.py
PEOPLE = {"ls1": 100, "ls2": 120, "ls3": 200, "ls4": 220, "ls5": 150, "ls6": 170, "ls1867": 110, "ls1898": 210}


def vowel(f0, formants, seconds, rng):
    """A pulse train through three resonators, with a little noise."""
    count = int(seconds * RATE)
    phase = np.cumsum(f0 * np.exp(0.1 * np.sin(2 * np.pi * np.arange(count) / count)) / RATE)
    sound = (np.diff(np.floor(phase), prepend=0) > 0).astype(float) + rng.standard_normal(count) * 0.01
    for formant in formants:
        pole = np.exp(-np.pi * 90 / RATE + 2j * np.pi * formant / RATE)
        a1, a2 = -2 * pole.real, abs(pole) ** 2
        out, one, two = np.zeros(count), 0.0, 0.0
        for i in range(count):
            out[i] = sound[i] - a1 * one - a2 * two
            one, two = out[i], one
        sound = out
    return sound / np.abs(sound).max() * 0.3


class Warps(unittest.TestCase):
    def test_known_lengths_are_found(self):
        sys.path.insert(0, str(NATIVE))
        from speakers import centres, estimate_warps

        rng = np.random.default_rng(1)
        truth = {f"s{i}": factor for i, factor in enumerate([0.88, 0.94, 1.0, 1.06, 1.12, 0.9, 1.1, 1.02])}
        frames = {}
        for speaker, factor in truth.items():
            rows = []
            for formants in rng.permutation(np.repeat([(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240)], 60, 0)):
                # formants of a speaker whose tract must be scaled by `factor` to be canonical
                peaks = [-((np.log2(centres() / (f / factor)) / 0.25) ** 2) for f in formants]
                rows.append(np.exp(peaks).sum(0) + rng.standard_normal(80) * 0.05)
            frames[speaker] = np.array(rows, np.float32)
        found = estimate_warps(frames, centroids=4)
        mean = np.exp(np.mean(np.log(list(truth.values()))))
        for speaker, factor in truth.items():
            self.assertAlmostEqual(found[speaker], factor / mean, delta=0.03, msg=speaker)


class KindsOfSound(unittest.TestCase):
    def test_what_is_a_speakers_own_is_found(self):
        sys.path.insert(0, str(NATIVE))
        import torch
        from kinds import Kinds, centroids

        rng = np.random.default_rng(2)
        shapes = np.stack([np.linspace(1, -1, 80), np.linspace(-1, 1, 80)])
        kind = np.arange(2000) % 2
        own = 0.3 * np.sin(np.linspace(0, 3, 80))  # of the speaker, in sounds of the first kind
        usual = shapes[kind] + rng.standard_normal((2000, 80)) * 0.05
        everybody, voiced = torch.from_numpy(usual).float(), torch.ones(2000)
        kinds = Kinds(2)
        with torch.no_grad():
            kinds.weight.data, kinds.bias.data = centroids([usual, np.ones(2000)], 2)
            sums, counts = kinds.heard(everybody, voiced)
            kinds.usual.copy_(sums / counts[:, None])
        self.assertLess(float(kinds.own(everybody, voiced).abs().max()), 0.01)
        found = kinds.own(everybody + torch.from_numpy((kind == 0)[:, None] * own).float(), voiced).numpy()
        size = np.abs(found[:, :68]).max(1)
        self.assertLess(size.min(), 0.02)  # of the second kind nothing
        self.assertLess(np.abs(found[size.argmax()] - own)[:68].max(), 0.04)
        self.assertTrue((kinds.own(everybody[:0], voiced[:0]) == 0).all())


class Pipeline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = Path(cls.folder.name)
        speech, work = cls.root / "speech", cls.root / "work"
        (work / "align").mkdir(parents=True)
        speech.mkdir()
        rng = np.random.default_rng(0)
        lines, aligned = ["path\tspeaker\tgender\tseconds\tset\tlicence\ttext"], []
        kinds = [("aa", (730, 1090, 2440)), ("iy", (270, 2290, 3010)), ("uw", (300, 870, 2240))]
        for speaker, f0 in PEOPLE.items():
            length = 1.0 if f0 < 160 else 1.15
            for take in range(2):
                parts, phones, at = [np.zeros(RATE // 5)], [["pau", 0.2, 0, 0, "-"]], 0.2
                for k in rng.permutation(3):
                    name, formants = kinds[k]
                    parts.append(vowel(f0, [f * length for f in formants], 0.6, rng))
                    at += 0.6
                    phones.append([name, round(at, 3), 2, 1, ""])
                parts.append(np.zeros(RATE // 5))
                phones.append(["pau", round(at + 0.2, 3), 0, 0, "-"])
                sound = np.concatenate(parts) + rng.standard_normal(sum(map(len, parts))) * 1e-4
                path = f"{speaker}-{take}.flac"
                soundfile.write(speech / path, sound, RATE)
                lines.append(f"{path}\t{speaker}\t{'M' if f0 < 160 else 'F'}\t{len(sound) / RATE:.2f}\tlibri_261spk\tnone\tAH EE OO")
                aligned.append(json.dumps({"path": path, "phones": phones}))
        (speech / "manifest.tsv").write_text("\n".join(lines) + "\n")
        (work / "align" / "libri_261spk.0.jsonl").write_text("\n".join(aligned) + "\n")
        cls.environment = os.environ | {"SPEECH": str(speech), "WORK": str(work), "OMP_NUM_THREADS": "1"}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def call(self, script, *arguments):
        done = subprocess.run([sys.executable, NATIVE / script, *map(str, arguments)], env=self.environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{script}: {done.stdout[-800:]}\n{done.stderr[-2000:]}")
        return done.stdout

    def log(self, name):
        lines = (self.root / "work" / "runs" / f"{name}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def copied(self, weights, golden):
        """What the baseline that copies says after a recording: sound, and another one after another's."""
        code = (
            "import sys, numpy as np, torch, features, prefix; from safetensors.numpy import load_file\n"
            "copier = prefix.Copier('prefix', sys.argv[1]); ids = torch.from_numpy(load_file(sys.argv[2])['phones'].astype(np.int64))\n"
            "said = [copier.say(copier.hear(features.of_file(path)), ids, 0) for path in sys.argv[3:]]\n"
            "assert all(np.isfinite(s).all() and abs(s).max() > 0 for s in said), said\n"
            "short = min(map(len, said)); assert abs(said[0][:short] - said[1][:short]).max() > 1e-3\n"
        )
        clips = [self.root / "speech" / f"{speaker}-0.flac" for speaker in list(PEOPLE)[:2]]
        call = [sys.executable, "-c", code, str(weights), str(golden), *map(str, clips)]
        done = subprocess.run(call, env=self.environment | {"PYTHONPATH": str(NATIVE)}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])

    def test_the_renderer_in_torch(self):
        code = (
            "import numpy as np, torch, differentiable, renderer; rng = np.random.default_rng(0)\n"
            "f0 = np.where(np.arange(60) % 40 < 25, 150 + 10 * np.sin(np.arange(60) / 7), 0.0); first = renderer.pulses(f0, 14400)[0][0]\n"
            "envelope, breath, gains = rng.normal(-7, 1, (60, 80)), np.minimum(rng.normal(-8, 2, (60, 3)), -0.1), rng.normal(0, 0.3, (2, 60, 513))\n"
            "noise = rng.standard_normal(14400); told = [torch.from_numpy(x).float() for x in (envelope[None], breath[None], gains[:, None], noise[None])]\n"
            "expected = renderer.render(envelope, breath, f0, np.append(noise[first:], np.zeros(2000)), list(gains))\n"
            "found = differentiable.render(differentiable.Pulses([f0]), *told[:2], list(told[2]), told[3])[0].numpy()\n"
            "print(10 * np.log10((expected**2).sum() / ((expected - found) ** 2).sum()))\n"
        )
        done = subprocess.run([sys.executable, "-c", code], env=self.environment | {"PYTHONPATH": str(NATIVE)}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertGreater(float(done.stdout.split()[-1]), 90, "dB; observed 123")

    def test_every_stage(self):
        from safetensors.numpy import load_file

        self.call("features.py", "libri_261spk", 0, 1)
        before = (self.root / "work/features/libri_261spk.0.f16").read_bytes()
        self.call("features.py", "libri_261spk", 0, 1)  # goes on where it was: nothing is left to do
        self.assertEqual(before, (self.root / "work/features/libri_261spk.0.f16").read_bytes())
        self.call("speakers.py")
        table = np.load(self.root / "work" / "speakers.npz")
        pitch = dict(zip(table["name"], np.exp(table["pitch"][:, 0])))
        for speaker, f0 in PEOPLE.items():
            self.assertLess(abs(pitch[speaker] / f0 - 1), 0.03, speaker)
        self.call("states.py", "--each", 2)
        self.call("train_codec.py", "--minutes", 0.12, "--batch", 4, "--threads", 1, "--sets", "libri_261spk")
        self.call("train_tower.py", "--minutes", 0.12, "--people", 4, "--sets", "libri_261spk")
        self.call("latents.py")
        self.call("train_lm.py", "--minutes", 0.12, "--frames", 200)
        began = self.log("lm")[0]
        self.assertEqual(began["began"], 0)
        self.call("train_lm.py", "--minutes", 0.16, "--frames", 200)
        self.assertGreater(self.log("lm")[-1]["began"], 0)  # the second call went on
        golden = self.root / "golden.safetensors"
        from safetensors.numpy import save_file

        phones = np.array([[1, 0, 0, 1], [2, 2, 1, 2], [20, 2, 1, 2], [1, 0, 0, 2]], np.uint8)
        save_file({"phones": phones}, golden)
        # the head the whole way, how much durations vary, kinds of sound
        weights = self.root / "weights/model.safetensors"
        self.call("export.py", self.root / "weights", golden, "--speaker", "ls1")
        self.call("distill.py", "--minutes", 0.1, "--spoken", 0.02, "--kept", 256, "--rows", 64, "--init", weights)
        self.call("lengths.py", "--steps", 20, "--init", weights)
        finished = ["--codec", weights, "--tower", weights, "--lm", weights, "--head", "head", "--lengths", "lengths", "--speaker", "ls1"]
        self.call("export.py", self.root / "finished", golden, *finished)
        self.call("kinds.py", "--readers", 3, "--init", self.root / "finished/model.safetensors")
        self.call("refine.py", "--codec", weights, "--minutes", 0.05, "--hours", 0.002, "--clips", 0)
        self.assertIn("end", self.log("refine")[-1])
        self.call("export.py", self.root / "weights", golden, *finished, "--kinds", "kinds", "--refine", "refine")
        self.assertEqual(load_file(weights)["decoder.refiner.o.weight"].shape, (514, 224))
        self.assertEqual(load_file(golden)["gains"].shape[1], 514)
        self.assertIn("[decoder.refiner]", (self.root / "weights/config.toml").read_text())
        # more of the language model alone: an encoder for the decoder that there is
        first = load_file(weights)
        self.call("train_codec.py", "--name", "again", "--decoder", weights, "--minutes", 0.05, "--batch", 4, "--threads", 1, "--sets", "libri_261spk")
        self.call("latents.py", "--codec", "again", "--tower", weights)
        self.call("train_lm.py", "--name", "more", "--init", weights, "--minutes", 0.05, "--frames", 200)
        self.call("prefix.py", "--init", "lm", "--codec", "again", "--minutes", 0.05, "--frames", 200, "--least", 10)
        self.copied(weights, golden)
        kept = {"--codec": weights, "--tower": weights, "--lm": "more", "--kinds": weights, "--refine": weights, "--speaker": "ls1"}
        self.call("export.py", self.root / "more", golden, *(x for pair in kept.items() for x in pair), "--spread", 1, 2)
        second = load_file(self.root / "more/model.safetensors")
        for key in first:
            self.assertTrue(key.startswith("flow_lm.") or (first[key] == second[key]).all(), key)
        self.assertFalse((first["flow_lm.transformer.layers.0.linear1.weight"] == second["flow_lm.transformer.layers.0.linear1.weight"]).all())
        self.call("voices.py", self.root / "weights", self.root / "voices", "one=ls1")
        voice = load_file(self.root / "voices/one/one.voice")
        # a program that speaks 20 dB too softly
        quiet = self.root / "quiet.py"
        quiet.write_text(f"#!{sys.executable}\nimport sys, numpy, soundfile\nsoundfile.write(sys.argv[sys.argv.index('-o') + 1], numpy.full(24000, 10 ** (-43 / 20)), 24000)\n")
        quiet.chmod(0o755)
        self.call("voices.py", self.root / "weights", self.root / "louder", "--tts", quiet, "one=ls1")
        louder = load_file(self.root / "louder/one/one.voice")
        self.assertLess(np.abs((louder["own"] - voice["own"]) * 40 / np.log(10) - 20).max(), 0.1)
        self.assertAlmostEqual(float(np.linalg.norm(voice["timbre"])), 1.0, places=5)
        self.assertGreater(float(np.abs(voice["own"]).max()), 0)
        tensors, held = load_file(self.root / "weights/model.safetensors"), load_file(golden)
        self.assertEqual(tensors["decoder.profile.weight"].shape, (84, 128))
        self.assertEqual(tensors["decoder.kinds.usual"].shape, (8, 80))
        self.assertEqual(tensors["flow_lm.duration.4.weight"].shape, (2, 256))
        self.assertEqual([], [key for key, value in tensors.items() if not np.isfinite(value).all()])
        self.assertAlmostEqual(float(np.linalg.norm(held["tower_timbre"])), 1.0, places=5)
        self.assertGreater(float(np.abs(held["pcm"]).max()), 0)


if __name__ == "__main__":
    unittest.main()
