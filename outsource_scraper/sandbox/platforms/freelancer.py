"""Freelancer.com: the REST API's `projects/active`, after responses saved on 2021-09-20 and 2022-03-20."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.sandbox.markup import as_json, country_name, excerpt, folded, records, slug
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import JSON, Ask, Page, Platform, Route, Truth, get

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from outsource_scraper.sandbox.model import Client, Posting

MOST_PER_PAGE = 100
_PREVIEW = 100
_BID_DAYS = 7
_FIXED = ((10, 30), (30, 250), (250, 750), (750, 1500), (1500, 3000), (3000, 5000), (5000, 10000))
_HOURLY = ((2, 8), (8, 15), (15, 25), (25, 50), (50, None))
_CURRENCIES: dict[str, tuple[int, str, str, float, str]] = {
    "USD": (1, "$", "US Dollar", 1.0, "US"),
    "GBP": (4, "£", "British Pound", 1.31, "UK"),
    "EUR": (8, "€", "Euro", 1.12, "EU"),
    "INR": (11, "₹", "Indian Rupee", 0.0131, "IN"),
}
_SIMPLE_CATEGORIES: dict[str, tuple[int, str]] = {
    "design": (3, "Design, Media & Architecture"),
    "content": (2, "Writing & Content"),
    "mobile": (8, "Mobile Phones & Computing"),
    "data": (4, "Data Entry & Admin"),
}
_WEB_CATEGORY = (1, "Websites, IT & Software")
_ALWAYS_NULL = (
    "assisted", "active_prepaid_milestone", "qualifications", "attachments", "hireme_initial_bid",
    "invited_freelancers", "recommended_freelancers", "nda_signatures", "true_location", "negotiated_bid",
    "can_post_review", "files", "user_distance", "from_user_location", "project_collaborations",
    "support_sessions",
    "track_ids", "drive_files", "nda_details", "timeframe", "deloitte_details", "local_details", "equipment",
    "nda_signatures_new", "billing_code", "enterprise_metadata_values", "repost_id", "client_engagement",
    "contract_signatures", "quotation_id", "quotation_version_id", "enterprise_linked_projects_details",
    "equipment_groups", "project_source", "project_source_reference",
)  # fmt: skip


class Freelancer(Platform):
    """Answers by `limit` and `offset`; descriptions, skills and owners come only when they are asked for."""

    profile = Profile(
        name="freelancer",
        languages=("en",),
        first_id=30_000_000,
        ladders=(
            Ladder(5, "fixed", "USD", _FIXED),
            Ladder(3, "hourly", "USD", _HOURLY),
            Ladder(1, "fixed", "EUR", _FIXED),
            Ladder(1, "fixed", "GBP", _FIXED),
            Ladder(2, "fixed", "INR", ((600, 1500), (1500, 12500), (12500, 37500), (37500, 75000))),
        ),
        bid_days=(_BID_DAYS,),
        typical_bids=30,
    )
    hosts = ("www.freelancer.com", "freelancer.com")
    robots = (
        "User-agent: *\nSitemap: https://www.freelancer.com/sitemap_index_default_s3.xml\n"
        "Disallow: /sellers/placebid.php*\nDisallow: /ajax/\nAllow: /ajax/project/getBids.php\n"
        "Disallow: /users/login-fast.php*\nDisallow: /report/violation*\nDisallow: /widgets/*\n"
        "Disallow: /admin/*\nDisallow: /payments/*\nDisallow: /jobs/?*\n"
    )

    def routes(self) -> Sequence[Route]:
        """The search for active projects and the record of one project."""
        return (
            get(r"/api/projects/0\.1/projects/(?:active|all)/?", self._search),
            get(r"/api/projects/0\.1/projects/(?P<number>\d+)/?", self._one),
        )

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth:
        """As with all details asked for in the search; the API has no further detail page."""
        budget, client = posting.budget, posting.client
        unit = PaymentType.HOURLY if budget is not None and budget.unit == "hourly" else PaymentType.FIXED
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=f"https://www.freelancer.com/projects/{_seo_url(posting)}",
                title=folded(posting.title),
                description=folded(posting.description),
                category=_category(posting)[1],
                skills=list(posting.skills),
                budget_min=posting.budget_min,
                budget_max=posting.budget_max,
                currency=budget.currency if budget else None,
                payment_type=unit,
                work_type=WorkType.REMOTE,
                language="en",
                posted_at=posting.posted_at,
                deadline_at=posting.posted_at + timedelta(days=_bid_period(posting)),
                status=Status.CLOSED if posting.closed else Status.OPEN,
                bids_count=posting.bids,
                client_name=client.name,
                client_country=client.country,
                client_rating=None if client.rating is None else Decimal(str(client.rating)),
                client_verified=client.verified,
            ),
        )

    def _search(self, ask: Ask, _: re.Match[str]) -> Page:
        shown = _selected(ask)
        filtered = len(shown) != len(ask.view.postings)
        offset = ask.number("offset", 0)
        part = shown[offset : offset + min(ask.number("limit", 10), MOST_PER_PAGE)]
        projects: list[dict[str, Any]] = records(part, lambda posting: _project(posting, ask))
        result = {
            "projects": projects,
            "users": _users(part, ask) if _asked(ask, "user_details") else None,
            "selected_bids": None,
            "total_count": len(shown) if filtered else ask.view.total,
        }
        return _answer(ask, result)

    def _one(self, ask: Ask, match: re.Match[str]) -> Page:
        posting = ask.find(int(match["number"]))
        if posting is None:
            body = {
                "status": "error",
                "message": "Project not found.",
                "error_code": "ProjectExceptionCodes.PROJECT_NOT_FOUND",
                "request_id": _request_id(ask),
            }
            return Page(body=as_json(body), content_type=JSON, status=404)
        return _answer(ask, _project(posting, ask))


def _answer(ask: Ask, result: dict[str, Any]) -> Page:
    envelope: Any = {"status": "success", "result": result, "request_id": _request_id(ask)}
    if _asked(ask, "compact"):
        envelope = _without_nulls(envelope)
    return Page(body=as_json(envelope), content_type=JSON)


def _request_id(ask: Ask) -> str:
    # Not random: the same answer at the same instant must have the same ETag.
    return f"{zlib.crc32(f'{ask.path}{sorted(ask.query.items())}'.encode()):032x}"


def _asked(ask: Ask, name: str) -> bool:
    return ask.value(name) in ("true", "1", "")


def _selected(ask: Ask) -> list[Posting]:
    shown: Iterable[Posting] = ask.view.postings
    if words := (ask.value("query") or "").casefold().split():
        shown = [p for p in shown if all(word in f"{p.title} {p.description}".casefold() for word in words)]
    if wanted := {int(value) for value in ask.query.get("jobs[]", ()) if value.isdecimal()}:
        shown = [p for p in shown if any(_skill_id(skill) in wanted for skill in p.skills)]
    if since := ask.number("from_time", 0):
        shown = [p for p in shown if p.posted_at.timestamp() >= since]
    kinds = ask.query.get("project_types[]", ())
    return [p for p in shown if not kinds or (p.budget is not None and p.budget.unit in kinds)]


def _skill_id(skill: str) -> int:
    return zlib.crc32(skill.encode()) % 2900 + 3


def _category(posting: Posting) -> tuple[int, str]:
    return _SIMPLE_CATEGORIES.get(posting.topic, _WEB_CATEGORY)


def _seo_url(posting: Posting) -> str:
    return f"{slug(posting.skills[0])}/{slug(posting.original_title)}-{posting.number}"


def _bid_period(posting: Posting) -> int:
    if posting.deadline_at is None:
        return _BID_DAYS
    return round((posting.deadline_at - posting.posted_at) / timedelta(days=1))


def _project(posting: Posting, ask: Ask) -> dict[str, Any]:
    budget = posting.budget
    stamp = int(posting.posted_at.timestamp())
    category_id, category = _category(posting)
    hourly = budget is not None and budget.unit == "hourly"
    currency = budget.currency if budget is not None else "USD"
    number, sign, name, rate, country = _CURRENCIES[currency]
    average = (budget.low or 0) * 1.2 if budget is not None else 0.0
    featured = posting.share("featured") < 0.08
    return {
        "id": posting.number,
        "owner_id": posting.client.number,
        "title": posting.title,
        "status": "closed" if posting.closed else "active",
        "sub_status": "cancelled_buyer" if posting.closed else None,
        "seo_url": _seo_url(posting),
        "currency": {
            "id": number,
            "code": currency,
            "sign": sign,
            "name": name,
            "exchange_rate": rate,
            "country": country,
            "is_external": False,
            "is_escrowcom_supported": currency != "INR",
        },
        "description": posting.description if _asked(ask, "full_description") else None,
        "jobs": [
            {
                "id": _skill_id(skill),
                "name": skill,
                "category": {"id": category_id, "name": category},
                "active_project_count": None,
                "seo_url": slug(skill),
                "seo_info": None,
                "local": False,
            }
            for skill in posting.skills
        ]
        if _asked(ask, "job_details")
        else None,
        "submitdate": stamp,
        "preview_description": excerpt(posting.description, _PREVIEW, ""),
        "deleted": False,
        "nonpublic": False,
        "hidebids": False,
        "type": "hourly" if hourly else "fixed",
        "bidperiod": _bid_period(posting),
        "budget": {
            "minimum": _float(budget.low) if budget is not None else None,
            "maximum": _float(budget.high) if budget is not None else None,
            "name": None,
            "project_type": None,
            "currency_id": None,
        },
        "hourly_project_info": {
            "commitment": {"hours": 20, "interval": "week"},
            "duration_enum": "one_to_four_weeks",
        }
        if hourly
        else None,
        "featured": featured,
        "urgent": False,
        "bid_stats": {"bid_count": posting.bids, "bid_avg": round(average, 2) if posting.bids else None},
        "time_submitted": stamp,
        "time_updated": int((posting.edited_at or posting.posted_at).timestamp()),
        "upgrades": _upgrades(featured),
        "language": posting.language,
        "hireme": False,
        "frontend_project_status": "work_in_progress" if posting.closed else "open",
        "location": {
            "country": dict.fromkeys(
                ("name", "flag_url", "code", "highres_flag_url", "flag_url_cdn", "iso3", "seo_url")
            ),
            "city": None,
            "latitude": None,
            "longitude": None,
            "vicinity": None,
            "administrative_area": None,
            "full_address": None,
        },
        "local": False,
        "negotiated": False,
        "time_free_bids_expire": stamp - 3600,
        "pool_ids": ["freelancer"],
        "enterprise_ids": [],
        "is_escrow_project": False,
        "is_seller_kyc_required": False,
        "is_buyer_kyc_required": False,
        "project_reject_reason": {"description": None, "message": None},
        **dict.fromkeys(_ALWAYS_NULL),
    }


def _upgrades(featured: bool) -> dict[str, bool | None]:
    upgrades: dict[str, bool | None] = dict.fromkeys(
        (
            "sealed",
            "nonpublic",
            "fulltime",
            "urgent",
            "qualified",
            "NDA",
            "ip_contract",
            "non_compete",
            "pf_only",
        ),
        False,
    )
    return {"featured": featured, **upgrades, "assisted": None, "success_bundle": None, "recruiter": None}


def _float(value: int | None) -> float | None:
    return None if value is None else float(value)


def _users(postings: Iterable[Posting], ask: Ask) -> dict[str, Any]:
    return {
        str(p.client.number): _user(p.client, employer=_asked(ask, "user_employer_reputation"))
        for p in postings
    }


def _user(client: Client, *, employer: bool) -> dict[str, Any]:
    reputation = {
        "overall": client.rating or 0,
        "reviews": max(1, client.jobs_hired) if client.rating else 0,
        "complete": client.jobs_hired,
        "all": client.jobs_posted,
        "user_id": client.number,
    }
    history = {"entire_history": reputation, "last3months": reputation, "last12months": reputation}
    # The saved record holds the owner's reputation as a freelancer, which is nought for nearly all of them.
    nought = {period: dict.fromkeys(reputation, 0) for period in history}
    return {
        "id": client.number,
        "username": client.name,
        "closed": False,
        "reputation": {**nought, "user_id": client.number, "role": "freelancer", "earnings_score": 0},
        "employer_reputation": {**history, "user_id": client.number, "role": "employer"}
        if employer
        else None,
        "registration_date": int(datetime(2019, 1, 1, tzinfo=UTC).timestamp()) + client.number * 86400,
        "limited_account": False,
        "display_name": client.name,
        "location": {
            "country": {"name": country_name(client.country), "code": client.country.lower()},
            "city": None,
        },
        "role": "employer",
        "chosen_role": "employer",
        "status": {
            "payment_verified": client.verified,
            "email_verified": True,
            "deposit_made": client.spent_usd > 0,
            "profile_complete": True,
            "phone_verified": client.verified,
            "identity_verified": False,
        },
        "public_name": client.name,
        "company": None,
        "timezone": {"id": 1, "country": client.country, "timezone": "UTC", "offset": 0},
    }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


PLATFORM = Freelancer()
