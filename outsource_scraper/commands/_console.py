"""How the commands speak to a person: errors in one sentence, spiders by name."""

from __future__ import annotations

import asyncio
import difflib
import logging
import sys
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from scrapy.spiderloader import SpiderLoader
from scrapy.utils.log import configure_logging

from outsource_scraper.config import Config
from outsource_scraper.database import faults
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.errors import ConfigError, DatabaseUnavailable, OutsourceScraperError, UsageError
from outsource_scraper.extensions.json_log import log_json
from outsource_scraper.extensions.notice import tell_of_a_start_that_failed
from outsource_scraper.extensions.verdict import Verdict
from outsource_scraper.spiders._arguments import CrawlArguments
from outsource_scraper.spiders._base import PlatformSpider

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
    from datetime import timedelta

    from scrapy.settings import BaseSettings, Settings
    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncSession

    from outsource_scraper.extensions.verdict import Outcome

logger = logging.getLogger(__name__)

T = TypeVar("T")

FILE_ONLY = "outsource_scraper.extensions.feeds.FileOnlyPipeline"
"""What stands in the place of the store where only a file is written."""
STORE = "outsource_scraper.pipelines.store.StorePipeline"
"""By its name in `ITEM_PIPELINES`: a crawl without it needs no database."""


def stop(error: OutsourceScraperError) -> NoReturn:
    """Print `error` as one sentence and end the process with its exit code."""
    sys.stdout.flush()
    print(f"error: {error}", file=sys.stderr)
    raise SystemExit(error.exit_code)


@contextmanager
def sentences(log: Settings | None = None) -> Iterator[None]:
    """Turn our errors inside the block into one sentence and an exit code.

    Where the settings `log` name a file, it gets the sentence too: for a crawl that ends before Scrapy opens
    it, and whose log is all that is looked at, as under Scrapyd.
    """
    try:
        yield
    except OutsourceScraperError as error:
        if log is not None and log.get("LOG_FILE"):
            with suppress(OSError):  # the file cannot be written; standard error can
                configure_logging(log)
                logger.error("%s", error)
        stop(error)


def positionals(args: Sequence[str], command: str, count: int | None = 0, ask: str = "") -> list[str]:
    """What `command` was given beside its options: `count` texts, or any number of them where that is None.

    Scrapy hands on as an argument whatever it does not know, a mistyped option too. One that begins with a
    hyphen may stand behind `--`.

    Raises UsageError, with the sentence `ask` where another number is wanted; nothing may be done before.
    """
    end = args.index("--") if "--" in args else len(args)
    for option in args[:end]:
        if option.startswith("-"):
            raise UsageError(f"there is no option {option!r}; `scrapy {command} -h` lists them")
    found = [*args[:end], *args[end + 1 :]]
    if found and count == 0:
        raise UsageError(
            f"scrapy {command} takes no argument such as {found[0]!r}; see `scrapy {command} -h`"
        )
    if count is not None and len(found) != count:
        raise UsageError(ask)
    return found


def readable(text: str, what: str) -> str:
    """`text` as it was typed; UsageError where a byte of it is not UTF-8, which no database can look for."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{what} {text!r} is not UTF-8; type it again, or set the terminal to it") from None
    return text


def check_spider_arguments(opts: argparse.Namespace) -> None:
    """Look at what `-a` hands on to a spider, before anything is fetched; UsageError where it is wrong."""
    for name, value in opts.spargs.items():
        readable(value, name)
    CrawlArguments.parse(opts.spargs, now=datetime.now(UTC))


def last_line(settings: BaseSettings, name: str, outcome: Outcome) -> None:
    """Say how a run ended, behind everything that Scrapy says: in the file of the log, where there is one.

    On standard error too where there is a reason to tell.
    """
    line = f"{name}: {outcome.verdict}" + (f": {outcome.reason}" if outcome.reason else "")
    if settings.get("LOG_FILE"):
        good = outcome.verdict in {Verdict.OK, Verdict.BUSY}
        logger.log(logging.INFO if good else logging.ERROR, "%s", line)
    if outcome.reason is not None:
        print(line, file=sys.stderr)


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


def prepare_store(settings: BaseSettings, command: str, *, to_file: bool) -> None:
    """Prepare the database that a crawl with `settings` stores into; one without the store needs none.

    A crawl into a file (`-o`, `-O`) where no database is named stores nothing, and says so once: who asks for
    a file and has no server does not want one to be started.
    """
    pipelines = settings.getdict("ITEM_PIPELINES")
    if STORE not in pipelines:
        return
    config = Config.load(settings)
    if to_file and config.async_db_url is None:
        print("nothing is stored: only the file is written (set DATABASE_URL to have both)", file=sys.stderr)
        del pipelines[STORE]
        settings.set("ITEM_PIPELINES", {**pipelines, FILE_ONLY: 800}, priority="cmdline")
        return
    try:
        wait_for(prepare_database(config))
    except DatabaseUnavailable as error:
        tell_of_a_start_that_failed(config, command, str(error))
        raise


def add_log_format(parser: argparse.ArgumentParser) -> None:
    """Add --logformat to a command that crawls."""
    parser.add_argument(
        "--logformat", choices=("plain", "json"), help="json: one object a line (default: plain)"
    )


def set_log_format(settings: BaseSettings, opts: argparse.Namespace, platform: str | None) -> None:
    """Turn the log to JSON where the option or the setting LOG_JSON asks for it."""
    if opts.logformat == "json" or (opts.logformat is None and settings.getbool("LOG_JSON")):
        settings.set("LOG_FORMAT", "%(message)s", priority="cmdline")
        log_json(platform)


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


def enabled_spiders(settings: BaseSettings) -> list[type[PlatformSpider[Any]]]:
    """Those that run unasked: they are on, or wait only for a credential that is set."""
    return [spider for spider in platform_spiders(settings) if _is_enabled(spider, settings)]


def _is_enabled(spider: type[PlatformSpider[Any]], settings: BaseSettings) -> bool:
    if spider.platform.enabled or not spider.credentials:
        return spider.platform.enabled
    try:
        spider.check_credentials(settings)
    except ConfigError:
        return False
    return True


def intervals(config: Config, spiders: Sequence[type[PlatformSpider[Any]]]) -> dict[str, timedelta]:
    """By platform, the time between two scheduled crawls: the operator's, else the platform's own.

    Raises ConfigError where the operator names a platform that there is not.
    """
    own = {spider.name: spider.platform.interval for spider in spiders}
    if unknown := sorted(set(config.outsource_intervals) - set(own)):
        raise ConfigError(
            f"OUTSOURCE_INTERVALS names {unknown[0]!r}, which is no platform; `scrapy platforms` lists them"
        )
    return own | config.outsource_intervals


def with_database(config: Config, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Do `work` with a session of the database that `config` names, outside of the reactor.

    Raises DatabaseUnavailable with a sentence that says what to do, also where the database fails under
    `work`; a mistake of ours stays the error that it is.
    """
    return wait_for(_with_session(config, work))


async def _with_session(config: Config, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    database = await AsyncDatabase.from_config(config)
    try:
        await database.initialize()
        async with database.session() as session:
            return await work(session)
    except OutsourceScraperError:
        raise
    except Exception as error:
        remedy = faults.remedy(error)
        if remedy is None:
            raise
        raise DatabaseUnavailable(f"The database failed ({faults.sentence(error)}): {remedy}.") from error
    finally:
        await database.close()
