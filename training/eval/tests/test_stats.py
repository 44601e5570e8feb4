import unittest

import numpy as np

from tts_eval.identity import Judges, among, between
from tts_eval.stats import decode, equivalent, interval, slope_within, spearman


def people(count=10, each=14, seed=0):
    rng = np.random.default_rng(seed)
    speaker = np.repeat(np.arange(count), each)
    return speaker, rng.normal(0, 3, count * each) + np.repeat(rng.normal(0, 20, count), each), rng


class Slopes(unittest.TestCase):
    def test_what_is_copied_is_found_whatever_the_speakers_are(self):
        speaker, reference, rng = people()
        for copied in (0.0, 0.1, 0.5, 1.0):
            clone = copied * reference + np.repeat(rng.normal(0, 50, 10), 14) + rng.normal(0, 0.3, len(reference))
            slope, low, high = slope_within(speaker, reference, clone)
            self.assertAlmostEqual(slope, copied, delta=0.03)
            self.assertLess(low, slope)
            self.assertLess(slope, high)
            self.assertLess(high - low, 0.1)

    def test_missing_measurements_are_left_out(self):
        speaker, reference, _ = people()
        clone = 0.5 * reference
        clone[::7] = np.nan
        self.assertAlmostEqual(slope_within(speaker, reference, clone)[0], 0.5, delta=1e-6)
        self.assertTrue(np.isnan(slope_within([], [], [])[0]))

    def test_intervals_hold_the_truth_about_as_often_as_they_say(self):
        held = 0
        for seed in range(100):
            values = np.random.default_rng(seed).normal(1.0, 1.0, 20)
            _, low, high = interval(values, np.mean, draws=300, seed=seed)
            held += low <= 1.0 <= high
        self.assertGreaterEqual(held, 85)  # observed 93; percentile intervals of 20 are a little narrow


class Decoding(unittest.TestCase):
    def test_what_is_there_is_read_and_by_speakers_never_heard(self):
        rng = np.random.default_rng(1)
        speaker = np.repeat(np.arange(6), 12)
        label = np.tile(["a", "b", "c"], 24)
        shift = {"a": [2, 0], "b": [0, 2], "c": [-2, -2]}
        features = np.array([shift[name] for name in label]) + rng.normal(0, 0.7, (72, 2)) + rng.normal(0, 30, (6, 2))[speaker]
        found = decode(speaker, features, label, permutations=19, draws=99)
        self.assertGreater(found["accuracy"], 0.9)
        self.assertEqual(found["p"], 0.05)
        self.assertAlmostEqual(found["chance"], 1 / 3)

    def test_noise_is_chance_and_its_p_is_uniform(self):
        p, accuracy = [], []
        for seed in range(30):
            rng = np.random.default_rng(seed)
            speaker, label = np.repeat(np.arange(4), 8), np.tile(["a", "b"], 16)
            found = decode(speaker, rng.normal(size=(32, 3)), label, permutations=19, draws=9, seed=seed)
            p.append(found["p"])
            accuracy.append(found["accuracy"])
        self.assertAlmostEqual(np.mean(accuracy), 0.5, delta=0.07)
        self.assertAlmostEqual(np.mean(p), 0.52, delta=0.15)
        self.assertLessEqual(np.mean(np.array(p) <= 0.1), 0.25)
        self.assertGreaterEqual(np.mean(np.array(p) >= 0.5), 0.3)

    def test_a_speakers_own_level_is_not_read(self):
        speaker = np.repeat(np.arange(6), 6)
        label = np.where(speaker % 2, "a", "b")
        label[::3] = "a"
        label[1::3] = "b"
        features = np.repeat(np.where(np.arange(6) % 2, 10.0, -10.0), 6)[:, None] + np.zeros((36, 2))
        self.assertLess(decode(speaker, features, label, permutations=9, draws=9)["accuracy"], 0.75)


class Equivalence(unittest.TestCase):
    def test_small_and_certain_differences_only(self):
        rng = np.random.default_rng(0)
        noise = rng.normal(0, 0.2, 10)
        self.assertTrue(equivalent(noise, 1.0))
        self.assertFalse(equivalent(noise + 2.0, 1.0))
        self.assertFalse(equivalent(noise * 20, 1.0))
        self.assertFalse(equivalent([0.0], 1.0))

    def test_at_the_margin_five_in_a_hundred_pass(self):
        rng = np.random.default_rng(1)
        passed = np.mean([equivalent(rng.normal(1.0, 0.2, 10), 1.0) for _ in range(2000)])
        self.assertAlmostEqual(passed, 0.05, delta=0.015)


class Ranks(unittest.TestCase):
    def test_order_is_all_that_counts(self):
        self.assertAlmostEqual(spearman([1, 2, 3, 4], [1, 8, 9, 100]), 1.0)
        self.assertAlmostEqual(spearman([1, 2, 3, 4], [4, 3, 2, 1]), -1.0)
        self.assertTrue(np.isnan(spearman([1, 2, 3], [5, 5, 5])))


class Identity(unittest.TestCase):
    def test_the_person_is_one_and_a_stranger_nought(self):
        rng = np.random.default_rng(0)
        centre = rng.normal(size=(6, 64))
        gender = {who: "FM"[who % 2] for who in range(6)}
        clips = {who: centre[who] + 0.3 * rng.normal(size=(8, 64)) for who in range(6)}
        judges = Judges(clips, gender)
        for who in range(6):
            same = centre[who] + 0.3 * rng.normal(size=(40, 64))
            self.assertAlmostEqual(judges.score(who, same), 1.0, delta=0.05)
        strangers = np.mean([judges.score(0, clips[other]) for other in (2, 4)])
        self.assertAlmostEqual(strangers, 0.0, delta=1e-9)
        self.assertTrue(np.isnan(judges.score("nobody", clips[0])))

    def test_cosines(self):
        self.assertAlmostEqual(between([[1, 0]], [[2, 0]]), 1.0)
        self.assertAlmostEqual(among([[1, 0], [0, 1], [0, 2]]), 1 / 3)
        self.assertTrue(np.isnan(among([[1, 0]])))


if __name__ == "__main__":
    unittest.main()
