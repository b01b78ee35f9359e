"""The words, marks and units by which texts speak of money, and the patterns made of them.

A module of its own because it is data: `money` holds the rules, here a language is added or a word corrected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from outsource_scraper.items import PaymentType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_Value = TypeVar("_Value")


def _inverted(table: Mapping[_Value, str], separator: str = " ") -> dict[str, _Value]:
    return {word: value for value, words in table.items() for word in words.split(separator)}


ISO_4217 = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD
    LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
    PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
    TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
    """.split()  # noqa: SIM905 - 150 quoted codes are not easier to read
)
"""Codes of the national currencies in use."""

FAMILIES = {
    family: (fallback, frozenset(members.split()))
    for family, fallback, members in (
        ("$", "USD", "USD AUD CAD NZD SGD HKD TWD MXN ARS CLP COP UYU DOP JMD TTD BBD BZD FJD"),
        ("¥", "JPY", "JPY CNY"),
        ("元", "CNY", "CNY TWD HKD"),
        ("Rs", "INR", "INR PKR LKR NPR MUR"),
        ("kr", None, "SEK NOK DKK ISK"),
        ("peso", None, "MXN ARS CLP COP PHP UYU DOP CUP"),
    )
}
"""An ambiguous mark: what it means without a platform's default, and the defaults that decide it."""

MARKS = _inverted(
    {
        "$": "$ dollars dollar доллары долларов доллара доллар долл доларів долара 달러 ドル",
        "¥": "¥",
        "元": "元 块",
        "Rs": "rs rupees rupee",
        "kr": "kr kronor kroner",
        "peso": "pesos peso",
        "USD": "us$ usd$ u$s u$d 美元 米ドル",
        "AUD": "a$ au$",
        "CAD": "c$ ca$",
        "NZD": "nz$",
        "SGD": "s$",
        "HKD": "hk$",
        "TWD": "nt$",
        "MXN": "mx$",
        "BRL": "r$ reais",
        "EUR": "€ euros euro евро євро 유로 ユーロ",
        "GBP": "£ pounds pound 파운드 ポンド",
        "RUB": "₽ рублей рубля рубль руб р rubles rur",
        "UAH": "₴ гривень гривен гривны гривні грн",
        "KRW": "₩ 원 won",
        "JPY": "円 엔 yen",
        "CNY": "人民币 人民幣 위안 rmb",
        "PLN": "zł złotych złote zloty",
        "CZK": "kč",
        "RON": "lei",
        "BGN": "лв",
        "KZT": "₸ тенге тг",
        "TRY": "₺ tl",
        "VND": "₫ đ",
        "IDR": "rp",
        "MYR": "rm",
    }
) | {
    # A mark of two words, then the symbols that stand for one currency alone, each before its code.
    "us $": "USD",
    **{mark[0]: mark[1:] for mark in ("₹INR", "₾GEL", "֏AMD", "₼AZN", "₪ILS", "₦NGN", "₱PHP", "฿THB")},
    **{mark[0]: mark[1:] for mark in ("৳BDT", "₮MNT", "₡CRC", "₲PYG", "₵GHS")},
}

ANY_CASE_CODES = frozenset(
    {"USD", "EUR", "GBP", "RUB", "UAH", "KRW", "JPY", "INR", "PLN", "CAD", "AUD", "CHF"}
)
"""Codes that are no word of any language, believed in lower case too; `all`, `try` and `top` are not."""

POWERS = _inverted(
    {
        3: "k к т тыс тысяч тысячи тысяча тис тисяч thousand tsd mil",
        5: "lakhs lakh lacs lac",
        6: "m mn mln mio million millions millionen millones млн мільйон мільйона миллион миллиона миллионов",
        7: "crores crore cr",
        9: "bn billion млрд mrd",
    }
)
"""Multipliers as powers of ten; 만 and its kin, which add up ("1억 2,000만"), stand apart."""
SMALL_UNITS = {"십": 1, "十": 1, "백": 2, "百": 2, "천": 3, "千": 3}
BIG_UNITS = {"만": 4, "万": 4, "萬": 4, "억": 8, "億": 8, "亿": 8}

