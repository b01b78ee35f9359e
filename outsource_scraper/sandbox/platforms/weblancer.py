"""Weblancer: cards that scripts build, after the rendered listing saved on 2026-07-10.

The saved page holds the cards as a browser shows them, and nothing of what the site sent. Its shell, the
address and members of its JSON and its pager are therefore the market's own: an HTML page without any card, a
script that fetches the orders of the page and then builds the cards.

As on a real page there is more than the cards: a stylesheet, a web font, pictures, as many and as heavy as on
the median page (18 of 1,054 kB in all; HTTP Archive, Web Almanac 2024, chapter 16), and a tracker's script
on a host of its own, which the browser of a sandboxed crawl is sent to as well.
"""

from __future__ import annotations

from datetime import UTC
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.sandbox.markup import as_json, folded, records, russian, slug, text
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import JSON, Ask, Page, Platform, Route, Truth, get

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from datetime import datetime

    from outsource_scraper.sandbox.model import Posting

PER_PAGE = 10
PICTURES = 18
TRACKER = "www.googletagmanager.com"
"""The third party of the page; a browser must not ask it for anything."""
_KYIV = ZoneInfo("Europe/Kyiv")
_PRICES = ((10, 10), (30, 30), (100, 100), (200, 200), (500, 500), (1500, 1500), (4000, 4000))
_CATEGORIES = {
    "web": ("veb-programmirovanie-31", "Создание сайтов"),
    "mobile": ("mobilnye-prilozheniya-42", "Мобильные приложения"),
    "data": ("prikladnoe-programmirovanie-32", "Базы данных"),
    "ai": ("prikladnoe-programmirovanie-32", "Искусственный интеллект"),
    "server": ("prikladnoe-programmirovanie-32", "Серверные приложения"),
    "design": ("veb-dizajn-11", "Дизайн сайтов"),
    "content": ("teksty-21", "Наполнение сайтов"),
}
"""The first part of an order's address, and its label, by topic."""
_URGENT = "Срочные заказы"


class Weblancer(Platform):
    """An order tells the day of its posting in Kyiv; an amount is single and in dollars."""

    profile = Profile(
        name="weblancer",
        languages=("ru",),
        first_id=1_000_000,
        ladders=(Ladder(6, "fixed", "USD", _PRICES), Ladder(4, "fixed", "USD")),
        typical_bids=20,
    )
    hosts = ("www.weblancer.net", "weblancer.net", TRACKER)
    robots = "User-agent: *\nDisallow: /account/\nDisallow: /messages/\n"

    def routes(self) -> Sequence[Route]:
        """The shell, what it loads, the orders as its script asks for them, and the page of an order."""
        return (
            get(r"/freelance/", _shell),
            get(r"/api/orders", self._orders),
            get(r"/freelance/[\w-]+/[\w-]*-(?P<number>\d+)/", self._detail),
            get(r"/static/app\.js", lambda _, __: Page(body=_SCRIPT, content_type=_JAVASCRIPT)),
            get(r"/static/app\.css", lambda _, __: Page(body=_stylesheet(), content_type="text/css")),
            get(r"/static/picture-(?P<number>\d+)\.svg", _picture_page),
            get(r"/gtag/js", lambda _, __: Page(body=_TRACKING, content_type=_JAVASCRIPT)),
        )

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth:
        """The card tells all but the skills and the client."""
        day = posting.posted_at.astimezone(_KYIV).replace(hour=0, minute=0, second=0, microsecond=0)
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=f"https://www.weblancer.net{_path(posting)}",
                title=folded(posting.title),
                description=folded(posting.description),
                category=_CATEGORIES[posting.topic][1],
                budget_min=posting.budget_min,
                budget_max=posting.budget_max,
                currency="USD" if posting.budget else None,
                payment_type=PaymentType.FIXED if posting.budget else None,
                language="ru",
                posted_at=day.astimezone(UTC),
                status=Status.OPEN,
                bids_count=posting.bids,
                views_count=posting.views,
            ),
        )

    def _orders(self, ask: Ask, _: re.Match[str]) -> Page:
        view = ask.view
        found = view.page(ask.number("page", 1), PER_PAGE)
        answer = {"pages": view.pages(PER_PAGE), "orders": records(found, _order)}
        return Page(body=as_json(answer), content_type=JSON)

    def _detail(self, ask: Ask, match: re.Match[str]) -> Page | None:
        posting = ask.find(int(match["number"]))
        if posting is None:
            return None
        return Page(
            body=_DETAIL.format(
                title=text(posting.title),
                description=text(posting.description),
                state="Заказ закрыт" if posting.closed else "Приём заявок",
            )
        )


def _path(posting: Posting) -> str:
    return f"/freelance/{_CATEGORIES[posting.topic][0]}/{slug(posting.original_title)}-{posting.number}/"


def _order(posting: Posting) -> dict[str, Any]:
    label = _CATEGORIES[posting.topic][1]
    labels = [label, _URGENT] if posting.share("urgent") < 0.1 else [label]
    return {
        "id": posting.number,
        "title": posting.title,
        "link": _path(posting),
        "text": posting.description,
        "price": None if posting.budget is None else posting.budget.high,
        "labels": [{"name": name, "link": f"/freelance/{slug(name)}/"} for name in labels],
        "facts": [
            posting.posted_at.astimezone(_KYIV).strftime("%d.%m.%Y"),
            russian(posting.bids, "заявка", "заявки", "заявок"),
            russian(posting.views, "просмотр", "просмотра", "просмотров"),
        ],
    }


