"""Strings of every kind that a tokenizer may meet, from a seed; `tts-core/src/text/pocket/tests/strings.rs` makes the same."""

MASK = 0xFFFFFFFFFFFFFFFF
WORDS = (
    "the voice of a person who speaks and sings is heard in rooms where nobody listened before "
    "model weights tensor sound speech text token Hello World SHOUTING iPhone don't it's well-known e.g. Mr. 3.14 2026"
).split(" ")
SIGNS = ["<s>", "</s>", "<unk>", "<pad>", "<0x41>", "<0x0A>", "<laugh>", "[sigh]", "▁", "▁▁", "⁇", " ⁇ ", "<0x", "<"]
SPACES = ["  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff", "\u2028", "\x0b", "\x1c"]
# first and last code point: ASCII, controls, Latin, combining marks, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai, Hangul
# jamo, punctuation, box drawing, kana, ideographs, syllables, private use, presentation forms, full width, mathematics, emoji,
# joiners and selectors, tags, the last plane
RANGES = [
    (0x21, 0x7E), (0x00, 0x1F), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x5FF), (0x600, 0x6FF),
    (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x2010, 0x206F), (0x2500, 0x25FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3), (0xE000, 0xF8FF), (0xFB00, 0xFDFF), (0xFE00, 0xFFFF), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF),
    (0x200B, 0x200F), (0xE0020, 0xE007F), (0x10FF00, 0x10FFFF),
]


class Random:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        x = self.state
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
        return ((x ^ (x >> 31)) >> 33) % n


def piece(random):
    kind = random.below(16)
    if kind < 7:
        return WORDS[random.below(len(WORDS))]
    if kind < 9:
        return ".,;:!?…-–—'\"’)(%"[random.below(16)]
    if kind == 9:
        return SPACES[random.below(len(SPACES))]
    if kind == 10:
        return SIGNS[random.below(len(SIGNS))]
    if kind == 11:
        return str(random.below(1_000_000))
    if kind == 12:
        return "".join(chr(97 + random.below(26)) for _ in range(1 + random.below(12)))
    if kind == 13:
        return "".join(chr(0x21 + random.below(0x5E)) for _ in range(1 + random.below(6)))
    first, last = RANGES[random.below(len(RANGES))]
    return "".join(chr(first + random.below(last - first + 1)) for _ in range(1 + random.below(5)))


def string(number):
    """The string of a number: mostly short, one in a hundred long, one in a thousand very long."""
    random = Random(number)
    count = random.below(13)
    if number % 100 == 99:
        count = 200 + random.below(200)
    if number % 1000 == 999:
        count = 3000
    out = []
    for _ in range(count):
        out.append(piece(random))
        # most pieces are apart
        if random.below(3):
            out.append(" ")
    return "".join(out)