_MAX_BEFORE = (
    "up to|upto|under|below|less than|max|maximum|at most|no more than|not more than|<=|<|≤"
    "|до|не более|не больше|менее|меньше|максимум|макс|не більше|менше"
    "|bis zu|bis|maximal|höchstens|unter|weniger als|jusqu'à|jusqu’à|moins de|pas plus de|au maximum"
    "|hasta|menos de|no más de|máximo|até|fino a|최대|上限|最大|〜"
)
_MIN_BEFORE = (
    "from|over|above|more than|at least|min|minimum|starting at|starting from|>=|>|≥"
    "|от|не менее|не меньше|более|больше|свыше|минимум|мин|від|понад|не менше"
    "|ab|mindestens|über|mehr als|à partir de|a partir de|dès|plus de|au moins"
    "|desde|más de|mas de|al menos|mínimo|mais de|acima de|od|최소|下限|最低"
)
_MAX_AFTER = "or less|or below|and below|max|maximum|или менее|ou moins|o menos|oder weniger"
_MAX_AFTER_CJK = "이하|미만|까지|이내|以下|以内|未満|まで"
_MIN_AFTER = "or more|and more|or above|and above|and up|et plus|ou plus|y más|o más|oder mehr|и выше|и более"
_MIN_AFTER_CJK = "이상|부터|以上|から"

RATE_UNITS = _inverted(
    {
        PaymentType.HOURLY: "hours hour hrs hr h stunde std heure hora ora час ч годину 시간 時間 時",
        PaymentType.DAILY: "days day tag jours jour j día dia день сутки dzień 일 人日 日",
        PaymentType.MONTHLY: "months month mth mo monat mois mes mês месяц мес місяць 개월 월 人月 月",
        PaymentType.FIXED: "project job projekt projet proyecto projeto заказ проект 프로젝트 固定",
        None: "weeks week wk woche semaine semana неделю year yr jahr an año ano год 주 년 週 年",
    }
)
"""What stands behind "per"; a week and a year have no `PaymentType`."""
LABELS = _inverted(
    {
        PaymentType.FIXED: "fixed|flat rate|flat fee|예상 금액|예상금액|예상 비용|예상비용|고정|총 금액"
        "|총액|固定|фиксир|за проект|за заказ|festpreis|pauschal|forfait|precio fijo|preço fixo",
        PaymentType.HOURLY: "hourly|per hour|시급|시간당|時給|時間単価|почасов|в час|за час|погодинн"
        "|stundensatz|stundenlohn|pro stunde|taux horaire|par heure|por hora",
        PaymentType.DAILY: "day rate|daily|per day|일급|일당|日給|日当|в день|за день|tagessatz|pro tag"
        "|par jour|tjm",
        PaymentType.MONTHLY: "monthly|per month|월 금액|월금액|월 임금|월급|월 급여|월 단가|월단가|월 예산"
        "|月額|月給|月単価|в месяц|ежемесячн|monatlich|pro monat|par mois|mensuel|mensual|al mes",
    },
    "|",
)

_COUNTED = (
    "percent|hours?|hrs?|h|days?|d|weeks?|wks?|months?|mos?|years?|yrs?|minutes?|mins?|seconds?|sec"
    "|bids?|proposals?|quotes?|applicants?|people|pages?|words?|times"
    "|stunden?|std|tagen?|tag|wochen?|monaten?|monat|jahren?|jahr|heures?|jours?|semaines?|mois|ans?"
    "|horas?|d[ií]as?|semanas?|mes|meses|a[ñn]os?|propuestas?"
    "|час(?:а|ов)?|дн(?:ей|я|и)|день|недел[яиью]|недель|месяц(?:а|ев)?|мес|года?|лет|минут[ыа]?|суток"
    "|днів|дні|годин[аи]?|місяц(?:ь|і|ів)|тижн(?:і|ів)|заявок|заявки|ответов|ответа|откликов|предложений"
)
_COUNTED_CJK = "%|°|시간|[일주월년분초명건회개年月日週分秒人件回名個]|時間?|[ヶかカヵ]月|文字|営業日"
"""What may follow a bare number that is then no money."""

# Latin and Cyrillic letters: the scripts whose words have ends. `\w` would also bar "報酬5000円".
_L = r"[a-zß-ɏЀ-ӿ]"
_NUMBER = (
    r"(?>[1-9]\d{0,2}(?:[ '’]\d{3}(?!\d))++(?:[.,]\d{1,2}(?![\d.,]))?|\d++(?:[.,]\d++)*+|(?<![\w.])\.\d++)"
)
_CJK_UNIT = "[십백천만억十百千万萬億亿]"
# 원격, 원하는 and 엔지니어 are no money. After a space a unit must end its word: "5 백엔드" has none.
_NO_WORD = {"원": "(?![격하고본단래장칙])", "엔": "(?![지드터])"}
_CJK_POWER = rf"(?:{_CJK_UNIT}++| {_CJK_UNIT}++(?=원{_NO_WORD['원']}|[円元]|달러|ドル|[^가-힣ぁ-ヿ一-鿿]|$))"


