"""We Work Remotely: RSS of contracts and employment, after `/remote-jobs.rss` saved on 2026-07-10."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.sandbox.markup import cards, folded, slug, text
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import RSS, Ask, Page, Platform, Route, Truth, get

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from datetime import datetime

    from outsource_scraper.sandbox.model import Posting

_CATEGORIES = {
    "web": "Full-Stack Programming",
    "mobile": "Front-End Programming",
    "data": "Back-End Programming",
    "ai": "Back-End Programming",
    "server": "DevOps and Sysadmin",
    "design": "Design",
    "content": "Sales and Marketing",
}
_STAY = timedelta(days=30)


class WeWorkRemotely(Platform):
    """Half of the items are contracts, the others employment; neither budget nor applicants are told."""

    profile = Profile(
        name="weworkremotely",
        languages=("en",),
        first_id=1_000_000,
        ladders=(Ladder(1, "fixed", "USD"),),
    )
    hosts = ("weworkremotely.com", "www.weworkremotely.com")
    robots = "User-agent: *\nDisallow: /admin/\nDisallow: /account/\n"

    def routes(self) -> Sequence[Route]:
        """The feed."""
        return (get(r"/remote-jobs\.rss", self._feed),)

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth | None:
        """Only contracts are projects; the feed's `<title>` is client and title."""
        if not _is_contract(posting):
            return None
        return Truth(
            project=Project(
                platform=self.name,
                external_id=_identity(posting),
                url=_link(posting),
                title=folded(posting.title),
                description=_text(posting),
                category=_CATEGORIES[posting.topic],
                skills=list(posting.skills),
                work_type=WorkType.REMOTE,
                location="Anywhere in the World",
                language="en",
                posted_at=posting.posted_at,
                deadline_at=posting.posted_at + _STAY,
                status=Status.OPEN,
                client_name=posting.client.name,
            ),
        )

    def _feed(self, ask: Ask, _: re.Match[str]) -> Page:
        return Page(
            body=_FEED.format(items=cards(ask.view.postings, _item)),
            content_type=RSS,
            last_modified=ask.view.changed_at,
        )


def _is_contract(posting: Posting) -> bool:
    return posting.share("contract") < 0.5


def _identity(posting: Posting) -> str:
    return f"{slug(posting.client.name)}-{slug(posting.original_title)}-{posting.number}"


def _link(posting: Posting) -> str:
    return f"https://weworkremotely.com/remote-jobs/{_identity(posting)}"


def _text(posting: Posting) -> str:
    return f"Headquarters: {posting.place} {folded(posting.description)} To apply: {_link(posting)}"


def _item(posting: Posting) -> str:
    link = _link(posting)
    html = _DESCRIPTION.format(
        place=text(posting.place),
        paragraphs="\n".join(f"<p>{text(line)}</p>" for line in posting.description.split("\n") if line),
        link=link,
    )
    return _ITEM.format(
        title=escape(f"{posting.client.name}: {posting.title}", quote=False),
        place=text(posting.place),
        skills=text(", ".join(posting.skills)),
        category=_CATEGORIES[posting.topic],
        kind="Contract" if _is_contract(posting) else "Full-Time",
        description=escape(html, quote=False),
        posted=format_datetime(posting.posted_at),
        expires=format_datetime(posting.posted_at + _STAY),
        link=link,
    )


_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss">
  <channel>
    <title>We Work Remotely: Remote jobs in design, programming, marketing and more</title>
    <link>https://weworkremotely.com/remote-jobs.rss</link>
    <description>We Work Remotely: Remote jobs in design, programming, marketing and more</description>
    <language>en-US</language>
    <ttl>60</ttl>
{items}
  </channel>
</rss>
"""

_ITEM = """    <item>
      <media:content url="https://weworkremotely.com/static/logo.gif" type="image/png"/>
      <title>{title}</title>
      <region>Anywhere in the World</region>
      <country></country>
      <state>{place}</state>
      <skills>{skills}</skills>
      <category>{category}</category>
      <type>{kind}</type>
      <description>{description}</description>
      <pubDate>{posted}</pubDate>
      <expires_at>{expires}</expires_at>
      <guid>{link}</guid>
      <link>{link}</link>
    </item>"""

_DESCRIPTION = """
<p>
  <strong>Headquarters:</strong> {place}
</p>

{paragraphs}

<p><strong>To apply:</strong> <a href="{link}">{link}</a></p>
"""

PLATFORM = WeWorkRemotely()
