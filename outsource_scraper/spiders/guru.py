"""Guru.com, an American marketplace with clients of every country.

Domain: jobs of every trade, in English.

Caveats:
    - Repeated requests were seen to be answered by a block (a note of 2026-10), so requests are slow, and the
      detail page is asked for only where the listing cut the description.
    - Amounts never name their currency: "$" is the US dollar. "Under $250" has no lower end and "Over $25k"
      no upper one.
    - Dates have no zone; they are taken as UTC, in which the JSON-LD of the detail page writes them.
    - A page without jobs holds the same "no results" element as every other: only the cards tell.
    - The link of a card carries "&SearchUrl=..." behind its path.
    - The detail page's JSON-LD has the range of the budget, but does not say whether it is fixed or hourly,
      and its unit is always YEAR: the listing's payment type stands, and a detail page read alone has none.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy import Request

from outsource_scraper.errors import RecordError
from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.normalize.countries import country_code
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.durations import parse_duration_days
from outsource_scraper.normalize.money import parse_amount, parse_budget, parse_currency
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ListingSpider, Page, check_same, dig, required
from outsource_scraper.spiders._html import (
    attribute_of,
    count_in,
    elements_of,
    job_posting,
    salary,
    shown,
    text_of,
    texts_of,
)
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from scrapy.http import TextResponse
    from scrapy.selector import Selector

_JOB_PATH = re.compile(r"/jobs/[^/?&]+/(\d+)")
_SPENT = re.compile(r"(?<![\d,])([\d,]++) Spent")
_QUOTES = re.compile(r"(?<![\d,])([\d,]++) Quotes? Received")
_PAYMENT = {"Fixed Price": PaymentType.FIXED, "Hourly": PaymentType.HOURLY}


class GuruSpider(ListingSpider):
    """Cards of https://www.guru.com/d/jobs/, completed from the detail page where they are cut."""

    name = "guru"
    allowed_domains = ("guru.com",)
    platform = Platform(
        title="Guru.com",
        home="https://www.guru.com/",
        country="US",
        languages=("en",),
        currency="USD",
        timezone="UTC",
        access=Access.PUBLIC_PAGES,
        robots="none found (public scrapers and documentation, read 2026-11)",
        terms="none found; blocks repeated requests (public scrapers and documentation, read 2026-11)",
        evidence="listing captured in 2026-09, JSON-LD of a detail page captured in 2025-03",
        interval=timedelta(minutes=30),
        delay=10.0,
        requests=400,
    )
    cards = "div.jobRecord"
    next_page = 'link[rel="next"], #ctl00_guB_ulpaginate li:last-child:not(.disabled) a[href]'

    def listing_url(self, number: int) -> str:
        """All categories; the first page has no number."""
        return "https://www.guru.com/d/jobs/" + (f"pg/{number}/" if number > 1 else "")

    def read(self, record: Selector, page: Page) -> Project:
        """One card."""
        external_id = required(record.attrib.get("data-gid"), "id")
        path = required(attribute_of(record, ".jobRecord__title a", "href"), "link").split("&SearchUrl", 1)[0]
        linked = _JOB_PATH.match(urlsplit(path).path)
        if linked and linked[1] != external_id:
            raise RecordError(f"the link is of job {linked[1][:80]}, not of {external_id}")
        budget_texts = texts_of(record, ".jobRecord__budget > strong")
        amounts = next((text for text in budget_texts if "$" in text), None)
        budget = parse_budget(amounts, currency=self.platform.currency)
        quotes = _QUOTES.search(text_of(record, ".jobRecord__meta") or "")
        places = texts_of(record, '.jobRecord__budget a[href^="/d/jobs/l/"]') or texts_of(
            record, ".jobRecord__budget .jobLocations__top"
        )
        topics = texts_of(record, ".skillsList__skill.greyBackground a")
        spent = _SPENT.fullmatch(text_of(record, ".earnings__amount") or "")
        return Project(
            platform=self.name,
            external_id=external_id,
            url=urljoin(self.platform.home, path),
            title=required(text_of(record, ".jobRecord__title a"), "title"),
            description=text_of(record, ".jobRecord__desc"),
            category=topics[0] if topics else None,
            skills=canonical_skills(texts_of(record, "a.skillsList__skill--hasHover")),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=_PAYMENT.get(budget_texts[0]) if budget_texts else None,
            location=fold(", ".join(places)),
            country=country_of(places),
            language=self.platform.language,
            posted_at=parse_datetime(
                text_of(record, ".jobRecord__meta strong"), now=page.now, tz=self.platform.tz
            ),
            deadline_at=parse_deadline(
                text_of(record, ".record__header__action--full p strong"), now=page.now, tz=self.platform.tz
            ),
            duration_days=next((parse_duration_days(text) for text in budget_texts if "month" in text), None),
            status=Status.OPEN,
            bids_count=count_in(quotes[1]) if quotes else None,
            client_name=text_of(record, ".identityName a"),
            client_country=country_code(text_of(record, ".freelancerAvatar__subText strong")),
            client_rating=rating(text_of(record, ".feedback-score")),
            client_spent_usd=Decimal(spent[1].replace(",", "")) if spent else None,
            client_verified=bool(elements_of(record, 'i.greenIcon[title="Payment Method Verified"]')) or None,
            project_metadata=shown(
                {
                    "subcategory": topics[1] if len(topics) > 1 else None,
                    "hours": next((text for text in budget_texts if text.endswith("/wk")), None),
                    "invited": count_in(
                        attribute_of(record, ".jobRecord__meta strong", "data-original-title")
                    ),
                    "badge": text_of(record, ".jobRecord__badge .module_badge"),
                }
            ),
        )

    def detail_request(self, project: Project) -> Request | None:
        """The detail page of a job whose description the listing cut."""
        cut = project.description is not None and project.description.endswith(("…", "..."))
        return Request(project.url) if cut else None

    def is_detail(self, response: TextResponse) -> bool:
        """Whether there is a job posting and no card."""
        return b"JobPosting" in response.body and b"jobRecord" not in response.body

    def read_detail(self, page: Page, project: Project | None) -> Project:
        """The whole description; of a page read alone everything that its JSON-LD tells."""
        posting = job_posting(page.document)
        if posting is None:
            raise RecordError("the page has no JobPosting in JSON-LD")
        description = from_html(dig(posting, "description"))
        named = dig(posting, "Identifier", "Value")
        if project is not None:
            check_same(named, project)
            project.description = description or project.description
            return project
        external_id = required(named, "id")
        title = required(fold(dig(posting, "title")), "title")
        low, high = salary(posting)
        currency = parse_currency(dig(posting, "baseSalary", "currency"))
        named = dig(posting, "applicantLocationRequirements", "name") or []
        places = [named] if isinstance(named, str) else named
        remote = dig(posting, "jobLocationType") == "TELECOMMUTE"
        return Project(
            platform=self.name,
            external_id=external_id,
            url=self._url_of(page, title, external_id),
            title=title,
            description=description,
            skills=canonical_skills(name.strip() for name in (dig(posting, "skills") or "").split(",")),
            budget_min=low,
            budget_max=high,
            currency=currency if low is not None or high is not None else None,
            work_type=WorkType.REMOTE if remote else None,
            location=fold(", ".join(places)),
            country=country_of(places),
            language=self.platform.language,
            posted_at=parse_datetime(dig(posting, "datePosted"), now=page.now, tz=self.platform.tz),
            deadline_at=parse_deadline(dig(posting, "validThrough"), now=page.now, tz=self.platform.tz),
            client_name=fold(dig(posting, "hiringOrganization", "name")),
        )

    def _url_of(self, page: Page, title: str, external_id: str) -> str:
        """The page's own link; where the page was saved without it, the link that the site would make."""
        found = _JOB_PATH.match(urlsplit(page.response.url).path)
        if found and found[1] == external_id:
            return urljoin(self.platform.home, found[0])
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        return urljoin(self.platform.home, f"/jobs/{slug or 'job'}/{external_id}")


def rating(feedback: str | None) -> Decimal | None:
    """A feedback of "95.7%" on the scale of 0 to 5; 0 is a client without reviews."""
    percent = parse_amount((feedback or "").removesuffix("%").strip())
    return percent / 20 if percent is not None and percent <= 100 else None


def country_of(places: list[str]) -> str | None:
    """The country of the preferred locations, where it is the only one."""
    return country_code(places[0]) if len(places) == 1 else None
