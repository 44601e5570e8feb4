import unittest

import numpy as np

from tests.voice import RATE, tone
from tts_eval.sound import PROSODY, measure, semitones


class Measuring(unittest.TestCase):
    def test_pitch_level_and_swing_are_those_put_in(self):
        for hz in (85, 150, 320):
            found = measure(tone(hz, swing=2.0), RATE)
            self.assertAlmostEqual(found["f0_median"], float(semitones(hz)), delta=0.15)  # observed .08
            self.assertAlmostEqual(found["f0_sd"], 2.0, delta=0.15)  # observed .06
        monotone = measure(tone(150), RATE)
        self.assertLess(monotone["f0_sd"], 0.05)

    def test_rising_and_falling_pitch_have_their_signs(self):
        time = np.arange(2 * RATE) / RATE
        for slope in (-4.0, 3.0):
            phase = 2 * np.pi * np.cumsum(140 * 2 ** (slope * (time - 1) / 12)) / RATE
            pcm = sum(np.sin(k * phase) / k for k in range(1, 20)) * 0.05
            self.assertAlmostEqual(measure(pcm, RATE)["f0_slope"], slope, delta=0.2)

    def test_alpha_ratio_follows_a_filter_of_known_gain(self):
        pcm = tone(185)  # no harmonic near the edge at 1 kHz
        spectrum = np.fft.rfft(pcm)
        hz = np.fft.rfftfreq(len(pcm), 1 / RATE)
        for gain in (-6.0, 6.0):
            louder = np.fft.irfft(spectrum * np.where(hz >= 1000, 10 ** (gain / 20), 1), len(pcm))
            change = measure(louder, RATE)["alpha"] - measure(pcm, RATE)["alpha"]
            self.assertAlmostEqual(change, gain, delta=0.3)

    def test_rate_and_pauses_are_those_put_in(self):
        for gap in (0.0, 0.5, 1.0):
            found = measure(tone(150, seconds=2.0, gap=gap), RATE, syllables=8)
            self.assertAlmostEqual(found["rate"], np.log(8 / 2.0), delta=0.05)
            self.assertAlmostEqual(found["pause_share"], gap / (2 + gap), delta=0.02)

    def test_level_spread_follows_a_step(self):
        pcm = tone(150, seconds=3.0)
        pcm[len(pcm) // 2 :] *= 10 ** (-12 / 20)
        step = measure(pcm, RATE)["level_sd"] ** 2 - measure(tone(150, seconds=3.0), RATE)["level_sd"] ** 2
        self.assertAlmostEqual(np.sqrt(step), 6.0, delta=0.4)

    def test_the_sampling_rate_and_the_gain_do_not_matter(self):
        import scipy.signal

        pcm = tone(180, swing=1.0)
        here = measure(pcm, RATE, 8)
        there = measure(3 * scipy.signal.resample_poly(pcm, 3, 2), 24000, 8)
        for name in ("f0_median", "f0_sd", "level_sd", "alpha", "rate", "pause_share"):
            self.assertAlmostEqual(here[name], there[name], delta=0.05, msg=name)

    def test_breath_lowers_the_harmonic_to_noise_ratio(self):
        pcm = tone(150)
        breathy = pcm + np.random.default_rng(0).normal(0, pcm.std() / 3, len(pcm))
        self.assertLess(measure(breathy, RATE)["hnr"], measure(pcm, RATE)["hnr"] - 5)

    def test_silence_noise_and_nothing_have_no_figures(self):
        for pcm in (np.zeros(0), np.zeros(RATE), np.zeros(100), np.random.default_rng(0).normal(0, 1e-8, RATE)):
            found = measure(pcm, RATE, 4)
            self.assertTrue(all(np.isnan(found[name]) for name in PROSODY))


if __name__ == "__main__":
    unittest.main()
