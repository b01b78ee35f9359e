"""Wishket (위시켓), the largest Korean marketplace of software outsourcing.

Domain: work that is contracted as a whole (외주, 도급) and people hired on site for a time (기간제, 상주).

Caveats:
    - The filters of a search, the page's number among them, are "k=v&k=v" packed by LZString into the
      parameter `d`: `srt=new` is newest first, `s` a keyword. Values stand in it as they are.
    - Asked with `X-Requested-With`, the listing answers JSON `{"result": "<html>", "count": total}`; without
      it, a whole page with the same cards. Both are read. A page has 10 cards.
    - "월 금액" is what a month pays, "예상 금액" what the whole project does, "협의 후 결정" nothing.
    - The listing shows only the day of posting and has no description, so every new project's detail page is
      asked for. Its JSON-LD writes Korean time without a zone. It does not name its own id: its URL does.
    - The second part of a skill chip ("Databricks · 경력 무관") is the experience asked for.
    - Client names are masked by the site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from scrapy import Request

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.lzstring import compress_to_base64
from outsource_scraper.normalize.countries import country_in
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.durations import parse_duration_days
from outsource_scraper.normalize.money import Budget, parse_budget, parse_currency
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import (
    ListingSpider,
    Page,
    check_same,
    dig,
    parse_html,
    parse_json,
    required,
    whole_number,
)
from outsource_scraper.spiders._html import (
    attribute_of,
    count_in,
    elements_of,
    job_posting,
    markup_in,
    rows_of,
    salary,
    shown,
    text_of,
    texts_of,
)
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse
    from scrapy.selector import Selector

PAGE_SIZE = 10

_PROJECT_PATH = re.compile(r"/project/(\d+)/?")
_DAY = re.compile(r"\d{4}\.\d{1,2}\.\d{1,2}")
_RATING = re.compile(r"[0-5](?:\.\d+)?")
_WORK_TYPES = {
    "기간제": WorkType.ONSITE,
    "상주": WorkType.ONSITE,
    "외주": WorkType.REMOTE,
    "도급": WorkType.REMOTE,
}
_CLOSED = re.compile(r"모집 ?(?:마감|종료|완료)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A page of the site, whichever way it was asked for."""

    html: Selector
    total: int | None = None
    """Projects in the whole listing; only the JSON says it."""


