"""FL.ru, the largest freelance exchange of Russia.

Domain: orders ("Заказ") and vacancies ("Вакансия") stand in one listing, and both are stored; the card names
the kind, and behind it in brackets the place of a vacancy.

Caveats:
    - Newest first, but raised and paid cards may stand before them, so an older posting on the first page is
      no sign that the rest is older.
    - The price of an order is of the whole of it; of a vacancy only where it names its time.
      "по договоренности" and "по результатам собеседования" are no prices.
    - Times are relative ("4 часа 7 минут назад") and become "8 июля, 19:00", in Moscow time, after a day.
    - The description is cut by the site. Views beyond 300 are told as "больше 300" only.
    - An order with a chosen contractor stays in the listing, says so, and shows no number of answers.

This page is read more often than any other, so its cards are read with compiled XPaths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree
from scrapy.selector import Selector

from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.countries import country_in
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.money import parse_budget
from outsource_scraper.normalize.text import fold
from outsource_scraper.spiders._base import ListingSpider, Page, check_depth, required
from outsource_scraper.spiders._html import count_in, shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from scrapy.http import TextResponse


def _text(path: str) -> etree.XPath:
    """The text of the first node at `path`."""
    return etree.XPath(f"string({path})", smart_strings=False)


TITLE = _text('descendant::a[starts-with(@id, "prj_name_")]')
HREF = _text('descendant::a[starts-with(@id, "prj_name_")]/@href')
PRICE = _text('descendant::div[contains(@class, "b-post__grid_price")]')
DESCRIPTION = _text('descendant::div[contains(@class, "b-post__body")]/div[contains(@class, "b-post__txt")]')
_KIND = _text('descendant::span[contains(@class, "b-post__bold")]')
_AGE = _text('descendant::span[contains(@class, "b-post__bold")]/following-sibling::span')
_STATE = _text('descendant::div[@data-id="qa-page-desktop"]')
_VIEWS = _text('descendant::span[@title="Количество просмотров"]')
_ANSWERS = _text('descendant::svg[@title="Количество ответов"]/..')
_URGENT = etree.XPath('boolean(descendant::img[contains(@src, "/urgently")])')

_CONTRACTOR_CHOSEN = "Исполнитель определён"


class FlruSpider(ListingSpider):
    """Cards of https://www.fl.ru/projects/."""

    name = "flru"
    allowed_domains = ("fl.ru",)
    platform = Platform(
        title="FL.ru",
        home="https://www.fl.ru/",
        country="RU",
        languages=("ru",),
        currency="RUB",
        timezone="Europe/Moscow",
        access=Access.PUBLIC_PAGES,
        robots="none found (public scrapers and documentation, read 2026-11)",
        terms="none found (public scrapers and documentation, read 2026-11)",
        evidence="listing saved on 2026-07-10",
    )
    cards = 'div[id^="project-item"]'
    next_page = "#fl-pagination .fl-pagination-next a[href]"

    def listing_url(self, number: int) -> str:
        """All categories; the first page has no number."""
        return "https://www.fl.ru/projects/" + (f"page-{number}/" if number > 1 else "")

    def document(self, response: TextResponse) -> Any:
        """The page's selector; its bytes go to the parser as they are, which saves a tenth of the time."""
        if response.encoding != "utf-8" or b"<" not in response.body:
            return super().document(response)
        return check_depth(Selector(body=response.body, encoding="utf-8", type="html"), response)

    def read(self, record: Selector, page: Page) -> Project:
        """One card."""
        card = record.root
        kind, place = kind_and_place(fold(_KIND(card)))
        state = fold(_STATE(card))
        views = fold(_VIEWS(card))
        budget = parse_budget(PRICE(card), currency=self.platform.currency)
        payment_type = budget.payment_type
        if payment_type is None and kind == "Заказ" and budget.currency is not None:
            payment_type = PaymentType.FIXED
        number = card.get("id").removeprefix("project-item")
        external_id = required(number if number.isdigit() else None, "id")
        title = required(fold(TITLE(card)), "title")
        link = required(HREF(card), "link")
        return Project(
            platform=self.name,
            external_id=external_id,
            # Ten times as fast as urljoin, which is felt in a listing.
            url=link if "://" in link else self.platform.home + link.lstrip("/"),
            title=title,
            description=fold(DESCRIPTION(card)),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=payment_type,
            location=place,
            country=country_in(place),
            language=self.platform.language,
            posted_at=parse_datetime(_AGE(card), now=page.now, tz=self.platform.tz),
            status=status(state),
            bids_count=answers(fold(_ANSWERS(card))),
            views_count=int(views) if views and views.isdigit() else None,
            project_metadata=shown(
                {
                    "kind": kind,
                    "state": state,
                    "views": None if views is None or views.isdigit() else views,
                    "urgent": _URGENT(card) or None,
                }
            ),
        )


def kind_and_place(text: str | None) -> tuple[str | None, str | None]:
    """What "Вакансия (Россия, Сургут)" says: the kind of the posting, and where the work is."""
    kind, _, place = (text or "").partition("(")
    return kind.strip() or None, place.removesuffix(")").strip() or None


def status(state: str | None) -> Status:
    """Open unless the card says otherwise; what it says in words that are not known leaves it unknown."""
    if state is None:
        return Status.OPEN
    return Status.CLOSED if state == _CONTRACTOR_CHOSEN else Status.UNKNOWN


def answers(text: str | None) -> int | None:
    """The number in "31 ответ"; 0 where the page says that there are none."""
    if text is None or "ответ" not in text.lower():
        return None
    return 0 if text.lower().startswith("нет") else count_in(text)
