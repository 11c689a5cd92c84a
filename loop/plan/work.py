"""What the instruments do to a sample: dose, mix, weigh and scan, each once."""

import asyncio

from campaigns.lifecycle import Dosed, PatternMeasured, TaskKind, Values
from instruments.errors import RefusedError
from instruments.labspec import DoserSpec
from instruments.quantities import Dose, Scan
from loop.plan.bench import Bench
from loop.plan.effects import Done, Effect, HeldError, UnknownOutcomeError
from loop.plan.tasks import Sample

DOSE_ERROR_TOLERANCES = 3.0
"""A dose further off than this many of the doser's tolerances spoils a sample: a
doser that ends a dose by itself stays within one."""
DOSE_ERROR_GRAMS = 0.0005
"""What a dose may be off in any case: 5 readings of a 0.1 mg display, g."""


async def dose(
    bench: Bench,
    sample: Sample,
    doser: str,
    precursor: str,
    *,
    wanted_grams: float,
    name: str,
) -> float:
    """Dose one precursor into the vial at the doser, once.

    Args:
        bench: The bench.
        sample: Whose vial it is.
        doser: Its name.
        precursor: What its mounted head holds.
        wanted_grams: Mass to ask for, g; the recipe's, corrected for earlier doses.
        name: Name of the effect.

    Returns:
        The mass weighed by the doser, g.

    Raises:
        HeldError: If it was refused, came out wrong, or nobody knows.
        FaultError: If the doser does not answer.
    """
    index = list(sample.recipe.grams).index(precursor) + 1
    device = bench.lab.dosers[doser]
    commanded = bench.effects.commanded(name) or {
        "precursor": precursor,
        "grams": round(wanted_grams, 5),
        "after": await _latest_label(bench, doser),
    }
    grams = float(commanded["grams"])

    def label(attempt: int) -> str:
        return f"{sample.name}-{index}-{attempt}"

    def fact(made: Dose) -> Dosed:
        bench.last_labels[doser] = made.label
        return Dosed(
            sample=sample.name,
            precursor=precursor,
            label=made.label,
            planned_grams=sample.recipe.grams[precursor],
            commanded_grams=grams,
            measured_grams=made.measured_grams,
            instrument=doser,
        )

    async def do(attempt: int) -> Done:
        try:
            made = await device.dose(precursor, grams, position=1, label=label(attempt))
        except RefusedError as error:
            # A dose that was broken off has let some powder fall all the same.
            last = await device.last_dose()
            fell = (fact(last),) if last and last.label == label(attempt) else ()
            raise HeldError(str(error), facts=fell) from error
        return Done({"grams": made.measured_grams}, (fact(made),))

    async def find(attempt: int) -> Done | None:
        last = await device.last_dose()
        if last and last.label == label(attempt):
            return Done({"grams": last.measured_grams}, (fact(last),))
        if (last.label if last else "") == commanded["after"]:
            return None
        bench.last_labels.pop(doser, None)
        raise UnknownOutcomeError(
            f"{doser} reports {last}, neither this dose nor the one before it"
        )

    measured = await bench.effects.once(
        Effect(
            name=name,
            kind="dose",
            samples=(sample.name,),
            instrument=doser,
            commanded=commanded,
            do=do,
            find=find,
        )
    )
    _check_dose_error(
        sample, precursor, grams, float(measured["grams"]), bench.lab.spec.dosers[doser]
    )
    return float(measured["grams"])


async def _latest_label(bench: Bench, doser: str) -> str:
    """Return the label of a doser's latest dose, empty before its first."""
    if doser not in bench.last_labels:
        last = await bench.lab.dosers[doser].last_dose()
        bench.last_labels[doser] = last.label if last else ""
    return bench.last_labels[doser]


def _check_dose_error(
    sample: Sample, precursor: str, grams: float, measured: float, spec: DoserSpec
) -> None:
    limit = DOSE_ERROR_TOLERANCES * spec.tolerance_percent / 100.0 * grams
    if abs(measured - grams) > max(limit, DOSE_ERROR_GRAMS):
        raise HeldError(
            f"{precursor}: {measured:.5f} g fell where {grams:.5f} g were asked for",
            samples=(sample.name,),
        )


async def mix(
    bench: Bench, sample: Sample, mixer: str, *, rpm: float, minutes: float, name: str,
    kind: TaskKind,
) -> None:  # fmt: skip
    """Turn what is clamped in a mixer; a second time does no harm."""
    device = bench.lab.mixers[mixer]

    async def do(_: int) -> Done:
        await device.mix(rpm=rpm, seconds=minutes * 60.0)
        return Done({})

    async def find(_: int) -> Done | None:
        # It turned for an unknown part of its time, and turns until it is told to
        # stop; then it is turned again for the whole time.
        if await device.is_running():
            await device.stop()
        return None

    commanded: Values = {"rpm": rpm, "minutes": minutes}
    await bench.effects.once(
        Effect(
            name=name,
            kind=kind,
            samples=(sample.name,),
            instrument=mixer,
            commanded=commanded,
            do=do,
            find=find,
            unfinished="turned for an unknown part of its time; turned again in full",
        )
    )


async def weigh(bench: Bench, sample: Sample, balance: str, *, name: str) -> float:
    """Weigh what stands on the pan, g."""

    async def do(_: int) -> Done:
        return Done({"grams": (await bench.lab.balances[balance].weigh()).grams})

    async def find(_: int) -> Done | None:
        return None

    measured = await bench.effects.once(
        Effect(
            name=name,
            kind="weigh",
            samples=(sample.name,),
            instrument=balance,
            commanded={},
            do=do,
            find=find,
            unfinished="the reading was lost; weighed again",
        )
    )
    return float(measured["grams"])


async def scan(
    bench: Bench, sample: Sample, instrument: str, *, name: str, program: str,
    label: str,
) -> None:  # fmt: skip
    """Measure the holder on the belt, under an identifier used only once.

    Args:
        bench: The bench.
        sample: Whose holder it is.
        instrument: The diffractometer.
        name: Name of the effect.
        program: The instrument's program; its default if empty.
        label: What the identifier begins with; the attempt follows.
    """
    spec = bench.lab.spec.diffractometers[instrument]
    device = bench.lab.diffractometers[instrument]
    program = program or spec.default_program

    def identifier(attempt: int) -> str:
        return f"{label}-{attempt}"

    def done(found: Scan, attempt: int) -> Done:
        measured = PatternMeasured(
            sample=sample.name,
            scan=identifier(attempt),
            raw=bench.effects.keep(found.raw),
            suffix=found.suffix,
            instrument=instrument,
            program=program,
        )
        return Done({"points": float(len(found.pattern.counts))}, (measured,))

    async def do(attempt: int) -> Done:
        return done(
            await device.scan(identifier(attempt), position=1, program=program), attempt
        )

    async def find(attempt: int) -> Done | None:
        found = await device.result(identifier(attempt))
        if found is None:
            # It may be measuring still; its file comes at the end.
            await asyncio.sleep(spec.programs[program] + 60.0)
            found = await device.result(identifier(attempt))
        return None if found is None else done(found, attempt)

    await bench.effects.once(
        Effect(
            name=name,
            kind="scan",
            samples=(sample.name,),
            instrument=instrument,
            commanded={"program": program},
            do=do,
            find=find,
        )
    )