class WishketSpider(ListingSpider):
    """Cards of https://www.wishket.com/project/, completed from the detail pages."""

    name = "wishket"
    allowed_domains = ("wishket.com",)
    platform = Platform(
        title="Wishket",
        home="https://www.wishket.com/",
        country="KR",
        languages=("ko",),
        currency="KRW",
        timezone="Asia/Seoul",
        access=Access.SITE_JSON,
        robots="allows /project/ with Crawl-delay 5 (a public scraper's documentation, read 2026-11)",
        terms="art. 10 is said to forbid members crawling (a public scraper's documentation, read 2026-11)",
        evidence="one listing card captured in 2026-08; detail page documented, never seen live",
        enabled=False,
        delay=5.0,
    )
    searches = True
    cards = "div.project-info-box"

    def listing_request(self, number: int) -> Request:
        """The listing's JSON, newest first."""
        filters = f"srt=new&page={number}"
        if self.args.query is not None:
            # "&" would begin the next filter, and the site's own form has no way to write it either.
            filters = f"s={self.args.query.replace('&', ' ')}&{filters}"
        return Request(
            "https://www.wishket.com/project/?" + urlencode({"d": compress_to_base64(filters)}),
            headers={"X-Requested-With": "XMLHttpRequest"},
        )

    def document(self, response: TextResponse) -> Document:
        """The HTML of a page, or the HTML and the count inside of the listing's JSON."""
        if not response.body.lstrip().startswith(b"{"):
            return Document(html=super().document(response))
        answer = parse_json(response.body, response)
        if not isinstance(dig(answer, "result"), str):
            raise PageError(f"{response.url} is JSON without the listing's HTML in 'result'")
        return Document(html=parse_html(response, answer["result"]), total=whole_number(dig(answer, "count")))

    def records(self, page: Page) -> Iterable[Selector]:
        """Every card."""
        return page.document.html.css(self.cards)  # type: ignore[no-any-return]

    def stated_total(self, page: Page) -> int | None:
        """As the answer says."""
        total: int | None = page.document.total
        return total

    def has_next(self, page: Page) -> bool:
        """Whether the count leaves projects behind this page and, where there is a pager, it has "다음"."""
        total = page.document.total
        if total is not None and page.number * PAGE_SIZE >= total:
            return False
        pager = texts_of(page.document.html, ".pagination .page-link")
        return "다음" in pager if pager else total is not None

    def read(self, record: Selector, page: Page) -> Project:
        """One card; the detail page adds the description."""
        external_id = required(id_in(attribute_of(record, "a.project-link", "href")), "id")
        budget = parse_budget(text_of(record, ".budget"), currency=self.platform.currency)
        chips = [chip.partition(" · ") for chip in texts_of(record, ".project-skills-info .skill-chip")]
        marks = texts_of(record, ".status-mark")
        details = texts_of(record, ".info-detail")
        place = text_of(record, ".location-data")
        day = _DAY.search(text_of(record, ".start-recruitment-data") or "")
        metadata: dict[str, Any] = {
            "marks": marks,
            "field": text_of(record, ".project-field"),
            "subcategory": text_of(record, ".project-field-subcategory"),
            "level": text_of(record, ".project-level"),
            "start": text_of(record, ".launch-date span"),
            "experience": {name: experience for name, _, experience in chips if experience},
            "comments": counter(record, "comment"),
            "interests": counter(record, "interest"),
        }
        return Project(
            platform=self.name,
            external_id=external_id,
            url=project_url(external_id),
            title=required(text_of(record, "a.project-link p"), "title"),
            category=text_of(record, ".project-category-or-role"),
            skills=canonical_skills(name for name, _, _ in chips),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type,
            work_type=work_type(marks),
            location=place,
            country=country_in(place),
            language=self.platform.language,
            posted_at=parse_datetime(day and day[0], now=page.now, tz=self.platform.tz),
            deadline_at=parse_deadline(beginning("마감", details), now=page.now, tz=self.platform.tz),
            duration_days=parse_duration_days(text_of(record, ".term")),
            status=status(marks),
            bids_count=applicants(beginning("지원자", details)),
            views_count=counter(record, "view"),
            client_name=text_of(record, ".client-info .username"),
            client_rating=rating(texts_of(record, ".client-info .badge-box span")),
            client_verified=bool(elements_of(record, '.client-info img[alt="인증된 클라이언트"]')) or None,
            project_metadata=shown(metadata),
        )

    def detail_request(self, project: Project) -> Request:
        """The page of the project."""
        return Request(project.url)

    def is_detail(self, response: TextResponse) -> bool:
        """Whether there is a job posting or the heading of a project, and no card."""
        body = response.body
        return b"project-info-box" not in body and (b"JobPosting" in body or b"project-content-title" in body)

    def read_detail(self, page: Page, project: Project | None) -> Project:
        """What only this page tells: the description, the exact deadline, conditions, further skills."""
        named = id_in(page.response.url)
        if project is None:
            return self._told(page, named)
        check_same(named, project)
        told = self._told(page, project.external_id)
        project.description = told.description
        project.deadline_at = told.deadline_at or project.deadline_at
        project.duration_days = project.duration_days or told.duration_days
        project.skills = canonical_skills([*project.skills, *told.skills])
        if project.budget_min is None and project.budget_max is None:
            project.budget_min, project.budget_max = told.budget_min, told.budget_max
            project.currency, project.payment_type = told.currency, told.payment_type
        project.project_metadata = {**told.project_metadata, **project.project_metadata}
        return project

    def _told(self, page: Page, external_id: str | None) -> Project:
        html = page.document.html
        external_id = required(external_id, "id")
        posting = job_posting(html) or {}
        rows = conditions(html)
        budget = self._budget(posting, rows)
        marks = texts_of(html, ".status-mark")
        place = rows.pop("클라이언트 위치", None)
        skills = ",".join([rows.pop("관련 기술", ""), *texts_of(html, "span.skill-tag")])
        duration, applied = rows.pop("예상 기간", None), rows.pop("지원자 수", None)
        title = fold(dig(posting, "title")) or text_of(html, ".project-content-title h1")
        metadata = {
            "marks": marks,
            "comments": count_in(text_of(html, ".comment-layer-count")),
            "conditions": rows,
        }
        return Project(
            platform=self.name,
            external_id=external_id,
            url=project_url(external_id),
            title=required(title, "title"),
            description=from_html(dig(posting, "description") or markup_in(html, ".project-description-box")),
            skills=canonical_skills(name.strip() for name in skills.split(",") if name.strip()),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type,
            work_type=work_type(marks),
            location=place,
            country=country_in(place),
            language=self.platform.language,
            posted_at=parse_datetime(dig(posting, "datePosted"), now=page.now, tz=self.platform.tz),
            deadline_at=parse_deadline(dig(posting, "validThrough"), now=page.now, tz=self.platform.tz),
            duration_days=parse_duration_days(duration),
            status=status(marks),
            bids_count=applicants(applied),
            project_metadata=shown(metadata),
        )

    def _budget(self, posting: dict[str, Any], rows: dict[str, str]) -> Budget:
        """The row "예상 금액" or "월 금액", which says what the amount pays for, before JSON-LD's salary."""
        for label in ("예상 금액", "월 금액"):
            if value := rows.pop(label, None):
                return parse_budget(f"{label} {value}", currency=self.platform.currency)
        text = dig(posting, "baseSalary")
        if isinstance(text, str):
            return parse_budget(text, currency=self.platform.currency)
        low, high = salary(posting)
        named = parse_currency(dig(posting, "baseSalary", "currency")) or self.platform.currency
        unit = dig(posting, "baseSalary", "value", "unitText")
        return Budget(
            minimum=low,
            maximum=high,
            currency=named if low is not None or high is not None else None,
            payment_type=PaymentType.MONTHLY if unit == "MONTH" else None,
        )


