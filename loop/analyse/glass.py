"""Whether a powder is amorphous throughout, before any phase is looked for.

A search among crystalline candidates finds some that a hump's noise seems to show.
"""

import numpy as np
from scipy.signal import savgol_filter

from loop.analyse.problem import Problem, linear
from loop.analyse.quantify import hump

LINE_DEGREES = 0.2
"""Width over which counts are averaged: a bench-top instrument's lines."""
SMOOTH_DEGREES = 4.0
"""Width of the smooth curve: above that of lines, below that of humps, 6° or more."""
LINE_SIGMAS = 6.0
"""Counting errors from which a line stands clear of that curve: noise alone reaches 4
in a thousand widths, and the curve bends a little."""


def is_glass(problem: Problem) -> bool:
    """Tell whether a pattern shows a broad hump and no line.

    A bare hump of an empty holder looks the same: whoever asks knows that the holder
    was filled.
    """
    if _has_line(problem):
        return False
    _, background, _ = linear(problem, np.empty((len(problem.grid), 0)))
    return hump(problem, background, 0.0) is not None


def _has_line(problem: Problem) -> bool:
    step = float(np.median(np.diff(problem.grid)))
    n = max(1, round(LINE_DEGREES / step))
    window = min(2 * round(SMOOTH_DEGREES / step / 2) + 1, len(problem.grid))
    window -= window % 2 == 0
    mean = np.convolve(problem.observed, np.ones(n) / n, mode="valid")
    smooth = savgol_filter(problem.observed, window, 3)
    smooth = np.convolve(smooth, np.ones(n) / n, mode="valid")
    above = (mean - smooth) / np.sqrt(np.maximum(smooth, 1.0) / n)
    return bool(above.max() > LINE_SIGMAS)
