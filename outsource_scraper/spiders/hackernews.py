"""Hacker News: what clients post in the monthly thread "Ask HN: Freelancer? Seeking freelancer?".

Domain: the search API of Algolia, https://hn.algolia.com/api. The first request finds the newest thread by
the account `whoishiring`, the next ones its comments, newest first. A comment of the thread is one posting:
clients open it with SEEKING FREELANCER, freelancers with SEEKING WORK. Times are unix seconds.

Caveats:
- A search shows its first 1,000 hits and no more, on whatever page. Longer threads are therefore read in
  windows: behind a page come the comments that are not newer than its oldest one.
- Postings are prose with habits: a first line of parts between bars, then lines such as "Rate: $90/h". What
  such a line or a sentence states is read, and nothing is concluded from the rest.
- In most months clients are few among many freelancers: a crawl without a single project is no fault.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from outsource_scraper.errors import PageError
from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.normalize.countries import country_in
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.durations import parse_duration_days
from outsource_scraper.normalize.money import Budget, parse_budget
from outsource_scraper.normalize.skills import canonical_skills, skills_in
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from scrapy.http import Response

API = "https://hn.algolia.com/api/v1/search_by_date"
PER_PAGE = 1000
"""The most that the API gives in one answer, and of one search."""


class HackernewsSpider(ApiSpider):
    """Clients' posts in the freelancer thread of Hacker News."""

    name = "hackernews"
    platform = Platform(
        title='Hacker News "Seeking freelancer?"',
        home="https://news.ycombinator.com",
        country=None,
        languages=("en",),
        currency=None,
        timezone="UTC",
        access=Access.OFFICIAL_API,
        robots="none found (public clients of the API, read 2026-11)",
        terms="a public API without a key, 10,000 requests an hour (API documentation, read 2026-11)",
        evidence="comments of a hiring thread captured in 2026-07, which have the same shape; the freelancer"
        " thread itself never seen live",
        interval=timedelta(minutes=30),
        requests=10,
    )
    allowed_domains = ("hn.algolia.com",)
    whole_listing = False
    conditional = False  # the first answer only names the thread
    records_path = ("hits",)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.thread: str | None = None
        """Id of the thread whose comments are the listing; None until it is found."""
        self.oldest: int | None = None
        """Unix seconds of the oldest comment so far, where more lie behind it."""

    def listing_url(self, number: int) -> str:
        """The threads while none is found yet, then page `number` of the comments."""
        if self.thread is None:
            parameters = {
                "tags": "story,author_whoishiring",
                "query": "seeking freelancer",
                "hitsPerPage": 20,
            }
        else:
            parameters = {"tags": f"comment,story_{self.thread}", "hitsPerPage": PER_PAGE}
            if self.oldest is not None:
                parameters["numericFilters"] = f"created_at_i<={self.oldest}"
        return f"{API}?{urlencode(parameters)}"

    async def parse_listing(self, response: Response, number: int) -> AsyncIterator[Any]:
        """Find the thread first; everything after that is its listing."""
        if self.thread is not None:
            async for found in super().parse_listing(response, number):
                yield found
            return
        try:
            page = self.open_page(response)
            self.thread = newest_thread(self.records(page), page)
        except Exception as error:  # noqa: BLE001 - as in a listing
            reason = str(error) if isinstance(error, PageError) else f"{type(error).__name__}: {error}"
            self._count("listing/failed_pages")
            self.logger.error("the thread was not found: %s", reason)
            yield self.reject(reason, response.body.decode("utf-8", "replace"), response)
            return
        yield self._listing(1)

    def has_next(self, page: Page) -> bool:
        """Whether more comments were found than this page shows; remembers where they begin."""
        hits = dig(page.document, *self.records_path)
        total = whole_number(dig(page.document, "nbHits")) or 0
        moments = [moment for hit in hits if (moment := whole_number(dig(hit, "created_at_i"))) is not None]
        if total <= len(hits) or not moments or min(moments) == self.oldest:
            return False
        self.oldest = min(moments)
        return True

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        """One comment; None where it is a reply, a freelancer's own post, or neither says what it seeks."""
        story, parent = record.get("story_id"), record.get("parent_id")
        lines = lines_of(record.get("comment_text"))
        if parent is None or str(parent) != str(story) or not seeks_freelancer(lines):
            return None
        comment = required(record.get("objectID"), "objectID")
        told = without_marker(lines) or lines
        labels = labelled(told)
        budget, other_pay = pay_in(told)
        location = place_in(told, labels)
        return Project(
            platform=self.name,
            external_id=comment,
            url=f"https://news.ycombinator.com/item?id={comment}",
            title=title_of(told),
            description=from_html(record.get("comment_text")),
            skills=skills_of(told, labels),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type,
            work_type=work_type_in(told, labels),
            location=location,
            country=country_in(location),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("created_at_i") or record.get("created_at"), now=page.now),
            duration_days=parse_duration_days(labels.get("duration")),
            status=Status.OPEN,
            client_name=fold(record.get("author")),
            project_metadata=shown({"thread": fold(record.get("story_title")), "pay": other_pay}),
        )