def _shell(_: Ask, __: re.Match[str]) -> Page:
    pictures = "".join(f'<img src="/static/picture-{number}.svg" alt="">' for number in range(PICTURES))
    return Page(body=_SHELL.format(tracker=TRACKER, pictures=pictures))


def _picture_page(_: Ask, match: re.Match[str]) -> Page | None:
    number = int(match["number"])
    return Page(body=_picture(number), content_type="image/svg+xml") if number < PICTURES else None


@cache
def _picture(number: int) -> str:
    """A picture of about 60 kB."""
    chance = Random(number)
    dots = "".join(
        f'<circle cx="{chance.randrange(640)}" cy="{chance.randrange(360)}" r="{chance.randrange(1, 9)}"/>'
        for _ in range(1800)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360">{dots}</svg>'


@cache
def _stylesheet() -> str:
    """A stylesheet of about 60 kB, as one with utility classes is; it names the web font."""
    rules = "".join(
        f".{side}-{size}{{{name}:{size / 4:g}rem}}"
        for side, name in (
            ("mt", "margin-top"),
            ("mb", "margin-bottom"),
            ("pl", "padding-left"),
            ("g", "gap"),
        )
        for size in range(550)
    )
    return f"{_FONT}{rules}"


_JAVASCRIPT = "text/javascript; charset=utf-8"
_TRACKING = "window.dataLayer = window.dataLayer || [];\n" + "".join(
    f"function measure{number}(event) {{ window.dataLayer.push([{number}, event, Date.now()]); }}\n"
    for number in range(1500)
)
"""About 130 kB, as such scripts have."""
_FONT = (
    '@font-face{font-family:"Sans";src:url("/static/sans.woff2") format("woff2")}'
    'body{font-family:"Sans",sans-serif}'
)
"""The font itself is not there; asking for it is what a crawl must not do."""

_SHELL = """<!DOCTYPE html>
<html lang="ru">
<head>
<meta charset="utf-8">
<title>Заказы</title>
<link rel="stylesheet" href="/static/app.css">
<script async src="http://{tracker}.localhost/gtag/js?id=G-0000000000"></script>
<script defer src="/static/app.js"></script>
</head>
<body>
<header><a href="/freelance/">Заказы</a> {pictures}</header>
<main id="orders"><p>Загрузка…</p></main>
<nav id="pages"></nav>
</body>
</html>
"""

_SCRIPT = """"use strict";
const CARD = `<article class="bg-white p-6 rounded-md shadow hover:shadow-md transition-shadow relative">\
<div class="space-y-3 flex flex-col h-full"><div class="flex justify-between items-start">\
<h2 class="text-xl font-semibold capitalize-first">\
<a class="link-style hover:underline hover:underline-offset-4 show-visited"></a></h2></div>\
<p class="text-gray-600 flex-grow whitespace-normal break-normal [overflow-wrap:anywhere]"></p>\
<div class="flex flex-wrap gap-2"></div>\
<div class="flex flex-wrap items-center gap-4 text-sm text-slate-400 mt-auto"><div class="sm:ml-auto"></div>\
</div></div></article>`;
const PRICE = `<span class="text-green-600 text-xl whitespace-nowrap"></span>`;
const LABEL = `<a class="inline-flex items-center text-sm px-2.5 py-1 rounded-full transition-colors \
duration-200 ring-1 ring-gray-200/50 bg-gray-100 text-gray-800 font-medium hover:bg-gray-200 \
hover:text-gray-900 hover:ring-gray-300"></a>`;
const FACT = `<div class="flex items-center whitespace-nowrap gap-1"><svg fill="currentColor" height="1em" \
stroke="currentColor" stroke-width="0" viewBox="0 0 16 16" width="1em"><path d="M2 2h12v12H2z"></path></svg>\
<span></span></div>`;

function element(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content.firstElementChild;
}

function link(markup, name, target) {
  const anchor = element(markup);
  anchor.textContent = name;
  anchor.setAttribute("href", target);
  return anchor;
}

function card(order) {
  const article = element(CARD);
  const [head, labels, facts] = article.querySelectorAll(".items-start, .gap-2, .gap-4");
  const title = head.querySelector("a");
  title.textContent = order.title;
  title.setAttribute("href", order.link);
  if (order.price !== null) {
    const price = element(PRICE);
    price.append(order.price.toLocaleString("ru"), document.createComment(" "), " $");
    head.append(price);
  }
  article.querySelector("p").textContent = order.text;
  for (const label of order.labels) labels.append(link(LABEL, label.name, label.link));
  for (const fact of order.facts) {
    const shown = element(FACT);
    shown.querySelector("span").textContent = fact;
    facts.lastElementChild.before(shown);
  }
  return article;
}

async function show() {
  const page = Number(new URLSearchParams(location.search).get("page") ?? 1);
  const answer = await fetch(`/api/orders?page=${page}`);
  const { pages, orders } = await answer.json();
  const numbers = Array.from({ length: pages }, (_, index) => index + 1);
  const address = (number) => (number > 1 ? `/freelance/?page=${number}` : "/freelance/");
  const links = numbers.map((number) => link("<a></a>", number, address(number)));
  document.getElementById("pages").replaceChildren(...links);
  document.getElementById("orders").replaceChildren(...orders.map(card));
}

show();
"""

_DETAIL = """<!DOCTYPE html>
<html lang="ru">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{state}</p><p>{description}</p></main></body>
</html>
"""

PLATFORM = Weblancer()
