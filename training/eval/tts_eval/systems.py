"""What can be asked to clone: each takes a reference WAV and keeps of it what it keeps, then says texts with a seed.

Another system is another class with the same members, named in `NAMED`.
"""
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import load_file

from .corpus import PROJECT, PROTOTYPE, WORK
from .engine import Failed, Missing
from .sound import at_rate
from .store import digest


class Clone:
    """`tts clone`, then `tts say --voice`: the product as it is."""

    name = "clone"
    title = "tts clone"

    def __init__(self, engine, clone_options=(), say_options=()):
        engine.need("clone")
        self.engine, self.clone_options, self.say_options = engine, list(clone_options), list(say_options)
        self.key = digest(engine.name, self.clone_options, self.say_options)

    def keep(self, clip):
        """What is kept of a reference: the file of a voice, made once for each build."""
        target = WORK / "voices" / digest(self.engine.name, self.clone_options) / (Path(clip).stem + self.engine.suffix)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            self.engine.clone(clip, target, *self.clone_options)
        return target

    def refuses(self, clip):
        """Why the clip cannot be cloned; None if it can."""
        try:
            self.keep(clip)
        except Failed as reason:
            return str(reason)

    def speak(self, kept, text, seed):
        """(pcm, rate)."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "said.wav"
            self.engine.say(target, text, *self.say_options, seed=seed, voice=kept)
            return soundfile.read(target, dtype="float64")

    def timbre(self, kept):
        """The vector that says who speaks."""
        return tensor(kept, "timbre")

    def log_f0(self, kept):
        """The person's habitual ln F0, as kept."""
        return float(tensor(kept, "pitch")[0])


def tensor(voice, name):
    """A tensor of a .voice file, flat."""
    found = load_file(voice)
    if name not in found:
        raise Missing(f"{Path(voice).name} has no tensor `{name}`, only {', '.join(sorted(found))}")
    return found[name].reshape(-1)


class Copy(Clone):
    """The same engine told to copy the performance as well: the baseline to beat."""

    name = "copy"
    title = "copying the clip's performance"

    def __init__(self, engine):
        engine.need("clone")
        # that of `clone` is for models whose voices are recordings
        self.flag = not engine.model and engine.has("say", "--like-the-clip")
        at_clone = not self.flag and engine.has("clone", "--like-the-clip")
        self.takes_clip = not at_clone and not self.flag and engine.has("say", "--prosody-from")
        if not (at_clone or self.flag or self.takes_clip):
            raise Missing("this build has no --like-the-clip")
        super().__init__(
            engine,
            clone_options=["--like-the-clip"] if at_clone else [],
            say_options=["--like-the-clip"] if self.flag else ["--prosody-from"] if self.takes_clip else [],
        )

    def keep(self, clip):
        voice = super().keep(clip)
        return (voice, clip) if self.takes_clip else voice

    def speak(self, kept, text, seed):
        if not self.takes_clip:
            return super().speak(kept, text, seed)
        voice, clip = kept
        self.say_options = ["--prosody-from", clip]
        return super().speak(voice, text, seed)


class InPython:
    """A model in PyTorch that says the phones that the command would, and keeps `hear(clip)` of every clip."""

    def __init__(self, engine):
        import torch

        from . import prototype

        torch.set_num_threads(1)
        self.engine, self.library = engine, prototype
        self.phones, self.held = {}, {}

    def keep(self, clip):
        if clip not in self.held:
            self.held[clip] = self.hear(clip)
        return self.held[clip]

    def refuses(self, clip):
        return None

    def spelt(self, text):
        if text not in self.phones:
            self.phones[text] = self.library.segments(self.engine.plan(text))
        return self.phones[text]


class Dvector(InPython):
    """One vector of everything, and the clip's own pitch: the prototype."""

    name = "dvector"
    title = "single tower, the clip's pitch"

    def __init__(self, engine, weights=PROTOTYPE):
        path = Path(weights)
        if not path.exists():
            raise Missing(f"{path} is missing: set PROTOTYPE to the single-tower model with its timbre encoder")
        super().__init__(engine)
        self.model = self.library.Prototype(path)
        self.key = digest("dvector", path.read_bytes())

    def hear(self, clip):
        pcm, rate = soundfile.read(clip, dtype="float64")
        return self.model.clone(at_rate(pcm, rate, self.library.RATE))

    def speak(self, kept, text, seed):
        return self.model.speak(kept, self.spelt(text), seed), self.library.RATE

    def timbre(self, kept):
        return np.asarray(kept[0])

    def log_f0(self, kept):
        return kept[1]


class Prefix(InPython):
    """A language model that has the clip's sound before its text, and copies what it hears: training/native/prefix.py."""

    name = "prefix"
    title = "the clip's sound before the text"

    def __init__(self, engine, run="prefix", weights=PROJECT / "weights" / "model.safetensors"):
        path = WORK.parent / "runs" / f"{run}.pt"
        if not path.exists():
            raise Missing(f"{path} is missing: training/native/prefix.py makes it")
        super().__init__(engine)
        sys.path.append(str(PROJECT / "training" / "native"))
        import features
        import prefix

        self.analysed, self.copier = features.of_file, prefix.Copier(run, str(weights))
        self.key = digest("prefix", path.read_bytes(), Path(weights).read_bytes())

    def hear(self, clip):
        return self.copier.hear(self.analysed(clip))

    def speak(self, kept, text, seed):
        return self.copier.say(kept, self.spelt(text), seed), 24000


NAMED = {system.name: system for system in (Clone, Copy, Dvector, Prefix)}
