"""Remote OK: the JSON API, whose first element holds its terms, after `/api` saved on 2026-07-10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.sandbox.markup import as_json, folded, records, slug, text
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import JSON, Ask, Page, Platform, Route, Truth, get

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from datetime import datetime

    from outsource_scraper.sandbox.model import Posting

_KINDS = ("contract", "freelance")
_TAGS = {
    "web": "web dev",
    "mobile": "mobile",
    "data": "data science",
    "ai": "machine learning",
    "server": "sys admin",
    "design": "design",
    "content": "content writing",
}


class RemoteOk(Platform):
    """Contracts carry the tag `contract` or `freelance`, employment neither; an unknown salary is 0."""

    profile = Profile(
        name="remoteok",
        languages=("en",),
        first_id=1_000_000,
        ladders=(
            Ladder(1, "fixed", "USD", ((30_000, 50_000), (50_000, 80_000), (80_000, 120_000))),
            Ladder(2, "fixed", "USD"),
        ),
    )
    hosts = ("remoteok.com", "www.remoteok.com")
    robots = "User-agent: *\nDisallow: /sign-up\nDisallow: /l/\nCrawl-delay: 1\n"

    def routes(self) -> Sequence[Route]:
        """The API, which has one page."""
        return (get(r"/api/?", self._feed),)

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth | None:
        """A salary is yearly and so no budget; the tag that tells the kind of work is no skill."""
        if _kind(posting) is None:
            return None
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=_link(posting).replace("remoteOK", "remoteok"),
                title=folded(posting.title),
                description=folded(posting.description),
                skills=[tag for tag in _tags(posting) if tag not in _KINDS],
                work_type=WorkType.REMOTE,
                location=posting.place,
                country=posting.country,
                language="en",
                posted_at=posting.posted_at,
                status=Status.OPEN,
                client_name=posting.client.name,
            ),
        )

    def _feed(self, ask: Ask, _: re.Match[str]) -> Page:
        legal = {
            "last_updated": int(ask.view.changed_at.timestamp()),
            "legal": "Terms of use: link back to the address of the posting and name its source.",
        }
        listed: list[dict[str, Any]] = records(ask.view.postings, _job)
        return Page(
            body=as_json([legal, *listed], indent=1), content_type=JSON, last_modified=ask.view.changed_at
        )


def _kind(posting: Posting) -> str | None:
    share = posting.share("kind")
    return _KINDS[0] if share < 0.3 else _KINDS[1] if share < 0.5 else None


def _tags(posting: Posting) -> list[str]:
    kind = _kind(posting)
    return [_TAGS[posting.topic], *(skill.lower() for skill in posting.skills), *([kind] if kind else [])]


def _slug(posting: Posting) -> str:
    return f"remote-{slug(posting.original_title)}-{slug(posting.client.name)}-{posting.number}"


def _link(posting: Posting) -> str:
    return f"https://remoteOK.com/remote-jobs/{_slug(posting)}"


def _job(posting: Posting) -> dict[str, Any]:
    budget = posting.budget
    return {
        "slug": _slug(posting),
        "id": str(posting.number),
        "epoch": int(posting.posted_at.timestamp()),
        "date": posting.posted_at.isoformat(),
        "company": posting.client.name,
        "company_logo": "",
        "position": posting.title,
        "tags": _tags(posting),
        "description": text(posting.description).replace("\n", "<br>"),
        "location": posting.place,
        "apply_url": _link(posting),
        "salary_min": budget.low if budget is not None else 0,
        "salary_max": budget.high if budget is not None else 0,
        "logo": "",
        "url": _link(posting),
    }


PLATFORM = RemoteOk()
