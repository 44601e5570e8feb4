"""Numbers out of names: what tests need of weights, noise and sound without storing it.

Value i of tensor NAME is a hash of both, in [-1, 1): `tts-core/src/model/pocket/tests/formula.rs` makes the same bits.
Every operation is exact or rounded once in 32 bits, so that both languages agree to the last bit.
"""
import numpy as np

GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)


def fnv(data: bytes, state: int = 0xCBF29CE484222325) -> int:
    """FNV-1a of 64 bits."""
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def mix(x: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def uniform(name: str, count: int) -> np.ndarray:
    """[count] f32 in [-1, 1), multiples of 2^-23."""
    with np.errstate(over="ignore"):
        index = np.uint64(fnv(name.encode())) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * GOLDEN_RATIO
        top = mix(index) >> np.uint64(40)
    return top.astype(np.float32) / np.float32(1 << 23) - np.float32(1)


def normal(name: str, count: int) -> np.ndarray:
    """[count] f32 of unit variance; uniform, which is as good for tests."""
    return uniform(name, count) * np.float32(np.sqrt(3.0))


def weight(name: str, shape: list[int]) -> np.ndarray:
    """A tensor that keeps signals near unit variance, with no value (0, 1, 0.01) that would hide a fault."""
    u = uniform(name, int(np.prod(shape)))
    last = name.rsplit(".", 1)[-1]
    if last == "freqs":
        half = len(u)
        v = np.exp(-np.log(10000.0) * np.arange(half) / half).astype(np.float32)
    elif last in ("emb_std", "alpha", "weight_g") or last == "weight" and ("norm" in name or "in_ln" in name):
        v = np.float32(1) + np.float32(0.25) * u
    elif last == "scale":
        v = np.float32(0.25) + np.float32(0.125) * u
    elif last in ("emb_mean", "bias"):
        v = np.float32(0.25) * u
    elif len(shape) == 1 or last in ("bos_emb", "bos_before_voice", "padding_value") or name.endswith("embed.weight"):
        v = u
    else:
        # a transposed convolution whose taps are twice its stride has two taps of every input an output
        transposed = "convtr" in name
        fan = 2 if transposed and shape[1] == 1 else 2 * shape[0] if transposed else int(np.prod(shape[1:]))
        v = np.float32(np.sqrt(3.0 / fan)) * u
    return v.reshape(shape)
