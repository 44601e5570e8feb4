"""The `tts` command as a black box: what its help says it can do, and what it does.

A figure whose command or option is not there is reported as missing, with the reason; a command that fails stops the run with what it said.
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from .store import digest

# A child's peak memory counts from before it becomes another program, so what starts it must be small.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet), 0)
print(time.perf_counter() - start, used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


class Missing(Exception):
    """The command cannot do this yet; the report says so in place of a figure."""


class Failed(Exception):
    """The command ended with an error."""


class Engine:
    """One build of `tts`, with the model that is part of it or with one of Pocket TTS."""

    def __init__(self, path, model=None):
        self.path, self.model = str(Path(path).resolve()), model
        if not os.access(self.path, os.X_OK):
            raise SystemExit(f"{path}: no such program; build it with cargo build --release, or give --tts PATH")
        self.name = digest(Path(self.path).read_bytes(), *([model] if model else []))
        self.chosen = ["--model", model] if model else []
        self.suffix = ".safetensors" if model else ".voice"
        self.helps = {}

    def run(self, *arguments, text=True):
        """Standard output of one call."""
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=text, stdin=subprocess.DEVNULL)
        if done.returncode:
            said = done.stderr if text else done.stderr.decode(errors="replace")
            raise Failed(f"tts {' '.join(map(str, arguments))} ended with {done.returncode}: {said.strip()[-500:]}")
        return done.stdout

    def help(self, command):
        """The help of a command; empty if there is no such command."""
        if command not in self.helps:
            listed = re.search(rf"^\s+{command}\s", self.run("--help"), re.M)
            self.helps[command] = self.run(command, "--help") if listed else ""
        return self.helps[command]

    def has(self, command, option=None):
        """Whether the command, or its option, is in the help."""
        found = self.help(command)
        return bool(found) and (option is None or re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", found) is not None)

    def need(self, command, option=None):
        if not self.has(command, option):
            raise Missing(f"this build has no `tts {command}{' ' + option if option else ''}`")

    def range_of(self, option, command="say"):
        """(low, high) as the help gives them, `--option LO..HI`; None if it does not."""
        number = r"(-?\d*\.?\d+)"
        found = re.search(rf"(?<![\w-]){re.escape(option)}[ =]{number}\.\.{number}", self.help(command))
        return (float(found[1]), float(found[2])) if found else None

    def choices_of(self, option, command="say"):
        """Names as the help gives them, `--option one|two|three`, over line ends; empty if it does not."""
        found = re.search(rf"(?<![\w-]){re.escape(option)}[ =]\s*([a-z-]+(?:\s*\|\s*[a-z-]+)+)", self.help(command))
        return re.split(r"\s*\|\s*", found[1]) if found else []

    def say(self, target, text, *options, seed=0, voice=None):
        """Speaks into a WAV."""
        chosen = [*self.chosen, *(["--voice", voice] if voice else [])]
        self.run("say", "-q", "-o", target, "--seed", seed, *chosen, *options, "--", text)

    def clone(self, clip, target, *options):
        self.need("clone")
        self.run("clone", clip, "-o", target, *self.chosen, *options)

    def plan(self, text):
        """What the embedded model would say, clause by clause, as `--dry-run --json` tells it: it knows phones."""
        return json.loads(self.run("say", "--dry-run", "--json", "--", text))

    def syllables(self, text):
        """How many the engine will say: phones that carry a stress digit."""
        items = (item for clause in self.plan(text)["clauses"] for item in clause["items"])
        return sum(phone[-1].isdigit() for item in items for phone in item.get("phones", []))

    def cost(self, *arguments):
        """(seconds, peak resident MB) of one call."""
        command = [sys.executable, "-ISc", LAUNCHER, str(self.path), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        seconds, peak, code = done.stdout.split()
        if int(code):
            raise Failed(f"tts {' '.join(map(str, arguments))} ended with {code}: {done.stderr[-500:]}")
        return float(seconds), int(peak) / 1024
