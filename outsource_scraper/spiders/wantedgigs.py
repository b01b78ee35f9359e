"""Wanted Gigs (원티드 긱스), projects for freelancers on a Korean job site, by the site's own JSON.

Domain: https://www.wanted.co.kr/gigs/api-v2/projects, newest first, only what is recruiting. A project's page
is https://www.wanted.co.kr/gigs/projects/<id>; `/gigs/api-v2/projects/<id>` tells its work in full.

Caveats:
- `salary` is in units of 10,000 won (만원), of a month (`monthly`, "월급") or of the whole project (`all`,
  "프로젝트 전체"). No other kind is known; its text is kept in the metadata.
- `term` counts months or weeks, which `text_term_type` names; its end may be missing.
- `both` ("원격/상주") is neither remote nor on site alone, so hybrid.
- No time of posting, no deadline and no client are told. The listing has no description, so every new
  project is asked for in full.
- No parameter for words to search for is known, so `query` filters what was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request

from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.normalize.countries import country_in
from outsource_scraper.normalize.durations import parse_duration_days
from outsource_scraper.normalize.money import parse_amount
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, check_same, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from decimal import Decimal

    from scrapy.http import TextResponse

API = "https://www.wanted.co.kr/gigs/api-v2/projects"

_PAYMENT = {"monthly": PaymentType.MONTHLY, "all": PaymentType.FIXED}
_WORK = {"remote": WorkType.REMOTE, "office": WorkType.ONSITE, "both": WorkType.HYBRID}
_TEXTS = ("work_desc", "work_scope", "progress_desc", "etc_desc")


class WantedgigsSpider(ApiSpider):
    """Projects of Wanted Gigs."""

    name = "wantedgigs"
    platform = Platform(
        title="Wanted Gigs",
        home="https://www.wanted.co.kr/gigs/projects",
        country="KR",
        languages=("ko",),
        currency="KRW",
        timezone="Asia/Seoul",
        access=Access.SITE_JSON,
        robots="none found (public readers of its JSON, read 2026-11)",
        terms="none found (public readers of its JSON, read 2026-11); read them before turning it on",
        evidence="documented by public readers of its JSON, never seen live",
        enabled=False,
    )
    allowed_domains = ("wanted.co.kr",)
    records_path = ("rows",)

    def listing_url(self, number: int) -> str:
        """Page `number` of what is recruiting."""
        return (
            f"{API}?page={number}&work_type_office=true&work_type_remote=true"
            "&sort=createdAt&is_recruiting=true"
        )

    def has_next(self, page: Page) -> bool:
        """Whether the answer counts further pages."""
        return page.number < (whole_number(dig(page.document, "count", "pages")) or 0)

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One project; the full project adds the description."""
        external_id = required(record.get("id"), "id")
        low, high = won(dig(record, "salary", "start")), won(dig(record, "salary", "end"))
        payment_type = _PAYMENT.get(dig(record, "salary", "salary_type") or "")
        location = fold(record.get("address"))
        metadata = {
            "salary": None if payment_type else fold(record.get("text_salary_type")),
            "start": fold(record.get("startAt")),
            "start_negotiable": record.get("negotiable_start") or None,
        }
        return Project(
            platform=self.name,
            external_id=external_id,
            url=f"https://www.wanted.co.kr/gigs/projects/{external_id}",
            title=required(from_html(record.get("title")), "title"),
            category=category(record),
            skills=canonical_skills(name.strip() for name in (record.get("skills") or "").split(",")),
            budget_min=low,
            budget_max=high,
            currency=None if low is None and high is None else self.platform.currency,
            payment_type=payment_type,
            work_type=_WORK.get(record.get("work_place") or ""),
            location=location,
            country=country_in(location),
            language=self.platform.language,
            duration_days=parse_duration_days(term(record)),
            # Only what is recruiting is asked for.
            status=Status.CLOSED if record.get("is_recruiting") is False else Status.OPEN,
            bids_count=whole_number(record.get("apply_count")),
            project_metadata=shown(metadata),
        )

    def detail_request(self, project: Project) -> Request:
        """The full project."""
        return Request(f"{API}/{project.external_id}")

    def is_detail(self, response: TextResponse) -> bool:
        """Whether it describes the work of one project."""
        return b'"work_desc"' in response.body and b'"rows"' not in response.body

    def read_detail(self, page: Page, project: Project | None) -> Project:
        """The description and what is asked of the freelancer."""
        full = page.document
        project = project or self.read(full, page)
        check_same(full.get("id"), project)
        project.description = fold(" ".join(from_html(full.get(name)) or "" for name in _TEXTS))
        project.project_metadata |= shown(
            {
                "people": whole_number(full.get("expert_number")),
                "experience_years_min": whole_number(full.get("expert_career_year")),
                "experience_years_max": whole_number(full.get("expert_career_end_year")),
            }
        )
        return project


def won(amount: Any) -> Decimal | None:
    """An amount in units of 10,000 won as won."""
    units = parse_amount(amount)
    return None if units is None else units * 10_000


def category(record: dict[str, Any]) -> str | None:
    """The path of the job ("개발 > 자바 개발자"), as a text or put together from its parts."""
    names = (dig(record, "jobsV2", 0, name) for name in ("jobIndustryTitle", "jobCategoryTitle"))
    return fold(record.get("jobs")) or " > ".join(filter(None, map(fold, names))) or None


def term(record: dict[str, Any]) -> str:
    """How long the work lasts, as people write it: "3~6개월", "2주"."""
    ends = (whole_number(dig(record, "term", end)) for end in ("start", "end"))
    return "~".join(str(end) for end in ends if end) + (record.get("text_term_type") or "")
