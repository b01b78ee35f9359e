"""FL.ru: HTML listing, after the page of `/projects/category/programmirovanie/` saved on 2026-07-10."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.sandbox.markup import (
    MONTHS_OF,
    amount,
    cards,
    excerpt,
    folded,
    is_cut,
    page_window,
    russian,
    slug,
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

PER_PAGE = 30
_CUT = 180
_MOSCOW = ZoneInfo("Europe/Moscow")
_PLACE = "Россия"
_PRICES = (
    (500, 500),
    (1000, 1000),
    (3000, 3000),
    (7000, 7000),
    (15000, 15000),
    (40000, 40000),
    (600000, 600000),
)
_CATEGORIES = {
    "web": ("programmirovanie", "Программирование"),
    "mobile": ("mobile", "Мобильные приложения"),
    "data": ("programmirovanie", "Программирование"),
    "ai": ("ai-iskusstvennyy-intellekt", "AI — искусственный интеллект"),
    "server": ("programmirovanie", "Программирование"),
    "design": ("dizajn", "Дизайн"),
    "content": ("teksty", "Тексты"),
}


class FlRu(Platform):
    """An age is told in minutes for a day, then as Moscow's date; closed orders stay for hours, marked."""

    profile = Profile(
        name="flru",
        languages=("ru",),
        first_id=5_000_000,
        ladders=(Ladder(6, "fixed", "RUB", _PRICES), Ladder(4, "fixed", "RUB")),
        typical_bids=25,
        linger_hours=3,
    )
    hosts = ("www.fl.ru", "fl.ru")
    robots = "User-agent: *\nDisallow: /account/\nDisallow: /users/*/setup/\nDisallow: /search/\n"

    def routes(self) -> Sequence[Route]:
        """The listing, whole or of one category, and the page of an order."""
        return (
            get(r"/projects/(?:category/(?P<category>[\w-]+)/)?(?:page-(?P<page>\d+)/)?", self._listing),
            get(r"/projects/(?P<number>\d+)/[^/]*\.html", self._detail),
        )

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth:
        """Amounts are single; the kind of posting is told, but the platform shows no deadline."""
        budget = posting.budget
        cut = not detail and is_cut(posting.description, _CUT)
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=f"https://www.fl.ru{_path(posting)}",
                title=folded(posting.title),
                description=folded(posting.description[:_CUT] if cut else posting.description),
                category=_CATEGORIES[posting.topic][1] if detail else None,
                budget_min=posting.budget_min,
                budget_max=posting.budget_max,
                currency="RUB" if budget else None,
                payment_type=PaymentType.FIXED if budget and not _is_vacancy(posting) else None,
                location=_PLACE if _is_vacancy(posting) else None,
                country="RU" if _is_vacancy(posting) else None,
                language="ru",
                posted_at=posting.posted_at,
                status=Status.CLOSED if posting.closed else Status.OPEN,
                bids_count=None if posting.closed else posting.bids,
                views_count=posting.views if posting.views <= 300 else None,
            ),
            precision={"posted_at": 60},
            description_is_cut=cut,
        )

    def _listing(self, ask: Ask, match: re.Match[str]) -> Page | None:
        category = match["category"]
        view = ask.view
        if category is not None:
            view = view.only(lambda posting: _CATEGORIES[posting.topic][0] == category)
        number, last = int(match["page"] or 1), view.pages(PER_PAGE)
        if number > last:
            return None
        base = f"/projects/category/{category}/" if category else "/projects/"
        body = _LISTING.format(
            base=base,
            cards=cards(view.page(number, PER_PAGE), lambda posting: _card(posting, ask.now)),
            pager=_pager(base, number, last),
        )
        return Page(body=body)

    def _detail(self, ask: Ask, match: re.Match[str]) -> Page | None:
        posting = ask.find(int(match["number"]))
        if posting is None:
            return None
        category, category_name = _CATEGORIES[posting.topic]
        body = _DETAIL.format(
            path=_path(posting),
            number=posting.number,
            title=text(posting.title),
            price=_price(posting),
            category=category,
            category_name=category_name,
            description=text(posting.description).replace("\n", "<br />"),
            state='<div class="b-layout__txt text-5">Исполнитель определён</div>' if posting.closed else "",
            posted=posting.posted_at.astimezone(_MOSCOW).strftime("%d.%m.%Y | %H:%M"),
            age=_age(posting, ask.now),
            client=text(posting.client.name),
        )
        return Page(body=body)


def _path(posting: Posting) -> str:
    return f"/projects/{posting.number}/{slug(posting.original_title)}.html"


