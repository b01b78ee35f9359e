"""A machine without disk space, at the moment when the database takes nothing either."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.faults.board import PROJECTS
from tests.faults.disks import small_disk

if TYPE_CHECKING:
    from tests.faults.conftest import Bench

SIZE = 2**20
"""Bytes."""


TAKES_NOTHING = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''could not extend file: No space left on device'' USING ERRCODE = ''disk_full''; END'
"""


@pytest.mark.parametrize("room", [0, 120_000], ids=["none", "for some of it"])
def test_no_space_for_what_the_database_does_not_take(room: int, bench: Bench) -> None:
    """What is lost is told and counted, what fits is kept, and the next crawl has everything."""
    bench.ask(TAKES_NOTHING)
    bench.ask("CREATE TRIGGER disk_full BEFORE INSERT ON projects EXECUTE FUNCTION refuse()")
    with small_disk(SIZE) as disk:
        bench.data = disk / "data"
        bench.data.mkdir()
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * (SIZE - room))
        with bench.crawl("-s", "STORE_RETRY_TIMES=1") as crawl:
            code = crawl.end()
            told = crawl.log.read_text()
        assert code == 6, told
        assert "the database would not take them (could not extend file" in told
        assert "nor the disk ([Errno 28] No space left on device" in told
        assert told.strip().splitlines()[-1].startswith("board: unstored: ")
        (run,) = bench.ask("SELECT verdict, new, stats FROM crawl_runs")
        stats = json.loads(run["stats"])
        assert (run["verdict"], run["new"]) == ("unstored", 0)
        lost, spooled = stats["store/lost"], stats.get("store/spooled", 0)
        assert lost
        # The crawl gives up: what it goes on reading would be lost, too.
        assert lost + spooled + stats.get("store/duplicates", 0) == stats["listing/records"] < PROJECTS
        assert bool(spooled) is bool(room)
        bench.check(crawl)
        left = [path for path in bench.data.rglob("*") if path.is_file()]
        assert all(path.suffix == ".jsonl" for path in left), "nothing half written is left in the way"
        assert bool(left) is bool(room)
        bench.ask("DROP TRIGGER disk_full ON projects")
        ballast.unlink()
        bench.complete()
