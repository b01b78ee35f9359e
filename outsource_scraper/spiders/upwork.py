"""Upwork: the marketplace's job postings through its official GraphQL API, most recent first.

Domain: POST https://api.upwork.com/graphql, `marketplaceJobPostingsSearch`, with a bearer token. The token
lives 24 hours and is got from https://www.upwork.com/api/v3/oauth2/token for a refresh token, which lives two
weeks after its last use; both endpoints take the operator's own application (scopes "Common Entities" and
"Read marketplace Job Postings"). A page is a cursor; the first one is "0". Searches end after 5,000 results.

Caveats:
- Amounts are strings in `rawValue`. `amount` 0.0 means that the job is paid by the hour or names no price.
- `freelancersToHire` 0 means that everybody wanted was found, although the search still shows the job.
- Times are written "+0000", without a colon. A job's page bears its `ciphertext`, not its id.
- The country of a client is a full name or an alpha-3 code.
- An error comes as `errors` in an answer of status 200; a field outside of the application's scopes is one
  ("Requested oAuth2 client does not have permission ...").
- `job` and `skills` are known from public clients of the API; the saved nodes do not have them.
- Its terms let a copy be kept for 24 hours. Anything but this API is forbidden to programs.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrapy import FormRequest
from scrapy.http import JsonRequest, Response

from outsource_scraper.errors import CredentialRefused, PageError
from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.countries import country_code
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.durations import parse_duration_days
from outsource_scraper.normalize.money import parse_amount
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold
from outsource_scraper.spiders._base import ApiSpider, Page, dig, parse_json, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from scrapy import Request

API = "https://api.upwork.com/graphql"
TOKENS = "https://www.upwork.com/api/v3/oauth2/token"
PER_PAGE = 50
MOST_RESULTS = 5_000
"""What one search gives at most."""

_QUERY = """\
query Newest(
  $filter: MarketplaceJobPostingsSearchFilter
  $type: MarketplaceJobPostingSearchType
  $order: [MarketplaceJobPostingSearchSortAttribute]
) {
  marketplaceJobPostingsSearch(marketPlaceJobFilter: $filter, searchType: $type, sortAttributes: $order) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      node {
        id title description ciphertext createdDateTime publishedDateTime
        duration durationLabel engagement engagementDuration { label weeks }
        amount { rawValue currency }
        hourlyBudgetMin { rawValue currency }
        hourlyBudgetMax { rawValue currency }
        weeklyBudget { rawValue currency }
        experienceLevel category subcategory totalApplicants freelancersToHire
        skills { prettyName }
        occupations { category { prefLabel } }
        job { contractTerms { contractType } classification { skills { preferredLabel } } }
        client {
          totalHires totalPostedJobs totalReviews totalFeedback verificationStatus
          totalSpent { rawValue currency }
          location { country }
        }
      }
    }
  }
}
"""
_ROOT = ("data", "marketplaceJobPostingsSearch")
_CONTRACTS = {"FIXED": PaymentType.FIXED, "HOURLY": PaymentType.HOURLY}
_VERIFIED = {"VERIFIED": True, "NOT_VERIFIED": False}
_REFUSED = re.compile(
    r"\b(?:permissions?|scopes?|unauthori[sz]ed|unauthenticated|authentication|forbidden|oauth2?)\b",
    re.IGNORECASE,
)
_APPLICATION = "UPWORK_CLIENT_ID or UPWORK_CLIENT_SECRET"
_AT_FAULT = {
    "invalid_grant": "UPWORK_REFRESH_TOKEN",
    "invalid_client": _APPLICATION,
    "unauthorized_client": _APPLICATION,
}
"""What the errors of RFC 6749, section 5.2, say of the credentials."""


class UpworkSpider(ApiSpider):
    """Job postings of Upwork."""

    name = "upwork"
    platform = Platform(
        title="Upwork",
        home="https://www.upwork.com",
        country=None,
        languages=("en", "es", "pt", "de", "fr"),
        currency=None,
        timezone="UTC",
        access=Access.OFFICIAL_API,
        robots="not asked: only the official API is used (2026-11)",
        terms="programs may use the API alone, with a key: 10 requests/s, 40,000 a day, 5,000 results a "
        "search; copies are kept for 24 h at most (support.upwork.com, read 2026-11)",
        evidence="two nodes of an answer saved on 2025-10-16",
        credential="UPWORK_CLIENT_ID, UPWORK_CLIENT_SECRET and UPWORK_REFRESH_TOKEN, needed",
        enabled=False,
        delay=1.0,
        retention=timedelta(hours=24),
        requests=100,
    )
    allowed_domains = ("upwork.com",)
    # An official API is governed by its terms; robots.txt speaks to crawlers of the site's pages.
    custom_settings = {"ROBOTSTXT_OBEY": False}  # noqa: RUF012 - Scrapy declares it as an instance's
    searches = True
    whole_listing = False
    credentials = ("UPWORK_CLIENT_ID", "UPWORK_CLIENT_SECRET", "UPWORK_REFRESH_TOKEN")
    credentials_from = "https://www.upwork.com/developer/keys/apply"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._cursors: dict[int, str] = {}
        self._newer_refresh_token: str | None = None

    # The access token; AccessTokenMiddleware calls these

    def token_request(self) -> Request:
        """The request that gets an access token for the refresh token."""
        return FormRequest(
            TOKENS,
            formdata={
                "grant_type": "refresh_token",
                "refresh_token": self._newer_refresh_token or self.credential("UPWORK_REFRESH_TOKEN") or "",
                "client_id": self.credential("UPWORK_CLIENT_ID") or "",
                "client_secret": self.credential("UPWORK_CLIENT_SECRET") or "",
            },
            meta={"credential": _APPLICATION},
        )

    def access_token(self, response: Response) -> str:
        """The token in the answer to `token_request`; `CredentialRefused` where it says why there is none."""
        answer = parse_json(response.body, response)
        error = dig(answer, "error")
        if isinstance(error, str) and error in _AT_FAULT:
            raise CredentialRefused(self.name, _AT_FAULT[error], error)
        token = dig(answer, "access_token")
        if response.status != 200 or not isinstance(token, str) or not token:
            raise PageError(f"{response.url} gave no access token (HTTP {response.status})")
        newer = dig(answer, "refresh_token")
        if isinstance(newer, str) and newer and newer != self.credential("UPWORK_REFRESH_TOKEN"):
            self._newer_refresh_token = newer
            self.logger.warning("Upwork gave a new refresh token: UPWORK_REFRESH_TOKEN may soon be refused")
        return token

    # The listing

    def listing_request(self, number: int) -> Request:
        """Page `number`, by the cursor that the page before it gave."""
        # Behind a page that failed: cursors are offsets wherever one was seen.
        after = self._cursors.get(number, str((number - 1) * PER_PAGE))
        wanted: dict[str, Any] = {"pagination_eq": {"after": after, "first": PER_PAGE}}
        if self.args.query is not None:
            wanted["searchExpression_eq"] = self.args.query
        variables = {"filter": wanted, "type": "USER_JOBS_SEARCH", "order": [{"field": "RECENCY"}]}
        return JsonRequest(
            API,
            data={"query": _QUERY, "variables": variables},
            meta={"access_token": True, "credential": "UPWORK_REFRESH_TOKEN"},
        )

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The nodes, in the API's answer or in an array of their own.

        Raises:
            CredentialRefused: the API names a permission or the token as what is wrong.
            PageError: it names another error, or there is no place for nodes.
        """
        if isinstance(page.document, list):
            return page.document
        errors = dig(page.document, "errors")
        if errors:
            told = errors if isinstance(errors, list) else [errors]
            messages = "; ".join(str(dig(error, "message") or error) for error in told)
            if _REFUSED.search(messages):
                raise CredentialRefused(self.name, "UPWORK_REFRESH_TOKEN", messages.rstrip("."))
            raise PageError(f"the API of {self.platform.title} answers with an error: {messages}")
        edges = dig(page.document, *_ROOT, "edges")
        if not isinstance(edges, list):
            raise PageError(f"{page.response.url} has no array at {'.'.join(_ROOT)}.edges")
        return [dig(edge, "node") or {} for edge in edges]

    def has_next(self, page: Page) -> bool:
        """Whether the answer names a cursor, which is kept, and the limit of a search is not reached."""
        information = dig(page.document, *_ROOT, "pageInfo")
        cursor = dig(information, "endCursor")
        if not dig(information, "hasNextPage") or cursor is None:
            return False
        self._cursors[page.number + 1] = str(cursor)
        return page.number * PER_PAGE < MOST_RESULTS

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One node."""
        client = record.get("client")
        low, high, currency, payment_type = budget(record)
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=page_of(record),
            title=required(fold(record.get("title")), "title"),
            description=fold(record.get("description")),
            category=fold(dig(record, "occupations", "category", "prefLabel") or record.get("category")),
            skills=canonical_skills(skills(record)),
            budget_min=low,
            budget_max=high,
            currency=currency,
            payment_type=payment_type,
            posted_at=parse_datetime(
                record.get("publishedDateTime") or record.get("createdDateTime"), now=page.now
            ),
            duration_days=duration(record),
            status=Status.CLOSED if whole_number(record.get("freelancersToHire")) == 0 else Status.OPEN,
            bids_count=whole_number(record.get("totalApplicants")),
            client_country=country_code(dig(client, "location", "country")),
            client_rating=parse_amount(dig(client, "totalFeedback")) if dig(client, "totalReviews") else None,
            client_spent_usd=money(dig(client, "totalSpent"), "USD"),
            client_verified=_VERIFIED.get(dig(client, "verificationStatus")),
            project_metadata=leftovers(record),
        )


def page_of(record: dict[str, Any]) -> str:
    """The job's page, whose name is its ciphertext with one tilde."""
    return f"https://www.upwork.com/jobs/~{required(record.get('ciphertext'), 'ciphertext').lstrip('~')}"


