"""Freelance.ru: HTML listing of tasks, after `/task?c[]=4&a=1` saved on 2026-07-10."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.sandbox.markup import (
    amount,
    cards,
    excerpt,
    folded,
    is_cut,
    page_window,
    russian,
    text,
    whole,
)
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import Ask, Page, Platform, Route, Truth, get

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from datetime import datetime

    from outsource_scraper.sandbox.model import Posting

PER_PAGE = 25
_CUT = 297
_MOSCOW = ZoneInfo("Europe/Moscow")
_PRICES = ((3000, 3000), (13000, 13000), (25000, 25000), (55000, 55000), (120000, 120000))
_CATEGORIES = {
    "web": "Веб-разработка и IT",
    "mobile": "Веб-разработка и IT",
    "data": "Веб-разработка и IT",
    "ai": "Искусственный интеллект",
    "server": "Веб-разработка и IT",
    "design": "Графика и Дизайн",
    "content": "Тексты и Переводы",
}


class FreelanceRu(Platform):
    """The exact time of posting stands in an attribute, in Moscow's time."""

    profile = Profile(
        name="freelanceru",
        languages=("ru",),
        first_id=10_000,
        ladders=(Ladder(5, "fixed", "RUB", _PRICES), Ladder(5, "fixed", "RUB")),
        typical_bids=10,
    )
    hosts = ("freelance.ru", "www.freelance.ru")
    robots = "User-agent: *\nDisallow: /auth/\nDisallow: /user/settings\nDisallow: /task/create\n"

    def routes(self) -> Sequence[Route]:
        """The listing and the page of a task."""
        return (get(r"/task/?", self._listing), get(r"/task/view/(?P<number>\d+)", self._detail))

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth:
        """Times are told to the minute; the client is not shown."""
        budget = posting.budget
        cut = not detail and is_cut(posting.description, _CUT)
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=f"https://freelance.ru/task/view/{posting.number}",
                title=folded(posting.title),
                description=folded(posting.description[:_CUT] if cut else posting.description),
                category=_CATEGORIES[posting.topic],
                skills=list(posting.skills),
                budget_min=posting.budget_min,
                budget_max=posting.budget_max,
                currency="RUB" if budget else None,
                payment_type=PaymentType.FIXED if budget else None,
                location=posting.place if _has_place(posting) else None,
                country=posting.country if _has_place(posting) else None,
                language="ru",
                posted_at=posting.posted_at.astimezone(UTC).replace(second=0),
                duration_days=posting.duration_days if _has_term(posting) else None,
                status=Status.CLOSED if posting.closed else Status.OPEN,
                bids_count=posting.bids,
                views_count=posting.views,
            ),
            precision={"posted_at": 60},
            description_is_cut=cut,
        )

    def _listing(self, ask: Ask, _: re.Match[str]) -> Page:
        number = ask.number("page", 1)
        # The site's pager answers a page behind the last with the last one.
        number = min(max(number, 1), ask.view.pages(PER_PAGE))
        return Page(
            body=_LISTING.format(
                total=amount(ask.view.total, " "),
                cards=cards(ask.view.page(number, PER_PAGE), lambda posting: _card(posting, ask.now)),
                pager=_pager(number, ask.view.pages(PER_PAGE)),
            )
        )

    def _detail(self, ask: Ask, match: re.Match[str]) -> Page | None:
        posting = ask.find(int(match["number"]))
        if posting is None:
            return None
        return Page(
            body=_DETAIL.format(
                title=text(posting.title),
                description=_lines(posting.description),
                category=_CATEGORIES[posting.topic],
                cost=_cost(posting),
                posted=_posted(posting),
                bids=posting.bids,
                state='<span class="task-badge task-badge--closed">Задание закрыто</span>'
                if posting.closed
                else "",
            )
        )


def _has_place(posting: Posting) -> bool:
    return posting.share("place") < 0.1


def _has_term(posting: Posting) -> bool:
    return posting.share("term") < 0.7


def _posted(posting: Posting) -> str:
    return posting.posted_at.astimezone(_MOSCOW).strftime("%d.%m.%Y %H:%M")


def _age(posting: Posting, now: datetime) -> str:
    minutes = whole(now - posting.posted_at, timedelta(minutes=1))
    if minutes >= 1440:
        return f"{russian(minutes // 1440, 'день', 'дня', 'дней')} назад"
    if minutes >= 60:
        return f"{russian(minutes // 60, 'час', 'часа', 'часов')} назад"
    return f"{russian(minutes, 'минуту', 'минуты', 'минут')} назад"


def _lines(description: str) -> str:
    return text(description).replace("\n", "<br />\n")


