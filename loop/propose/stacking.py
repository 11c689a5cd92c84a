"""How far each of several models is to be trusted, by the results so far."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DOUBT = 1.0
"""Results that each model is credited with beforehand: with as many results as models
are half of the weights still even."""
LEAST = 1e-3
"""Least probability of what did happen: no single result can rule a model out."""
ROUNDS = 100
"""Of expectation and maximisation; beyond, weights move by less than a thousandth."""


def log_scores(results: Array, mean: Array, sd: Array) -> Array:
    """Return the logarithm of the probability that each result was left to a model.

    It is that of the interval between the results' neighbours, halfway to each, so that
    models on different scales are compared by what they say of the same.

    Args:
        results: On the model's own scale, shape n.
        mean: What the model says of each without having seen it, shape n.
        sd: Its standard deviation, shape n.
    """
    from scipy.stats import norm

    levels, which = np.unique(results, return_inverse=True)
    middle = (levels[1:] + levels[:-1]) / 2
    high = np.append(middle, np.inf)[which]
    low = np.insert(middle, 0, -np.inf)[which]
    chance = norm.cdf((high - mean) / sd) - norm.cdf((low - mean) / sd)
    found: Array = np.log(np.maximum(chance, LEAST))
    return found


def weights(scores: Array) -> Array:
    """Return the weights of models' mixture that foretells left-out results best.

    Args:
        scores: Logarithms of probabilities, shape `models x n`.

    Source:
        Yao, Vehtari, Simpson & Gelman, Bayesian Analysis 13 (2018) 917, with a
        Dirichlet prior of `DOUBT` results a model.
    """
    found = np.full(len(scores), 1 / len(scores))
    chance = np.exp(scores - scores.max(axis=0))
    for _ in range(ROUNDS):
        share = found[:, None] * chance
        share = share / share.sum(axis=0)
        found = share.sum(axis=1) + DOUBT
        found = found / found.sum()
    return found
