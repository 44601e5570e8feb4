"""What was measured already, so that a run goes on where it was broken off: lines of JSON, one a key, only ever appended to."""
import hashlib
import json


class Store:
    """A dictionary in a file. A half-written last line, as a kill leaves it, is passed over."""

    def __init__(self, path):
        self.path = path
        self.held = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    key, value = json.loads(line)
                except ValueError:
                    continue
                self.held[key] = value
        self.file = open(path, "a", encoding="utf-8")
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            self.file.write("\n")

    def get(self, key, make):
        """The value of `key`; made and kept if it is new."""
        if key not in self.held:
            self.held[key] = make()
            self.file.write(json.dumps([key, self.held[key]]) + "\n")
            self.file.flush()
        return self.held[key]


def digest(*parts):
    """16 hexadecimal digits of strings and bytes."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part if isinstance(part, bytes) else str(part).encode())
        state.update(b"\0")
    return state.hexdigest()[:16]


def plain(values):
    """An array as a list of floats of six digits, for JSON."""
    return [float(f"{value:.6g}") for value in values]
