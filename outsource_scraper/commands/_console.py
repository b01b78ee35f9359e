"""How the commands speak to a person: errors in one sentence, spiders by name."""

from __future__ import annotations

import asyncio
import difflib
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from scrapy.spiderloader import SpiderLoader

from outsource_scraper.config import Config
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.errors import OutsourceScraperError, UsageError
from outsource_scraper.spiders._base import PlatformSpider

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from scrapy.settings import BaseSettings
    from sqlalchemy import URL

T = TypeVar("T")

STORE = "outsource_scraper.pipelines.store.StorePipeline"
"""By its name in `ITEM_PIPELINES`: a crawl without it needs no database."""


def stop(error: OutsourceScraperError) -> NoReturn:
    """Print `error` as one sentence and end the process with its exit code."""
    sys.stdout.flush()
    print(f"error: {error}", file=sys.stderr)
    raise SystemExit(error.exit_code)


@contextmanager
def sentences() -> Iterator[None]:
    """Turn our errors inside the block into one sentence and an exit code."""
    try:
        yield
    except OutsourceScraperError as error:
        stop(error)


def log_sentences() -> None:
    """Log our own errors without their tracebacks, from now on: they are addressed to the operator.

    By the factory of log records, because Scrapy puts its handler in anew for every crawler.
    """
    make = logging.getLogRecordFactory()

    def make_sentence(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, OutsourceScraperError):
            record.msg, record.args = "%s", (error,)
            record.exc_info = record.exc_text = None
        return record

    logging.setLogRecordFactory(make_sentence)


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` to its end outside of the reactor, whose event loop is left alone."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)


async def prepare_database(config: Config, *, migrating: bool = False) -> URL:
    """Reach the database, make its tables where there are none, and return its address.

    Before a crawl begins: a missing database is the commonest mistake, and this says so in one sentence.
    With `migrating`, tables of an earlier release are brought to this one.

    Raises:
        DatabaseUnavailable: it cannot be reached, or is unfit.
    """
    database = await AsyncDatabase.from_config(config)
    try:
        await (database.migrate() if migrating else database.initialize())
        return database.engine.url
    finally:
        await database.close()


def prepare_store(settings: BaseSettings) -> None:
    """Prepare the database that a crawl with `settings` stores into; one without the store needs none."""
    if STORE in settings.getdict("ITEM_PIPELINES"):
        wait_for(prepare_database(Config.load(settings)))


def spider_class(settings: BaseSettings, name: str) -> type[PlatformSpider[Any]]:
    """The spider called `name`; `UsageError` where there is none, with the nearest that there is."""
    loader = SpiderLoader.from_settings(settings)
    try:
        found = loader.load(name)
    except KeyError:
        near = difflib.get_close_matches(name, loader.list(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`scrapy platforms` lists them"
        raise UsageError(f"there is no platform {name!r}; {hint}") from None
    if not issubclass(found, PlatformSpider):
        raise UsageError(f"the spider {name!r} is not one of a platform")
    return found


def platform_spiders(settings: BaseSettings) -> list[type[PlatformSpider[Any]]]:
    """Every platform's spider, by name."""
    loader = SpiderLoader.from_settings(settings)
    found = (loader.load(name) for name in sorted(loader.list()))
    return [spider for spider in found if issubclass(spider, PlatformSpider)]
