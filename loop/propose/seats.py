"""The places of a load: who may sit where, whichever proposer chooses."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from campaigns.precursors import precursor_sets
from campaigns.recipe import Parameters
from campaigns.results import DecisionRecord, History, Pin, Proposal, Trial
from campaigns.spec import CampaignSpec
from loop.errors import ExhaustedError, ProposalError
from loop.propose.company import Company
from loop.propose.doses import Doses, doses_of
from loop.propose.pins import asked_for, own_settings, shared_by
from loop.propose.poolbuilder import build_pool
from loop.propose.question import Chooser, Point, Question
from loop.propose.site import Site
from loop.propose.space import SearchSpace, search_space


def fill_load(
    choose: Chooser,
    spec: CampaignSpec,
    history: History,
    *,
    load: int,
    size: int,
    seed: int,
    site: Site | None = None,
    refine: bool = True,
) -> tuple[Proposal, ...]:
    """Return a load's proposals: search points, their replicates, then the control.

    Samples that may not share the furnace are not put together: places stay empty
    rather than that. The oldest order of a person goes before the control.

    Args:
        choose: How search points are chosen.
        spec: The campaign.
        history: Everything known; `unusable` trials teach nothing.
        load: Load number, from 1.
        size: Places in the furnace, 1 or more.
        seed: Campaign seed.
        site: The furnace; None where any will do.
        refine: Whether the pool of a continuous space is denser near the best results.

    Raises:
        ProposalError: If the space is empty or the control cannot be placed.
        ExhaustedError: If no candidate is left.
    """
    if size < 1 or load < 1:
        raise ProposalError(
            f"size: found {size}, load: found {load}; allowed: 1 or more of each"
        )
    control, pins = asked_for(spec, history, load=load, size=size, site=site)
    places = size - len(control) - len(pins)
    copies = spec.controls.replicates
    points: list[tuple[Point, bool]] = []
    proposals: list[Proposal] = []
    question = ask(
        spec,
        history,
        load=load,
        size=max(1, -(-places // copies)),
        seed=seed,
        control=control,
        wanted=shared_by(spec, pins),
        seated=[*(pin.parameters for pin in pins), *control],
        site=site,
        refine=refine,
    )
    if places or pins:
        try:
            points = _distinct(choose, question)
        except ExhaustedError:
            if not pins and not control:
                raise
        beside = points[0][0].parameters if points else question.pool.profiles[0]
        proposals += [_pinned(question, pin, beside, load) for pin in pins]
    for point, is_repeat in points:
        for copy in range(copies):
            role: Literal["search", "replicate"] = (
                "replicate" if copy or is_repeat else "search"
            )
            proposals.append(_proposal(point, role, load))
    proposals = proposals[: places + len(pins)]
    if control:
        profile = proposals[0].parameters if proposals else None
        point = _control_point(question, control[0], profile)
        proposals.append(_proposal(point, "control", load))
    return tuple(proposals)


def ask(
    spec: CampaignSpec,
    history: History,
    *,
    load: int,
    size: int,
    seed: int,
    control: Sequence[Parameters] = (),
    wanted: Parameters | None = None,
    seated: Sequence[Parameters] = (),
    site: Site | None = None,
    refine: bool = True,
) -> Question:
    """Return the question put to a proposer.

    Settings in `wanted`, of samples that persons asked for, are those of the load;
    those in `seated` have a place in it already.

    Raises:
        ProposalError: If the space, or the part that the furnace can fire, holds no
            candidate.
        MaterialError: If no precursor set balances.
    """
    sets = precursor_sets(spec)
    space = search_space(spec, [found.label for found in sets])
    labels = {found.label for found in sets}
    trials = tuple(
        trial
        for trial in history.trials
        if trial.status != "unusable" and trial.measured.get("precursors") in labels
    )
    doses = doses_of(spec, sets, history)
    pool = build_pool(
        space if site is None else site.narrowed(spec, space),
        seed=seed,
        load=load,
        fixed=_fixed(space, trials, load, control, wanted or {}),
        near=[t.planned for t in _best(spec, trials)] if refine else [],
        makeable=doses.makeable,
    )
    return Question(
        spec,
        space,
        sets,
        trials,
        pool.without(space, [t.planned for t in trials]).without_vetoed(history.vetoes),
        load,
        size,
        seed,
        history_sha256(history),
        doses,
        history.vetoes,
        site,
        Company(spec, site, tuple(own_settings(space, one) for one in seated)),
    )


def history_sha256(history: History) -> str:
    """Return the hash of what a proposer sees of a history, as JSON with sorted keys.

    Verdicts are left out, for no proposal rests on them, orders where there are none,
    and what can be dosed, which follows from the log and the lab.
    """
    unseen: dict[str, Any] = {"trials": {"__all__": {"verdict"}}}
    unseen |= {"used_grams": True, "dose_grams": True}
    unseen |= {name: True for name in ("pins", "vetoes") if not dict(history)[name]}
    seen = history.model_dump(mode="json", exclude=unseen)
    text = json.dumps(seen, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _best(spec: CampaignSpec, trials: Sequence[Trial]) -> list[Trial]:
    """Return the three best results by each objective, without repeats."""
    found: list[Trial] = []
    for objective in spec.objectives:
        sign = 1.0 if objective.goal == "maximize" else -1.0
        scored = [t for t in trials if objective.label in t.scores]
        ranked = sorted(scored, key=lambda t: -sign * t.scores[objective.label].mean)
        found += [t for t in ranked[:3] if t not in found]
    return found


def _fixed(
    space: SearchSpace,
    trials: Sequence[Trial],
    load: int,
    control: Sequence[Parameters],
    wanted: Parameters,
) -> Parameters:
    """Return settings that the load already has.

    Those of samples of the same load that are on their way, else of samples that
    persons asked for, else the control's own.
    """
    for trial in trials:
        if trial.status == "pending" and trial.load == load:
            return space.split(trial.planned)[0]
    own = space.split(control[0])[0] if control else {}
    return {**own, **wanted}


def _distinct(choose: Chooser, question: Question) -> list[tuple[Point, bool]]:
    """Return as many points as wanted, whether each repeats an earlier sample.

    Where too few candidates are left, tried ones of the same profile are repeated,
    then those of this load.
    """
    points: list[tuple[Point, bool]] = []
    if question.pool.allowed.any():
        points = [(point, False) for point in _in_stock(choose, question)]
        if points and question.company.apart(
            question.space.split(points[0][0].parameters)[0]
        ):
            return points
    missing = question.size - len(points)
    if missing:
        reopened = _reopened(question, [point for point, _ in points])
        if reopened.pool.allowed.any():
            again = _in_stock(choose, replace(reopened, size=missing))
            points += [(point, True) for point in again]
    if not points:
        raise ExhaustedError(
            "space: every candidate is already on its way, forbidden by a veto, or"
            " needs more of a precursor than is left"
        )
    cycle = [point for point, _ in points]
    while len(points) < question.size:
        repeat = cycle[len(points) % len(cycle)]
        if not _lasts(question, [*(point for point, _ in points), repeat]):
            break
        points.append((repeat, True))
    return points


def _left(question: Question, points: Sequence[Point]) -> Doses:
    """Return what is left in stock once some points are made."""
    copies = question.spec.controls.replicates
    return question.doses.after((p.parameters for p in points), copies=copies)


def _lasts(question: Question, points: Sequence[Point]) -> bool:
    """Return whether the stock lasts for some points and their replicates."""
    copies = question.spec.controls.replicates
    return question.doses.last([p.parameters for p in points], copies=copies)


def _in_stock(choose: Chooser, question: Question) -> list[Point]:
    """Return chosen points as far as the stock lasts for all of them together.

    Those that it does not last for are chosen anew, at the same profile.
    """
    kept: list[Point] = []
    while len(kept) < question.size and question.pool.allowed.any():
        found = choose(replace(question, size=question.size - len(kept)))
        n_before = len(kept)
        for point in found:
            if _lasts(question, [*kept, point]):
                kept.append(point)
        if len(kept) in (n_before, n_before + len(found)):
            break
        pool = question.pool.at_profile(question.space, kept[0].parameters)
        pool = pool.without(question.space, [point.parameters for point in kept])
        pool = pool.without_samples(_left(question, kept).makeable)
        question = replace(question, pool=pool)
    return kept


def _reopened(question: Question, points: Sequence[Point]) -> Question:
    """Return the question with tried points allowed again, at the load's profile."""
    space, pool = question.space, question.pool.reopened()
    taken = [point.parameters for point in points]
    taken += [t.planned for t in question.trials if t.status == "pending"]
    seated = [
        *question.company.seated,
        *(own_settings(space, p) for p in taken[: len(points)]),
    ]
    if points:
        pool = pool.at_profile(space, points[0].parameters)
    doses = _left(question, points)
    pool = pool.without(space, taken).without_vetoed(question.vetoes)
    return replace(
        question,
        pool=pool.without_samples(doses.makeable),
        doses=doses,
        company=replace(question.company, seated=tuple(seated)),
    )


