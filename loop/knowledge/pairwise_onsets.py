"""Where each pair of powders starts to react, as believed and as learned."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.materials.freeenergy import ZERO_CELSIUS
from loop.knowledge.pairwise import Chemistry
from loop.knowledge.pairwise_balance import Balanced, Floats, atoms_of
from loop.knowledge.pairwise_beliefs import driving_forces, onset_kelvin
from loop.knowledge.pairwise_firing import Firing, fire
from loop.knowledge.pairwise_learning import HAPPENED, Learned, Sample
from loop.knowledge.pairwise_network import conditions


@dataclass(frozen=True, slots=True)
class Onset:
    """Where ten hours take a pair half way."""

    balanced: Balanced
    """Its most driven reaction at the hottest hold that it was part of."""
    n_samples: int
    """Powders in which it plays a part."""
    prior_celsius: tuple[float, float]
    """Mean and standard deviation before any data."""
    celsius: tuple[float, float]
    """The same, learned."""


def onsets(
    chemistry: Chemistry, learned: Learned, samples: Sequence[Sample]
) -> tuple[Onset, ...]:
    """Return what was learned of each pair, the most often met first."""
    met: Counter[tuple[str, ...]] = Counter()
    hottest: dict[tuple[str, ...], Firing] = {}
    for sample in samples:
        hot = max(sample.firings, key=lambda firing: firing.celsius)
        for pair in _met(chemistry, sample):
            met[pair] += 1
            if pair not in hottest or hot.celsius > hottest[pair].celsius:
                hottest[pair] = hot
    return tuple(
        _onset(chemistry, learned, pair, hottest[pair], n)
        for pair, n in sorted(met.items(), key=lambda one: (-one[1], one[0]))
        if len(pair) == 2
    )


def _met(chemistry: Chemistry, sample: Sample) -> set[tuple[str, ...]]:
    """Return the groups that take part of a powder's atoms in some draws."""
    fired = fire(chemistry, sample.batch, sample.firings)
    atoms = sum(n * atoms_of(chemistry.formula(name)) for name, n in sample.batch)
    return {
        h.candidate.balanced.reactants
        for h in fired.happened
        if (h.extents >= HAPPENED * atoms).mean() >= HAPPENED
    }


def _onset(
    chemistry: Chemistry,
    learned: Learned,
    pair: tuple[str, ...],
    firing: Firing,
    n_samples: int,
) -> Onset:
    network = conditions(chemistry, firing.celsius, firing.atmosphere).network(pair)
    first = int(network.starts[network.groups.index(tuple(sorted(pair)))])
    draws = onset_kelvin(network, driving_forces(network))[:, [first]]
    return Onset(
        network.candidates[first].balanced,
        n_samples,
        _summary(draws),
        _summary(learned.of_draws(draws)),
    )


def _summary(draws: Floats) -> tuple[float, float]:
    return float(draws.mean()) - ZERO_CELSIUS, float(draws.std())
