"""Guru.com: server-rendered cards, after `/d/jobs/` transcribed in 2026-09, and a detail page's JSON-LD."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.sandbox.markup import amount, cards, folded, is_cut, slug, whole
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import Ask, Page, Platform, Route, Truth, get
from outsource_scraper.sandbox.platforms._guru_markup import (
    CATEGORIES,
    CUT,
    HOUR,
    LISTING,
    TERMS,
    card,
    detail_page,
    midnight,
    pager,
    path_of,
    percent,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from outsource_scraper.sandbox.model import Posting

PER_PAGE = 20


class Guru(Platform):
    """Amounts name no currency: dollars. A posting tells its age in hours for a day, then its date."""

    profile = Profile(
        name="guru",
        languages=("en",),
        first_id=2_000_000,
        ladders=(
            Ladder(
                6,
                "fixed",
                "USD",
                ((None, 250), (250, 500), (500, 1000), (1000, 2500), (2500, 5000), (25000, None)),
            ),
            Ladder(3, "hourly", "USD", ((5, 10), (10, 15), (15, 25), (25, 50), (50, 100))),
            Ladder(1, "fixed", "USD"),
        ),
        bid_days=(14, 30),
        typical_bids=30,
    )
    hosts = ("www.guru.com", "guru.com")
    robots = "User-agent: *\nDisallow: /login.aspx\nDisallow: /pro/\nDisallow: /emp/\n"

    def routes(self) -> Sequence[Route]:
        """The listing, whole or of one category, and the page of a job."""
        return (
            get(r"/d/jobs/(?:c/(?P<category>[\w-]+)/)?(?:pg/(?P<page>\d+)/?)?", self._listing),
            get(r"/jobs/[^/]+/(?P<number>\d+)(?:&SearchUrl=[^/]*)?", self._detail),
        )

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth:
        """A rating in percent counts 100 as 5."""
        budget, client = posting.budget, posting.client
        cut = not detail and is_cut(posting.description, CUT)
        day = timedelta(days=1)
        recent = now - posting.posted_at < day
        posted_at = (
            now - whole(now - posting.posted_at, HOUR) * HOUR if recent else midnight(posting.posted_at)
        )
        unit = PaymentType.HOURLY if budget is not None and budget.unit == "hourly" else PaymentType.FIXED
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=f"https://www.guru.com{path_of(posting)}",
                title=folded(posting.title),
                description=folded(posting.description[:CUT] if cut else posting.description),
                category=CATEGORIES[posting.topic][0],
                skills=list(posting.skills),
                budget_min=posting.budget_min,
                budget_max=posting.budget_max,
                currency="USD" if budget else None,
                payment_type=unit,
                language="en",
                posted_at=posted_at,
                deadline_at=None if posting.deadline_at is None else midnight(posting.deadline_at),
                duration_days=TERMS[posting.number % 3][1] if unit is PaymentType.HOURLY else None,
                status=Status.CLOSED if posting.closed else Status.OPEN,
                bids_count=posting.bids,
                client_name=client.name,
                client_country=client.country,
                client_rating=None if client.rating is None else Decimal(percent(client.rating)) / 20,
                client_spent_usd=Decimal(client.spent_usd) if client.spent_usd else None,
                client_verified=client.verified or None,
            ),
            precision={"posted_at": 3600 if recent else 86400, "deadline_at": 86400},
            description_is_cut=cut,
        )

    def _listing(self, ask: Ask, match: re.Match[str]) -> Page:
        category = match["category"]
        view, base = ask.view, "/d/jobs/"
        if category is not None:
            view = view.only(lambda posting: slug(CATEGORIES[posting.topic][0]) == category)
            base = f"/d/jobs/c/{category}/"
        number, last = int(match["page"] or 1), view.pages(PER_PAGE)
        return Page(
            body=LISTING.format(
                next=f'<link rel="next" href="{base}pg/{number + 1}/" />' if number < last else "",
                total=amount(view.total, ","),
                cards=cards(view.page(number, PER_PAGE), lambda posting: card(posting, ask.now)),
                pager=pager(base, number, last),
            )
        )

    def _detail(self, ask: Ask, match: re.Match[str]) -> Page | None:
        posting = ask.find(int(match["number"]))
        return None if posting is None else Page(body=detail_page(posting))


PLATFORM = Guru()
