import asyncio

from campaigns.store import Store
from loop.daemon import wakeups
from tests.campaigns.synthetic import create


def test_the_database_is_copied_while_it_is_in_use(tmp_path):
    async def wait():
        with create(tmp_path / "campaign.db") as store:
            with wakeups(store, backup_hours=1e-3) as scheduler:
                (job,) = scheduler.get_jobs()
                assert job.trigger.interval.total_seconds() == 4
                job.func(*job.args)
            return store.event_log_sha256()

    digest = asyncio.run(wait())
    with Store.open(tmp_path / "campaign.db.backup") as copy:
        assert copy.event_log_sha256() == digest