def _one_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


LETTER = re.compile(_L)
_MARK_ENDINGS = {mark: f"(?!{_L})" for mark in MARKS if LETTER.match(mark[-1])} | _NO_WORD


def _marks_pattern(marks: Iterable[str]) -> str:
    return "|".join(
        re.escape(mark) + _MARK_ENDINGS.get(mark, "") for mark in sorted(marks, key=len, reverse=True)
    )


_MARK = (
    rf"(?<!{_L})(?:{_marks_pattern(mark for mark in MARKS if LETTER.match(mark))})"
    rf"|{_marks_pattern(mark for mark in MARKS if not LETTER.match(mark))}"
)
LONGEST_PREFIX = 5
"""Characters of the longest mark that stands in front of numbers, such as "us $"."""
_ABOUT = r"(?:(?:~|about|approx|approximately|around|circa|ca|около|примерно|environ|etwa|約|약)[ .]*)?"
_PER = (
    r"[ .]*\(?(?:/|(?:per|an?|each|pro|par|por|al|la|die|je|в|за|на|w|na|za) |(?:de )?l['’]) ?"
    rf"(?P<unit>(?:{_one_of(unit for unit in RATE_UNITS if LETTER.match(unit))})(?!{_L})"
    rf"|{_one_of(unit for unit in RATE_UNITS if not LETTER.match(unit))})"
)

INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
OTHER_DIGIT = re.compile(r"[^\D0-9]")
CUT_NUMBER = re.compile(r"\d(?>[\d .,'’]*)\D{0,10}$")
DATE_OR_TIME = re.compile(
    r"(?<!\d)(?:\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2\d{4}|\d{1,2}(?::\d{2}){1,2})(?!\d)"
)
MONTH_NAME = re.compile(rf"(?<!{_L})(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{{0,6}}(?!{_L})")
AMOUNT = re.compile(
    rf"(?P<number>{_NUMBER})(?:[.,][-–—](?! ?\d)|/-)?"
    rf"(?:(?P<units>{_CJK_POWER}(?: ?{_NUMBER}{_CJK_POWER})*+(?:{_NUMBER}(?!{_L})| {_NUMBER}(?=[원円元]))?+)"
    rf"|(?:(?P<letter>k|к|m|т(?=\.? ?р))| (?P<apart>k|m(?=[€$£])|т(?=\.? ?р))"
    rf"| ?(?P<power>{_one_of(word for word in POWERS if len(word) > 1)}))(?!{_L})\.?)?"
    rf"(?: ?(?P<mark>{_MARK})\.?)?"
    rf"(?: ?(?P<code>[a-z]{{3}})(?!{_L}|\d))?"
)
UNIT_PART = re.compile(rf"({_NUMBER})(?: ?({_CJK_UNIT}+))?")
CODE_BEFORE = re.compile(rf"(?<!{_L})(?P<code>[a-z]{{3}})[ :]?$")
COUNT_UNIT = re.compile(rf"\+? ?(?:(?:{_COUNTED})(?!{_L})|{_COUNTED_CJK})")
LINK = re.compile(
    rf"(?:{_PER})?[ .,;]*(?:[-–—−‒~〜]+|\.\.+|→|to|till|and|и|und|et|y|e|a|à|al"
    rf"|에서|부터|이상|から|以上|より|{_MAX_BEFORE})[ :.,~〜]*{_ABOUT}"
)
GLUE = re.compile(r"[ ./:()+–-]{0,3}")
BOUND_BEFORE = re.compile(rf"(?<!{_L})(?:(?P<max>{_MAX_BEFORE})|(?P<min>{_MIN_BEFORE}))[ :.]*{_ABOUT}$")
BOUND_AFTER = re.compile(
    rf"(?P<max>[ .,(]*(?:(?:{_MAX_AFTER})(?!{_L})|{_MAX_AFTER_CJK}))"
    rf"|(?P<min>[ .,(]*(?:(?:{_MIN_AFTER})(?!{_L})|{_MIN_AFTER_CJK})|\+(?! ?{_L})| ?[~〜])"
)
RATE = re.compile(_PER)
MONTHLY_BEFORE = re.compile(r"(?<![\d가-힣])[월月](?: ?(?:최대|최소|약|約))? ?$")
LABEL = re.compile(_one_of(LABELS))
CURRENCY = re.compile(rf"(?P<mark>{_MARK})|(?<!{_L})(?P<code>[a-z]{{3}})(?!{_L})")
GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|[1-9]\d{0,2}(?:\.\d{3})+")
