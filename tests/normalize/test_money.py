"""What the wordings of the platforms say about money, row by row."""

from __future__ import annotations

from decimal import Decimal

import pytest

from outsource_scraper.items import PaymentType
from outsource_scraper.normalize.money import Budget, canonical, parse_amount, parse_budget, parse_currency

HOURLY, DAILY, MONTHLY, FIXED = PaymentType.HOURLY, PaymentType.DAILY, PaymentType.MONTHLY, PaymentType.FIXED


def budget(
    minimum: str | None,
    maximum: str | None,
    currency: str | None = None,
    payment_type: PaymentType | None = None,
) -> Budget:
    return Budget(
        minimum and Decimal(minimum),  # type: ignore[arg-type]
        maximum and Decimal(maximum),  # type: ignore[arg-type]
        currency,
        payment_type,
    )


# text, minimum, maximum, currency, payment type; no default currency
ENGLISH = [
    ("$30 – 250 USD", "30", "250", "USD", None),
    ("$15-30/hr", "15", "30", "USD", HOURLY),
    ("$15/hr - $30/hr", "15", "30", "USD", HOURLY),
    ("$15+/hr", "15", None, "USD", HOURLY),
    ("Hourly $10 - $15", "10", "15", "USD", HOURLY),
    ("Hourly $10 - $15 10-30 hrs/wk 1-3 months", "10", "15", "USD", HOURLY),
    ("Fixed Price $250-$500", "250", "500", "USD", FIXED),
    ("Fixed Price Under $250", None, "250", "USD", FIXED),
    ("Under $250", None, "250", "USD", None),
    ("$250-$500", "250", "500", "USD", None),
    ("Over $25k", "25000", None, "USD", None),
    ("$1.5k", "1500", "1500", "USD", None),
    ("$1.5K - $2K", "1500", "2000", "USD", None),
    ("$1-5k", "1000", "5000", "USD", None),
    ("$500-2k", "500", "2000", "USD", None),
    ("$1.2M", "1200000", "1200000", "USD", None),
    ("Up to £500", None, "500", "GBP", None),
    ("We can do €500/day", "500", "500", "EUR", DAILY),
    ("up to approx. $500", None, "500", "USD", None),
    ("£75 per hour", "75", "75", "GBP", HOURLY),
    ("$15 an hour", "15", "15", "USD", HOURLY),
    ("$5,000 monthly", "5000", "5000", "USD", MONTHLY),
    ("$500/mo", "500", "500", "USD", MONTHLY),
    ("$300 per day", "300", "300", "USD", DAILY),
    ("$700 per project", "700", "700", "USD", FIXED),
    ("$500/week", "500", "500", "USD", None),
    ("$80k/yr", "80000", "80000", "USD", None),
    ("$1,500.00", "1500", "1500", "USD", None),
    ("$4.50", "4.5", "4.5", "USD", None),
    ("$0.05 / word", "0.05", "0.05", "USD", None),
    ("$.50", "0.5", "0.5", "USD", None),
    ("$1.500", "1500", "1500", "USD", None),
    ("$0.500", "0.5", "0.5", "USD", None),
    ("$500+", "500", None, "USD", None),
    ("$500 + VAT", "500", "500", "USD", None),
    ("$500 or more", "500", None, "USD", None),
    ("from $500", "500", None, "USD", None),
    ("from $500, up to $1,000", "500", "1000", "USD", None),
    ("between 500 and 1000 USD", "500", "1000", "USD", None),
    ("more than $500", "500", None, "USD", None),
    ("no more than $500", None, "500", "USD", None),
    ("<$500", None, "500", "USD", None),
    ("≥ $500", "500", None, "USD", None),
    ("~$500", "500", "500", "USD", None),
    ("$500 - $250", "250", "500", "USD", None),
    ("$0 - $500", None, "500", "USD", None),
    ("a $500 budget", "500", "500", "USD", None),
    ("A$50", "50", "50", "AUD", None),
    ("C$ 50", "50", "50", "CAD", None),
    ("NT$1,000", "1000", "1000", "TWD", None),
    ("US $30", "30", "30", "USD", None),
    ("$500 CAD", "500", "500", "CAD", None),
    ("CAD $500", "500", "500", "CAD", None),
    ("TOP $500", "500", "500", "USD", None),
    ("USD500", "500", "500", "USD", None),
    ("500 usd", "500", "500", "USD", None),
    ("500 TRY", "500", "500", "TRY", None),
    ("Budget (EUR): 500", "500", "500", "EUR", None),
    ("Budget - $500", "500", "500", "USD", None),
    ("Budget-$500", "500", "500", "USD", None),
    ("500 pesos", "500", "500", None, None),
    ("kr 500", "500", "500", None, None),
    ("💰 $500 💵", "500", "500", "USD", None),
    ("Proposals: 12, budget $500, 3 days", "500", "500", "USD", None),
    ("100% remote, $40/hour", "40", "40", "USD", HOURLY),
    ("24/7 support for $500", "500", "500", "USD", None),
    ("€500 (~$540)", "500", "500", "EUR", None),
    ("€500 - $600", "500", "500", "EUR", None),
    ("12,682 Spent", "12682", "12682", None, None),
    ("Budget: &#8364;&nbsp;500", "500", "500", "EUR", None),
]
INDIAN = [
    ("₹1500-12500", "1500", "12500", "INR", None),
    ("₹12500-37500 INR", "12500", "37500", "INR", None),
    ("1,50,000", "150000", "150000", None, None),
    ("₹1,50,00,000", "15000000", "15000000", "INR", None),
    ("₹5 lakh", "500000", "500000", "INR", None),
    ("1 lakh - 2 lakh INR", "100000", "200000", "INR", None),
    ("₹2.5 Cr", "25000000", "25000000", "INR", None),
    ("3 crore rupees", "30000000", "30000000", "INR", None),
    ("Rs. 500", "500", "500", "INR", None),
    ("Rs500/-", "500", "500", "INR", None),
    ("₹१२,५००", "12500", "12500", "INR", None),
]
KOREAN = [
    ("월 금액 4,500,000원 /월", "4500000", "4500000", "KRW", MONTHLY),
    ("예상 금액 3,000만원", "30000000", "30000000", "KRW", FIXED),
    ("예상비용 500만원", "5000000", "5000000", "KRW", FIXED),
    ("1.5억", "150000000", "150000000", "KRW", None),
    ("1억 2,000만원", "120000000", "120000000", "KRW", None),
    ("2천5백만원", "25000000", "25000000", "KRW", None),
    ("2억 5천", "250000000", "250000000", "KRW", None),
    ("12만 3,456원", "123456", "123456", "KRW", None),
    ("1만5천원", "15000", "15000", "KRW", None),
    ("3,000만원", "30000000", "30000000", "KRW", None),
    ("360 만원", "3600000", "3600000", "KRW", None),
    ("500만 원", "5000000", "5000000", "KRW", None),
    ("2,000만원 (부가세 별도)", "20000000", "20000000", "KRW", None),
    ("2,500,000원 ~ 5,000,000원", "2500000", "5000000", "KRW", None),
    ("500만원 ~ 1,000만원", "5000000", "10000000", "KRW", None),
    ("500~1000만원", "5000000", "10000000", "KRW", None),
    ("3~5억", "300000000", "500000000", "KRW", None),
    ("2천~3천만원", "20000000", "30000000", "KRW", None),
    ("5000~1만원", "5000", "10000", "KRW", None),
    ("500원~1만원", "500", "10000", "KRW", None),
    ("500만원 이상 1,000만원 이하", "5000000", "10000000", "KRW", None),
    ("500만원에서 1,000만원까지", "5000000", "10000000", "KRW", None),
    ("5,500,000원/월", "5500000", "5500000", "KRW", MONTHLY),
    ("월 500만원", "5000000", "5000000", "KRW", MONTHLY),
    ("월 최대 500만원", None, "5000000", "KRW", MONTHLY),
    ("10월 500만원", "5000000", "5000000", "KRW", None),
    ("시급 2만원", "20000", "20000", "KRW", HOURLY),
    ("시간당 15,000원", "15000", "15000", "KRW", HOURLY),
    ("일당 20만원", "200000", "200000", "KRW", DAILY),
    ("최대 500만원", None, "5000000", "KRW", None),
    ("예산은최대500만원", None, "5000000", "KRW", None),
    ("500만원 이하", None, "5000000", "KRW", None),
    ("500만원 이상", "5000000", None, "KRW", None),
    ("~500만원", None, "5000000", "KRW", None),
    ("500만원~", "5000000", None, "KRW", None),
    ("협의 가능 (500만원 이하)", None, "5000000", "KRW", None),
    ("5백만 달러", "5000000", "5000000", "USD", None),
    ("5 백엔드 개발자 500만원", "5000000", "5000000", "KRW", None),
    ("3 원격 근무자, 200만원", "2000000", "2000000", "KRW", None),
]
JAPANESE = [
    ("固定報酬制 〜 5,000円", None, "5000", "JPY", FIXED),
    ("固定報酬制 5,000円 〜", "5000", None, "JPY", FIXED),
    ("時間単価制 1,000円 〜 1,500円", "1000", "1500", "JPY", HOURLY),
    ("時給1,200円", "1200", "1200", "JPY", HOURLY),
    ("5千〜1万円", "5000", "10000", "JPY", None),
    ("5千 〜 1万 円", "5000", "10000", "JPY", None),
    ("1万円", "10000", "10000", "JPY", None),
    ("2億円", "200000000", "200000000", "JPY", None),
    ("10万円以上", "100000", None, "JPY", None),
    ("10万円以下", None, "100000", "JPY", None),
    ("5,000円から10,000円まで", "5000", "10000", "JPY", None),
    ("50万円〜80万円/月", "500000", "800000", "JPY", MONTHLY),
    ("30,000円 / 固定", "30000", "30000", "JPY", FIXED),
    ("2,000円 / 時間", "2000", "2000", "JPY", HOURLY),
    ("１，５００円", "1500", "1500", "JPY", None),
    ("～５，０００円", None, "5000", "JPY", None),
    ("報酬5000円", "5000", "5000", "JPY", None),
    ("¥5,000", "5000", "5000", "JPY", None),
    ("5000元", "5000", "5000", "CNY", None),
    ("5万", "50000", "50000", None, None),
]
CYRILLIC = [
    ("7 000 руб", "7000", "7000", "RUB", None),
    ("от 20 000 ₽", "20000", None, "RUB", None),
    ("до 20 000 ₽", None, "20000", "RUB", None),
    ("не более 5000р.", None, "5000", "RUB", None),
    ("не менее 5000р.", "5000", None, "RUB", None),
    ("от 1 000 ₽ до 3 000 ₽", "1000", "3000", "RUB", None),
    ("от 50 000 до 70 000 руб. в месяц", "50000", "70000", "RUB", MONTHLY),
    ("55 000 ₽ / заказ", "55000", "55000", "RUB", FIXED),
    ("5 000 ₽ за проект", "5000", "5000", "RUB", FIXED),
    ("1500 руб/час", "1500", "1500", "RUB", HOURLY),
    ("1 500 рублей в час", "1500", "1500", "RUB", HOURLY),
    ("30 000 ₽/мес.", "30000", "30000", "RUB", MONTHLY),
    ("(Бюджет: 600 000  &#8381;)", "600000", "600000", "RUB", None),
    ("1,5 млн руб", "1500000", "1500000", "RUB", None),
    ("50 тыс. руб.", "50000", "50000", "RUB", None),
    ("10-20 тысяч рублей", "10000", "20000", "RUB", None),
    ("50 т.р.", "50000", "50000", "RUB", None),
    ("50к ₽", "50000", "50000", "RUB", None),
    ("500 долларов", "500", "500", "USD", None),
    ("5 000 – 7 000 грн", "5000", "7000", "UAH", None),
    ("₴800", "800", "800", "UAH", None),
    ("50000 ₸", "50000", "50000", "KZT", None),
    ("1500 руб. за 3 дня", "1500", "1500", "RUB", None),
]
EUROPEAN = [
    ("10.000,50 €", "10000.5", "10000.5", "EUR", None),
    ("1.500 €", "1500", "1500", "EUR", None),
    ("1,5 €", "1.5", "1.5", "EUR", None),
    ("1.234.567,89 €", "1234567.89", "1234567.89", "EUR", None),
    ("€ 1.000,-", "1000", "1000", "EUR", None),
    ("80-90 €/h", "80", "90", "EUR", HOURLY),
    ("bis zu 80 € pro Stunde", None, "80", "EUR", HOURLY),
    ("ab 600 € pro Tag", "600", None, "EUR", DAILY),
    ("von 500 bis 1.000 Euro", "500", "1000", "EUR", None),
    ("45k€", "45000", "45000", "EUR", None),
    ("3 M€", "3000000", "3000000", "EUR", None),
    ("1,5 Mio. €", "1500000", "1500000", "EUR", None),
    ("CHF 1'000.-", "1000", "1000", "CHF", None),
    ("CHF 1’234’567.50", "1234567.5", "1234567.5", "CHF", None),
    ("Moins de 500 €", None, "500", "EUR", None),
    ("500 € à 1 000 €", "500", "1000", "EUR", None),
    ("1 000 € à 10 000 €", "1000", "10000", "EUR", None),
    ("10 000 € et plus", "10000", None, "EUR", None),
    ("200 à 500 €/jour", "200", "500", "EUR", DAILY),
    ("TJM : 450 €", "450", "450", "EUR", DAILY),
    ("à partir de 300 €", "300", None, "EUR", None),
    ("jusqu'à 300 €", None, "300", "EUR", None),
    ("jusqu’à 300 €", None, "300", "EUR", None),
    ("au forfait, 900 €", "900", "900", "EUR", FIXED),
    ("Budget de 500 €", "500", "500", "EUR", None),
    ("USD 250 - 500", "250", "500", "USD", None),
    ("Más de USD 3.000", "3000", None, "USD", None),
    ("Menos de USD 15 / hora", None, "15", "USD", HOURLY),
    ("hasta USD 100", None, "100", "USD", None),
    ("entre 500 y 1.000 €", "500", "1000", "EUR", None),
    ("R$ 1.000,00 - R$ 2.500,00", "1000", "2500", "BRL", None),
    ("99,99 zł", "99.99", "99.99", "PLN", None),
    ("500 SEK", "500", "500", "SEK", None),
]
OTHER_SCRIPTS_AND_SPACES = [
    ("1 000 000 €", "1000000", "1000000", "EUR", None),
    ("1\u00a0000\u00a0000 €", "1000000", "1000000", "EUR", None),
    ("1\u202f000\u202f000\u00a0€", "1000000", "1000000", "EUR", None),
    ("1\u2009000\u2009000 €", "1000000", "1000000", "EUR", None),
    ("  $\n 500\t", "500", "500", "USD", None),
    ("٥٠٠ USD", "500", "500", "USD", None),
    ("١٬٥٠٠٫٥٠ USD", "1500.5", "1500.5", "USD", None),
    ("\u200f500 ₪\u200e", "500", "500", "ILS", None),
    ("\u202b1,500\u202c USD", "1500", "1500", "USD", None),
    ("＄５００", "500", "500", "USD", None),
    ("￦1,000,000", "1000000", "1000000", "KRW", None),
    ("500\u200b €", "500", "500", "EUR", None),
    ("İ 500 USD", "500", "500", "USD", None),
    ("2026-10-12 500원", "500", "500", "KRW", None),
    ("10.07.2026 500 ₽", "500", "500", "RUB", None),
]


