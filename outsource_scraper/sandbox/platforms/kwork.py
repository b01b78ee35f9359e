"""Kwork's exchange: `window.stateData` in the page, after `/projects` saved on 2026-05-20."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.sandbox.markup import (
    MONTHS_OF,
    amount,
    cards,
    clock_time,
    excerpt,
    folded,
    page_window,
    records,
    script_json,
    text,
    whole,
)
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import Ask, Page, Platform, Route, Truth, get

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from outsource_scraper.sandbox.model import Posting

PER_PAGE = 12
_MOSCOW = ZoneInfo("Europe/Moscow")
_CATEGORIES = {
    "web": (79, "Верстка и сайты"),
    "mobile": (39, "Мобильные приложения"),
    "data": (41, "Скрипты и боты"),
    "ai": (301, "Нейросети"),
    "server": (255, "Серверы"),
    "design": (27, "Графика"),
    "content": (73, "Тексты"),
}


class Kwork(Platform):
    """Every page holds its wants twice, as JSON and as cards; both say the same."""

    profile = Profile(
        name="kwork",
        languages=("ru",),
        first_id=2_500_000,
        ladders=(
            Ladder(
                1,
                "fixed",
                "RUB",
                tuple((None, price) for price in (500, 1000, 1500, 3000, 5000, 15000, 40000)),
            ),
        ),
        bid_days=(2, 3, 4),
        typical_bids=8,
    )
    hosts = ("kwork.ru", "www.kwork.ru")
    robots = "User-agent: *\nDisallow: /api/\nDisallow: /manage_orders\nDisallow: /inbox\n"

    def routes(self) -> Sequence[Route]:
        """The listing and the page of a want."""
        return (get(r"/projects/?", self._listing), get(r"/projects/(?P<number>\d+)(?:/view)?", self._detail))

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth:
        """The wish is an upper bound, as is the higher price that is still acceptable."""
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=f"https://kwork.ru/projects/{posting.number}",
                title=folded(posting.title),
                description=folded(posting.description),
                category=_CATEGORIES[posting.topic][1],
                budget_max=Decimal(_possible(posting)),
                currency="RUB",
                payment_type=PaymentType.FIXED,
                language="ru",
                posted_at=posting.posted_at,
                deadline_at=posting.deadline_at,
                duration_days=_days(posting),
                status=Status.CLOSED if posting.closed else Status.OPEN,
                bids_count=posting.bids,
                views_count=posting.views,
                client_name=posting.client.name,
            ),
        )

    def _listing(self, ask: Ask, _: re.Match[str]) -> Page:
        view, category = ask.view, ask.number("c", 0)
        if category:
            view = view.only(lambda posting: _CATEGORIES[posting.topic][0] == category)
        number, last = ask.number("page", 1), view.pages(PER_PAGE)
        part = view.page(number, PER_PAGE)
        state = _state(records(part, lambda posting: _want(posting, ask.now)), number, last, view.total)
        body = _PAGE.format(
            title="Биржа проектов",
            state=script_json(state),
            content=_CONTENT.format(
                cards=cards(part, lambda posting: _card(posting, ask.now)), pager=_pager(number, last)
            ),
        )
        return Page(body=body)

    def _detail(self, ask: Ask, match: re.Match[str]) -> Page | None:
        posting = ask.find(int(match["number"]))
        if posting is None:
            return None
        state = {"pageName": "want", "wantData": _want(posting, ask.now)}
        return Page(
            body=_PAGE.format(
                title=text(posting.title), state=script_json(state), content=_card(posting, ask.now)
            )
        )


def _price(posting: Posting) -> int:
    return posting.budget.high if posting.budget is not None and posting.budget.high is not None else 0


def _is_higher(posting: Posting) -> bool:
    return posting.share("higher") < 0.6


def _possible(posting: Posting) -> int:
    return _price(posting) * (3 if _is_higher(posting) else 1)


def _days(posting: Posting) -> int:
    return 10 if posting.share("days") < 0.7 else 30


def _left(posting: Posting, now: datetime) -> str:
    if posting.deadline_at is None:
        return ""
    minutes = whole(posting.deadline_at - now, timedelta(minutes=1))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    return f"{days} д. {hours} ч." if days else f"{hours} ч. {minutes} мин."


def _want(posting: Posting, now: datetime) -> dict[str, Any]:
    client = posting.client
    local = {
        "create": posting.posted_at.astimezone(_MOSCOW),
        "active": posting.active_at.astimezone(_MOSCOW),
        "expire": (posting.deadline_at or posting.posted_at).astimezone(_MOSCOW),
    }
    percent = 100 * client.jobs_hired // client.jobs_posted
    return {
        "userAlreadyWork": None,
        "dateView": None,
        "id": posting.number,
        "status": "archived" if posting.closed else "active",
        "wantDates": {
            **{f"date{name.title()}": _spoken(instant) for name, instant in local.items()},
            "dateReject": "",
        },
        "isWantActive": not posting.closed,
        "isWantArchive": posting.closed,
        "altStatusHint": {"color": "blue", "title": "Сбор предложений"},
        "getReviewCanChange": False,
        "wantGetSumOrderCount": 0,
        "projectReviewType": None,
        "wantUserGetProfileUrl": f"https://kwork.ru/user/{client.name}",
        "possiblePriceLimit": _possible(posting),
        "getWantsActiveCount": "1",
        "isHigherPrice": _is_higher(posting),
        "category_id": str(_CATEGORIES[posting.topic][0]),
        "description": text(posting.description),
        "files": [],
        "kwork_count": posting.bids,
        "lang": "ru",
        "name": text(posting.title),
        "max_days": str(_days(posting)),
        "priceLimit": f"{_price(posting)}.00",
        "user": {
            "USERID": client.number,
            "username": client.name,
            "profilepicture": "noprofilepicture.gif",
            "profilePictureSrcSet": "",
            "badges": [],
            "data": {"wants_count": str(client.jobs_posted), "wants_hired_percent": str(percent)},
        },
        **{f"date_{name}": clock_time(instant) for name, instant in local.items()},
        "views_dirty": str(posting.views),
        "isUserWant": False,
        "alreadyWork": None,
        "isOtherActiveWantsExceptByWantId": False,
        "timeLeft": _left(posting, now),
        "currentUserReviewType": None,
        "hasPortfolioAvailable": True,
        "isNeural": False,
        "orderManagerStatusDone": 5,
        "availableDurations": [1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 30, 45, 60, 75, 90],
        "categoryLinksIdRu": _CATEGORIES[posting.topic][0],
        "getPriceThreshold": 4000,
    }


def _spoken(instant: datetime) -> str:
    return f"{instant.day} {MONTHS_OF[instant.month - 1]}, {instant:%H:%M}"


def _state(wants: list[dict[str, Any]], number: int, last: int, total: int) -> dict[str, Any]:
    path = "http://kwork.ru/projects"
    first = (number - 1) * PER_PAGE + 1
    pagination = {
        "current_page": number,
        "data": wants,
        "first_page_url": f"{path}?page=1",
        "from": first if wants else None,
        "last_page": last,
        "last_page_url": f"{path}?page={last}",
        "links": [
            {"url": f"{path}?page={page}", "label": str(page), "active": page == number}
            for page in page_window(number, last, 7)
        ],
        "next_page_url": f"{path}?page={number + 1}" if number < last else None,
        "path": path,
        "per_page": PER_PAGE,
        "prev_page_url": f"{path}?page={number - 1}" if number > 1 else None,
        "to": first + len(wants) - 1 if wants else None,
        "total": total,
    }
    return {
        "onlyDesktopVersion": False,
        "pageName": "projects",
        "isWantsOnly": True,
        "categories": {
            "11": {
                "CATID": "11",
                "name": "Все работы",
                "parent": "0",
                "cats": [
                    {"CATID": str(number), "name": name, "parent": "11"}
                    for number, name in _CATEGORIES.values()
                ],
            }
        },
        "wantsListData": {
            "wants_20891_data": [],
            "pagination": pagination,
            "wants": wants,
            "wantsFromAllRubrics": [],
            "attributesCount": [],
            "counts": {},
            "favouriteCategories": [],
            "favouriteCategoriesCount": [],
            "filter": {"price_from": None, "price_to": None, "hiring_from": None, "keyword": None},
            "filters": {},
        },
        "designVersion": 2,
    }


def _card(posting: Posting, now: datetime) -> str:
    higher = _HIGHER.format(price=amount(_possible(posting), " ")) if _is_higher(posting) else ""
    client = posting.client
    return _CARD.format(
        number=posting.number,
        title=text(posting.title),
        short=text(excerpt(posting.description, 100, "...")),
        description=text(posting.description),
        price=amount(_price(posting), " "),
        higher=higher,
        client=client.name,
        posted=client.jobs_posted,
        percent=100 * client.jobs_hired // client.jobs_posted,
        left=_left(posting, now),
        bids=posting.bids,
    )


def _pager(current: int, last: int) -> str:
    items = [
        f'<div tabindex="0" class="pagination__item">\n\t\t\t\t{page}\n\t\t\t</div>'
        for page in page_window(current, last, 3)
    ]
    if current + 1 < last:
        items.append('<div tabindex="0" class="pagination__item">…</div>')
        items.append(f'<div tabindex="0" class="pagination__item">\n\t\t\t\t{last}\n\t\t\t</div>')
    if current < last:
        items.append(
            '<div tabindex="0" class="pagination__item pagination__arrow pagination__arrow--next"></div>'
        )
    return "".join(items)


_PAGE = """<!DOCTYPE html>
<html lang="ru">
<head><meta charset="utf-8"><title>{title}</title>
<script>window.ORIGIN_URL="https://kwork.ru";window.i18n="ru";window.USER_ID = "";window.actor_lang="ru";\
window.totalFunds=null;window.stateData={state};window.isMobile=false;</script></head>
<body>
{content}
</body>
</html>
"""

_CONTENT = """<div class="wants-content"><div class="project-list position-relative"><!----> \
<div>{cards}</div>
<div class="paging"><div class="pagination">{pager}</div></div></div></div>"""

_HIGHER = """ <div class="wants-card__description-higher-price">
    Допустимый:
    <span class="nowrap">до  <div class="d-inline"><!---->
        {price}
     <span class="rouble">₽</span></div></span></div>"""

_CARD = """<div class="want-card want-card--list want-card--hover"><!----> <div class="wants-card__top">\
<div class="wants-card__left"><h1 class="wants-card__header-title breakwords pr250"><a \
href="/projects/{number}">{title}\
</a> <!----> <!----></h1> <div class="wants-card__description-text br-with-lh"><div class="overflow-hidden">\
<div class="d-inline breakwords first-letter"><div class="wants-card__space"></div>{short}</div>&nbsp;\
<span class="kw-link-dashed">Показать полностью</span></div> <div class="breakwords first-letter \
overflow-hidden" \
style="display: none;"><div class="d-inline"><div class="wants-card__space"></div>{description}</div>&nbsp;\
<span class="kw-link-dashed">Скрыть</span> <!----></div></div></div> <div class="wants-card__right">\
<div class="wants-card__header-right-block"><div class="wants-card__price"><span class="fs12">Желаемый \
бюджет: до</span> \
<div class="d-inline"><!---->
        {price}
     <span class="rouble">₽</span></div></div> <!----> <!----></div>{higher}</div></div> \
<div class="mb10 want-payer-statistic d-flex"><div class="dib v-align-t ml10"><div><div class="dib">
                Покупатель: <a href="https://kwork.ru/user/{client}" class="v-align-t">{client}</a>&nbsp;
            </div> <!----></div> <div class="dib v-align-t">
            Размещено проектов на бирже: {posted} <br> <span class="d-flex align-items-center">
                Нанято: {percent}%</span></div></div></div> <div class="color-gray want-card__informers">\
<div class="want-card__informers-row"><!----> <span class="mr8">
                    Осталось: {left}
                </span> <span class="mr8">
                    Предложений:&nbsp;{bids}
                </span> <!----> <!----></div> <!----> </div></div>"""

PLATFORM = Kwork()
