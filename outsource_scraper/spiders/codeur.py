"""Codeur.com, a French marketplace of freelance projects: its feed for what is new, its pages for all.

Domain: https://www.codeur.com/projects.rss holds the 35 newest projects, https://www.codeur.com/projects
(`?page=N`) every project ever posted, 35 a page. `mode=new` reads the feed, `mode=full` the pages. The feed
takes words to search for as `q`; the pages are not known to, so a `query` is always put to the feed.

Caveats:
- The budget is one of five brackets. Four are of the whole project, "200 à 500 €/jour" is of a day and was
  seen in the pages alone.
- The feed writes budget and categories into the first paragraph of the description. Categories are parted
  by commas there, and two of them hold commas themselves.
- Categories serve as skills as well ("WordPress", "API"); the first one is the project's category.
- The feed does not say whether a project is still open: its status is unknown there. In the pages "En cours"
  is a project whose freelancer was chosen.
- Pages tell ages ("Il y a 2 heures") and put some old projects between the new ones. In 2026
  there were 9,541 pages, closed projects included: a full crawl takes hours, unless `max_pages` ends it.
- Both cut the description.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

from lxml import etree

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.money import Budget, parse_budget
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._arguments import Mode
from outsource_scraper.spiders._base import FeedSpider, Page, parse_html, required
from outsource_scraper.spiders._html import count_in, shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse

_LIST = etree.XPath('//*[@id="projects-list"]')
_NEXT = etree.XPath('boolean(//nav//a[contains(., "Suivante") and starts-with(@href, "/")])')
_TITLE = etree.XPath("string(descendant::h3)")
_AGE = etree.XPath("string(descendant::h3/following-sibling::span)")
_STATE = etree.XPath("string(descendant::h3/../following-sibling::div[1]/span[1])")
_BUDGET = etree.XPath('string(descendant::span[@title="Budget"])')
_OFFERS = etree.XPath('string(descendant::span[@title="Offres"])')
_VIEWS = etree.XPath('string(descendant::span[@title="Vues"])')
_TEXT = etree.XPath('string(descendant::div[contains(@class, "line-clamp-3")])')
_CATEGORIES = etree.XPath('descendant::span[contains(concat(" ", @class, " "), " text-xs ")]')

_PATH = re.compile(r"/projects/(\d+)(?:-[^/]*)?/?")
_FIRST_PARAGRAPH = re.compile(r"^\s*+<p\b[^<>]*+>(.*?)</p>", re.DOTALL)
_HEADLINE = re.compile(r"Budget ?: ?(?P<budget>.+?)(?: - Catégories? ?: ?(?P<categories>.+))?")
_CATEGORY = re.compile(r"\s*(Audio, Video, Multimedia|(?:[^,(]|\([^()]*\)|\()+)")
_STATUS = {"Ouvert": Status.OPEN, "En cours": Status.CLOSED, "Fermé": Status.CLOSED}


class Described(NamedTuple):
    """What the description of an entry of the feed holds."""

    budget: str | None
    categories: list[str]
    text: str | None


class CodeurSpider(FeedSpider):
    """Projects of Codeur.com; a record is an entry of the feed or the link that is a card of a page."""

    name = "codeur"
    platform = Platform(
        title="Codeur.com",
        home="https://www.codeur.com/projects",
        country="FR",
        languages=("fr",),
        currency="EUR",
        timezone="Europe/Paris",
        access=Access.FEED,
        robots="pages are marked noindex, which speaks of search engines (page saved on 2026-04-17);"
        " robots.txt never seen",
        terms="none found (public readers of the feed, read 2026-11)",
        evidence="page saved on 2026-04-17; feed documented by its public readers, never seen live",
        requests=9_600,
    )
    allowed_domains = ("codeur.com",)
    searches = True
    whole_listing = True

    def listing_url(self, number: int) -> str:
        """The feed, or page `number` where the whole listing is asked for."""
        if self.args.query is not None:
            return f"https://www.codeur.com/projects.rss?{urlencode({'q': self.args.query})}"
        if self.args.mode is Mode.NEW:
            return "https://www.codeur.com/projects.rss"
        return "https://www.codeur.com/projects" + (f"?page={number}" if number > 1 else "")

    def document(self, response: TextResponse) -> Any:
        """The root element, of the feed or of a page, whichever the response is."""
        begin = response.body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
        if begin.startswith((b"<?xml", b"<rss")):
            return super().document(response)
        if b"<" not in response.body:
            raise PageError(f"{response.url} is neither a feed nor a page: it begins with {begin[:40]!r}")
        return parse_html(response).root

    def records(self, page: Page) -> Iterable[etree._Element]:
        """Every entry of the feed, every card of a page."""
        if page.document.tag != "html":
            return super().records(page)
        lists = _LIST(page.document)
        if not lists:
            raise PageError(f"{page.response.url} has no list of projects")
        return lists[0].iterchildren("a")  # type: ignore[no-any-return]

    def has_next(self, page: Page) -> bool:
        """Whether the page's navigation leads on; the feed has one page."""
        return bool(_NEXT(page.document))

    def read(self, record: etree._Element, page: Page) -> Project:
        """One project, from the feed or from a page."""
        return self._card(record, page) if record.tag == "a" else self._entry(record, page)

    def _entry(self, entry: etree._Element, page: Page) -> Project:
        described = describe(entry.findtext("description"))
        project = self._project(entry.findtext("link"), entry.findtext("title"), described, page)
        project.posted_at = parse_datetime(entry.findtext("pubDate"), now=page.now, tz=self.platform.tz)
        return project

    def _card(self, card: etree._Element, page: Page) -> Project:
        categories = [text for span in _CATEGORIES(card) if (text := fold("".join(span.itertext())))]
        described = Described(fold(_BUDGET(card)), categories, fold(_TEXT(card)))
        project = self._project(card.get("href"), card.get("aria-label") or _TITLE(card), described, page)
        project.posted_at = parse_datetime(_AGE(card), now=page.now, tz=self.platform.tz)
        project.status = _STATUS.get(fold(_STATE(card)) or "", Status.UNKNOWN)
        project.bids_count = count_in(_OFFERS(card))
        project.views_count = count_in(_VIEWS(card))
        return project

    def _project(self, link: str | None, title: str | None, described: Described, page: Page) -> Project:
        """What the feed and the pages tell alike."""
        path = urlsplit(required(link, "link")).path
        found = _PATH.fullmatch(path)
        budget = parse_budget(described.budget, currency=self.platform.currency)
        return Project(
            platform=self.name,
            external_id=required(found and found[1], "id in its link"),
            url=urljoin(self.platform.home, path),
            title=required(fold(title), "title"),
            description=described.text,
            category=described.categories[0] if described.categories else None,
            skills=canonical_skills(described.categories),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=payment_type(budget),
            language=self.platform.language,
            project_metadata=shown({"categories": described.categories}),
        )


def describe(markup: str | None) -> Described:
    """Part the description of an entry into the headline, which the site puts before it, and the text."""
    first = _FIRST_PARAGRAPH.match(markup or "")
    headline = _HEADLINE.fullmatch(from_html(first[1]) or "") if first else None
    if markup is None or first is None or headline is None:
        return Described(None, [], from_html(markup))
    names = _CATEGORY.findall(headline["categories"] or "")
    return Described(headline["budget"], [name.strip() for name in names], from_html(markup[first.end() :]))


def payment_type(budget: Budget) -> PaymentType | None:
    """Of the day where the bracket says so, else of the whole project."""
    return budget.payment_type or (PaymentType.FIXED if budget.currency else None)
