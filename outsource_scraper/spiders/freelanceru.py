"""Freelance.ru, a Russian exchange of tasks.

Domain: tasks of every trade.

Caveats:
    - Newest first, but "hot" tasks, marked by nothing that can be told apart, stand among newer ones.
    - The exact time of posting, in Moscow time, is only in the `title` of the age.
    - Who wants a task answers by a comment under it: the comments that a card counts are its responses, hence
      `bids_count`.
    - A place of "Не важна" says that none is asked for. The description is cut by the site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from outsource_scraper.items import Project, Status
from outsource_scraper.normalize.countries import country_in
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.durations import parse_duration_days
from outsource_scraper.normalize.money import parse_budget
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ListingSpider, Page, required
from outsource_scraper.spiders._html import (
    attribute_of,
    count_in,
    elements_of,
    markup_in,
    shown,
    text_in,
    text_of,
    texts_of,
)
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from scrapy.selector import Selector

_ICON = re.compile(r"fa-(\S+)")
_TASK = re.compile(r"/task/view/(\d+)")
_ANYWHERE = "Не важна"


class FreelanceruSpider(ListingSpider):
    """Cards of https://freelance.ru/task."""

    name = "freelanceru"
    allowed_domains = ("freelance.ru",)
    platform = Platform(
        title="Freelance.ru",
        home="https://freelance.ru/",
        country="RU",
        languages=("ru",),
        currency="RUB",
        timezone="Europe/Moscow",
        access=Access.PUBLIC_PAGES,
        robots="none found (public scrapers and documentation, read 2026-11)",
        terms="none found (public scrapers and documentation, read 2026-11)",
        evidence="listing saved on 2026-07-10",
    )
    cards = "article.task-card"
    next_page = "ul.pagination li.next a[href]"

    def stated_total(self, page: Page) -> int | None:
        """The number beside the heading of the feed."""
        return count_in(text_of(page.document, ".task-feed-toolbar-title span"))

    def listing_url(self, number: int) -> str:
        """All categories, open tasks."""
        return f"https://freelance.ru/task?page={number}"

    def read(self, record: Selector, page: Page) -> Project:
        """One card."""
        found = _TASK.search(attribute_of(record, "a.task-card__title-link", "href") or "")
        external_id = required(found and found[1], "id")
        foot = footer(record)
        place = foot.get("map-marker")
        budget = parse_budget(text_of(record, ".task-card__budget"), currency=self.platform.currency)
        return Project(
            platform=self.name,
            external_id=external_id,
            url=urljoin(self.platform.home, f"/task/view/{external_id}"),
            title=required(text_of(record, "a.task-card__title-link"), "title"),
            description=from_html(markup_in(record, "p.task-card__desc")),
            category=text_of(record, ".task-chip--cat"),
            skills=canonical_skills(texts_of(record, ".task-chip:not(.task-chip--cat)")),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type,
            location=None if place == _ANYWHERE else place,
            country=None if place == _ANYWHERE else country_in(place),
            language=self.platform.language,
            posted_at=parse_datetime(foot.get("clock-o"), now=page.now, tz=self.platform.tz),
            duration_days=duration(record),
            status=Status.OPEN,
            bids_count=count_in(foot.get("comments")),
            views_count=count_in(foot.get("eye")),
            project_metadata=shown(
                {
                    "experience": foot.get("experience"),
                    "visibility": text_of(record, ".task-card__badges .task-badge"),
                }
            ),
        )


def footer(card: Selector) -> dict[str, str]:
    """The items under a card by the name of their icon; of the clock the exact time, and "experience"."""
    items: dict[str, str] = {}
    for item in elements_of(card, ".task-card__foot-item"):
        text = fold(item.get("title")) or text_in(item)
        icon = _ICON.search(" ".join(inner.get("class", "") for inner in item.iter("i")))
        if text and icon:
            items[icon[1]] = text
        elif text and text.startswith("Опыт:"):
            items["experience"] = text.removeprefix("Опыт:").strip()
    return items


def duration(card: Selector) -> int | None:
    """Days of the row "Срок: 30 дней"."""
    rows = texts_of(card, ".task-card__meta-rows span")
    return next((parse_duration_days(row[len("Срок:") :]) for row in rows if row.startswith("Срок:")), None)