def newest_thread(stories: Iterable[Any], page: Page) -> str:
    """Id of the newest freelancer thread among `stories`; `PageError` where there is none."""
    threads = [
        (whole_number(dig(story, "created_at_i")) or 0, str(number))
        for story in stories
        if (number := whole_number(dig(story, "objectID"))) is not None
        and isinstance(title := dig(story, "title"), str)
        and "seeking freelancer" in title.casefold()
    ]
    if not threads:
        url = page.response.url
        raise PageError(f"no thread 'Freelancer? Seeking freelancer?' is among the stories of {url}")
    return max(threads)[1]


# Who posts

_HEAD = 200
"""Characters at the start of a post in which it says what it seeks."""
_OWN_SEARCH = (
    r"(?:work|jobs?|gigs?|projects?|clients?|contracts?|roles?|positions?|opportunit\w+|employment)\b"
)
_MARKER = re.compile(
    r"[\[(*]{0,3}\bseeking\s+(?:an?\s+)?(?:"
    r"(?P<worker>(?:freelancers?|contractors?)\b(?!\s+(?:work|jobs?|gigs?|opportunit))"
    rf"|(?:freelance|contract)\s+(?!(?:or|and)\b|(?:\w+\s+)?{_OWN_SEARCH})(?=\w))"
    r"|\w)[\])*]*",
    re.IGNORECASE,
)
_EDGES = " \t|:;,.-–—*•·"


def lines_of(markup: str | None) -> list[str]:
    """The lines of a comment as plain text: HN parts paragraphs by `<p>`, and people type line breaks."""
    return [line for part in re.split(r"<p>|\n", markup or "") if (line := from_html(part))]


def seeks_freelancer(lines: list[str]) -> bool:
    """Whether a client speaks: the first thing that the post says to be seeking is a freelancer."""
    found = _MARKER.search("\n".join(lines)[:_HEAD])
    return found is not None and found["worker"] is not None


def without_marker(lines: list[str]) -> list[str]:
    """`lines` without the words that say what is sought, and without those that are empty then."""
    at = next((number for number, line in enumerate(lines) if _MARKER.search(line)), 0)
    rest = _MARKER.sub("", lines[at], count=1).strip(_EDGES)
    return [*lines[:at], *([rest] if rest else []), *lines[at + 1 :]]


# What a post says

# A run of spaces is looked at once, from its beginning.
_BAR = r"(?:(?<!\s)\s++)?\|\s*+"
_PARTED = re.compile(rf"{_BAR}|(?<!\s)\s++[-–—•·]++\s++")
_SENTENCE = re.compile(rf"{_BAR}|(?<=[.!?;])\s++")
_LABELS = {
    label: name
    for name, labels in {
        "location": ("location", "locations"),
        "remote": ("remote",),
        "duration": ("duration", "length"),
        "skills": ("skills", "required skills", "stack", "tech stack", "tech", "technologies"),
        "pay": ("rate", "budget", "pay", "compensation"),
    }.items()
    for label in labels
}
_LABEL = re.compile(rf"^\W*+(?P<label>{'|'.join(_LABELS)})\s*[:=]\s*(?P<value>.+)", re.IGNORECASE)
_MODES = {
    WorkType.REMOTE: r"remote(?:ly)?",
    WorkType.ONSITE: r"on[\s-]?site|in[\s-]office",
    WorkType.HYBRID: r"hybrid",
}
_MODE = re.compile(rf"\b(?:{'|'.join(_MODES.values())})\b", re.IGNORECASE)
_NO_REMOTE = re.compile(r"\b(?:no|not|non)[\s-]+remote\b", re.IGNORECASE)
_STATED_MODE = re.compile(
    r"\b(?:REMOTE|ON-?SITE|HYBRID)\b"
    r"|(?i:\b(?:fully|100%|completely) remote\b|\bremote[\s-]only\b|\bon-?site only\b|\bno remote\b)"
)
_AROUND_PLACE = (
    r"(?:\W|\b(?:only|ok|okay|or|and|in|worldwide|anywhere|fully|first|possible|preferred|globally)\b)+"
)
_AROUND_PLACES = re.compile(rf"^{_AROUND_PLACE}|{_AROUND_PLACE}$", re.IGNORECASE)
_TITLE = 100
"""Characters of a title that is cut out of prose; a longer part is prose and no place."""


def labelled(told: list[str]) -> dict[str, str]:
    """What stands behind labels ("Rate: ...") at the start of a line or of a part between bars."""
    found: dict[str, str] = {}
    for line in told:
        for part in line.split("|"):
            if match := _LABEL.match(part):
                found.setdefault(_LABELS[match["label"].lower()], match["value"].strip())
    return found


