"""What is a change and what is not, as tables of stored row, new reading and outcome."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from outsource_scraper.database.changes import MUTABLE, content_hash, is_excerpt, merge
from outsource_scraper.items import PaymentType, Project, Status

POSTED = datetime(2026, 3, 2, 9, tzinfo=UTC)
KNOWN = Project(
    platform="sample",
    external_id="1",
    url="https://market.example/1",
    title="쇼핑몰 구축",
    description="결제와 재고 관리가 있는 쇼핑몰을 만듭니다.",
    category="개발",
    skills=["Python", "Django", "PostgreSQL"],
    budget_min=Decimal(300),
    budget_max=Decimal(400),
    currency="KRW",
    payment_type=PaymentType.FIXED,
    posted_at=POSTED,
    deadline_at=POSTED + timedelta(days=7),
    status=Status.OPEN,
    bids_count=3,
    client_rating=Decimal("4.5"),
)


def reading(**fields: Any) -> Project:
    return dataclasses.replace(KNOWN, **fields)


def stored(project: Project = KNOWN, **columns: Any) -> dict[str, Any]:
    row = {name: getattr(project, name) for name in MUTABLE}
    return row | {"content_hash": content_hash(project), "closed_at": None} | columns


@pytest.mark.parametrize(
    ("fields", "is_same"),
    [
        ({}, True),
        ({"bids_count": 9}, True),
        ({"client_rating": Decimal(5), "client_name": "누군가", "project_metadata": {"views": 3}}, True),
        ({"posted_at": POSTED + timedelta(minutes=7)}, True),
        ({"deadline_at": POSTED}, True),
        ({"skills": ["PostgreSQL", "Python", "Django"]}, True),
        ({"posted_at": None}, False),
        ({"deadline_at": None}, False),
        ({"title": "쇼핑몰 개편"}, False),
        ({"url": "https://market.example/one"}, False),
        ({"budget_max": Decimal(500)}, False),
        ({"budget_min": None}, False),
        ({"status": Status.UNKNOWN}, False),
        ({"skills": ["Python"]}, False),
        ({"description": None}, False),
    ],
)
def test_the_hash_covers_what_matters(fields: dict[str, Any], is_same: bool) -> None:
    assert (content_hash(reading(**fields)) == content_hash(KNOWN)) is is_same


def test_the_hash_keeps_neighbours_apart() -> None:
    left = reading(title="a", description="b c")
    right = reading(title="a b", description="c")
    assert content_hash(left) != content_hash(right)


def test_a_lone_surrogate_can_be_hashed() -> None:
    assert len(content_hash(reading(title="\ud800"))) == 16


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"description": None, "skills": [], "category": None}, id="less detail"),
        pytest.param({"description": "결제와 재고 관리가 있는…"}, id="cut text"),
        pytest.param({"description": "결제와 재고 ...", "skills": ["Python"]}, id="cut text and skills"),
        pytest.param({"title": "쇼핑몰 …"}, id="cut title"),
        pytest.param({"budget_min": None, "budget_max": None, "currency": None}, id="no money"),
        pytest.param({"deadline_at": POSTED + timedelta(days=8)}, id="deadline a day off"),
        pytest.param({"deadline_at": None, "posted_at": None}, id="no times"),
        pytest.param({"status": Status.UNKNOWN}, id="no status"),
        pytest.param({"budget_min": Decimal("300.00")}, id="the same amount"),
        pytest.param({"skills": ["Django", "PostgreSQL", "Python"]}, id="another order"),
        pytest.param({"bids_count": 8, "project_metadata": {"views": 1}}, id="quiet fields"),
    ],
)
def test_no_change(fields: dict[str, Any]) -> None:
    merged = merge(stored(), reading(**fields))
    assert (merged.kind, merged.changes) == (None, {})
    assert set(merged.values) <= {"bids_count", "project_metadata"} & set(fields)


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"title": "쇼핑몰 개편"}, {"title": ["쇼핑몰 구축", "쇼핑몰 개편"]}),
        ({"description": "다른 일입니다…"}, {"description": [KNOWN.description, "다른 일입니다…"]}),
        ({"skills": ["Go"]}, {"skills": [KNOWN.skills, ["Go"]]}),
        ({"skills": ["Python"]}, {"skills": [KNOWN.skills, ["Python"]]}),
        (
            {"budget_min": None, "budget_max": Decimal(500)},
            {"budget_min": [Decimal(300), None], "budget_max": [Decimal(400), Decimal(500)]},
        ),
        (
            {"budget_min": Decimal(5), "budget_max": Decimal(5), "currency": None},
            {
                "budget_min": [Decimal(300), Decimal(5)],
                "budget_max": [Decimal(400), Decimal(5)],
                "currency": ["KRW", None],
            },
        ),
        (
            {"deadline_at": POSTED + timedelta(days=9)},
            {"deadline_at": [POSTED + timedelta(days=7), POSTED + timedelta(days=9)]},
        ),
    ],
)
def test_a_change(fields: dict[str, Any], changes: dict[str, Any]) -> None:
    merged = merge(stored(), reading(**fields))
    assert merged.kind == "updated"
    assert merged.changes == changes
    assert all(merged.values[name] == new for name, (_, new) in changes.items())


def test_more_detail_is_a_change_and_fills_the_posting_time() -> None:
    card = reading(description="결제와…", posted_at=None, skills=[])
    merged = merge(stored(card), KNOWN)
    assert set(merged.changes) == {"description", "skills"}
    assert merged.values["posted_at"] == POSTED


def test_the_posting_time_stays_as_first_read() -> None:
    merged = merge(stored(), reading(title="새 제목", posted_at=POSTED + timedelta(hours=3)))
    assert set(merged.values) == {"title"}


@pytest.mark.parametrize(
    ("columns", "status", "kind"),
    [
        ({}, Status.CLOSED, "closed"),
        ({}, Status.UNKNOWN, None),
        ({"status": "unknown"}, Status.OPEN, "updated"),
        ({"status": "closed", "closed_at": POSTED}, Status.OPEN, "reopened"),
        ({"status": "closed", "closed_at": POSTED}, Status.CLOSED, None),
        ({"status": "closed", "closed_at": POSTED}, Status.UNKNOWN, None),
        ({"status": "closed", "closed_at": POSTED, "content_hash": None}, Status.UNKNOWN, "reopened"),
        ({"status": "closed", "closed_at": POSTED, "content_hash": None}, Status.OPEN, "reopened"),
        ({"status": "closed", "closed_at": POSTED, "content_hash": None}, Status.CLOSED, None),
    ],
)
def test_transitions(columns: dict[str, Any], status: Status, kind: str | None) -> None:
    row = stored(**columns)
    merged = merge(row, reading(status=status))
    assert merged.kind == kind
    assert merged.changes == ({} if kind is None else {"status": [row["status"], status]})


@pytest.mark.parametrize(
    ("text", "full", "expected"),
    [
        ("One two…", "One two three", True),
        ("One two ...", "One two three", True),
        ("One two", "One two three", False),
        ("One too…", "One two three", False),
        ("…", "One two three", False),
        ("...", "", False),
    ],
)
def test_is_excerpt(text: str, full: str, expected: bool) -> None:
    assert is_excerpt(text, full) is expected
