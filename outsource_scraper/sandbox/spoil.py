"""What faults do: to the postings before a page is written, to the page after it, and instead of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from outsource_scraper.sandbox.faults import Fault, Kind
from outsource_scraper.sandbox.markup import as_json
from outsource_scraper.sandbox.model import Budget
from outsource_scraper.sandbox.platforms import HTML, Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outsource_scraper.sandbox.market import View
    from outsource_scraper.sandbox.model import Posting, Profile

_HUGE = 10_000_000
_FAR = datetime(9999, 11, 30, 12, tzinfo=UTC)
_ODD = "\U0001f680 \u202e\u200f\u0645\u0631\u062d\u0628\u0627\u202c \u200b\ufeff\U0001f468\u200d\U0001f469 "
_TARGET = 1
"""Which posting of the listing is spoiled: the second, so that there are good ones around it."""
_ENCODINGS = {"ru": "windows-1251", "ko": "cp949", "ja": "euc-jp"}


def spoil_view(view: View, profile: Profile, faults: Iterable[Fault]) -> View:
    """The view with what the faults do to postings."""
    for fault in faults:
        view = _spoiled(view, profile, fault.kind)
    return view


def _spoiled(view: View, profile: Profile, kind: Kind) -> View:
    if kind is Kind.EMPTY:
        return replace(view, postings=(), total=0)
    if kind is Kind.EMPTY_WITH_COUNT:
        return replace(view, postings=())
    if not view.postings:
        return view
    target = min(_TARGET, len(view.postings) - 1)
    posting = view.postings[target]
    if kind is Kind.DUPLICATE:
        return replace(
            view, postings=(*view.postings[: target + 1], *view.postings[target:]), total=view.total + 1
        )
    postings = (
        *view.postings[:target],
        _spoiled_posting(posting, profile, kind),
        *view.postings[target + 1 :],
    )
    return replace(view, postings=postings)


def _spoiled_posting(posting: Posting, profile: Profile, kind: Kind) -> Posting:
    match kind:
        case Kind.BROKEN_CARD:
            posting = replace(posting, broken=True)
        case Kind.NUL_TITLE:
            posting = replace(posting, title="\0".join((posting.title[:5], posting.title[5:], "")))
        case Kind.ODD_LETTERS:
            posting = replace(posting, title=_ODD + posting.title)
        case Kind.HUGE_DESCRIPTION:
            times = _HUGE // len(posting.description) + 1
            posting = replace(posting, description=(posting.description + "\n") * times)
        case Kind.HUGE_BUDGET:
            ladder = profile.ladders[0]
            posting = replace(posting, budget=Budget(ladder.unit, ladder.currency, 10**30, 10**30))
        case Kind.YEAR_9999 if profile.bid_days:
            posting = replace(posting, deadline_at=_FAR)
        case Kind.YEAR_9999:
            posting = replace(posting, posted_at=_FAR)
    return posting


def instead(faults: Iterable[Fault], now: datetime) -> Page | None:
    """The answer that is sent in place of the page, if a fault asks for one."""
    for fault in faults:
        if fault.kind is Kind.STATUS and fault.status is not None:
            headers = {} if fault.retry_after is None else {"Retry-After": _retry_after(fault, now)}
            return Page(body=_ERROR.format(status=fault.status), status=fault.status, headers=headers)
        if fault.kind is Kind.CHALLENGE:
            headers = {"cf-mitigated": "challenge", "Server": "cloudflare"}
            return Page(body=_CHALLENGE, status=fault.status or 403, headers=headers)
        if fault.kind is Kind.LOGIN_WALL:
            return Page(body=LOGIN_PAGE, status=302, headers={"Location": "/login"})
    return None


def _retry_after(fault: Fault, now: datetime) -> str:
    seconds = fault.retry_after or 0
    if fault.retry_after_as_date:
        return format_datetime(now + timedelta(seconds=seconds), usegmt=True)
    return str(seconds)


def spoil_page(page: Page, faults: Iterable[Fault]) -> Page:
    """The page with what the faults do to its text."""
    for fault in faults:
        if fault.kind is Kind.RENAMED:
            page = replace(page, body=_renamed(page, re.compile(fault.only or "")))
        elif fault.kind is Kind.HTML_FOR_JSON:
            page = replace(page, body=_MAINTENANCE, content_type=HTML)
        elif fault.kind is Kind.CUT:
            page = replace(page, body=page.body[: len(page.body) // 2])
    return page


def encoding(profile: Profile, faults: Iterable[Fault]) -> str:
    """How the body is to be written: UTF-8, as declared, or what a fault asks for."""
    if any(fault.kind is Kind.WRONG_CHARSET for fault in faults):
        return _ENCODINGS.get(profile.languages[0], "utf-16")
    return "utf-8"


def _renamed(page: Page, which: re.Pattern[str]) -> str:
    if "json" in page.content_type:
        parsed = json.loads(page.body)
        if isinstance(parsed, dict) and isinstance(parsed.get("result"), str):
            return as_json(parsed | {"result": _renamed_classes(parsed["result"], which)})
        return as_json(_renamed_keys(parsed, which, record=False))
    if "xml" in page.content_type:
        items = page.body.partition("<item>")
        return items[0] + items[1] + _renamed_names(r"(</?)(title|guid|link|pubDate)\b", items[2], which)
    return _renamed_names(r"(window\.)(\w+Data)(?==)", _renamed_classes(page.body, which), which)


def _renamed_names(pattern: str, text: str, which: re.Pattern[str]) -> str:
    return re.sub(pattern, lambda m: f"{m[1]}new_{m[2]}" if which.search(m[2]) else m[0], text)


def _renamed_classes(html: str, which: re.Pattern[str]) -> str:
    def rename(match: re.Match[str]) -> str:
        names = (f"n{name[::-1]}" if which.search(name) else name for name in match[3].split())
        return match[1] + " ".join(names) + match[2]

    return re.sub(r"""(\bclass=(["']))([^"']*)\2""", rename, html)


def _renamed_keys(value: Any, which: re.Pattern[str], *, record: bool) -> Any:
    if isinstance(value, dict):
        return {
            f"new_{name}" if record and which.search(name) else name: _renamed_keys(
                member, which, record=record
            )
            for name, member in value.items()
        }
    return (
        [_renamed_keys(member, which, record=True) for member in value] if isinstance(value, list) else value
    )


_ERROR = "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"

LOGIN_PAGE = """<!DOCTYPE html>
<html><head><title>Sign in</title></head><body><a href="/login">Sign in</a></body></html>
"""

_MAINTENANCE = """<!DOCTYPE html>
<html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>
"""

_CHALLENGE = """<!DOCTYPE html>
<html lang="en-US">
<head>
  <title>Just a moment...</title>
  <meta name="robots" content="noindex,nofollow">
  <script>window._cf_chl_opt = {cvId: '3', cType: 'managed', cRay: '0000000000000000'};</script>
  <script src="/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1?ray=0000000000000000"></script>
</head>
<body>
  <div class="main-wrapper" role="main"><div class="main-content">
    <noscript><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></noscript>
    <form id="challenge-form" action="/?__cf_chl_f_tk=0" method="POST">
      <input type="hidden" name="cf-turnstile-response" id="cf-chl-widget-0_response">
    </form>
  </div></div>
</body>
</html>
"""
