import pytest

from outsource_scraper.extensions.verdict import Verdict, judge

GOOD = {
    "listing/pages": 2,
    "listing/records": 20,
    "validate/projects": 20,
    "validate/rejected": 0,
    "store/batches": 1,
    "store/new": 5,
    "store/updated": 1,
    "store/unchanged": 14,
}


def verdict(changes: dict, **given) -> tuple[Verdict, str | None]:
    arguments = {"finish_reason": "finished", "ended": "it has no further page", "filtered": False} | given
    outcome = judge({**GOOD, **changes}, **arguments)
    return outcome.verdict, outcome.reason


@pytest.mark.parametrize(
    ("changes", "given", "wanted", "word"),
    [
        ({}, {}, Verdict.OK, None),
        ({"store/new": 0, "store/updated": 0, "store/unchanged": 20}, {}, Verdict.OK, None),
        ({"store/new": 4}, {}, Verdict.UNSTORED, "1 of 20 items"),
        ({"store/new": 0, "store/spooled": 5}, {}, Verdict.UNSTORED, "5 items wait on disk"),
        ({}, {"finish_reason": "storage_failed"}, Verdict.UNSTORED, "could not be written"),
        (
            {"blocked/count": 1, "blocked/reason": "a wall"},
            {"finish_reason": "blocked"},
            Verdict.BLOCKED,
            "a wall",
        ),
        (
            {"credential/refused": "board refuses BOARD_TOKEN (HTTP 401): set a valid one"},
            {"finish_reason": "credential_refused", "ended": None},
            Verdict.FAILED,
            "BOARD_TOKEN",
        ),
        (
            {"credential/refused": "board refuses BOARD_TOKEN (HTTP 401)", "store/spooled": 5},
            {"finish_reason": "credential_refused", "ended": None},
            Verdict.UNSTORED,
            "5 items wait on disk",
        ),
        ({"listing/failed_pages": 1}, {}, Verdict.PARTIAL, "1 listing pages failed"),
        ({"detail/failed": 3}, {}, Verdict.PARTIAL, "3 detail pages failed"),
        ({"spider_exceptions/count": 1}, {}, Verdict.PARTIAL, "errors in the spider"),
        ({"validate/rejected": 2, "store/rejected": 2}, {}, Verdict.PARTIAL, "2 records were rejected"),
        (
            {"store/new": 4, "store/rejected": 1},
            {},
            Verdict.PARTIAL,
            "1 records were refused by the database",
        ),
        ({}, {"finish_reason": "shutdown", "ended": None}, Verdict.PARTIAL, "cut off (shutdown)"),
        ({}, {"finish_reason": "closespider_timeout", "ended": None}, Verdict.PARTIAL, "closespider_timeout"),
        ({"offsite/filtered": 1}, {"ended": None}, Verdict.PARTIAL, "led off the site"),
        ({}, {"ended": None}, Verdict.PARTIAL, "ended before its listing did"),
        ({}, {"finish_reason": "start_error"}, Verdict.FAILED, "could not start"),
    ],
)
def test_verdict(changes: dict, given: dict, wanted: Verdict, word: str | None) -> None:
    got, reason = verdict(changes, **given)
    assert got is wanted
    assert reason is None if word is None else word in (reason or "")


NOTHING = dict.fromkeys(
    ("listing/records", "validate/projects", "store/new", "store/updated", "store/unchanged"), 0
)


def test_a_listing_without_a_record_is_empty() -> None:
    assert verdict({**NOTHING, "listing/pages": 1})[0] is Verdict.EMPTY


def test_nothing_found_is_no_wonder_where_only_a_part_was_asked_for() -> None:
    assert verdict({**NOTHING, "listing/pages": 1}, filtered=True)[0] is Verdict.OK


def test_records_that_are_no_projects_are_not_empty() -> None:
    assert (
        verdict({**NOTHING, "listing/pages": 1, "listing/records": 4, "listing/skipped": 4})[0] is Verdict.OK
    )


def test_a_listing_that_could_not_be_fetched_is_a_failure() -> None:
    assert verdict({**NOTHING, "listing/pages": 0, "listing/failed_pages": 2})[0] is Verdict.FAILED


def test_a_page_that_could_be_fetched_but_not_read_is_partial() -> None:
    changes = {
        **NOTHING,
        "listing/pages": 0,
        "listing/failed_pages": 2,
        "validate/rejected": 2,
        "store/rejected": 2,
    }
    assert verdict(changes)[0] is Verdict.PARTIAL


def test_a_listing_forbidden_by_robots_is_blocked() -> None:
    changes = {**NOTHING, "listing/pages": 0, "listing/failed_pages": 1, "robotstxt/forbidden": 1}
    assert verdict(changes) == (Verdict.BLOCKED, "robots.txt forbids the listing")


def test_a_crawl_into_a_file_is_not_asked_for_its_rows() -> None:
    stats = {name: value for name, value in GOOD.items() if not name.startswith("store/")}
    assert judge(stats, finish_reason="finished", ended="end", filtered=False).verdict is Verdict.OK


def test_exit_codes_differ_and_none_is_that_of_a_wrong_argument() -> None:
    codes = [verdict.exit_code for verdict in Verdict]
    assert len(set(codes)) == len(codes)
    assert 2 not in codes
    assert Verdict.OK.exit_code == 0


def test_a_listing_that_has_not_changed_is_not_empty() -> None:
    changes = {**NOTHING, "listing/pages": 0, "listing/unchanged_pages": 1}
    assert verdict(changes, ended="it is the one of the last crawl")[0] is Verdict.OK


def test_a_field_that_faded_is_named_beside_what_else_is_wrong() -> None:
    faded = ["budget_max in 0% of the projects, usually in 80%"]
    assert verdict({}, faded=faded)[0] is Verdict.PARTIAL
    assert "the layout has changed, or the platform: budget_max in 0%" in (verdict({}, faded=faded)[1] or "")
    both = verdict({"validate/rejected": 2, "store/rejected": 2}, faded=faded)[1] or ""
    assert "2 records were rejected" in both
    assert "budget_max in 0%" in both


def test_why_records_were_rejected_is_said() -> None:
    changes = {
        "validate/rejected": 2,
        "store/rejected": 2,
        "validate/rejected_because": "the record has no title",
        "detail/failed": 1,
    }
    reason = verdict(changes)[1] or ""
    assert reason == "2 records were rejected (the record has no title); 1 detail pages failed"
