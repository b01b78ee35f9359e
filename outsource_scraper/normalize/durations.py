"""Spans of time as pages write them: "30 дней", "3개월", "1-3 months", "2주 2일".

The vocabulary of units stands here for every language at once; `dates` reads "ago" and "left" with it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from outsource_scraper.normalize.text import fold

MAX_DAYS = 36_500
"""A hundred years; a longer work is a year read as a length, or nonsense."""

# The indentation of a page's markup comes with its text, so more is taken than is kept.
_TAKEN = 2_000
_KEPT = 200


class Span(NamedTuple):
    """A length of time by its calendar units; what is shorter than a day is in seconds."""

    years: float = 0
    months: float = 0
    days: float = 0
    seconds: float = 0


# Words of English, German, French, Spanish, Portuguese, Russian and Ukrainian; then those of Korean and
# Japanese, to which the next word may be glued.
_UNITS = {
    Span(seconds=1): (
        """s sec secs second seconds sek sekunde sekunden seconde secondes seg segundo segundos
        сек секунд секунда секунду секунды""",
        "초 秒",
    ),
    Span(seconds=60): (
        """m min mins minute minutes minuten minuto minutos
        мин минут минута минуту минуты хв хвилин хвилину хвилини""",
        "분 分",
    ),
    Span(seconds=3600): (
        """h hr hrs hour hours std stunde stunden heure heures hora horas
        ч час часа часов годин годину години""",
        "시간 時間",
    ),
    Span(days=1): (
        """d day days tag tage tagen j jour jours día días dia dias
        д дн день дня дней сутки суток дні днів""",
        "일 日間 日",
    ),
    Span(days=7): (
        """w wk wks week weeks woche wochen sem semaine semaines semana semanas
        нед неделя неделю недели недель тиждень тижні тижнів""",
        "주일 주 週間 週",
    ),
    Span(months=1): (
        """mo mos month months monat monate monaten mois mes meses mês
        мес месяц месяца месяцев місяць місяці місяців""",
        "개월 달 か月 ヶ月 ケ月 カ月 ヵ月 箇月 個月 个月",
    ),
    Span(years=1): (
        """y yr yrs year years jahr jahre jahren an ans année années año años ano anos
        г год года лет рік роки років""",
        "년 年間 年",
    ),
}
_UNIT_OF = {word: unit for unit, lists in _UNITS.items() for words in lists for word in words.split()}
_NAMED = {"하루": Span(days=1), "이틀": Span(days=2), "사흘": Span(days=3), "일주일": Span(days=7)}


_NUMBER = r"\d+(?:[.,]\d{1,2})?\s?(?:\+\s?)?"
_ONE = r"(?<![^\W\d_])(?:one|eine?[mnr]?|une?|una|uma?|один|одну|одна)\s+|한\s?"
_ARTICLE = r"|(?<![^\W\d_])an?\s+"


def _unit(units: list[Span]) -> str:
    apart, glued = (
        "|".join(
            sorted((word for unit in units for word in _UNITS[unit][index].split()), key=len, reverse=True)
        )
        for index in (0, 1)
    )
    return rf"(?:(?:{apart})(?![^\W\d_])\.?|{glued})"


def _run(one: str, unit: str) -> str:
    # Atomic: a text of many lengths must not be tried in many ways.
    length = rf"(?>(?:{_NUMBER}|{one}){unit}|{'|'.join(_NAMED)})"
    return rf"(?<![\d.,]){length}(?:[\s,.]*+(?:(?:and|und|et|y|e|и|і)\s+)?{length})*+"


UNIT = _unit(list(_UNITS))
"""Pattern of one unit of time in any of the languages, lower case."""
RUN = _run(_ONE + _ARTICLE, UNIT)
"""Pattern of lengths that follow each other, such as "4 часа 7 минут" or "an hour"."""
_LENGTH = re.compile(
    rf"(?:(?P<number>{_NUMBER})|{_ONE}{_ARTICLE})(?P<unit>{UNIT})|(?P<named>{'|'.join(_NAMED)})"
)

# "a week" is mostly a rate ("20 hours a week"), so an article is no number here. Neither a date ("8월 5일")
# nor a rate ("주 3일", "3 days per week") is the length of a work, and hours are its effort.
_WORK = _run(_ONE, _unit([unit for unit in _UNITS if not unit.seconds]))
_DURATION = re.compile(
    rf"(?<![월月주])(?<![월月주]\s)(?P<run>{_WORK})"
    rf"(?:\s?(?:[-–—~]|(?:to|bis|à|a|até|hasta|до)\s)\s?(?P<upper>{_WORK}))?"
    r"(?!\s?(?:/|(?:per|an?|pro|par|por|в)\s)\s?[^\W\d_])"
)


def canonical(text: str) -> str:
    """Return the beginning of `text` folded, in NFKC and lower case, as the patterns expect it."""
    folded = (fold(text[:_TAKEN]) or "")[:_KEPT]
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded).replace("’", "'").replace("〜", "~")
    return folded.lower()


def read_span(run: str) -> Span:
    """Return the sum of the lengths in `run`, which `RUN` or `UNIT` matched; a unit alone is one."""
    if alone := _UNIT_OF.get(run.rstrip(".")):
        return alone
    total = Span()
    for match in _LENGTH.finditer(run):
        unit = _NAMED[match["named"]] if match["named"] else _UNIT_OF[match["unit"].rstrip(".")]
        number = float((match["number"] or "1").rstrip(" +").replace(",", "."))
        total = Span(*(have + number * more for have, more in zip(total, unit, strict=True)))
    return total


@lru_cache(maxsize=4_096, typed=True)  # sites offer a list to choose from
def parse_duration_days(text: str | int | None) -> int | None:
    """Return the length of a work in days, or None where none is told or it is more than a hundred years.

    A number alone is days. A week counts as 7 days, a month as 30 and a year as 365. Of a range the upper
    bound is taken ("1-3 months" is 90), of an open one its only bound ("6+ months" is 180, "less than 1
    month" is 30). Hours are effort, not calendar time, and give None; so do rates such as "3 days per week".
    """
    if text is None:
        return None
    if isinstance(text, int):
        return _checked(text)
    told = canonical(text)
    if told.isdecimal():
        return _checked(int(told))
    if match := _DURATION.search(told):
        years, months, days, _ = read_span(match["upper"] or match["run"])
        return _checked(years * 365 + months * 30 + days)
    return None


def _checked(days: float) -> int | None:
    return math.ceil(days) if 0 < days <= MAX_DAYS else None
