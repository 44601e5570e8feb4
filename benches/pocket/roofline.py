"""What a frame of 80 ms reads and computes at least: python roofline.py FILE.packed [POSITION]

Counted from the shapes and bytes that the head of a packed file names (`bench pocket -- DIR --pack`): every weight of language model and
head once, those of the decoder for as many rows as its layer has in a frame, and the past of POSITION positions (209: a voice of 127, 32
tokens, the middle of 100 frames) in halves. A product and a sum are two operations. Attention's own products are left out: a few hundredths
of a decoder's, more of a narrow language model's, whose time reading bounds.
"""

import json
import re
import struct
import sys

# rows of the decoder's layers in a frame: 16 after the transformer, then 6, 5 and 4 times as many
ROWS = {0: 16, 2: 16, 3: 96, 5: 96, 6: 480, 8: 480, 9: 1920, 11: 1920}
# of a frame these are not: what is constant, of the voice prompt, of texts
ELSEWHERE = ("time_embed", "speaker_proj", "conditioner", "mimi.encoder", "mimi.downsample")


def weights(path):
    """Name, outputs, inputs and bytes of every matrix."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        head = json.loads(file.read(size))
    for key, entry in head.items():
        if match := re.fullmatch(r"(.+)\|(\d+)x(\d+)\|\w+", key):
            start, end = entry["data_offsets"]
            yield match[1], int(match[2]), int(match[3]), end - start


def rows(name):
    if name.startswith("mimi.decoder_transformer"):
        return 16
    if match := re.match(r"mimi\.decoder\.model\.(\d+)\.", name):
        return ROWS[int(match[1])]
    return 1


def main():
    path, position = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 209
    size, work, past = {"flow_lm": 0, "mimi": 0}, {"flow_lm": 0, "mimi": 0}, 0
    attention = {}
    for name, outputs, inputs, bytes_ in weights(path):
        if any(word in name for word in ELSEWHERE):
            continue
        part = name.split(".")[0]
        size[part] += bytes_
        work[part] += 2 * outputs * inputs * rows(name)
        if match := re.match(r"flow_lm\.transformer\.layers\.(\d+)\.self_attn\.(in|out)_proj", name):
            attention.setdefault(match[1], {})[match[2]] = (outputs, inputs)
    for layer in attention.values():
        keys_and_values = layer["in"][0] - layer["out"][1]
        past += 2 * keys_and_values * position
    print(f"language model: {size['flow_lm'] / 1e6:.2f} and {past / 1e6:.2f} MB, {work['flow_lm'] / 1e9:.4f} GOP")
    print(f"decoder: {size['mimi'] / 1e6:.2f} MB, {work['mimi'] / 1e9:.4f} GOP")


main()