def title_of(told: list[str]) -> str:
    """The parts of the first line that say more than pay and place, else the first later line that does."""
    for number, line in enumerate(told):
        parts = [part for part in _PARTED.split(line) if part]
        titles = [part for part in parts if not _is_aside(part)]
        if titles:
            return _cut(line if number or titles == parts else " | ".join(titles))
    return _cut(told[0])


def _is_aside(part: str) -> bool:
    if _LABEL.match(part):
        return True
    rest = _place(part)
    if _MODE.search(part) and len(rest.split()) <= 1:
        return True
    return (_MONEY.search(part) is not None and len(part.split()) <= 6) or _is_place(rest)


def _cut(text: str) -> str:
    if len(text) <= _TITLE:
        return text
    sentence = re.match(rf".{{20,{_TITLE - 1}}}?[.!?](?=\s)", text)
    if sentence:
        return sentence[0]
    return text[: _TITLE + 1].rsplit(None, 1)[0].rstrip(_EDGES) + "…"


def work_type_in(told: list[str], labels: dict[str, str]) -> WorkType | None:
    """Where the work is done: by the first line, else by a label, else by what is written in capitals.

    "REMOTE or ONSITE" leaves it open.
    """
    if remote := labels.get("remote"):
        return (
            WorkType.ONSITE
            if re.match(r"not?\b", remote, re.IGNORECASE)
            else _mode(remote) or WorkType.REMOTE
        )
    stated = " ".join(found[0] for line in told for found in _STATED_MODE.finditer(line))
    for text in (told[0], labels.get("location", ""), stated):
        if _MODE.search(text):
            return _mode(text)
    return None


def _mode(text: str) -> WorkType | None:
    if _NO_REMOTE.search(text):
        return WorkType.ONSITE
    named = {mode for mode, words in _MODES.items() if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)}
    return named.pop() if len(named) == 1 else None


def place_in(told: list[str], labels: dict[str, str]) -> str | None:
    """The place that a label names, else the part of the first line that is one with its country."""
    if "location" in labels:
        place = _place(labels["location"])
        return place if place[:1].isupper() and len(place) <= _TITLE else None
    places = (_place(part) for part in _PARTED.split(told[0]))
    return next((place for place in places if _is_place(place)), None)


def _place(part: str) -> str:
    """`part` without the words for remote and on site: "Remote (US only)" is "US". Prose stays as it is."""
    if len(part) > _TITLE:
        return part
    return _AROUND_PLACES.sub("", " ".join(_MODE.sub(" ", part).split()))


def _is_place(text: str) -> bool:
    words = text.split()
    return 0 < len(words) <= 4 and all(word[0].isupper() for word in words) and country_in(text) is not None


def skills_of(told: list[str], labels: dict[str, str]) -> list[str]:
    """The skills of a labelled list as they stand there, then those that the text names."""
    listed = [
        re.sub(r"^(?:and|or)\s+", "", item.strip(" ."))
        for item in re.split(r"[,;|•·]", labels.get("skills", ""))
    ]
    if any(len(item.split()) > 3 for item in listed):
        listed = []
    return canonical_skills([*listed, *skills_in("\n".join(told))])


# What a post pays

_CODES = r"(?:usd|eur|gbp|cad|aud|chf)"
_MONEY = re.compile(
    rf"(?:[$€£¥₹]|\b{_CODES})\s?\d|\d\s?k?\s?(?:[$€£]|{_CODES}\b|euros?\b|dollars\b)", re.IGNORECASE
)
_PAY = re.compile(r"\b(?:budget|rates?|pay(?:s|ing)?|paid|compensation|fee)\b", re.IGNORECASE)
_NO_PAY = re.compile(
    r"\b(?:raised|raising|revenues?|[am]rr|fund(?:ed|ing)|valuation|seed|series [a-e]|sales|invest\w*)\b",
    re.IGNORECASE,
)
_OTHER_UNIT = re.compile(
    r"(?:/|\bper\b)\s*[a-z]|\b(?:annual|annually|yearly|weekly|an? (?:year|week))\b", re.IGNORECASE
)


def pay_in(told: list[str]) -> tuple[Budget, str | None]:
    """What the first sentence or part about pay states; as text where its unit is no payment type.

    It is about pay where it says so ("budget", "rate") or gives an amount its unit ("$90/h").
    """
    for piece in (piece for line in told for piece in _SENTENCE.split(line)):
        if not _MONEY.search(piece) or _NO_PAY.search(piece):
            continue
        word = _PAY.search(piece)
        budget = parse_budget(piece[word.start() :]) if word else Budget()
        if budget.currency is None:
            budget = parse_budget(piece)
        if budget.currency is None or (word is None and budget.payment_type is None):
            continue
        if budget.payment_type is None and _OTHER_UNIT.search(piece):
            return Budget(), piece
        return budget, None
    return Budget(), None
