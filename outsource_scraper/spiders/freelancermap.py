"""freelancermap, a German board of contract projects.

Domain: contracts in IT and engineering, mostly posted by agencies, in German and English. The page
https://www.freelancermap.de/projekte carries the JSON of its component `ProjectSearch` in a `<script>`; the
list stands in `initialState.result.projects` or in `initialResults`, 22 projects a page. The English site
https://www.freelancermap.com shows the same projects under `/project/` instead of `/projekt/`.

Caveats:
    - A visitor who is not logged in was given the first page again for every further one (a public scraper,
      2026-08), although the page counts hundreds: the listing is a window on the newest, nothing is ever
      closed because it is missing, and what a page says of its own number decides whether it goes on.
    - Permanent positions stand among the projects; they are employment and passed over.
    - A record's `url` is null or a token of another system; the link is made from `slug` or `links.project`.
    - `locations` repeats cities and states.
    - Skills are named in German and English; the English name is taken, being the commoner one elsewhere.
    - `budget` was null or empty in every record known, so it goes to the metadata as it is.
    - `created` is ISO 8601 with a zone, `expires` unix seconds, `duration` months. Times on a detail page
      have no zone and are read as German; the English site writes the month first.
    - The listing tells everything, so detail pages are not asked for. A saved one is read, from what it
      shows, into the form of a record. Its cards of similar projects have no id and are not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from scrapy.selector import Selector

from outsource_scraper.errors import PageError
from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.normalize.countries import country_code
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.durations import parse_duration_days
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import (
    ApiSpider,
    Page,
    dig,
    markup_of,
    parse_html,
    parse_json,
    required,
    whole_number,
)
from outsource_scraper.spiders._html import markup_in, shown, text_of, texts_of
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse

_SEARCH = re.compile(r'<script\b(?>[^<>]*?\bdata-component-name="ProjectSearch")[^<>]*+>')
_PUBLISHED = re.compile(r"(?:Published on|[Vv]eröffentlicht am)\s+([^<]+)")
_PERCENT = re.compile(r"(\d{1,3})\s?%")
_START_LABEL = re.compile(r"^Start(?: date|termin|datum)?\b:?\s*", re.IGNORECASE)
_BADGES = ".project-header-info-list"
_CANONICAL = "link[rel=canonical]::attr(href)"
_EMPLOYMENT = "permanent_position"
_CONTRACTS = {
    "freelance": "contracting",
    "freiberuflich": "contracting",
    "employee leasing": "employee_leasing",
    "arbeitnehmerüberlassung": "employee_leasing",
    "permanent position": _EMPLOYMENT,
    "festanstellung": _EMPLOYMENT,
}
"""What a detail page calls the types of the records."""


class FreelancermapSpider(ApiSpider):
    """Projects of https://www.freelancermap.de/projekte."""

    name = "freelancermap"
    allowed_domains = ("freelancermap.de",)
    platform = Platform(
        title="freelancermap",
        home="https://www.freelancermap.de/",
        country="DE",
        languages=("de", "en"),
        currency="EUR",
        timezone="Europe/Berlin",
        access=Access.EMBEDDED_JSON,
        robots="disallows nothing (a public scraper of freelancermap.com, read 2026-11)",
        terms="none found (public scrapers, read 2026-11)",
        evidence="detail page captured on 2026-07-30, one record of the listing captured on 2026-09-28",
        delay=5.0,
    )
    searches = True
    whole_listing = False

    def listing_url(self, number: int) -> str:
        """Page `number` of the search; without a query, of everything."""
        parameters = {"query": self.args.query or "", "pagenr": number}
        return f"https://www.freelancermap.de/projekte?{urlencode(parameters)}"

    def document(self, response: TextResponse) -> Any:
        """The JSON of the search, a record that was saved alone, or the selector of a detail page."""
        if response.body.lstrip().startswith(b"{"):
            return parse_json(response.body, response)
        if found := _SEARCH.search(response.text):
            end = response.text.find("</script>", found.end())
            if end >= 0:
                return parse_json(response.text[found.end() : end], response)
        if "project-body-description" in response.text:
            return parse_html(response)
        raise PageError(f"{response.url} holds neither the JSON of ProjectSearch nor a project")

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The records, wherever the page keeps them."""
        document = page.document
        if isinstance(document, Selector):
            return [detail_record(document)]
        for path in (("initialState", "result", "projects"), ("initialResults",)):
            found = dig(document, *path)
            if isinstance(found, list):
                return found
        if dig(document, "projectContractType") is not None:
            return [document]
        raise PageError(f"the JSON of {page.response.url} has no array of projects")

    def has_next(self, page: Page) -> bool:
        """Whether the page that came is the one that was asked for, and not the last."""
        pages = dig(page.document, "initialPagination")
        total = whole_number(dig(pages, "totalPages"))
        return whole_number(dig(pages, "currentPage")) == page.number and page.number < (total or 0)

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        """One record; None where it is a permanent position."""
        contract = dig(record, "projectContractType", "type")
        if contract == _EMPLOYMENT:
            return None
        tz = self.platform.tz
        percent = whole_number(dig(record, "projectContractType", "remoteInPercent"))
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=link_of(record),
            title=required(fold(record.get("title")), "title"),
            description=from_html(record.get("description")),
            category=fold(dig(record, "industry", "nameDe")),
            skills=canonical_skills(
                [dig(skill, "en") or dig(skill, "de") for skill in record.get("skills") or ()]
            ),
            work_type=work_type(percent),
            location=place(record),
            country=country_of(record.get("country")),
            posted_at=parse_datetime(record.get("created"), now=page.now, tz=tz, day_first=False),
            deadline_at=parse_deadline(record.get("expires"), now=page.now, tz=tz),
            duration_days=duration(record.get("durationText"), record.get("duration")),
            status=Status.OPEN if record.get("open", True) else Status.UNKNOWN,
            client_name=fold(record.get("company") or dig(record, "poster", "company")),
            client_country=country_of(dig(record, "poster", "country")),
            project_metadata=shown(
                {
                    "contract": contract,
                    "remote_percent": percent,
                    "start": start(record),
                    "end_customer": record.get("endcustomer"),
                    "budget": record.get("budget"),
                }
            ),
        )


def link_of(record: dict[str, Any]) -> str:
    """The page of the project: the link that the record has, else the one that the site makes of its slug."""
    link = dig(record, "links", "project") or f"/projekt/{required(record.get('slug'), 'slug')}"
    return (
        urlsplit(urljoin("https://www.freelancermap.de/", str(link)))._replace(query="", fragment="").geturl()
    )


def country_of(country: Any) -> str | None:
    """The code of a country that a record gives as an object, with its code, or by its name."""
    return country_code(dig(country, "iso2") or (country if isinstance(country, str) else None))


def place(record: dict[str, Any]) -> str | None:
    """The places of a record, each once; where it lists none, its city."""
    names = [fold(dig(location, "name")) for location in record.get("locations") or ()]
    return ", ".join(dict.fromkeys(filter(None, names))) or fold(record.get("city"))


def work_type(remote_percent: int | None) -> WorkType | None:
    """Where the work is done, by the share of it that is remote."""
    if remote_percent is None:
        return None
    if remote_percent == 0:
        return WorkType.ONSITE
    return WorkType.REMOTE if remote_percent >= 100 else WorkType.HYBRID


def duration(text: str | None, months: Any) -> int | None:
    """Days of the work, from its text ("6 Monate"), else from its number of months."""
    number = whole_number(months)
    return parse_duration_days(text) or (parse_duration_days(f"{number} months") if number else None)


def start(record: dict[str, Any]) -> str | None:
    """When the work begins: a text such as "ab sofort", else month and year."""
    month, year = record.get("beginningMonth"), record.get("beginningYear")
    return fold(record.get("beginningText")) or (f"{month}/{year}" if month and year else None)


def detail_record(html: Selector) -> dict[str, Any]:
    """What a detail page shows, in the form of a record of the listing."""
    places = texts_of(html, f"{_BADGES} .location-element")
    contract = (_badge(html, "fa-file-contract") or "").casefold()
    published = _PUBLISHED.search(markup_of(html.root))
    return {
        "id": (text_of(html, '[data-testid="project-id"]') or "").lstrip("#"),
        "links": {"project": html.css("a.show-link::attr(href)").get() or html.css(_CANONICAL).get()},
        "title": text_of(html, ".project-header h1"),
        "description": markup_in(html, ".project-body-description"),
        "skills": [{"de": name} for name in texts_of(html, 'a[data-id="project-body-keyword-link"]')],
        "city": text_of(html, f"{_BADGES} .badge-content-city"),
        "country": places[-1] if places else None,
        "created": published[1] if published else None,
        "durationText": _badge(html, "fa-hourglass"),
        "beginningText": _START_LABEL.sub("", _badge(html, "fa-calendar") or ""),
        "company": text_of(html, '[data-id="project-show-company-link"]'),
        "open": bool(html.css('[data-id="project-show-contact-button"]')),
        "projectContractType": {
            "type": _CONTRACTS.get(contract, contract or None),
            "remoteInPercent": _remote_percent(texts_of(html, f"{_BADGES} .badge")),
        },
    }


def _badge(html: Selector, icon: str) -> str | None:
    """The text beside an icon."""
    return text_of(html, f"{_BADGES} .badge:has(i.{icon})")


def _remote_percent(badges: list[str]) -> int | None:
    for badge in badges:
        if badge.casefold() in {"on-site", "onsite", "vor ort"}:
            return 0
        if "remote" in badge.casefold() and (percent := _PERCENT.search(badge)):
            return int(percent[1])
    return None
