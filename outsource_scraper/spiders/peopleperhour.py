"""PeoplePerHour, a British marketplace with clients of every country.

Domain: jobs of every trade, in English, 20 a page. The page's scripts read `window.PPHReact.initialState`,
which is JSON; the `window.PPHReact.data` that follows it is not. `freelanceJobs.main.data` has the ids in the
order of the page, `entities.projects` what is known of each, in `attributes`.

Caveats:
    - `entities.projects` also holds the jobs of `freelanceJobs.featured` and `.completed`; they are no part
      of the listing.
    - `budget` is in `currency`, the client's own. What the page shows, and `budget_converted`, is in the
      currency of the visitor.
    - Times ("2026-09-17 08:25:06") are UTC without saying so.
    - The order is the latest first, but not strictly by `posted_dt`.
    - `location_type` `remote_country` is remote work for people of the client's country, which is not named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.normalize.countries import country_code
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.money import parse_amount, parse_currency
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import EmbeddedJsonSpider, Page, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

_PAYMENT_TYPES = {"fixed_price": PaymentType.FIXED, "hourly": PaymentType.HOURLY}
_WORK_TYPES = {
    "remote": WorkType.REMOTE,
    "remote_country": WorkType.REMOTE,
    "onsite": WorkType.ONSITE,
}
_CLOSED = frozenset({"awarded", "cancelled", "closed", "completed", "expired"})


class PeopleperhourSpider(EmbeddedJsonSpider):
    """Jobs of https://www.peopleperhour.com/freelance-jobs."""

    name = "peopleperhour"
    allowed_domains = ("peopleperhour.com",)
    platform = Platform(
        title="PeoplePerHour",
        home="https://www.peopleperhour.com/",
        country="GB",
        languages=("en",),
        currency=None,
        timezone="UTC",
        access=Access.EMBEDDED_JSON,
        robots="none found (public scrapers, read 2026-11)",
        terms="none found (public scrapers, read 2026-11)",
        evidence="the JSON of a listing captured on 2026-09-17, without descriptions and clients",
        delay=5.0,
        requests=60,
    )
    searches = True
    embedded_after = "window.PPHReact.initialState="

    def listing_url(self, number: int) -> str:
        """Page `number` of the jobs of all categories."""
        parameters = {"page": str(number), "sort": "latest"}
        if self.args.query is not None:
            parameters["keyword"] = self.args.query
        return f"https://www.peopleperhour.com/freelance-jobs?{urlencode(parameters)}"

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The attributes of every job of the main list, in its order."""
        listed = dig(page.document, "freelanceJobs", "main", "data")
        if not isinstance(listed, list):
            raise PageError(f"the state of {page.response.url} has no array at freelanceJobs.main.data")
        for entry in listed:
            external_id = dig(entry, "id")
            attributes = dig(page.document, "entities", "projects", str(external_id), "attributes")
            yield attributes if isinstance(attributes, dict) else {"proj_id": external_id}

    def stated_total(self, page: Page) -> int | None:
        """As the answer says."""
        return whole_number(dig(page.document, "freelanceJobs", "main", "meta", "total-items"))

    def has_next(self, page: Page) -> bool:
        """Whether there are further pages; where their number is missing, whether this one has jobs."""
        total = whole_number(dig(page.document, "freelanceJobs", "main", "meta", "total-pages"))
        if total is None:
            return bool(dig(page.document, "freelanceJobs", "main", "data"))
        return page.number < total

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One job."""
        budget = parse_amount(record.get("budget"))
        flags = record.get("etiquettes") or {}
        return Project(
            platform=self.name,
            external_id=required(record.get("proj_id"), "id"),
            url=required(record.get("url"), "url").partition("?")[0],
            title=required(fold(record.get("title")), "title"),
            description=from_html(record.get("proj_desc")),
            category=fold(dig(record, "category", "cate_name")),
            budget_min=budget,
            budget_max=budget,
            currency=parse_currency(record.get("currency")),
            payment_type=_PAYMENT_TYPES.get(record.get("project_type") or ""),
            work_type=_WORK_TYPES.get(record.get("location_type") or ""),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("posted_dt"), now=page.now, tz=self.platform.tz),
            deadline_at=parse_deadline(record.get("expiry_dt"), now=page.now, tz=self.platform.tz),
            status=status(record.get("item_state") or record.get("proj_status")),
            bids_count=whole_number(record.get("proposalCount")),
            client_name=fold(dig(record, "client", "public_name")),
            client_country=country_code(fold(dig(record, "client", "country"))),
            project_metadata=shown(
                {
                    "subcategory": fold(dig(record, "sub_category", "subcate_name")),
                    "location_type": record.get("location_type"),
                    "flags": sorted(name for name, given in flags.items() if given is True),
                }
            ),
        )


def status(stated: str | None) -> Status:
    """What the job says of itself; one that says nothing stands in a listing of open jobs."""
    if stated is None or stated == "open":
        return Status.OPEN
    return Status.CLOSED if stated in _CLOSED else Status.UNKNOWN
