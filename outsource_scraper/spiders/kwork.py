"""Kwork exchange (kwork.ru): what buyers ask for, from the JSON that the listing page carries.

Domain: https://kwork.ru/projects?page=N, 12 requests ("wants") a page, lately created or raised first. The
page's scripts read `window.stateData`; the wants stand in `wantsListData.wants`, in some pages only in
`wantsListData.pagination.data`. A want's page is https://kwork.ru/projects/<id>.

Caveats:
- Two prices, both upper bounds: "Желаемый бюджет: до 1 500 ₽" is `priceLimit`, "Допустимый: до 4 500 ₽" is
  `possiblePriceLimit`, shown where `isHigherPrice`. The most a buyer pays is the budget.
- Times are Moscow's and name no zone: `timeLeft` of the saved page fits its own clock only so.
- A buyer may raise a want: `date_active` is then later than `date_create`, and `date_expire` follows it.
- Texts are plain with HTML entities in them.
- A want names its category by number; the name stands in the page's `categories`.
- The search parameter `keyword` is known from public scrapers and from the page's own `filter` object; an
  answer to it was never seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.money import parse_amount
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import EmbeddedJsonSpider, Page, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse

_SPACED_ASSIGNMENT = re.compile(r"window\.stateData\s*=")
_CLOSED = frozenset({"archived", "cancel", "stop", "user_stop"})


class KworkSpider(EmbeddedJsonSpider):
    """Requests on the exchange of Kwork."""

    name = "kwork"
    platform = Platform(
        title="Kwork",
        home="https://kwork.ru/projects",
        country="RU",
        languages=("ru",),
        currency="RUB",
        timezone="Europe/Moscow",
        access=Access.EMBEDDED_JSON,
        robots="none found (public scrapers, read 2026-11)",
        terms="none found (public scrapers, read 2026-11)",
        evidence="listing saved on 2026-05-20",
        requests=60,
    )
    allowed_domains = ("kwork.ru",)
    searches = True
    embedded_after = "window.stateData="

    def listing_url(self, number: int) -> str:
        """Page `number` of the exchange."""
        parameters = {"page": str(number)}
        if self.args.query is not None:
            parameters["keyword"] = self.args.query
        return f"https://kwork.ru/projects?{urlencode(parameters)}"

    def document(self, response: TextResponse) -> Any:
        """The page's state, whether its assignment is written with spaces or without."""
        if self.embedded_after not in response.text:
            text = _SPACED_ASSIGNMENT.sub(self.embedded_after, response.text, count=1)
            response = response.replace(body=text, encoding="utf-8")
        return super().document(response)

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The wants, wherever the page keeps them."""
        listing = dig(page.document, "wantsListData")
        places = (dig(listing, "wants"), dig(listing, "pagination", "data"))
        lists = [place for place in places if isinstance(place, list)]
        if not lists:
            raise PageError(f"the state of {page.response.url} has no array of wants")
        return next(filter(None, lists), [])

    def stated_total(self, page: Page) -> int | None:
        """As the answer says."""
        return whole_number(dig(page.document, "wantsListData", "pagination", "total"))

    def has_next(self, page: Page) -> bool:
        """Whether the page's pagination links to a further one."""
        return bool(dig(page.document, "wantsListData", "pagination", "next_page_url"))

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One want."""
        tz = self.platform.tz
        external_id = required(record.get("id"), "id")
        desired = parse_amount(record.get("priceLimit"))
        accepted = parse_amount(record.get("possiblePriceLimit")) if record.get("isHigherPrice") else None
        budget = accepted or desired
        raised_at = parse_datetime(record.get("date_active"), now=page.now, tz=tz)
        metadata = {
            "desired_price": None if desired is None else str(desired),
            "raised_at": None if raised_at is None else raised_at.isoformat(),
            "stage": dig(record, "altStatusHint", "title"),
            "files": len(record.get("files") or ()) or None,
            "client_wants": whole_number(dig(record, "user", "data", "wants_count")),
            "client_hired_percent": whole_number(dig(record, "user", "data", "wants_hired_percent")),
        }
        return Project(
            platform=self.name,
            external_id=external_id,
            url=f"https://kwork.ru/projects/{external_id}",
            title=required(from_html(record.get("name")), "title"),
            description=from_html(record.get("description")),
            category=category_name(page.document, record.get("category_id")),
            budget_max=budget,
            currency=None if budget is None else self.platform.currency,
            payment_type=None if budget is None else PaymentType.FIXED,
            language=record.get("lang") or self.platform.language,
            posted_at=parse_datetime(record.get("date_create"), now=page.now, tz=tz),
            deadline_at=parse_deadline(record.get("date_expire"), now=page.now, tz=tz),
            duration_days=whole_number(record.get("max_days")) or None,
            status=status(record.get("status")),
            bids_count=whole_number(record.get("kwork_count")),
            views_count=whole_number(record.get("views_dirty")),
            client_name=fold(dig(record, "user", "username")),
            project_metadata=shown(metadata),
        )


def status(stated: str | None) -> Status:
    """Of the states in the page's `wantModelStatuses` only `active` takes offers; `new` is being checked."""
    if stated == "active":
        return Status.OPEN
    return Status.CLOSED if stated in _CLOSED else Status.UNKNOWN


def category_name(state: Any, category_id: Any) -> str | None:
    """The name under which the page's menu of categories lists `category_id`; None where it does not."""
    if category_id is None:
        return None
    sections = dig(state, "categories")
    for section in sections.values() if isinstance(sections, dict) else ():
        for category in (section, *(section.get("cats") or ())):
            if str(category.get("CATID")) == str(category_id):
                return fold(category.get("name"))
    return None
