"""Small tokenizers, and what the Python libraries make of 12,000 strings.

usage: tokens.py OUT [RELEASED.model ...]       OUT is tests/goldens/pocket

Needs pocket-tts 4.0.1. Tokenizers are trained on the project's own pages, once: those that are there are kept.

`bytes`   as the released ones: unigram, identity, bytes for what is unknown, pieces of six characters, digits apart
`plain`   one sign for what is unknown, symbols of its own, longer pieces

Each as SentencePiece `.model` and as `tokenizer.json`. `tokens.json` holds a hash of the strings, of their ids and of what
a middle part of the ids decodes to, for every hundred strings; and of how the reference prepares and cuts the first 3,000.
"""
import json
import struct
import sys
from pathlib import Path

import sentencepiece
import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from pocket_tts.models.text_chunking import prepare_text_prompt, split_into_best_sentences
from pocket_tts.modules.text_conditioner import build_tokenizer

from formula import fnv
from strings import string

STRINGS, CUT, PER = 12_000, 3_000, 100
APOSTROPHES = {"\u2019": "'", "\u2018": "'"}
# short texts padded, semicolons removed, an end put behind, a capital put first, characters replaced
OPTIONS = [
    (False, False, True, True, {"\u2013": ",", "\u2014": ",", **APOSTROPHES}),
    (True, True, True, True, {'"': "", "\u2026": "...", **APOSTROPHES}),
    (False, False, False, False, {}),
]
MOST = [50, 15]
ROOT = Path(__file__).resolve().parents[3]


def train(out: Path):
    text = [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))]
    lines = [line for line in "\n".join(text).splitlines() if line.strip()]
    common = dict(
        sentence_iterator=iter(lines), normalization_rule_name="identity", remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True, split_digits=True, model_type="unigram", num_threads=1,
    )
    kinds = {
        "bytes": dict(vocab_size=480, byte_fallback=True, pad_id=3, max_sentencepiece_length=6, character_coverage=0.9995),
        "plain": dict(vocab_size=400, user_defined_symbols=["<laugh>", "[sigh]"], character_coverage=0.99),
    }
    for name, options in kinds.items():
        if not (out / f"{name}.model").exists():
            common["sentence_iterator"] = iter(lines)
            sentencepiece.SentencePieceTrainer.train(model_prefix=str(out / name), minloglevel=2, **common, **options)
            (out / f"{name}.vocab").unlink()
        sp = sentencepiece.SentencePieceProcessor(model_file=str(out / f"{name}.model"))
        convert(sp, name == "bytes").save(str(out / f"{name}.json"), pretty=False)


def convert(sp, byte_fallback) -> Tokenizer:
    """The same vocabulary as a tokenizer.json, as the released ones are built."""
    count = sp.get_piece_size()
    pieces = [(sp.id_to_piece(i), sp.get_score(i)) for i in range(count)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=sp.unk_id(), byte_fallback=byte_fallback))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Metaspace(prepend_scheme="always"), decoders.ByteFallback(), decoders.Fuse()]
    )
    special = [sp.id_to_piece(i) for i in range(count) if sp.is_control(i) or sp.is_unknown(i)]
    tokenizer.add_special_tokens([AddedToken(piece, special=True) for piece in special])
    return tokenizer


def reader(path: Path):
    """text -> ids, ids -> text, number of pieces."""
    if path.suffix == ".json":
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
        return lambda text: tokenizer.encode(text).ids, tokenizer.decode, tokenizer.get_vocab_size()
    sp = sentencepiece.SentencePieceProcessor(str(path))
    return lambda text: sp.encode(text, out_type=int), sp.decode, sp.vocab_size()


def digest(parts) -> list[str]:
    """A hash for every hundred byte strings."""
    return [f"{fnv(b''.join(parts[i : i + PER])):016x}" for i in range(0, len(parts), PER)]


def measure(path: Path, texts) -> dict:
    encode, decode, _ = reader(path)
    ids = [encode(text) for text in texts]
    packed = [struct.pack(f"<{len(row) + 1}I", *row, 0xFFFFFFFF) for row in ids]
    parts = [row[len(row) // 3 : len(row) - len(row) // 4] for row in ids]
    return {"ids": digest(packed), "texts": digest([decode(part).encode() + b"\xff" for part in parts])}


def chunked(path: Path, texts) -> list[str]:
    tokenizer = build_tokenizer(reader(path)[2], str(path), "tokenizers" if path.suffix == ".json" else "sentencepiece")
    parts = []
    for number, text in enumerate(texts):
        options, most = OPTIONS[number % 3], MOST[number // 3 % 2]
        try:
            prepared, after = prepare_text_prompt(text, *options)
            chunks = split_into_best_sentences(tokenizer, text, most, *options)
        except ValueError:
            parts.append(b"\xfd")
            continue
        # an empty chunk, which the reference would refuse to speak, is left out
        chunks = [chunk for chunk in chunks if chunk]
        parts.append(b"\xff".join([prepared.encode(), bytes([after]), *(chunk.encode() for chunk in chunks)]) + b"\xfe")
    return digest(parts)


def main(out, *released):
    out = Path(out)
    train(out)
    texts = [string(number) for number in range(STRINGS)]
    golden = {"strings": digest([text.encode() + b"\xff" for text in texts])}
    for path in [out / f"{name}.{kind}" for name in ("bytes", "plain") for kind in ("model", "json")]:
        golden[path.name] = measure(path, texts) | {"chunks": chunked(path, texts[:CUT])}
    for path in map(Path, released):
        golden[f"released {path.name}"] = measure(path, texts)
    (out / "tokens.json").write_text(json.dumps(golden, indent=0) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