def _age(posting: Posting, now: datetime) -> str:
    age = now - posting.posted_at
    if not timedelta() <= age < timedelta(days=1):
        local = posting.posted_at.astimezone(_MOSCOW)
        year = "" if local.year == now.year else f" {local.year}"
        return f"{local.day} {MONTHS_OF[local.month - 1]}{year}, {local:%H:%M}"
    hours, minutes = divmod(whole(age, timedelta(minutes=1)), 60)
    words = (
        russian(hours, "час", "часа", "часов") if hours else "",
        russian(minutes, "минуту", "минуты", "минут") if minutes or not hours else "",
    )
    return " ".join(word for word in words if word) + " назад"


def _price(posting: Posting) -> str:
    if posting.budget is None or posting.budget.high is None:
        wording = "по результатам собеседования" if _is_vacancy(posting) else "по договоренности"
        return f"                                            {wording}                            "
    rouble = '<span class="fl-rub"><span class="d-none">руб</span></span>'
    return f"            {amount(posting.budget.high, '&nbsp;')}&nbsp;{rouble}                            "


def _is_vacancy(posting: Posting) -> bool:
    return posting.share("vacancy") < 0.15


def _card(posting: Posting, now: datetime) -> str:
    path = _path(posting)
    priced = posting.budget is not None
    if _is_vacancy(posting):
        kind = f"\n                Вакансия&nbsp;({_PLACE})            "
        answers = _VACANCY_ANSWERS.format(
            path=path, answers=russian(posting.bids, "ответ", "ответа", "ответов")
        )
    else:
        kind = "Заказ"
        answers = _ANSWERS.format(path=path, answers=russian(posting.bids, "ответ", "ответа", "ответов"))
    return _CARD.format(
        number=posting.number,
        path=path,
        title=text(posting.title),
        price_class="b-post__price_fontsize_15 b-post__price_bold" if priced else "b-post__price_fontsize_13",
        price=_price(posting),
        description=text(excerpt(posting.description, _CUT, "...")).replace("\n", "&nbsp; "),
        button="" if posting.closed else _BUTTON.format(number=posting.number, path=path),
        taken=_TAKEN.format(path=path) if posting.closed else "",
        taken_mobile=_TAKEN_MOBILE.format(path=path) if posting.closed else "",
        kind=kind,
        age=_age(posting, now),
        views="больше 300" if posting.views > 300 else str(posting.views),
        answers="" if posting.closed else answers,
    )


def _pager(base: str, current: int, last: int) -> str:
    if last == 1:
        return ""

    def link(page: int) -> str:
        return base if page == 1 else f"{base}page-{page}/"

    def item(page: int, kind: str, label: str) -> str:
        return f'<a class="fl-pagination-item {kind}" href="{link(page)}">{label}</a>'

    items = [
        item(page, "fl-pagination-item-selected cursor-default", str(page))
        if page == current
        else item(page, "link-hover-danger cursor-pointer", str(page))
        for page in page_window(current, last, 9)
    ]
    mobile = ""
    if current < last:
        items.append(item(current + 1, "fl-pagination-next text-dark d-none d-lg-block", "→"))
        mobile = _NEXT_MOBILE.format(link=link(current + 1))
    return _PAGER.format(mobile=mobile, items="".join(items))


_LISTING = """<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
    <meta charset="utf-8" />
    <meta content="initial-scale=1, width=device-width, user-scalable=no" name="viewport" />
    <meta name="site-url" content="https://www.fl.ru" />
    <link rel="canonical" href="{base}" />
    <title>Лента заказов</title>
</head>
<body class="b-page">
<div class="b-page__wrapper"><h1 class="fl-projects-title text-2">Лента заказов</h1>
        <div class="b-page__lenta">
            <div id="circle-loader" class="circle-absolute position-relative d-none">
                <div class="circle-loader"></div>
            </div>
            <div id="projects-list">
{cards}
{pager}<!--data_found-->            </div>
        </div>
</div>
</body>
</html>
"""

_NEXT_MOBILE = """<div class="fl-pagination-item fl-pagination-next d-flex d-lg-none">\
<a class="text-decoration-none" href="{link}">Следующая <span class="text-dark ml-4">→</span></a></div>"""

_PAGER = """
    <div id="fl-pagination" class="mt-26 w-100 text-5"><div class="fl-pagination d-flex \
justify-content-between w-100">\
{mobile}</div><div
        id="fl-pagination"
        class="fl-pagination d-flex align-items-start justify-content-center w-100">{items}</div></div>"""

