"""Freemoa (프리모아), a Korean marketplace of software outsourcing, by the JSON of its own pages.

Domain: work contracted as a whole (도급) and people hired on site for a time (상주). `POST
https://www.freemoa.net/m4a/s41a` answers 10 rows a page, newest first, closed ones among them; `POST
/m4a/s41v` one project in full. A person reads it at https://www.freemoa.net/m4/s41?first_pno=<id>.

Caveats:
- Amounts are in units of 10,000 won (만원), "0" where none is stated. They are of the whole project, and of
  a month where people work on site. `costView` of the full project writes the same amounts out in won.
- Counts and flags come as strings or as numbers. Times are Korean and name no zone; `endtime` is unix
  seconds, the end of the day `edate`.
- The row holds the first 200 characters of the text, so every new project is asked for in full.
- `ERROR.NO` is 0 in a good answer and -1 where a login is asked for, which some readers met and others did
  not; an address that is blocked gets HTML. Public readers also report a certificate that does not verify:
  it is verified here all the same, so that such a crawl fails instead of trusting whoever answers.
- `proj_filed` is HTML in a row and plain in the full project. Client names are masked by the site.
- A file in which a collector wrote row and full project together (`listRow` and `detail`, alone or below
  `payload`) is read too: it is how saved projects of this site go around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import FormRequest

from outsource_scraper.errors import PageError, RecordError
from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.normalize.countries import country_in
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.money import parse_amount
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, check_same, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from scrapy.http import TextResponse

PAGE_SIZE = 10
TEXT_LIMIT = 200
"""Characters of the text that a row of the listing holds."""

_KINDS = {"1": "도급", "2": "시간제 상주", "3": "기간제 상주"}
_NATURES = {"1": "신규제작", "2": "리뉴얼", "3": "유지보수"}
_PAYMENT = {WorkType.REMOTE: PaymentType.FIXED, WorkType.ONSITE: PaymentType.MONTHLY}
_STATUS = {"1": Status.OPEN, "0": Status.CLOSED}


class FreemoaSpider(ApiSpider):
    """Rows of https://www.freemoa.net/m4/s41, completed from the full projects."""

    name = "freemoa"
    platform = Platform(
        title="Freemoa",
        home="https://www.freemoa.net/m4/s41",
        country="KR",
        languages=("ko",),
        currency="KRW",
        timezone="Asia/Seoul",
        access=Access.SITE_JSON,
        robots="none found (public readers of its JSON, read 2026-11)",
        terms="none found (public readers of its JSON, read 2026-11); read them before turning it on",
        evidence="row and full project of two projects captured on 2026-10-02",
        enabled=False,
    )
    allowed_domains = ("freemoa.net",)
    records_path = ("DATA", "PROJECT", "LIST")

    def listing_request(self, number: int) -> FormRequest:
        """Page `number` of all projects; `sm=3` is newest first."""
        form = {"sS": "", "page": str(number), "sm": "3", "mp": "0", "lp": "0", "st2": "", "st3": ""}
        return question("s41a", form)

    def document(self, response: TextResponse) -> Any:
        """The JSON value, unless it says that the question was refused."""
        answer = super().document(response)
        number = dig(answer, "ERROR", "NO")
        if str(number) == "-1":
            raise PageError(f"{response.url} asks for a login, which is not passed: leave freemoa turned off")
        if str(number) not in {"None", "0"}:
            message = fold(str(dig(answer, "ERROR", "MSG")))
            raise PageError(f"{response.url} answered error {number}: {message}")
        return answer

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The rows, or the one row of a collector's file."""
        row = dig(collected(page.document), "listRow")
        return [row] if isinstance(row, dict) else super().records(page)

    def has_next(self, page: Page) -> bool:
        """Whether the number of all rows leaves some behind this page."""
        total = whole_number(dig(page.document, "DATA", "PROJECT", "PAGINATION", "totalRows"))
        return total is not None and page.number * PAGE_SIZE < total

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One row; its text is marked where the site cut it."""
        project = self._told(record, record.get("proj_idx"), page)
        if project.description is not None and len(record["txt"]) >= TEXT_LIMIT:
            project.description += "…"
        view = dig(collected(page.document), "detail", "view")
        return self._completed(project, view, page) if isinstance(view, dict) else project

    def detail_request(self, project: Project) -> FormRequest:
        """The question for the full project."""
        return question("s41v", {"pno": project.external_id, "anyView": ""})

    def is_detail(self, response: TextResponse) -> bool:
        """Whether it is the answer about one project."""
        return b'"VIEW"' in response.body and b'"PROJECT"' not in response.body

    def read_detail(self, page: Page, project: Project | None) -> Project:
        """The whole text, the place and the client's name; of an answer read alone everything it tells."""
        view = dig(page.document, "DATA", "VIEW")
        if not isinstance(view, dict):
            raise RecordError("the answer has no project at DATA.VIEW")
        named = dig(page.document, "DATA", "META", "pno")
        if project is None:
            return self._told(view, named, page)
        check_same(named, project)
        return self._completed(project, view, page)

    def _completed(self, project: Project, view: dict[str, Any], page: Page) -> Project:
        told = self._told(view, project.external_id, page)
        project.description = told.description or project.description
        project.category = told.category or project.category
        project.skills = told.skills or project.skills
        project.location = told.location or project.location
        project.country = told.country or project.country
        project.client_name = told.client_name
        project.project_metadata |= told.project_metadata
        return project

    def _told(self, record: dict[str, Any], external_id: Any, page: Page) -> Project:
        """What a row and the full project tell alike."""
        external_id = required(external_id, "id")
        low, high = won(record.get("cost_min")), won(record.get("cost_max"))
        place = work_type(record)
        location = fold(record.get("pvNmu") or record.get("pv_smallnm"))
        metadata = {
            "kind": _KINDS.get(str(record.get("workType"))),
            "nature": _NATURES.get(str(record.get("projectType"))),
            "start": fold(record.get("BEGIN_EXPECT")),
            "plan": fold(record.get("plan_nm")),
            "private": True if "0" in {str(record.get("isopen")), str(record.get("isviewable"))} else None,
        }
        return Project(
            platform=self.name,
            external_id=external_id,
            url=f"https://www.freemoa.net/m4/s41?first_pno={external_id}",
            title=required(from_html(record.get("title")), "title"),
            description=from_html(record.get("txt")),
            category=from_html(record.get("proj_filed")) or fold(record.get("fld")),
            skills=canonical_skills(name.strip() for name in (record.get("proj_language") or "").split(",")),
            budget_min=low,
            budget_max=high,
            currency=None if low is None and high is None else self.platform.currency,
            payment_type=_PAYMENT.get(place) if place and (low or high) else None,
            work_type=place,
            location=location,
            country=country_in(location),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("INS_TIME"), now=page.now, tz=self.platform.tz),
            deadline_at=parse_deadline(
                record.get("endtime") or record.get("edate"), now=page.now, tz=self.platform.tz
            ),
            duration_days=whole_number(record.get("during")) or None,
            status=_STATUS.get(str(record.get("isNowApply")), Status.UNKNOWN),
            bids_count=whole_number(record.get("ALL_APPLY_COUNT")),
            client_name=fold(record.get("cl_private_nm")),
            project_metadata=shown(metadata),
        )


def question(name: str, form: dict[str, str]) -> FormRequest:
    """The request that the site's own script sends to `name`."""
    return FormRequest(
        f"https://www.freemoa.net/m4a/{name}",
        formdata=form,
        headers={"X-Requested-With": "XMLHttpRequest"},
    )


def collected(document: Any) -> Any:
    """Where a collector's file keeps row and full project."""
    return dig(document, "payload") or document


def won(amount: Any) -> Decimal | None:
    """An amount in units of 10,000 won as won."""
    units = parse_amount(amount)
    return None if units is None else units * 10_000


def work_type(record: dict[str, Any]) -> WorkType | None:
    """On site or remote by the contract's kind; where that is not known, by the flag beside it."""
    kind = _KINDS.get(str(record.get("workType")))
    if kind is not None:
        return WorkType.REMOTE if kind == "도급" else WorkType.ONSITE
    return WorkType.ONSITE if str(record.get("is_stay")) == "1" else None
