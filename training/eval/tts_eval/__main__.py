"""tts-eval: one command for every figure in docs/QUALITY.md. See README.md beside the package."""
import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded; the cores are for what is measured
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")

from . import controls, cost, leak, pairs, readers, report, timbre, words  # noqa: E402
from .clones import FULL, QUICK, Bench  # noqa: E402
from .corpus import PROJECT, WORK  # noqa: E402
from .engine import Engine, Missing  # noqa: E402
from .systems import NAMED  # noqa: E402

BENCHED = {
    "leak": (leak.slopes, "slopes of the clone on its reference"),
    "emotion": (leak.emotion, "the reference's emotion read from its clones"),
    "equivalence": (leak.equivalence, "equivalence of clones from neutral and angry clips"),
    "identity": (leak.identity, "nSIM against held-out neutral clips"),
    "vector": (timbre.vector_emotion, "emotion read from the timbre vector"),
    "pitch": (timbre.habitual_pitch, "habitual F0 from one emotional clip"),
}
OTHERS = {
    "controls": "asked against measured, and cross-talk",
    "presets": "presets told apart, and their cost in likeness",
    "words": "word errors against people and other synthesisers",
    "cost": "time and memory of cloning",
    "readers": "voices and clones beside recordings of who they are",
}


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="tts-eval", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in [*((name, what) for name, (_, what) in BENCHED.items()), *OTHERS.items(), ("all", "every figure")]:
        sub = commands.add_parser(name, help=what)
        sub.add_argument("--tts", default=PROJECT / "target" / "release" / "tts", help="the command to measure (target/release/tts)")
        sub.add_argument("--out", default=None, help="folder for the tables (WORK/eval/tables)")
        sub.add_argument("--quick", action="store_true", help="4 speakers, 3 emotions, 3 texts; 40 sentences; 2 voices")
        if name in BENCHED:
            sub.add_argument("--model", help="a model of Pocket TTS that clones, in place of the embedded one")
        if name in BENCHED or name == "all":
            sub.add_argument("--systems", default=",".join(NAMED), help=f"of {', '.join(NAMED)}, with commas")
            sub.add_argument("--each", type=int, help="references of each speaker and emotion (2; quick 1)")
            sub.add_argument("--texts", type=int, help="that each clone says (10; quick 3)")
        if name in ("words", "all"):
            sub.add_argument("--sentences", type=int, help="of held-out readers (200; quick 40)")
            sub.add_argument("--against", default=",".join(words.OTHERS), help="other synthesisers, with commas; '' for none")
        if name in ("words", "controls", "presets", "readers", "all"):
            sub.add_argument("--voices", default="", help="shipped voices, with commas; controls, presets: four, readers: all of `tts voices`")
    sub = commands.add_parser("pairs", help="judge a folder of pairs of recordings")
    sub.add_argument("folder")
    sub.add_argument("--out", default=None)
    return parser.parse_args(given)


def named(given):
    """The parts of a list with commas; none of nothing."""
    return [part.strip() for part in given.split(",") if part.strip()]


def guarded(name, title, make):
    """The tables, or one that says why there are none."""
    try:
        return make()
    except Missing as reason:
        return [report.missing(name, title, str(reason))]


def benched(names, engine, options):
    """Tables of the figures that need clones; systems that are missing are named once."""
    size = QUICK if options.quick else FULL
    size.each, size.texts = options.each or size.each, options.texts or size.texts
    bench = Bench(engine, size)
    systems, absent = {}, []
    for name in named(options.systems):
        if name not in NAMED:
            raise SystemExit(f"--systems {name}: there is {', '.join(NAMED)}")
        try:
            systems[name] = NAMED[name](engine)
        except Missing as reason:
            absent.append(f"{NAMED[name].title}: {reason}")
    refused = ""
    if {"leak", "emotion", "equivalence", "identity"} & set(names):
        bench.references, refused = bench.admitted(bench.references, systems)
    for name in names:
        make, what = BENCHED[name]
        for table in guarded(name, what, lambda make=make: make(bench, systems)):
            if name not in ("vector", "pitch"):
                table.note += refused
            if absent:
                table.note += f" Not measured: {'; '.join(absent)}."
            yield table


def shipped(engine, asked, quick, each=None):
    """Voices to sweep: those asked for, or the first `each` women and men that `tts voices` lists."""
    if asked:
        return named(asked)
    listed = json.loads(engine.run("voices", "--json"))
    listed = listed.get("voices", listed) if isinstance(listed, dict) else listed
    women = [voice["name"] for voice in listed if voice["gender"] == "woman"]
    men = [voice["name"] for voice in listed if voice["gender"] != "woman"]
    each = each or (1 if quick else 2)
    return women[:each] + men[:each]


def tables(options):
    """Every table of the command, one by one."""
    if options.command == "pairs":
        yield from pairs.judge(options.folder)
        return
    engine = Engine(options.tts, getattr(options, "model", None))
    wanted = [*BENCHED, *OTHERS] if options.command == "all" else [options.command]
    names = [name for name in wanted if name in BENCHED]
    if names:
        yield from benched(names, engine, options)
    if "controls" in wanted or "presets" in wanted:
        booth = controls.Booth(engine, shipped(engine, options.voices, options.quick), 4 if options.quick else 6)
        if "controls" in wanted:
            yield from guarded("controls", "Controls", lambda: controls.asked_and_measured(booth))
        if "presets" in wanted:
            yield from guarded("presets", "Presets told apart", lambda: controls.presets(booth))
            cost_of = lambda: controls.preset_identity(Bench(engine, QUICK if options.quick else FULL))
            yield from guarded("preset_identity", "Presets: cost in likeness", cost_of)
    if "words" in wanted:
        count = options.sentences or (40 if options.quick else 200)
        yield from words.word_errors(engine, count, named(options.voices), named(options.against))
    if "readers" in wanted:
        voices = shipped(engine, options.voices, options.quick, each=99)
        yield from guarded("readers", "Voices beside their readers", lambda: readers.beside_readers(engine, voices))
    if "cost" in wanted:
        yield from guarded("cost", "Cloning a clip of 5 s", lambda: cost.of_cloning(engine))


def main():
    options = arguments()
    start = time.time()
    found = []
    for table in tables(options):
        print(table.markdown(), flush=True)
        found.append(table)
    about = {"command": "tts-eval " + " ".join(sys.argv[1:]), "date": time.strftime("%Y-%m-%d")}
    if options.command != "pairs":
        engine = Engine(options.tts, getattr(options, "model", None))
        about |= {"version": engine.run("--version").strip(), "build": engine.name}
    folder = options.out or WORK / "tables"
    report.write(Path(folder), found, about)
    print(f"{len(found)} tables in {folder}, {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
