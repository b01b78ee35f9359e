from datetime import UTC, datetime

import pytest

from outsource_scraper.errors import UsageError
from outsource_scraper.spiders._arguments import CrawlArguments, Mode

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_nothing_given() -> None:
    args = CrawlArguments.parse({}, now=NOW)
    assert args == CrawlArguments(max_pages=None, query=None, since=None, mode=Mode.NEW)
    assert args.as_json() == {"mode": "new"}


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ("90m", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
        ("24h", datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("24H", datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("7d", datetime(2026, 2, 22, 12, tzinfo=UTC)),
        ("2w", datetime(2026, 2, 15, 12, tzinfo=UTC)),
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
        ("2026-02-28T09:00+09:00", datetime(2026, 2, 28, tzinfo=UTC)),
    ],
)
def test_since(since: str, moment: datetime) -> None:
    assert CrawlArguments.parse({"since": since}, now=NOW).since == moment


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"max_pages": "0"}, "max_pages"),
        ({"max_pages": "-1"}, "max_pages"),
        ({"max_pages": "many"}, "max_pages"),
        ({"max_pages": "٣"}, "max_pages"),
        ({"max_pages": "9" * 5000}, "max_pages"),
        ({"mode": "fast"}, "new or full"),
        ({"since": "yesterday"}, "since"),
        ({"since": "24"}, "since"),
        ({"since": "2026-13-01"}, "since"),
        ({"since": "999999w"}, "since"),
        ({"since": "2027-01-01"}, "in the past"),
        ({"pages": "3"}, "no argument 'pages'"),
    ],
)
def test_a_wrong_argument_is_one_sentence(given: dict[str, str], word: str) -> None:
    with pytest.raises(UsageError) as caught:
        CrawlArguments.parse(given, now=NOW)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_scrapyd_s_own_arguments_and_empty_ones_are_passed_over() -> None:
    args = CrawlArguments.parse({"_job": "8a1", "query": " ", "max_pages": "2"}, now=NOW)
    assert (args.query, args.max_pages) == (None, 2)


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ({"mode": "full"}, True),
        ({"mode": "new"}, False),
        ({"mode": "full", "max_pages": "3"}, False),
        ({"mode": "full", "query": "vue"}, False),
        ({"mode": "full", "since": "7d"}, False),
    ],
)
def test_only_an_unlimited_full_crawl_sees_the_whole_listing(given: dict[str, str], whole: bool) -> None:
    assert CrawlArguments.parse(given, now=NOW).whole is whole
