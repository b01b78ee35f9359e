"""Countries as pages name them, as codes of ISO 3166-1 alpha-2.

The names are those of CLDR in eight languages (see `cldr`); here stand only the usual names that it does not
know.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from outsource_scraper.normalize._data import cldr

_ALIASES = {
    "AE": ("UAE", "U.A.E.", "Emirates"),
    "BO": ("Plurinational State of Bolivia", "Bolivia, Plurinational State of"),
    "BY": ("Белоруссия",),
    "CD": ("DR Congo", "DRC", "Democratic Republic of the Congo", "Congo, Democratic Republic of the"),
    "CG": ("Republic of the Congo",),
    "CI": ("Ivory Coast",),
    "CN": ("People's Republic of China", "PRC", "КНР", "Mainland China"),
    "CZ": ("Czech Republic", "Чешская Республика", "체코 공화국", "チェコ共和国"),
    "GB": ("UK", "U.K.", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland", "Англия"),
    "HK": ("Hong Kong", "Hongkong", "香港"),
    "IR": ("Islamic Republic of Iran", "Iran, Islamic Republic of"),
    "KG": ("Киргизстан", "Кыргызстан"),
    "KR": (
        "Korea", "S. Korea", "Republic of Korea", "Korea, Republic of", "Korea (South)",
        "한국", "남한", "Южная Корея", "Корея", "大韓民国",
    ),
    "LA": ("Lao", "Lao People's Democratic Republic"),
    "MD": ("Republic of Moldova", "Moldova, Republic of", "Молдавия"),
    "MK": ("Macedonia",),
    "MM": ("Burma",),
    "MO": ("Macau", "Macao"),
    "NL": ("Holland", "Голландия"),
    "PS": ("Palestine", "Palestinian Territory"),
    "RU": ("Russian Federation", "РФ", "Российская Федерация", "러시아 연방"),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",),
    "TR": ("Turkey", "터키"),
    "TW": ("Taiwan, Province of China",),
    "TZ": ("United Republic of Tanzania", "Tanzania, United Republic of"),
    "US": (
        "USA", "U.S.", "U.S.A.", "United States of America", "США",
        "Соединенные Штаты Америки", "Estados Unidos da América", "Estados Unidos de América", "EE. UU.",
        "EUA", "États-Unis d'Amérique", "Vereinigte Staaten von Amerika", "アメリカ", "米国",
    ),
    "VA": ("Holy See",),
    "VE": ("Bolivarian Republic of Venezuela", "Venezuela, Bolivarian Republic of"),
    "VN": ("Socialist Republic of Vietnam",),
}  # fmt: skip

_US_STATES = """
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho
    illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota
    mississippi missouri montana nebraska nevada new_hampshire new_jersey new_mexico new_york north_carolina
    north_dakota ohio oklahoma oregon pennsylvania rhode_island south_carolina south_dakota tennessee texas
    utah vermont virginia washington west_virginia wisconsin wyoming
"""
_STATE_NAMES = frozenset(name.replace("_", " ") for name in _US_STATES.split())
# States and territories of the USA, provinces of Canada: "San Diego, CA" is not in Canada.
_STATE_CODES = """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH
    OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI
    AB BC MB NB NL NS NT NU ON PE QC SK YT
"""
_STATES = frozenset(_STATE_CODES.split())

_KOREAN_REGION = re.compile(
    r"(?<!\w)(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주|"
    r"충청[남북]|전라[남북]|경상[남북])(?:특별시|광역시|특별자치시|특별자치도|시|도)?(?!\w)"
)
_SEPARATOR = re.compile(r"[,;/|()\n·•]|\s[-–—]\s")
_MODE = re.compile(r"\b(?:remote|hybrid|on-?site|only|based|worldwide|anywhere|fully)\b", re.IGNORECASE)
_MAX_LENGTH = 300


@lru_cache(maxsize=4_096)  # places repeat: most projects of a platform are in a few of them
def country_code(name: str | None) -> str | None:
    """Return the alpha-2 code of a country given as alpha-2, alpha-3 or by name in any case, or None."""
    if not name or len(name) > _MAX_LENGTH:
        return None
    key = name_key(name)
    return _countries_by_name().get(key) or _countries_by_code().get(key.upper())


@lru_cache(maxsize=4_096)
def country_in(location: str | None) -> str | None:
    """Return the alpha-2 code of the one country that a location line names, or None.

    The last part of the line that is a country counts ("Austin, Texas, United States"), or a first-level
    region of South Korea ("서울특별시 강남구"). Several countries, and nothing but them, are no single one. A
    code counts only as the whole last part, in upper case, and not where a state of the USA or a province of
    Canada has it too ("CA", "DE"). "Georgia", and what stands beside the name of a state ("Lebanon,
    Pennsylvania"), proves nothing.
    """
    if not location or len(location) > _MAX_LENGTH:
        return None
    parts = [part for raw in _SEPARATOR.split(location) if (part := _MODE.sub("", raw).strip(" .:-"))]
    if not parts:
        return None
    if whole := _by_name(location):
        return whole
    countries = [_by_name(part) for part in parts]
    if countries[-1] is None:
        countries[-1] = _by_exact_code(parts[-1])
    named = {country for country in countries if country}
    if countries[-1] and not (len(named) > 1 and None not in countries):
        return countries[-1]
    if len(named) == 1 and not any(name_key(part) in _STATE_NAMES or part in _STATES for part in parts):
        return named.pop()
    return "KR" if not named and _KOREAN_REGION.search(location) else None


def _by_name(part: str) -> str | None:
    key = name_key(part)
    # "us" and "uk" are names only in capitals, and "Georgia" is a state as well.
    if key in _STATE_NAMES or (len(key) < 3 and part.isascii() and not part.isupper()):
        return None
    return _countries_by_name().get(key)


def _by_exact_code(part: str) -> str | None:
    return _countries_by_code().get(part) if part not in _STATES else None


def _countries_by_code() -> dict[str, str]:
    return cldr()["country_codes"]


@cache
def _countries_by_name() -> dict[str, str]:
    aliases = {name_key(name): code for code, names in _ALIASES.items() for name in names}
    return cldr()["country_names"] | aliases


def name_key(name: str) -> str:
    """Return `name` without case, accents, punctuation and article: what all spellings of it share."""
    plain = name
    if not name.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", " ", plain.casefold().replace(".", "").replace("&", " and ")).split()
    return " ".join("saint" if word == "st" else word for word in words).removeprefix("the ")