def id_in(link: str | None) -> str | None:
    """The id in a link such as "/project/158857/"."""
    found = _PROJECT_PATH.fullmatch(urlsplit(link or "").path)
    return found[1] if found else None


def project_url(external_id: str) -> str:
    """The page of a project."""
    return f"https://www.wishket.com/project/{external_id}/"


def conditions(html: Selector) -> dict[str, str]:
    """Labels and values of a detail page's table: the first two elements of every row."""
    table: dict[str, str] = {}
    for cells in rows_of(html, ".project-detail-condition-row, .project-condition-box"):
        if len(cells) >= 2:
            table.setdefault(cells[0], cells[1])
    return table


def counter(card: Selector, name: str) -> int | None:
    """What the icon of views, comments or interests counts."""
    return count_in(attribute_of(card, f"i.{name}-status", "data-count"))


def beginning(word: str, texts: list[str]) -> str | None:
    """The first of `texts` that begins with `word`."""
    return next((text for text in texts if text.startswith(word)), None)


def applicants(text: str | None) -> int | None:
    """The number in "지원자 7명"; "지원자 없음" says that there are none."""
    return 0 if text is not None and text.endswith("없음") else count_in(text)


def status(marks: list[str]) -> Status:
    """Open or closed as the marks of a project say."""
    if any(_CLOSED.fullmatch(mark) for mark in marks):
        return Status.CLOSED
    return Status.OPEN if "모집 중" in marks else Status.UNKNOWN


def work_type(marks: list[str]) -> WorkType | None:
    """Where the work is done, by the mark of the contract's kind."""
    return next((_WORK_TYPES[mark] for mark in marks if mark in _WORK_TYPES), None)


def rating(badges: list[str]) -> Decimal | None:
    """The badge that is a number on the scale of 0 to 5; 0 is a client without reviews."""
    return next((Decimal(badge) for badge in badges if _RATING.fullmatch(badge)), None) or None