_CARD = """
        <div data-id="qa-lenta-1" class="pt-24 pb-32 b-page__lenta_item b-post  b-post_padbot_15 \
b-post_bordbot_eee b-post_relative " qa-project-name="project-item{number}" id="project-item{number}" >
    <div class="b-page__lenta_item_left"></div>

<div class="d-flex align-items-center gap-8">
  </div>

<div class="b-post__grid">
    <h2 class="text-h5 b-post__title b-post__grid_title p-0 ">
        <a data-disposable-project-id="{number}" class="text-dark text-decoration-none link-hover-danger \
cursor-pointer"            id="prj_name_{number}" name="prj{number}" href="{path}">{title}</a>
  </h2>
  <div
    class="d-flex align-items-start b-post__price p-0 ml-lg-16 b-post__grid_price  {price_class}">
    <span class="text-4 text-dark text-decoration-none">
{price}
          </span>
  </div>
  <div class="b-post__body b-post__grid_descript b-post__body_overflow_hidden b-layuot_width_full">
        <div class="b-post__txt text-5 ">
            {description}        </div>
                    <div id="project-reason-{number}" style="display: none">
          </div>
  </div>
</div>
<div  class="b-post__foot b-post__foot_padtop_15">
  <div class="d-flex flex-wrap justify-content-between align-items-end gap-8">
{button}
    <div class="b-post__txt b-post__txt_fontsize_11">
      <div data-id="qa-page-desktop"
        class="b-post__txt b-post__txt_fontsize_11 b-post__txt_bold b-post__txt_float_right b-page__desktop ">
{taken}
              </div>

                  <span class="b-post__bold b-layout__txt_inline-block text-7 text-dark mr-4">\
{kind}</span>
                      <span class="text-gray-opacity-4 text-7 mr-16">{age}</span>

      <div class="d-flex mt-6">
                              <span title="Количество просмотров"
               class="d-flex align-items-center b-post__txt b-post__txt_fontsize_11 b-post__txt_bold ">
            <svg width="17" height="17" class="mr-6">
             <use xlink:href="#eye-open"></use>
           </svg>
           <span class="text-7">{views}&#160;&#160;&#160;&#160;</span>
         </span>
{answers}
              </div>

          </div>

  </div>

  <div class="b-post__txt b-post__txt_fontsize_11 b-post__txt_bold b-page__ipad b-page__iphone">
{taken_mobile}
      </div>

  </div>
    <div class="b-page__lenta_item_right"></div>
  </div>"""

_BUTTON = """
              <div class="flex-fill w-100 w-sm-auto text-right order-sm-1">
          <a href="{path}" data-ga-event="{{&quot;ec&quot;:&quot;anon&quot;,&quot;el&quot;:&quot;{number}\
&quot;}}" data-ga-on="click" target="_blank" class="ui-button _responsive _md text-center _success" \
title="Откликнуться">Откликнуться</a>
        </div>"""

_TAKEN = """<span data-id="fl-view-count-href" \
class="text-7 text-decoration-none text-dark link-hover-danger cursor-pointer"
               href="{path}">Исполнитель определён</span>"""

_TAKEN_MOBILE = """<a class="text-7 text-dark text-decoration-none link-hover-danger cursor-pointer"
       href="{path}">Исполнитель определён</a>"""

_ANSWERS = """
                              <span data-id="fl-view-count-href"
               class="text-7 text-dark text-decoration-none link-hover-danger cursor-pointer "
               href="{path}"
            >
               <svg width="16" height="15" title="Количество ответов" class="mr-6">
                <use xlink:href="#message-empty"></use>
               </svg>
               {answers}                        </span>"""

_VACANCY_ANSWERS = """
                              <a
              class="text-7 text-dark text-decoration-none link-hover-danger cursor-pointer "
              href="{path}"
            >
              <svg width="16" height="15" title="Количество ответов" class="mr-6">
                <use xlink:href="#message-empty"></use>
              </svg>
              {answers}                        </a>"""

_DETAIL = """<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
    <meta charset="utf-8" />
    <link rel="canonical" href="{path}" />
    <title>{title}</title>
</head>
<body class="b-page">
<div id="project_info_{number}" class="b-layout b-layout__page">
    <h1 class="b-page__title text-1" id="prj_name_{number}">{title}</h1>
    <div class="text-4">Бюджет: <span class="text-4">{price}</span></div>
    <a class="text-5" href="/projects/category/{category}/">{category_name}</a>
    <div id="projectp{number}" class="text-5 b-layout__txt_padbot_20">{description}</div>
    {state}
    <div class="b-layout__txt b-layout__txt_fontsize_11">{posted} ({age})</div>
    <div class="b-layout__txt" data-id="qa-client">{client}</div>
</div>
</body>
</html>
"""

PLATFORM = FlRu()
