"""CrowdWorks (クラウドワークス), a Japanese marketplace of freelance work, in Japanese.

Domain: work of every trade. The search page carries what it shows as JSON in the attribute `data` of the
element `vue-container`: 50 jobs a page in `searchResult.job_offers`, the last released first. A job's page
is https://crowdworks.jp/public/jobs/<id>.

Caveats:
    - `pr_diamond`, `pr_platinum` and `pr_gold` beside the jobs are paid places; they are not read.
    - Without `hide_expired` the search goes on through years of expired jobs, still called "released".
    - A job is paid in one of five ways: `fixed_price_payment` and `hourly_payment` state a range, whose ends
      may be null or 0 where they are open; `fixed_price_writing_payment` the price of one article,
      `task_payment` that of one task, `competition_payment` the prize.
    - `description_digest` is the first 120 characters of the description.
    - A job names its category by number only; `genre` is the subject of an article to be written.
    - `last_released_at` is when the job was released last; there is no other time of posting.
    - A value of `data` saved by itself and an array of such jobs alone are read too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.money import Budget, parse_amount
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold
from outsource_scraper.spiders._base import (
    ApiSpider,
    Page,
    dig,
    parse_html,
    parse_json,
    required,
    whole_number,
)
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse

_PAYMENTS = {
    "fixed_price_payment": (PaymentType.FIXED, "min_budget", "max_budget"),
    "hourly_payment": (PaymentType.HOURLY, "min_hourly_wage", "max_hourly_wage"),
    "fixed_price_writing_payment": (PaymentType.FIXED, "article_price", "article_price"),
    "task_payment": (PaymentType.FIXED, "task_price", "task_price"),
    "competition_payment": (PaymentType.FIXED, "competition_price", "competition_price"),
}


class CrowdworksSpider(ApiSpider):
    """Jobs of https://crowdworks.jp/public/jobs/search."""

    name = "crowdworks"
    platform = Platform(
        title="CrowdWorks",
        home="https://crowdworks.jp/",
        country="JP",
        languages=("ja",),
        currency="JPY",
        timezone="Asia/Tokyo",
        access=Access.EMBEDDED_JSON,
        robots="does not disallow /public/ (a public scraper's notes of 2026-04-24)",
        terms="art. 23 does not name reading by program, but forbids to hinder the service"
        " (a public scraper's notes of 2026-04-24)",
        evidence="search page saved on 2026-04-27, two jobs of a category page captured in 2026-09",
        delay=3.0,
        requests=7_300,
    )
    allowed_domains = ("crowdworks.jp",)
    searches = True
    records_path = ("searchResult", "job_offers")

    def listing_url(self, number: int) -> str:
        """Page `number` of the jobs that are not expired."""
        parameters = {"order": "new", "hide_expired": "true", "page": str(number)}
        if self.args.query is not None:
            parameters["search[keywords]"] = self.args.query
        return f"https://crowdworks.jp/public/jobs/search?{urlencode(parameters)}"

    def document(self, response: TextResponse) -> Any:
        """The JSON in the attribute, or the response itself where that is JSON."""
        if response.body.lstrip()[:1] in {b"{", b"["}:
            return parse_json(response.body, response)
        page = parse_html(response)
        data = page.css("#vue-container::attr(data), vue-container::attr(data)").get()
        if data is None:
            raise PageError(f"{response.url} holds no element 'vue-container' with an attribute 'data'")
        return parse_json(data, response)

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The jobs without the paid places."""
        return page.document if isinstance(page.document, list) else super().records(page)

    def stated_total(self, page: Page) -> int | None:
        """As the answer says."""
        return whole_number(dig(page.document, "searchResult", "page", "total_entries"))

    def has_next(self, page: Page) -> bool:
        """Whether the page counts further pages behind itself."""
        pages = dig(page.document, "searchResult", "page")
        total = whole_number(dig(pages, "total_page"))
        return total is not None and (whole_number(dig(pages, "current_page")) or page.number) < total

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One job."""
        offer = dig(record, "job_offer")
        external_id = required(dig(offer, "id"), "id")
        kind, terms = payment(dig(record, "payment"))
        stated = budget(kind, terms, self.platform.currency)
        entry = dig(record, "entry", "project_entry")
        tasks = dig(record, "entry", "task_entry")
        verified = dig(record, "client", "is_employer_certification")
        metadata = {
            "payment": kind and kind.removesuffix("_payment"),
            "task_minutes": whole_number(terms.get("estimated_work_minutes")),
            "article_length_min": whole_number(terms.get("min_articles_length")),
            "article_length_max": whole_number(terms.get("max_articles_length")),
            "category_id": whole_number(dig(offer, "category_id")),
            "genre": dig(offer, "genre"),
            "contracts": whole_number(dig(entry, "num_contracts")),
            "contracts_wanted": whole_number(dig(entry, "project_contract_hope_number")),
            "tasks": whole_number(dig(tasks, "num_tasks")),
            "tasks_completed": whole_number(dig(tasks, "num_completed_tasks")),
            "login_required": dig(offer, "is_login_required") or None,
        }
        return Project(
            platform=self.name,
            external_id=external_id,
            url=f"https://crowdworks.jp/public/jobs/{external_id}",
            title=required(fold(dig(offer, "title")), "title"),
            description=fold(dig(offer, "description_digest")),
            skills=canonical_skills(
                skill["name"] for skill in dig(offer, "skills") or () if isinstance(dig(skill, "name"), str)
            ),
            budget_min=stated.minimum,
            budget_max=stated.maximum,
            currency=stated.currency,
            payment_type=stated.payment_type,
            language=self.platform.language,
            posted_at=parse_datetime(
                dig(offer, "last_released_at"), now=page.now, tz=self.platform.tz, day_first=False
            ),
            deadline_at=parse_deadline(dig(offer, "expired_on"), now=page.now, tz=self.platform.tz),
            status=Status.OPEN if dig(offer, "status") == "released" else Status.UNKNOWN,
            bids_count=whole_number(dig(entry, "num_application_conditions")),
            client_name=fold(dig(record, "client", "username")),
            client_verified=verified if isinstance(verified, bool) else None,
            project_metadata=shown(metadata),
        )


def payment(ways: Any) -> tuple[str | None, dict[str, Any]]:
    """The one way in which a job is paid and its terms: `("task_payment", {"task_price": 7.0, ...})`."""
    stated = ways.items() if isinstance(ways, dict) else ()
    return next(((kind, terms) for kind, terms in stated if isinstance(terms, dict)), (None, {}))


def budget(kind: str | None, terms: dict[str, Any], currency: str | None) -> Budget:
    """The amounts of a way of payment in `currency`; an end that is null or 0 is open."""
    payment_type, low, high = _PAYMENTS.get(kind or "", (None, "", ""))
    minimum, maximum = parse_amount(terms.get(low)), parse_amount(terms.get(high))
    none_stated = minimum is None and maximum is None
    return Budget(minimum, maximum, None if none_stated else currency, payment_type)
