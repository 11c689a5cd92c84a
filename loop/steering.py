"""Orders of persons taken into a running campaign, before a load is proposed."""

from pathlib import Path

from campaigns.errors import TransitionError
from campaigns.ledger import Ledger
from campaigns.lifecycle import Amended, Payload, SampleEnded
from campaigns.materials.phases import PhaseTable
from campaigns.orders import Order, check_judgeable, folder_of, waiting
from campaigns.spec import CampaignSpec
from loop.analyse.samples import conclude
from loop.recorder import Recorder

REFUSED = ".refused"
"""Ending of orders that could not be taken in; the file says why below."""


def take_orders(recorder: Recorder, table: PhaseTable, *, lab_time: float) -> None:
    """Record every order that waits, the oldest first.

    One that may not follow what is recorded is kept with the reason beside the others,
    and the campaign goes on.

    Args:
        recorder: The campaign's.
        table: Formulas of the phases.
        lab_time: Now, s since 1970.
    """
    folder = folder_of(recorder.store.path)
    for path, order in waiting(recorder.store.path):
        if isinstance(order, str):
            _refuse(path, order)
            continue
        if (
            isinstance(order, Amended)
            and order.spec_sha256 == recorder.store.spec.sha256
        ):
            # Recorded by a process that ended before it could delete this.
            path.unlink()
            continue
        try:
            record(recorder, table, order, lab_time=lab_time)
        except TransitionError as error:
            _refuse(path, str(error))
        else:
            path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def record(
    recorder: Recorder, table: PhaseTable, order: Order, *, lab_time: float
) -> None:
    """Record one order, and score again where it changes the goals.

    Raises:
        TransitionError: If it may not follow what is recorded.
        StoreError: If the database cannot be written.
    """
    if isinstance(order, SampleEnded):
        check_judgeable(recorder.ledger, order.sample)
    recorder.append(
        order, *_scores(order, recorder.ledger, table),
        actor=_person(order), lab_time=lab_time,
    )  # fmt: skip


def _scores(order: Order, ledger: Ledger, table: PhaseTable) -> tuple[Payload, ...]:
    """Return every result by new goals; nothing where they stay."""
    if not isinstance(order, Amended) or "objectives" not in order.changed:
        return ()
    spec = CampaignSpec.model_validate(order.spec)
    return tuple(
        conclude(spec, table, ledger, ledger.identified[scored.scan])
        for scored in ledger.scored.values()
    )


def _person(order: Order) -> str:
    match order.kind:
        case "pinned":
            return order.pin.by
        case "vetoed":
            return order.veto.by
        case _:
            return order.by


def _refuse(path: Path, reason: str) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    path.with_suffix(REFUSED).write_text(f"{text}\n{reason}\n", encoding="utf-8")
    path.unlink()
