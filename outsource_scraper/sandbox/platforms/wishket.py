"""Wishket: the listing's own JSON and HTML, after a card saved in 2026-08 and a documented detail page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.lzstring import decompress_from_base64
from outsource_scraper.sandbox.markup import (
    amount,
    as_json,
    cards,
    folded,
    page_window,
    script_json,
    text,
    whole,
)
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import JSON, Ask, Page, Platform, Route, Truth, get

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from outsource_scraper.sandbox.model import Budget, Posting

PER_PAGE = 10
_SEOUL = ZoneInfo("Asia/Seoul")
_HOUR = timedelta(hours=1)
_PROJECT_PRICES = (350_000, 900_000, 2_000_000, 5_000_000, 12_000_000, 30_000_000, 80_000_000)
_MONTHLY_PRICES = (3_500_000, 4_500_000, 5_500_000, 7_000_000, 8_500_000)
_CATEGORIES = {
    "web": ("개발", "프론트엔드 개발자"),
    "mobile": ("개발", "앱 개발자"),
    "data": ("개발", "데이터 엔지니어"),
    "ai": ("개발", "AI 엔지니어"),
    "server": ("개발", "백엔드 개발자"),
    "design": ("디자인", "UI 디자이너"),
    "content": ("기획", "서비스 기획자"),
}


class Wishket(Platform):
    """The parameters come LZ-compressed in `d`; asked as the page's own script asks, it answers JSON."""

    profile = Profile(
        name="wishket",
        languages=("ko",),
        first_id=150_000,
        ladders=(
            Ladder(6, "fixed", "KRW", tuple((price, price) for price in _PROJECT_PRICES)),
            Ladder(3, "monthly", "KRW", tuple((price, price) for price in _MONTHLY_PRICES)),
            Ladder(1, "fixed", "KRW"),
        ),
        bid_days=(7, 10, 14, 16, 21),
        deadline_zone=_SEOUL,
        typical_bids=12,
    )
    hosts = ("www.wishket.com", "wishket.com")
    robots = "User-agent: *\nAllow: /project/\nDisallow: /accounts/\nDisallow: /mywishket/\nCrawl-delay: 5\n"

    def routes(self) -> Sequence[Route]:
        """The listing and the page of a project."""
        return (get(r"/project/", self._listing), get(r"/project/(?P<number>\d+)/", self._detail))

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth:
        """The listing tells a date of registration and the time left in hours; the detail page tells more."""
        budget, client = posting.budget, posting.client
        registered = posting.posted_at.astimezone(_SEOUL).replace(hour=0, minute=0, second=0).astimezone(UTC)
        deadline = posting.deadline_at
        if deadline is not None and not detail:
            deadline = now + whole(deadline - now, _HOUR) * _HOUR
        shown_in = 60 if detail else 86400 if _in_weeks(posting, now) else 3600
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=f"https://www.wishket.com/project/{posting.number}/",
                title=folded(posting.title),
                description=folded(posting.description) if detail else None,
                category=_category(posting),
                skills=list(posting.skills),
                budget_min=posting.budget_min,
                budget_max=posting.budget_max,
                currency="KRW" if budget else None,
                payment_type=_payment(posting, detail=detail),
                work_type=WorkType.ONSITE if _is_term(posting) else WorkType.REMOTE,
                location=posting.place,
                country="KR",
                language="ko",
                posted_at=registered,
                deadline_at=deadline,
                duration_days=posting.duration_days,
                status=Status.CLOSED if posting.closed else Status.OPEN,
                bids_count=posting.bids,
                views_count=posting.views,
                client_name=_masked(client.name),
                client_rating=None if client.rating is None else Decimal(str(client.rating)),
                client_verified=client.verified or None,
            ),
            precision={"posted_at": 86400, "deadline_at": shown_in},
        )

    def _listing(self, ask: Ask, _: re.Match[str]) -> Page | None:
        packed = ask.value("d")
        try:
            wanted = parse_qs(decompress_from_base64(packed.replace(" ", "+")) if packed else "")
        except ValueError:
            wanted = {}
        view = ask.view
        if word := wanted.get("s", [""])[0].casefold():
            view = view.only(lambda posting: word in f"{posting.title} {' '.join(posting.skills)}".casefold())
        if wanted.get("pt") == ["task_based"]:
            view = view.only(lambda posting: not _is_term(posting))
        page = wanted.get("page", [""])[0]
        number = int(page) if page.isdecimal() else 1
        part = view.page(number, PER_PAGE)
        html = cards(part, lambda posting: _card(posting, ask.now)) + _pager(number, view.pages(PER_PAGE))
        if ask.headers.get("x-requested-with") == "XMLHttpRequest":
            return Page(body=as_json({"result": html, "count": view.total}), content_type=JSON)
        return Page(body=_LISTING.format(count=view.total, cards=html))

    def _detail(self, ask: Ask, match: re.Match[str]) -> Page | None:
        posting = ask.find(int(match["number"]))
        return None if posting is None else Page(body=_detail_page(posting, ask.now))


