"""Wake-ups on a real lab: what has to happen by the clock, beside the campaign."""

from collections.abc import Iterator
from contextlib import contextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from campaigns.store import Store


@contextmanager
def wakeups(store: Store, *, backup_hours: float) -> Iterator[AsyncIOScheduler]:
    """Copy the database every so many hours while the campaign runs.

    Args:
        store: The campaign's database; copies stand beside it as `campaign.db.backup`.
        backup_hours: Time between copies, h, > 0.
    """
    scheduler = AsyncIOScheduler(timezone="UTC")
    target = store.path.with_name(f"{store.path.name}.backup")
    scheduler.add_job(
        store.backup,
        IntervalTrigger(seconds=round(backup_hours * 3600.0)),
        args=(target,),
        id="backup",
        coalesce=True,
        max_instances=1,
    )
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)