def _pinned(question: Question, pin: Pin, beside: Parameters, load: int) -> Proposal:
    """Return what a person asked for, at the load's profile where nothing was said."""
    space = question.space
    shared = space.split(beside)[0]
    own = own_settings(space, pin.parameters)
    decision = DecisionRecord(
        method="pinned",
        reason=f"Asked for by {pin.by} ({pin.order}): {pin.reason}",
        history_sha256=question.history_sha256,
        seed=question.seed,
    )
    return Proposal(
        parameters={**own, **shared}, load=load, decision=decision, order=pin.order
    )


def _control_point(
    question: Question, reference: Parameters, profile: Parameters | None
) -> Point:
    """Return the reference recipe at the load's profile."""
    space = question.space
    shared = space.split(profile or question.pool.profiles[0])[0]
    own = own_settings(space, reference)
    reason = (
        f"Control: the reference recipe rides in every "
        f"{question.spec.controls.every_loads} loads to show whether the lab drifts."
    )
    decision = DecisionRecord(
        method="control",
        reason=reason,
        history_sha256=question.history_sha256,
        seed=question.seed,
    )
    return Point({**own, **shared}, decision)


def _proposal(
    point: Point, role: Literal["search", "control", "replicate"], load: int
) -> Proposal:
    return Proposal(
        parameters=point.parameters, role=role, load=load, decision=point.decision
    )
