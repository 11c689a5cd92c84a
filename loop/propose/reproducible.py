"""Work with PyTorch that comes out alike each time and leaves no trace."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Fix every random state and the number of threads; put all back."""
    threads = torch.get_num_threads()
    legacy, plain = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        torch.set_num_threads(1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        np.random.set_state(legacy)  # noqa: NPY002
        random.setstate(plain)