@pytest.mark.parametrize(
    ("text", "minimum", "maximum", "currency", "payment_type"),
    [*ENGLISH, *INDIAN, *KOREAN, *JAPANESE, *CYRILLIC, *EUROPEAN, *OTHER_SCRIPTS_AND_SPACES],
)
def test_an_amount_is_read(
    text: str,
    minimum: str | None,
    maximum: str | None,
    currency: str | None,
    payment_type: PaymentType | None,
) -> None:
    assert parse_budget(text) == budget(minimum, maximum, currency, payment_type)


@pytest.mark.parametrize(
    "text",
    [
        *(
            None,
            "",
            "   ",
            "\u200b",
            "\x00",
            "N/A",
            "-",
            "–",
            "~",
            "$",
            "€ -",
            "TBD",
            "NaN",
            "Infinity",
            "∞",
            "1e30",
        ),
        *("Negotiable", "nach Absprache", "à définir", "A convenir", "по договоренности", "협의 후 결정"),
        *("Обсуждается индивидуально", "見積り希望", "契約金額はワーカーと相談する", "EUR, negotiable"),
        *("0", "0원", "$0", "$0.00", "$0 - $0", "-5", "$-5", "-$5", "−5", "USD -500", "-500 €"),
        *(
            "3 days",
            "3 years",
            "10-30 hrs/wk",
            "1-3 months",
            "1 to 2 weeks",
            "6+ months",
            "20 hours per week",
        ),
        *("3일", "2주", "5명", "10 人", "30 дней", "4 часа 7 минут", "2 semaines", "14 Tage", "12 bids"),
        *(
            "95%",
            "95.7 %",
            "９５％",
            "2026-10-02",
            "02.10.2026",
            "10/02/2026",
            "2026년 10월 2일",
            "2026.10.02.",
        ),
        *("Oct 18, 2026", "18 Oct 2026", "12:30", "24/7", "1:1", "1.2.3", "192.168.0.1", "1,2,3", "1.2,3.4"),
        *("010-1234-5678", "+1 (555) 123-4567", "8 800 555 35 35", "+82 10 1234 5678"),
        *("html5", "v2", "Q3 2026", "3 developers for 5000", "1,5000", "500만 1,000만"),
    ],
)
def test_what_is_no_amount_states_nothing(text: str | None) -> None:
    assert parse_budget(text, currency="EUR") == Budget()


