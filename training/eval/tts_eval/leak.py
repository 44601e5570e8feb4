"""What of a reference's performance is heard in its clones: slopes, decodable emotion, equivalence, identity; and the timbre vector itself.

Each function takes the bench and the systems by name ({name: System}) and returns tables.
"""
import numpy as np

from .clones import LEAKING, averaged, figures
from .report import Table
from .sound import LEAK, PROSODY
from .stats import by_speaker, decode, equivalent, mean_interval, slope_within

MARGINS = {"f0_median": 1.0, "rate": float(np.log(1.05)), "alpha": 1.5}


def reference_figures(bench):
    """[references, 6]: the clips' own; rate relative to the mean of its sentence."""
    own = figures([bench.recording(row) for row in bench.references], LEAKING)
    usual = bench.sentence_rate()
    own[:, LEAKING.index("rate")] -= [usual[row["text"]] for row in bench.references]
    return own


def slopes(bench, systems):
    """Slope of the clone's figures on the reference's, within speakers."""
    speaker = [row["speaker"] for row in bench.references]
    own = reference_figures(bench)
    table = Table(
        "leak",
        "Leak: slope of the clone on its reference",
        ["figure", "spread of the references", *(system.title for system in systems.values()), "must", "want"],
        f"{len(bench.references)} clips of {len(bench.speakers)} speakers, {len(bench.texts)} texts, same seeds; within speakers; "
        "0 is nothing copied, 1 is everything; intervals of 95 % by drawing speakers.",
    )
    said = {name: averaged(bench.clones(system), LEAKING) for name, system in systems.items()}
    for column, name in enumerate(LEAKING):
        spread = np.sqrt(np.mean([np.nanvar(own[rows, column]) for rows in by_speaker(speaker).values()]))
        found = [slope_within(speaker, own[:, column], clones[:, column]) for clones in said.values()]
        table.add(LEAK[name], float(spread), *found, ".25", ".10")
    return [table]


def emotion(bench, systems):
    """Whether a classifier that never heard the speaker can tell the reference's emotion from the clone."""
    speaker = [row["speaker"] for row in bench.references]
    label = [row["emotion"] for row in bench.references]
    table = Table(
        "emotion",
        "The reference's emotion, read from its clones",
        ["heard", "accuracy", "chance", "p", "must", "want"],
        f"{len(set(label))} classes, {len(label)} references, {len(PROSODY)} figures averaged over {len(bench.texts)} texts, speaker-centred, "
        "folds by speaker, balanced accuracy; p by shuffling within speakers.",
    )
    rows = {"the recordings themselves": figures([bench.recording(row) for row in bench.references])}
    rows |= {system.title: averaged(bench.clones(system)) for system in systems.values()}
    for title, features in rows.items():
        found = decode(speaker, features, label, bench.size.permutations)
        chance = found["chance"]
        bounds = (f"{chance + 0.15:.3f}"[1:], f"{chance + 0.05:.3f}"[1:] + ", p > .05")
        table.add(title, (found["accuracy"], found["low"], found["high"]), chance, found["p"], *bounds)
    return [table]


def equivalence(bench, systems):
    """Speakers whose clones from neutral and from angry clips are the same within the margins."""
    table = Table(
        "equivalence",
        "Speakers whose clones from neutral and angry references are equivalent",
        ["system", "speakers", "all three", *(f"{LEAK[name]}, within {margin:.3g}" for name, margin in MARGINS.items()), "must", "want"],
        f"Two one-sided t tests at .05 over {len(bench.texts)} texts, each the mean of its clones.",
    )
    for system in systems.values():
        clones = bench.clones(system)
        passed = []
        for speaker in bench.speakers:
            of = {}
            for state in ("neutral", "anger"):
                mine = [c for row, c in zip(bench.references, clones) if (row["speaker"], row["emotion"]) == (speaker, state)]
                of[state] = np.mean([figures(texts, tuple(MARGINS)) for texts in mine], 0) if mine else None
            if of["neutral"] is not None and of["anger"] is not None:
                apart = (of["anger"] - of["neutral"]).T
                passed.append([equivalent(row, margin) for row, margin in zip(apart, MARGINS.values())])
        passed = np.array(passed, bool).reshape(-1, len(MARGINS))
        table.add(system.title, len(passed), float(passed.all(1).mean()), *map(float, passed.mean(0)), ".70", ".90")
    return [table]


def identity(bench, systems):
    """nSIM of clones from neutral and from angry references, against neutral clips that are no reference."""
    judges = bench.judges()
    table = Table(
        "identity",
        "Identity: nSIM against held-out neutral clips",
        ["system", "neutral reference", "angry reference", "all references", "change, angry - neutral", "must", "want"],
        "Resemblyzer; 0 is another speaker of the gender, 1 the person's own neutral clips; mean over speakers, intervals by drawing them.",
    )
    for system in systems.values():
        clones = bench.clones(system)
        scores = {"neutral": [], "anger": [], None: []}
        for speaker in bench.speakers:
            for state, found in scores.items():
                mine = [
                    record["vector"]
                    for row, texts in zip(bench.references, clones)
                    if row["speaker"] == speaker and state in (None, row["emotion"])
                    for record in texts
                ]
                found.append(judges.score(speaker, mine))
        change = np.subtract(scores["anger"], scores["neutral"])
        table.add(system.title, *map(mean_interval, scores.values()), mean_interval(change), ".5, change within .05", ".7")
    return [table]
