"""Random numbers keyed by what they are for, so that one draw never moves another."""

import hashlib

import numpy as np


def key(seed: int, *parts: str | int) -> int:
    """Return a whole number, 0 to 2^63 - 1, that belongs to a seed and a purpose."""
    text = "/".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *parts: str | int) -> np.random.Generator:
    """Return a generator of its own for a seed and a purpose."""
    return np.random.Generator(np.random.Philox(key(seed, *parts)))