def _is_term(posting: Posting) -> bool:
    """기간제: paid by the month, on the client's premises."""
    return posting.budget is not None and posting.budget.unit == "monthly"


def _category(posting: Posting) -> str:
    return _CATEGORIES[posting.topic][1 if _is_term(posting) else 0]


def _payment(posting: Posting, *, detail: bool) -> PaymentType | None:
    if _is_term(posting):
        return PaymentType.MONTHLY
    # Of an open budget the listing says nothing; the detail page calls it one of the whole project.
    return PaymentType.FIXED if posting.budget is not None or detail else None


def _masked(name: str) -> str:
    return f"{name[:2]}******"


def _in_weeks(posting: Posting, now: datetime) -> bool:
    return posting.deadline_at is not None and posting.deadline_at - now >= timedelta(days=7)


def _left(posting: Posting, now: datetime) -> str:
    if posting.deadline_at is None:
        return ""
    hours = whole(posting.deadline_at - now, _HOUR)
    weeks, days, hours = hours // 168, hours // 24 % 7, hours % 24
    if weeks:
        return f"{weeks}주 {days}일 전" if days else f"{weeks}주 전"
    if days:
        return f"{days}일 {hours}시간 전" if hours else f"{days}일 전"
    return f"{hours}시간 전"


def _won(budget: Budget | None) -> str:
    return "" if budget is None or budget.high is None else f"{amount(budget.high, ',')}원"


def _budget(posting: Posting) -> str:
    if posting.budget is None:
        return '<span class="body-1-medium">협의 후 결정</span>'
    if _is_term(posting):
        monthly = f'{_won(posting.budget)} <span class="body-2-medium">/월</span>'
        return f'월 금액 <span class="body-1-medium">{monthly}</span>'
    return f'예상 금액 <span class="body-1-medium">{_won(posting.budget)}</span>'


def _date(instant: datetime) -> str:
    return instant.astimezone(_SEOUL).strftime("%Y.%m.%d.")


def _card(posting: Posting, now: datetime) -> str:
    client = posting.client
    badges = _VERIFIED if client.verified else ""
    if client.rating is not None:
        badges += (
            f'\n          <i class="client-badge"><span class="caption-1 text600">{client.rating}</span></i>'
        )
    mark = ("closed-mark", "모집 마감") if posting.closed else ("recruiting-mark", "모집 중")
    fresh = (
        '<div class="status-mark new-mark">NEW</div>' if now - posting.posted_at < timedelta(days=1) else ""
    )
    return _CARD.format(
        number=posting.number,
        marks=f'<div class="status-mark {mark[0]}">{mark[1]}</div>{fresh}',
        title=text(posting.title),
        budget=_budget(posting),
        days=posting.duration_days,
        start_label="근무 시작일" if _is_term(posting) else "예상 시작일",
        category=_category(posting),
        level='<p class="project-level body-2 text700">시니어</p>' if _is_term(posting) else "",
        kind="기간제" if _is_term(posting) else "외주",
        skills="".join(
            f'<span class="skill-chip body-3 text600">{text(skill)}</span>' for skill in posting.skills
        ),
        place=posting.place,
        registered=_date(posting.posted_at),
        left=_left(posting, now),
        applicants=f"{posting.bids}명" if posting.bids else "없음",
        views=amount(posting.views, ","),
        comments=posting.bids // 3,
        interests=posting.bids // 2,
        client=_masked(client.name),
        badges=badges,
    )


def _pager(current: int, last: int) -> str:
    links = "".join(
        f'<li class="page-item{" active" if page == current else ""}">{_link(page, str(page))}</li>'
        for page in page_window(current, last, 5)
    )
    if current < last:
        links += (
            f'<li class="page-item"><a class="page-link" data-page="{current + 1}" href="#">다음</a></li>'
        )
    return f'\n    <div class="pagination-wrap"><ul class="pagination">{links}</ul></div>'


def _link(page: int, label: str) -> str:
    return f'<a class="page-link" data-page="{page}" href="#">{label}</a>'