def _cost(posting: Posting) -> str:
    if posting.budget is None or posting.budget.high is None:
        return '<span class="bold cost-not-set">Обсуждается индивидуально</span>'
    price = amount(posting.budget.high, " ")
    return f'<span class="bold">{price} &#8381;</span> <span class="cost-unit">/ заказ</span>'


def _card(posting: Posting, now: datetime) -> str:
    term = ""
    if _has_term(posting):
        days = russian(posting.duration_days, "день", "дня", "дней")
        term = f'<span><i class="fa fa-clock-o" aria-hidden="true"></i> Срок: {days}</span>'
    return _CARD.format(
        number=posting.number,
        title=text(posting.title),
        description=_lines(excerpt(posting.description, _CUT, "...")),
        category=_CATEGORIES[posting.topic],
        skills="\n".join(
            f'                <span class="task-chip">{text(skill)}</span>' for skill in posting.skills
        ),
        posted=_posted(posting),
        age=_age(posting, now),
        place=posting.place if _has_place(posting) else "Не важна",
        experience=_EXPERIENCE if posting.share("experience") < 0.3 else "",
        bids=posting.bids,
        views=posting.views,
        soft=" task-card__budget--soft" if posting.budget is None else "",
        cost=_cost(posting),
        term=term,
    )


def _pager(current: int, last: int) -> str:
    def item(page: int, label: str, kind: str) -> str:
        attribute = f' class="{kind}"' if kind else ""
        return f'<li{attribute}><a href="/task?page={page}" data-page="{page - 1}">{label}</a></li>'

    items = [
        item(current - 1, "&laquo;", "prev")
        if current > 1
        else '<li class="prev disabled"><span>&laquo;</span></li>'
    ]
    items += [
        item(page, str(page), "active" if page == current else "") for page in page_window(current, last, 5)
    ]
    items.append(
        item(current + 1, "&raquo;", "next")
        if current < last
        else '<li class="next disabled"><span>&raquo;</span></li>'
    )
    return "\n".join(items)


_LISTING = """<!DOCTYPE html>
<html lang="ru-RU">
<head>
    <title>Поиск заданий</title>
    <meta http-equiv="Content-Type" content="text/html; charset=utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta charset="UTF-8">
</head>
<body>
            <div class="task-feed-toolbar">
                <div class="task-feed-toolbar-title">
                    <h2>Открытые задания</h2>
                    <span>{total}</span>
                </div>
            </div>

            <div id="w0" class="list-view"><div class="task-feed-list">{cards}
</div><div class="task-pager"><ul class="pagination pagination-lg">{pager}</ul></div></div>
</body>
</html>
"""

_EXPERIENCE = """
                            <span class="task-foot-sep"></span>
                <span class="task-card__foot-item">
                    Опыт: <strong>От 3 лет</strong>
                </span>"""

_CARD = """<article class="task-card">

    <div class="task-card__main">

                <div class="task-card__badges">

    <span class="task-badge task-badge--all">Видно всем</span>

                    </div>

                            <a class="task-card__title-link" href="/task/view/{number}" title="{title}">
                {title}            </a>

                            <p class="task-card__desc">{description}</p>

                <div class="task-card__chips">
            <span class="task-chip task-chip--cat">{category}</span>
{skills}
        </div>

                <div class="task-card__foot">
            <span class="task-card__foot-item" title="{posted}">
                <i class="fa fa-clock-o" aria-hidden="true"></i>
                {age}            </span>
            <span class="task-foot-sep"></span>
            <span class="task-card__foot-item">
                <i class="fa fa-map-marker" aria-hidden="true"></i>
                {place}            </span>{experience}
                        <span class="task-foot-sep"></span>
            <span class="task-card__foot-item">
                <i class="fa fa-comments" aria-hidden="true"></i>
                <strong>{bids}</strong>
            </span>
            <span class="task-foot-sep"></span>
            <span class="task-card__foot-item">
                <i class="fa fa-eye" aria-hidden="true"></i>
                {views}            </span>
        </div>
            </div>

        <div class="task-card__side">
        <div>
            <div class="task-card__budget-lbl">Гонорар</div>
            <div class="task-card__budget{soft}">
                {cost}            </div>
            <div class="task-card__meta-rows">
                                    {term}
                            </div>
        </div>

        <div class="task-card__apply">
        </div>
    </div>

</article>
"""

_DETAIL = """<!DOCTYPE html>
<html lang="ru-RU">
<head><meta charset="UTF-8"><title>{title}</title></head>
<body>
<h1 class="task-view__title">{title}</h1>
{state}
<span class="task-chip task-chip--cat">{category}</span>
<div class="task-view__budget">{cost}</div>
<div class="task-view__desc">{description}</div>
<span class="task-view__posted">{posted}</span>
<span class="task-view__answers"><strong>{bids}</strong></span>
</body>
</html>
"""

PLATFORM = FreelanceRu()