@pytest.mark.parametrize(
    ("text", "payment_type"),
    [
        ("월 금액 협의", MONTHLY),
        ("시급 협의", HOURLY),
        ("固定報酬制 相談", FIXED),
        ("Fixed Price", FIXED),
        ("Hourly 10-30 hrs/wk", HOURLY),
        ("почасовая оплата, по договоренности", HOURLY),
        ("Tagessatz nach Absprache", DAILY),
        ("$0/hr hourly", HOURLY),
        ("Fixed Price or Hourly", None),
    ],
)
def test_the_kind_of_payment_is_kept_without_an_amount(text: str, payment_type: PaymentType | None) -> None:
    assert parse_budget(text, currency="USD") == Budget(payment_type=payment_type)


@pytest.mark.parametrize(
    ("text", "default", "currency"),
    [
        ("1500", None, None),
        ("1500", "RUB", "RUB"),
        ("12,682 Spent", "USD", "USD"),
        ("1 500 - 3 000", "EUR", "EUR"),
        ("$500", None, "USD"),
        ("$500", "EUR", "USD"),
        ("$500", "AUD", "AUD"),
        ("US$500", "AUD", "USD"),
        ("$500 NZD", "AUD", "NZD"),
        ("500 dollars", "CAD", "CAD"),
        ("£500", "USD", "GBP"),
        ("¥500", "CNY", "CNY"),
        ("¥500", "USD", "JPY"),
        ("500 Rs", "PKR", "PKR"),
        ("500 kr", "SEK", "SEK"),
        ("500 kr", "EUR", None),
        ("500 pesos", "MXN", "MXN"),
        ("500만", "USD", "KRW"),
        ("500만", None, "KRW"),
        ("5万", "JPY", "JPY"),
        ("5万", "CNY", "CNY"),
        ("3 CAD", "USD", "CAD"),
    ],
)
def test_the_default_currency_fills_in_and_decides_ambiguous_marks(
    text: str, default: str | None, currency: str | None
) -> None:
    found = parse_budget(text, currency=default)
    assert found.maximum is not None
    assert found.currency == currency


