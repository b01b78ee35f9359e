"""Tells the operator of a bad verdict by any of Apprise's ways, once an hour at most for the same trouble."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Self

from outsource_scraper.config import Config
from outsource_scraper.database.notices import AGAIN_AFTER, claim
from outsource_scraper.extensions.verdict import Outcome, Verdict
from outsource_scraper.pipelines.store import StorePipeline

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_NO_TROUBLE = frozenset({Verdict.OK, Verdict.BUSY})


class Notices:
    """Sends a notice where `OUTSOURCE_NOTIFY` says to; `RunReport` calls it with the verdict."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def tell(self, platform: str, outcome: Outcome) -> None:
        """Tell of `outcome`, unless it is good or was told lately; a failure costs a line in the log."""
        config = Config.load(self._crawler.settings)
        if config.outsource_notify is None or outcome.verdict in _NO_TROUBLE:
            return
        trouble = f"{platform} {outcome.verdict}"
        store = self._crawler.get_item_pipeline(StorePipeline)
        mine = None
        if store is not None and store.run_id is not None:
            mine = await store.aside(lambda session: claim(session, trouble))
        if mine is None:  # it is the database that is gone
            mine = claim_on_disk(config, trouble)
        if mine:
            await asyncio.to_thread(send, config, platform, outcome)


def tell_of_a_start_that_failed(config: Config, command: str, why: str) -> None:
    """Tell that a command could not even begin; for commands, outside of a crawl."""
    if config.outsource_notify is not None and claim_on_disk(config, f"{command} failed"):
        send(config, command, Outcome(verdict=Verdict.FAILED, reason=why))


def claim_on_disk(config: Config, trouble: str) -> bool:
    """As `database.notices.claim`, for this machine alone; yes where nothing can be noted."""
    name = hashlib.sha256(f"{config.db_schema} {trouble}".encode()).hexdigest()[:32]
    note = config.outsource_data_dir / "notices" / name
    try:
        if time.time() - note.stat().st_mtime < AGAIN_AFTER.total_seconds():
            return False
    except OSError:
        pass
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
    except OSError as error:
        logger.warning("It cannot be noted that a notice was sent: %s", error)
    return True


def send(config: Config, platform: str, outcome: Outcome) -> None:
    """Send it by every way that is set."""
    # Imported here: it takes a tenth of a second, and hardly any crawl has anything to tell.
    import apprise  # noqa: PLC0415

    assert config.outsource_notify is not None  # noqa: S101 - the callers have looked
    # What it logs itself names the addresses, which hold secrets.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    ways = apprise.Apprise()
    for url in config.outsource_notify.get_secret_value().replace(",", " ").split():
        if not ways.add(url):
            # Not the URL itself: it holds a secret.
            scheme = url.partition("://")[0]
            logger.error("OUTSOURCE_NOTIFY holds a URL that Apprise does not know: %s://", scheme)
    title = f"outsource_scraper: {platform} {outcome.verdict}"
    if len(ways) and not ways.notify(title=title, body=outcome.reason or "the log says why"):
        logger.error("A notice could not be sent to every address of OUTSOURCE_NOTIFY")
