"""Writes `cldr.json`: the names of countries and months that CLDR has, by Babel.

    python -m outsource_scraper.normalize.cldr

Apart from who reads it, because Babel takes longer to load its languages than a short crawl to store what it
found.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from babel.core import get_global
from babel.dates import get_month_names

from outsource_scraper.normalize.countries import name_key

if TYPE_CHECKING:
    from outsource_scraper.normalize._data import Cldr

_COUNTRY_LANGUAGES = ("en", "de", "fr", "es", "pt", "ru", "ja", "ko")
_MONTH_LANGUAGES = ("en", "en_GB", "de", "fr", "es", "pt", "ru", "uk")
# Reserved codes and groupings of CLDR that are no countries of ISO 3166-1. Kosovo's XK, a user-assigned code
# of the standard, stays: no other one exists.
_NO_COUNTRIES = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)
# Two countries bear this name; CLDR has it in Spanish for one of them.
_AMBIGUOUS = "congo"


def names() -> Cldr:
    """Return what the file should hold, by the CLDR of the installed Babel."""
    codes = _country_codes()
    return {"country_codes": codes, "country_names": _country_names(set(codes.values())), "months": _months()}


def _country_codes() -> dict[str, str]:
    territories = (str(code) for code in Locale("en").territories)
    codes = {code: code for code in territories if code.isalpha() and code not in _NO_COUNTRIES}
    for alias, meant in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(meant) == 1 and meant[0] in codes:
            codes[alias] = meant[0]
    return codes


def _country_names(codes: set[str]) -> dict[str, str]:
    """One name that means two countries in two languages is left out."""
    meant: dict[str, set[str]] = {}
    for language in _COUNTRY_LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in codes:
                for written in (name, name.partition("(")[0]):
                    meant.setdefault(name_key(written), set()).add(code)
    return {name: code for name, (code, *others) in meant.items() if not others and name != _AMBIGUOUS}


def _months() -> dict[str, int]:
    return {
        name.rstrip(".").lower(): number
        for language in _MONTH_LANGUAGES
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, context, language).items()
    }


if __name__ == "__main__":
    text = json.dumps(names(), ensure_ascii=False, indent=0, sort_keys=True)
    Path(__file__).with_name("cldr.json").write_text(text + "\n", encoding="utf-8")