def test_a_long_number_is_returned_whole() -> None:
    digits = "9" * 200
    assert parse_budget(f"${digits}") == budget(digits, digits, "USD")
    assert parse_budget(f"{digits}.75k €") == budget(digits + "750", digits + "750", "EUR")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$500 " + "word " * 50_000, budget("500", "500", "USD")),
        (" " * 200 + "$500", budget("500", "500", "USD")),
        ("word " * 100 + "$500", Budget()),
        # The limit falls into the number or into its multiplier: what would be read is not what was written.
        ("x" * 290 + " $ 1 500 000 000", Budget()),
        ("x" * 294 + " $15 million", Budget()),
        ("1 " * 50_000, Budget()),
        ("1," * 50_000, Budget()),
        ("1 000 " * 20_000, Budget()),
        ("9" * 100_000, Budget()),
        ("$" * 100_000, Budget()),
        ("up to " * 20_000, Budget()),
        ("-" * 100_000, Budget()),
        ("&#8381;" * 20_000, Budget()),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_only_the_beginning_of_a_long_text_is_read(text: str, expected: Budget) -> None:
    assert parse_budget(text) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1500, "1500"),
        (1500.5, "1500.5"),
        (0.1, "0.1"),
        (1e21, "1000000000000000000000"),
        (Decimal("1500.00"), "1500"),
        (Decimal("1.5E+3"), "1500"),
        ("1500", "1500"),
        ("1500.00", "1500"),
        ("1,500", "1500"),
        ("1,500.50", "1500.5"),
        ("1,50,000", "150000"),
        ("1.500", "1.5"),
        (" 4.50 ", "4.5"),
        ("007", "7"),
    ],
)
def test_a_number_of_an_api_is_read(value: object, text: str) -> None:
    assert str(parse_amount(value)) == text


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "  ", True, False, 0, 0.0, "0", "0.00", Decimal(0), -1, -0.5, "-1", Decimal(-1)),
        *(float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")),
        *("NaN", "inf", "1e30", "abc", "$5", "1 500", "1,5", "1.2.3", "5k", "9" * 5000, Decimal("1E+999999")),
        *([], {}, [5], b"5", object()),
    ],
)
def test_what_is_no_number_of_an_api_is_none(value: object) -> None:
    assert parse_amount(value) is None


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        *(
            ("$", "USD"),
            ("US$", "USD"),
            ("A$", "AUD"),
            ("C$", "CAD"),
            ("R$", "BRL"),
            ("HK$", "HKD"),
            ("NZ$", "NZD"),
        ),
        *(
            ("₽", "RUB"),
            ("руб.", "RUB"),
            ("руб", "RUB"),
            ("р.", "RUB"),
            ("₴", "UAH"),
            ("грн", "UAH"),
            ("₸", "KZT"),
        ),
        *(
            ("원", "KRW"),
            ("만원", "KRW"),
            ("₩", "KRW"),
            ("￦", "KRW"),
            ("円", "JPY"),
            ("¥", "JPY"),
            ("￥", "JPY"),
        ),
        *(
            ("€", "EUR"),
            ("euros", "EUR"),
            ("£", "GBP"),
            ("zł", "PLN"),
            ("₹", "INR"),
            ("Rs", "INR"),
            ("Rs.", "INR"),
        ),
        *(("EUR", "EUR"), ("eur", "EUR"), ("try", "TRY"), (" USD ", "USD"), ("KRW", "KRW"), ("元", "CNY")),
        *(
            ("$500 CAD", "CAD"),
            ("Budget in PLN", "PLN"),
            ("500 руб.", "RUB"),
            ("&#8381;", "RUB"),
            ("달러", "USD"),
        ),
        *(
            (None, None),
            ("", None),
            ("  ", None),
            ("500", None),
            ("XYZ", None),
            ("kr", None),
            ("pesos", None),
        ),
        *(("try it all", None), ("원격", None), ("Bitcoin", None), ("prize", None)),
    ],
)
def test_a_currency_is_recognised(text: str | None, currency: str | None) -> None:
    assert parse_currency(text) == currency


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1500.00", "1500"),
        ("4.50", "4.5"),
        ("1E+3", "1000"),
        ("1.5E-3", "0.0015"),
        ("100", "100"),
        ("0.00", "0"),
        ("-0", "0"),
        ("-2.50", "-2.5"),
        ("12345678901234567890123456789012345.10", "12345678901234567890123456789012345.1"),
    ],
)
def test_the_canonical_form_is_exact_and_short(amount: str, text: str) -> None:
    assert str(canonical(Decimal(amount))) == text
