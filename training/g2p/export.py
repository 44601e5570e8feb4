"""Writes the trained letters-to-phones model as g2p.bin, with a golden of what it says and its error rates.

Little endian; all of it, read by tts-core/src/text/pronounce/model.rs:

    0   8  magic "TTSG2P01"          (the last two digits are the version)
    8   4  embed, then 4 bytes each: width, decoder, feedback, chunks, bytes of the chunk table
    32  8  FNV-1a 64 of everything from byte 40
    40     chunk table: chunks x (length, then that many phones); phone = 3 * symbol + stress
           tensors: a matrix [rows, columns] is rows x f32 scales, then rows x columns signed bytes; a bias is f32.
             embed [26, embed]
             for each of read1 forward, read1 backward, read2 forward, read2 backward, write:
               input weights [3 * size, inputs], state weights [3 * size, size], input bias, state bias (gates r, z, n)
             written [chunks + 1, feedback]; out weights [chunks, decoder], out bias
"""

import argparse
import json
import pathlib
import struct

import torch

import dictionary
import model
import train

BEAM = 2


def quantise(matrix):
    """Signed bytes with one scale a row, and the matrix they stand for."""
    scale = matrix.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127.0
    bytes_ = (matrix / scale).round().clamp(-127, 127)
    return scale.flatten(), bytes_.to(torch.int8), bytes_ * scale


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="work/g2p")
    parser.add_argument("--out", default=str(dictionary.HERE.parents[1] / "tts-core/src/text/pronounce"))
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    work, out = pathlib.Path(args.work), pathlib.Path(args.out)
    state = torch.load(work / "checkpoint.pt")
    chunks, sizes = state["chunks"], state["sizes"]
    data = train.prepare(work)
    net = model.G2p(**sizes)
    net.load_state_dict(state["mean"])
    net.eval()

    body = bytearray()

    def matrix(tensor):
        scale, bytes_, rounded = quantise(tensor.data)
        tensor.data.copy_(rounded)
        body.extend(scale.numpy().astype("<f4").tobytes() + bytes_.numpy().tobytes())

    def bias(tensor):
        body.extend(tensor.data.numpy().astype("<f4").tobytes())

    matrix(net.embed.weight)
    for layer, suffix in ((net.read1, ""), (net.read1, "_reverse"), (net.read2, ""), (net.read2, "_reverse"), (net.write, "")):
        matrix(getattr(layer, f"weight_ih_l0{suffix}"))
        matrix(getattr(layer, f"weight_hh_l0{suffix}"))
        bias(getattr(layer, f"bias_ih_l0{suffix}"))
        bias(getattr(layer, f"bias_hh_l0{suffix}"))
    matrix(net.written.weight)
    matrix(net.out.weight)
    bias(net.out.bias)

    table = b"".join(bytes([len(c.split())]) + bytes(dictionary.code(p) for p in c.split()) for c in chunks)
    rest = table + bytes(body)
    head = b"TTSG2P01" + struct.pack(
        "<6I", sizes["embed"], sizes["width"], sizes["decoder"], sizes["feedback"], len(chunks), len(table))
    value = 0xCBF29CE484222325
    for byte in rest:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    (out / "g2p.bin").write_bytes(head + struct.pack("<Q", value) + rest)

    report = {"bytes": len(head) + 8 + len(rest), "beam": BEAM, "epochs": state["epoch"]}
    for name, width in (("test_greedy", 1), ("test", BEAM)):
        said = train.decode(net, [w for w, _ in data["test"]], chunks, width)
        report[name] = train.rates(said, data["test"])
    # One held-out word in 50: the Rust decoder must say the same.
    golden = sorted(w for w, _ in data["test"])[::50]
    (out / "g2p.golden").write_text("".join(f"{w} {said[w]}\n" for w in golden), encoding="utf-8")
    (dictionary.HERE / "result.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (work / "heldout.txt").write_text("".join(f"{w}\t{' | '.join(ps)}\n" for w, ps in data["test"]), encoding="utf-8")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
