"""Whether a control does what it says and nothing else, and whether presets are told apart.

The list of controls is what `tts say --help` has of `CONTROLS`; what is missing is named in the note. Each control is swept over its range
on shipped voices, everything else as it is; figures are compared within voice and text.
"""
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from .clones import FIGURES
from .corpus import WORK, lines
from .engine import Missing
from .report import Table
from .sound import PROSODY, measure
from .stats import discriminant, interval, predict, spearman
from .store import Store, digest
from .systems import Clone

# Option: (the figure it should move, its sign, what it is, values where they fit the range that the help gives).
CONTROLS = {
    "--pitch": ("f0_median", 1, "F0 median (st)", [-4, -2, 0, 2, 4]),
    "--range": ("f0_sd", 1, "F0 SD (st)", [0.5, 0.75, 1, 1.5, 2]),
    "--energy": ("alpha", 1, "alpha ratio (dB)", [-6, -3, 0, 3, 6]),
    "--variation": ("level_sd", 1, "level SD (dB)", [0.5, 0.75, 1, 1.5, 2]),
    "--rate": ("rate", 1, "rate (ln)", [0.6, 0.8, 1, 1.3, 1.6]),
    "--pause-scale": ("pause_share", 1, "pause share", [0.25, 0.5, 1, 2, 3]),
    "--breathiness": ("hnr", -1, "-HNR (dB)", [0, 0.25, 0.5, 0.75, 1]),
    "--whisper": ("voiced_share", -1, "unvoiced share", [0, 0.25, 0.5, 0.75, 1]),
    "--final-slope": ("final_slope", 1, "final slope (st/s)", [-6, -3, 0, 3, 6]),
}
CLASSES = ["happy", "sad", "angry", "calm", "excited", "whispery"]  # the first five that there are


def values(engine, option):
    """Five values: those of the table, pulled into the range that the help gives; or spread over it."""
    wanted = CONTROLS[option][3]
    bounds = engine.range_of(option)
    if bounds is None:
        return wanted
    low, high = bounds
    if sum(low <= value <= high for value in wanted) == len(wanted):
        return wanted
    middle, reach = (low + high) / 2, (high - low) / 2
    return [round(middle + reach * part, 4) for part in (-0.8, -0.4, 0, 0.4, 0.8)]


class Booth:
    """Shipped voices saying a few texts with options; what was measured is kept."""

    def __init__(self, engine, voices, texts):
        self.engine = engine
        self.voices = voices
        self.texts = lines("neutral.txt")[:texts]
        self.store = Store(WORK / "measured" / f"options-{engine.name}.jsonl")
        self.syllables = {text: engine.syllables(text) for text in self.texts}

    def say(self, voice, text, *options):
        """All figures, in the order of PROSODY."""

        def make():
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "said.wav"
                self.engine.say(target, text, *options, voice=voice, seed=1)
                found = measure(*soundfile.read(target, dtype="float64"), self.syllables[text])
            return [found[name] for name in PROSODY]

        return self.store.get(f"{FIGURES} {voice} {digest(text)} {options}", make)

    def places(self):
        return [(voice, text) for voice in self.voices for text in self.texts]


def sweep(booth, option):
    """(asked `[5]`, figures `[places, 5, figures]`)."""
    asked = values(booth.engine, option)
    said = [[booth.say(voice, text, f"{option}={value}") for value in asked] for voice, text in booth.places()]
    print(f"{option}: {len(booth.places())} sweeps", flush=True)
    return np.array(asked, float), np.array(said, float)


def rank(asked, figures):
    """Spearman of asked and measured, pooled after each place's mean is taken away; figures `[places, 5]`."""
    with np.errstate(all="ignore"):
        level = figures - np.nanmean(figures, 1, keepdims=True)
    return spearman(np.tile(asked, len(figures)), level.ravel())


def span(figures):
    """Mean change from the lowest to the highest value asked."""
    with np.errstate(all="ignore"):
        return float(np.nanmean(figures[:, -1] - figures[:, 0]))