def _detail_page(posting: Posting, now: datetime) -> str:
    deadline = posting.deadline_at or posting.posted_at
    local = deadline.astimezone(_SEOUL)
    rows = {
        "예상 금액": _won(posting.budget) or "협의 후 결정",
        "예상 기간": f"{posting.duration_days}일",
        "지원자 수": f"{posting.bids}명",
        "모집 마감일": f"{local.year}년 {local.month:02}월 {local.day:02}일",
        "예상 시작일": "계약 체결 이후, 즉시 시작",
        "클라이언트 위치": posting.place,
    }
    if _is_term(posting):
        rows["월 금액"] = f"{rows.pop('예상 금액')}/월"
    job = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": posting.title,
        "description": posting.description.replace("\n", "\r\n"),
        "datePosted": posting.posted_at.astimezone(_SEOUL).date().isoformat(),
        "validThrough": local.strftime("%Y-%m-%dT%H:%M"),
        "baseSalary": _won(posting.budget) or "협의 후 결정",
        "jobLocation": {
            "@type": "Place",
            "address": {"@type": "PostalAddress", "addressLocality": posting.place},
        },
    }
    return _DETAIL.format(
        title=text(posting.title),
        mark="모집 마감" if posting.closed else "모집 중",
        kind="기간제" if _is_term(posting) else "외주",
        registered=_date(posting.posted_at),
        left=_left(posting, now),
        category=_category(posting),
        rows="\n".join(_ROW.format(label=label, value=text(value)) for label, value in rows.items()),
        skills="".join(
            f'<span class="skill-tag body-3 text600">{text(skill)}</span>' for skill in posting.skills
        ),
        description=text(posting.description).replace("\n", "<br/>"),
        client=_masked(posting.client.name),
        job=script_json(job),
    )


_LISTING = """<!DOCTYPE html>
<html lang="ko">
<head><meta charset="utf-8"/><title>프로젝트 찾기</title></head>
<body>
<div class="project-list-header"><span class="project-count">{count}</span>개의 프로젝트</div>
<div class="project-list-box">
{cards}
</div>
</body>
</html>
"""

_VERIFIED = """<i class="project-tooltip client-badge"><img alt="인증된 클라이언트" src="/static/badge.png"/>\
<span class="caption-1 text600">인증 완료</span></i>"""

_CARD = """    <div class="project-info-box"><div class="project-info-box-wrapper">
    <section class="project-organic-info">
      <div class="project-status-label recruiting-status mb12">{marks}</div>
      <a class="subtitle-2-medium project-link" href="/project/{number}/"><p \
class="subtitle-1-half-medium mb10">\
{title}</p></a>
      <div class="project-core-info mb10">
        <p class="budget body-1 text700">{budget}</p>
        <span class="info-divider"></span>
        <p class="term body-1 text700">예상 기간<span class="body-1-medium">{days}일</span></p>
        <span class="info-divider"></span>
        <p class="launch-date body-1 text700">{start_label} <span class="body-1-medium">즉시 시작</span></p>
      </div>
      <div class="project-classification-info mb32"><p class="project-category-or-role body-2 \
text700">{category}</p>\
{level}</div>
      <div class="project-minor-info">
        <div class="project-status-label recruiting-status"><div class="status-mark project-type-mark \
with-img">\
<img class="project-type-mark-img" src="/static/type.svg"/>{kind}</div></div>
        <div class="divider"></div>
        <div class="project-skills-info">{skills}</div>
        <p class="body-3 text500 location-data"><img src="/static/place.png"/>{place}</p>
        <p class="body-3 text300 start-recruitment-data">· 등록일자 {registered}</p>
      </div>
    </section>
    <section class="proposal-and-client-info">
      <div class="proposal-info">
        <p class="info-detail body-2 mb8 text600"><img src="/static/clock.png"/>마감 \
<span class="body-2-medium text600">{left}</span></p>
        <p class="info-detail body-2 text600"><img src="/static/people.png"/>지원자 \
<span class="body-2-medium text600">{applicants}</span></p>
      </div>
      <div class="minor-info has-value">
        <div class="status-wrap"><i class="project-tooltip status-icon view-status" data-count="{views}">\
<span class="caption-1 text400">보통</span></i></div>
        <div class="status-wrap"><i class="project-tooltip status-icon comment-status" \
data-count="{comments}">\
<span class="caption-1 text400">{comments}</span></i></div>
        <div class="status-wrap"><i class="project-tooltip status-icon interest-status" \
data-count="{interests}">\
<span class="caption-1 text400">{interests}</span></i></div>
      </div>
      <div class="client-info">
        <div class="profile-box mb12"><p class="username body-3-medium">{client}</p></div>
        <div class="badge-box">
          {badges}
        </div>
      </div>
    </section></div></div>"""

_ROW = """<div class="project-detail-condition-row"><div class="condition-label body-2 text500">{label}</div>\
<div class="condition-data body-2-medium">{value}</div></div>"""

_DETAIL = """<!DOCTYPE html>
<html lang="ko">
<head><meta charset="utf-8"/><title>{title}</title></head>
<body>
<div class="project-detail-view">
<div class="status-mark recruiting-mark">{mark}</div><div class="status-mark project-type-mark">{kind}</div>
<div class="project-content-title"><h1>{title}</h1></div>
<p class="project-recruit-guide">등록 일자 {registered}</p>
<p class="project-category-or-role">{category}</p>
<p class="deadline-note">마감 {left}</p>
<div class="detail-section">
{rows}
</div>
<div class="project-detail-skills-list mb16">{skills}</div>
<div class="project-description-box">{description}</div>
<div class="client-section-wrap"><p class="username body-3-medium">{client}</p></div>
</div>
<script type="application/ld+json">
{job}
</script>
</body>
</html>
"""

PLATFORM = Wishket()
