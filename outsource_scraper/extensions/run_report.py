"""The verdict of a run: computed when the spider closes, logged, and written into the row of the run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

from scrapy import Spider, signals

from outsource_scraper.database import runs
from outsource_scraper.extensions.json_log import note_run
from outsource_scraper.extensions.notice import Notices
from outsource_scraper.extensions.page_memory import PageMemory
from outsource_scraper.extensions.verdict import Outcome, Verdict, judge
from outsource_scraper.pipelines.store import StorePipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)


class RunReport:
    """Sets the stats `run/verdict` and `run/reason` and finishes the run's row in the database."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self._spider_opened, signals.spider_opened)
        crawler.signals.connect(self._spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def _spider_opened(self, spider: Spider) -> None:
        run_id = self._crawler.stats.get_value("run/id")
        if run_id is not None:
            note_run(spider.name, run_id)

    async def _spider_closed(self, spider: Spider, reason: str) -> None:
        stats = self._crawler.stats
        args = getattr(spider, "args", None)
        store = self._crawler.get_item_pipeline(StorePipeline)
        outcome = judge(
            stats.get_stats(),
            finish_reason=reason,
            ended=getattr(spider, "ended", None),
            filtered=args is not None and (args.query is not None or args.since is not None),
            faded=store.faded if store is not None else (),
        )
        if store is not None and store.run_id is None:
            outcome = Outcome(verdict=Verdict.FAILED, reason="the database could not be opened")
        stats.set_value("run/verdict", str(outcome.verdict))
        if outcome.reason is not None:
            stats.set_value("run/reason", outcome.reason)
        good = outcome.verdict in {Verdict.OK, Verdict.BUSY}
        logger.log(
            logging.INFO if good else logging.ERROR,
            "%s: %s: %s%s",
            *(spider.name, outcome.verdict, counts_of(stats.get_stats())),
            f": {outcome.reason}" if outcome.reason else "",
            extra={"spider": spider},
        )
        notices = self._crawler.get_extension(Notices)
        if notices is not None:
            await notices.tell(spider.name, outcome)
        if store is None:
            return
        memory = self._crawler.get_extension(PageMemory)
        if outcome.verdict is Verdict.OK and memory is not None:
            await memory.save()
        await store.finish_run(outcome.verdict, outcome.reason)


def counts_of(stats: Mapping[str, Any]) -> str:
    """All that a run counted, in one line."""
    names = {
        "listing/pages": "pages",
        "detail/pages": "details",
        "listing/records": "records",
        **{f"store/{name}": name for name in runs.COUNTS},
        "store/lost": "lost",
    }
    return ", ".join(
        f"{int(stats.get(name, 0)):,} {word}"
        for name, word in names.items()
        if word != "lost" or name in stats
    )


def outcome_of(crawler: Crawler) -> Outcome:
    """How the run of `crawler`, which has ended, ended."""
    stats = crawler.stats
    verdict = stats.get_value("run/verdict")
    if verdict is None:
        return Outcome(verdict=Verdict.FAILED, reason="the run ended without a verdict; the log says why")
    return Outcome(verdict=Verdict(verdict), reason=stats.get_value("run/reason"))