def asked_and_measured(booth):
    """Spearman of each control, and the cross-talk: a figure's change under a control over its change under its own."""
    there = [option for option in CONTROLS if booth.engine.has("say", option)]
    absent = [option for option in CONTROLS if option not in there]
    note = f"{len(booth.voices)} voices, {len(booth.texts)} texts, five values each; everything else as it is."
    if absent:
        note += f" Not in this build: {', '.join(absent)}."
    table = Table("controls", "Controls: asked against measured", ["control", "figure", "values", "Spearman", "must", "want"], note)
    swept = {option: sweep(booth, option) for option in there}

    def own(option, said):
        """The figure of `option` in what was said, `[places, 5]`, so signed that it should rise."""
        figure, sign = CONTROLS[option][:2]
        return sign * said[:, :, PROSODY.index(figure)]

    for option, (asked, said) in swept.items():
        found = interval(list(own(option, said)), lambda drawn, asked=asked: rank(asked, np.array(drawn)), draws=500)
        table.add(option, CONTROLS[option][2], " ".join(f"{value:g}" for value in asked), found, ".8", ".9")
    cross = Table(
        "crosstalk",
        "Controls: cross-talk",
        ["control", *(CONTROLS[option][2] for option in there), "largest", "must", "want"],
        "Change of a figure over the whole sweep of a control, as a part of its change over the sweep of its own control; "
        "in brackets Spearman of what was asked and that figure.",
    )
    for option, (asked, said) in swept.items():
        row, worst = [], 0.0
        for other in there:
            whole = span(own(other, swept[other][1]))
            part = abs(span(own(other, said)) / whole) if whole else float("nan")
            row.append(f"{part:.2f} ({rank(asked, own(other, said)):.2f})")
            worst = max(worst, part) if other != option and np.isfinite(part) else worst
        cross.add(option, *row, worst, ".35", ".2")
    return [table, cross]


def presets(booth, count=5):
    """Presets told from their difference to the same voice, text and seed without one, by a classifier that heard other voices and texts."""
    booth.engine.need("say", "--emotion")
    named = booth.engine.choices_of("--emotion")
    chosen = [name for name in CLASSES if name in named][:count] if named else []
    if len(chosen) < 2:
        raise Missing("`tts say --help` lists fewer than two of the presets " + ", ".join(CLASSES))
    if len(booth.voices) < 2 or len(booth.texts) < 4:
        raise Missing("two voices and four texts are needed")
    place, label, features = [], [], []
    for voice, text in booth.places():
        plain = np.array(booth.say(voice, text))
        for name in chosen:
            place.append((booth.voices.index(voice), booth.texts.index(text)))
            label.append(name)
            features.append(np.array(booth.say(voice, text, f"--emotion={name}")) - plain)
    features = np.nan_to_num(np.array(features))
    features /= np.where(features.std(0) > 1e-9, features.std(0), 1)
    guess = other_voices_and_texts(np.array(place), features, np.array(label))
    label = np.array(label)
    groups = [np.nonzero(np.array(place)[:, 0] == voice)[0] for voice in range(len(booth.voices))]

    def accuracy(drawn):
        rows = np.concatenate(drawn)
        return float(np.mean(guess[rows] == label[rows]))

    table = Table(
        "presets",
        "Presets told apart",
        ["classes", "accuracy", "chance", *(f"{name} recognised" for name in chosen), "must", "want"],
        f"{len(booth.voices)} voices, {len(booth.texts)} texts; difference to the same voice, text and seed without a preset; "
        "heard by a linear discriminant that learned from other voices and other texts; intervals by drawing voices.",
    )
    each = [float(np.mean(guess[label == name] == name)) for name in chosen]
    table.add(len(chosen), interval(groups, accuracy), 1 / len(chosen), *each, ".6", ".8")
    return [table]


def other_voices_and_texts(place, features, label):
    """A guess for each row by what was learned from rows of other voices and of the other half of the texts."""
    guess = np.empty(len(label), label.dtype)
    for voice in np.unique(place[:, 0]):
        for half in (0, 1):
            judged = (place[:, 0] == voice) & (place[:, 1] % 2 == half)
            learned = (place[:, 0] != voice) & (place[:, 1] % 2 != half)
            guess[judged] = predict(discriminant(features[learned], label[learned]), features[judged])
    return guess


def preset_identity(bench, count=5):
    """What a preset costs in likeness: nSIM of clones of neutral clips with it and without."""
    bench.engine.need("say", "--emotion")
    bench.engine.need("clone")
    chosen = [name for name in CLASSES if name in bench.engine.choices_of("--emotion")][:count]
    judges = bench.judges()
    table = Table("preset_identity", "Presets: cost in likeness", ["preset", "nSIM", "change", "must", "want"], "Clones of neutral clips.")
    plain = None
    for name in [None, *chosen]:
        spoken = Clone(bench.engine, say_options=[f"--emotion={name}"] if name else [])
        scores = []
        for speaker in bench.speakers:
            mine = [row for row in bench.references if (row["speaker"], row["emotion"]) == (speaker, "neutral")]
            said = [bench.clone(spoken, row, text)["vector"] for row in mine for text in range(len(bench.texts))]
            scores.append(judges.score(speaker, said))
        plain = scores if plain is None else plain
        changes = [now - before for now, before in zip(scores, plain)]
        table.add(name or "none", interval(scores, np.nanmean), interval(changes, np.nanmean), "", "-.1")
    return [table]
