"""Counter-based random numbers: keyed, so that a resume changes nothing else."""

import hashlib

import numpy as np


def generator(
    seed: int, stream: str, sample: str, attempt: int = 0
) -> np.random.Generator:
    """Return the generator that belongs to one attempt at one thing.

    The same four arguments give the same numbers on every run, whatever else was drawn
    before; any other argument gives independent ones.

    Args:
        seed: Seed of the simulated world.
        stream: What the numbers are for, such as `dose`.
        sample: Label of the container, instrument or substance concerned.
        attempt: How often this was done before.

    Source:
        Salmon et al., Proc. SC11 (2011) 16: counter-based generators (Philox).
    """
    text = f"{seed}\x1f{stream}\x1f{sample}\x1f{attempt}"
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "big")))