def budget(
    record: dict[str, Any],
) -> tuple[Decimal | None, Decimal | None, str | None, PaymentType | None]:
    """Both ends of the budget, its currency, and what it pays for: a rate by the hour wins over a price."""
    stated = _CONTRACTS.get(dig(record, "job", "contractTerms", "contractType"))
    low, high = money(record.get("hourlyBudgetMin")), money(record.get("hourlyBudgetMax"))
    if low is not None or high is not None:
        currency = dig(record, "hourlyBudgetMax", "currency") or dig(record, "hourlyBudgetMin", "currency")
        return low, high, currency, PaymentType.HOURLY
    price = money(record.get("amount"))
    if price is None:
        return None, None, None, stated
    return price, price, dig(record, "amount", "currency"), stated or PaymentType.FIXED


def money(amount: Any, currency: str | None = None) -> Decimal | None:
    """`rawValue` of an amount; None where it is zero, or not in the `currency` that is asked for."""
    if currency is not None and dig(amount, "currency") != currency:
        return None
    return parse_amount(dig(amount, "rawValue"))


def duration(record: dict[str, Any]) -> int | None:
    """The work's length in days, from its label ("1 to 3 months") or its weeks."""
    label = record.get("durationLabel") or dig(record, "engagementDuration", "label")
    weeks = whole_number(dig(record, "engagementDuration", "weeks"))
    return parse_duration_days(label) or (weeks * 7 if weeks else None)


def skills(record: dict[str, Any]) -> list[str]:
    """Names of skills: the classification's, else those shown with the search result."""
    classified = [dig(one, "preferredLabel") for one in dig(record, "job", "classification", "skills") or ()]
    shown = [dig(one, "prettyName") for one in record.get("skills") or ()]
    return [name for name in classified or shown if name]


def leftovers(record: dict[str, Any]) -> dict[str, Any]:
    """What is worth keeping and has no field of its own."""
    client = record.get("client")
    weekly = money(record.get("weeklyBudget"))
    found = {
        "subcategory": record.get("subcategory"),
        "experience_level": record.get("experienceLevel"),
        "engagement": record.get("engagement"),
        "weekly_budget": None if weekly is None else str(weekly),
        "freelancers_to_hire": whole_number(record.get("freelancersToHire")),
        "client_hires": whole_number(dig(client, "totalHires")),
        "client_posted_jobs": whole_number(dig(client, "totalPostedJobs")),
        "client_reviews": whole_number(dig(client, "totalReviews")),
    }
    return shown(found)
