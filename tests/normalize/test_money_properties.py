"""What must hold of money for every text, and that written amounts come back as they were."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from outsource_scraper.normalize._money_words import ISO_4217
from outsource_scraper.normalize.money import (
    Budget,
    canonical,
    parse_amount,
    parse_budget,
    parse_currency,
)

# Pieces of which budget texts are made, so that chance meets the parser's own vocabulary.
PIECES = st.sampled_from(
    [
        *"""
    $ US$ A$ € £ ₽ руб. р. 원 만원 만 억 천 円 万 億 ¥ 元 ₹ Rs zł kr USD EUR usd TRY ALL all pesos
    k K M т. тыс. млн lakh crore mio mil - – — ~ 〜 to до от à a bis hasta up over under 이상 이하 以上 以下
    + /hr /월 per hour hourly fixed 固定 час / . , ' ’ : ; ( ) % & &#8381; &nbsp; days 일 월 2026-10-02 12:30
    0 00 1 5 10 500 000 1,500 1.500 1.5 10.000,50 1,50,000 ٥ ５ ² ½ 1e9 -5 NaN Infinity max min
    """.split(),  # noqa: SIM905 - a column of quoted pieces would hide what they are
        *(" ", "\u00a0", "\u202f", "\u200f", "\u200b", "\x00", "İ", "ß", "💰", "\ud800"),
    ]
)
NEAR_MONEY = st.lists(PIECES, max_size=14).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda joint: joint.join(pieces))
)
TEXTS = st.one_of(st.text(max_size=400), st.text("0123456789.,' $€-~kKmM만억원円 ", max_size=400), NEAR_MONEY)
DEFAULTS = st.sampled_from([None, "USD", "EUR", "KRW", "JPY", "CNY", "AUD", "SEK", "MXN", "INR"])
WHOLE = st.integers(min_value=1, max_value=10**12)
CENTS = st.integers(min_value=1, max_value=10**12).map(lambda cents: Decimal(cents).scaleb(-2))


def is_sound(budget: Budget) -> bool:
    amounts = [amount for amount in (budget.minimum, budget.maximum) if amount is not None]
    return (
        all(amount.is_finite() and amount > 0 for amount in amounts)
        and all(str(amount) == str(canonical(amount)) and "E" not in str(amount) for amount in amounts)
        and (len(amounts) < 2 or amounts[0] <= amounts[1])
        and (budget.currency is None or (budget.currency in ISO_4217 and bool(amounts)))
    )


@settings(max_examples=500, deadline=None)
@given(TEXTS, DEFAULTS)
def test_every_text_gives_a_sound_budget(text: str, default: str | None) -> None:
    assert is_sound(parse_budget(text, currency=default))


@settings(deadline=None)
@given(TEXTS)
def test_every_text_gives_a_known_currency_or_none(text: str) -> None:
    assert parse_currency(text) in ISO_4217 | {None}


@settings(deadline=None)
@given(TEXTS, st.booleans())
def test_spaces_around_a_text_change_nothing(text: str, wide: bool) -> None:
    space = "\u00a0" if wide else " "
    short = text[:100]
    assert parse_budget(space + short + space) == parse_budget(short)


@settings(deadline=None)
@given(
    st.one_of(
        TEXTS,
        st.integers(),
        st.floats(),
        st.decimals(),
        st.booleans(),
        st.none(),
        st.binary(),
        st.lists(st.integers()),
    )
)
def test_every_value_gives_a_positive_canonical_amount_or_none(value: object) -> None:
    amount = parse_amount(value)
    assert amount is None or (amount.is_finite() and amount > 0 and str(amount) == str(canonical(amount)))


@settings(deadline=None)
@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e60"), max_value=Decimal("1e60"))
)
def test_the_canonical_form_is_equal_idempotent_and_unique(amount: Decimal) -> None:
    short = canonical(amount)
    assert short == amount
    assert str(canonical(short)) == str(short)
    assert str(canonical(Decimal(f"{amount:f}" + ("0" if amount.as_tuple().exponent != 0 else ".0")))) == str(
        short
    )


@settings(deadline=None)
@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("0.01"), max_value=10**15, places=2)
)
def test_an_amount_of_an_api_comes_back(amount: Decimal) -> None:
    assert parse_amount(str(amount)) == parse_amount(f"{amount:,}") == parse_amount(amount) == amount


@settings(deadline=None)
@given(CENTS, CENTS)
def test_an_american_range_comes_back(one: Decimal, two: Decimal) -> None:
    low, high = sorted((one, two))
    assert parse_budget(f"${low:,.2f} - ${high:,.2f}") == Budget(canonical(low), canonical(high), "USD")


@settings(deadline=None)
@given(CENTS, CENTS)
def test_a_german_range_comes_back(one: Decimal, two: Decimal) -> None:
    low, high = sorted((one, two))
    written = [f"{amount:,.2f}".translate(str.maketrans(",.", ".,")) for amount in (low, high)]
    assert parse_budget(f"{written[0]} € bis {written[1]} €") == Budget(
        canonical(low), canonical(high), "EUR"
    )


@settings(deadline=None)
@given(WHOLE, WHOLE, st.sampled_from([" ", "\u00a0", "\u202f", "\u2009"]))
def test_a_french_range_comes_back(one: int, two: int, space: str) -> None:
    low, high = sorted((one, two))
    text = f"{low:,} € à {high:,} €".replace(",", space)
    assert parse_budget(text) == Budget(Decimal(low), Decimal(high), "EUR")


@settings(deadline=None)
@given(WHOLE, WHOLE)
def test_a_russian_range_comes_back(one: int, two: int) -> None:
    low, high = sorted((one, two))
    text = f"от {low:,} до {high:,} руб.".replace(",", " ")
    assert parse_budget(text) == Budget(Decimal(low), Decimal(high), "RUB")


@settings(deadline=None)
@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_a_korean_range_comes_back(one: int, two: int) -> None:
    low, high = sorted((one, two))
    expected = Budget(Decimal(low * 10_000), Decimal(high * 10_000), "KRW")
    assert parse_budget(f"{low:,}만원 ~ {high:,}만원") == expected
    assert parse_budget(f"{low}~{high}만원") == expected


@settings(deadline=None)
@given(st.integers(1, 9999), st.integers(1, 9999))
def test_korean_hundred_millions_and_ten_thousands_add_up(eok: int, man: int) -> None:
    amount = Decimal(eok * 10**8 + man * 10**4)
    assert parse_budget(f"{eok:,}억 {man:,}만원") == Budget(amount, amount, "KRW")


@settings(deadline=None)
@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_japanese_range_and_its_open_ends_come_back(one: int, two: int) -> None:
    low, high = sorted((one, two))
    assert parse_budget(f"{low:,}円 〜 {high:,}円") == Budget(Decimal(low), Decimal(high), "JPY")
    assert parse_budget(f"{low:,}円 〜") == Budget(Decimal(low), None, "JPY")
    assert parse_budget(f"〜 {high:,}円") == Budget(None, Decimal(high), "JPY")
