"""Countries by code and name, and in the lines in which pages tell a place."""

from __future__ import annotations

import pytest
from babel import Locale

from outsource_scraper.normalize.countries import country_code, country_in


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("za", "ZA"),
        ("ZA", "ZA"),
        (" kr ", "KR"),
        ("uk", "GB"),
        ("UK", "GB"),
        ("XK", "XK"),
        ("USA", "US"),
        ("usa", "US"),
        ("ZAF", "ZA"),
        ("kor", "KR"),
        ("U.S.", "US"),
        ("United States", "US"),
        ("United States of America", "US"),
        ("the united states", "US"),
        ("South Korea", "KR"),
        ("Korea", "KR"),
        ("Republic of Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("North Korea", "KP"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("Russian Federation", "RU"),
        ("UAE", "AE"),
        ("United Arab Emirates", "AE"),
        ("Great Britain", "GB"),
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("Turkiye", "TR"),
        ("Hong Kong", "HK"),
        ("Myanmar", "MM"),
        ("Ivory Coast", "CI"),
        ("Côte d'Ivoire", "CI"),
        ("Bosnia and Herzegovina", "BA"),
        ("Bosnia & Herzegovina", "BA"),
        ("St. Lucia", "LC"),
        ("Saint Lucia", "LC"),
        ("The Netherlands", "NL"),
        ("Georgia", "GE"),
        ("Guinea-Bissau", "GW"),
        ("Taiwan", "TW"),
        ("대한민국", "KR"),
        ("한국", "KR"),
        ("미국", "US"),
        ("베트남", "VN"),
        ("홍콩", "HK"),
        ("Россия", "RU"),
        ("Украина", "UA"),
        ("США", "US"),
        ("Белоруссия", "BY"),
        ("Южная Корея", "KR"),
        ("日本", "JP"),
        ("アメリカ合衆国", "US"),
        ("アメリカ", "US"),
        ("韓国", "KR"),
        ("ドイツ", "DE"),
        ("Deutschland", "DE"),
        ("Österreich", "AT"),
        ("Osterreich", "AT"),
        ("Schweiz", "CH"),
        ("Allemagne", "DE"),
        ("États-Unis", "US"),
        ("España", "ES"),
        ("México", "MX"),
        ("Brasil", "BR"),
        ("Estados Unidos", "US"),
    ],
)
def test_country(name: str, code: str) -> None:
    assert country_code(name) == code


@pytest.mark.parametrize(
    "name",
    [
        None, "", " ", "-", "zz", "EU", "UN", "QQ", "QQQ", "Europe", "European Union", "World", "Worldwide",
        "Anywhere", "Nowhere", "Asia", "Latin America", "Congo", "001", "x" * 100_000,
    ],
)  # fmt: skip
def test_no_country(name: str | None) -> None:
    assert country_code(name) is None


@pytest.mark.parametrize("language", ["en", "ko", "ru", "ja", "de", "fr", "es", "pt"])
@pytest.mark.parametrize(
    "code", ["US", "GB", "DE", "FR", "KR", "JP", "CN", "IN", "BR", "UA", "PL", "ZA", "NG", "NE"]
)
def test_every_language_has_the_country(language: str, code: str) -> None:
    assert country_code(Locale(language).territories[code]) == code


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("Austin, Austin, Texas, United States", "US"),
        ("Cape Town, South Africa", "ZA"),
        ("South Africa", "ZA"),
        ("Lebanon, New Hampshire, United States", "US"),
        ("Atlanta, Georgia, United States", "US"),
        ("Albuquerque, New Mexico, USA", "US"),
        ("London, UK", "GB"),
        ("Austin, TX, US", "US"),
        ("Paris, FR", "FR"),
        ("Kyiv, UKR", "UA"),
        ("Paris, France, 75001", "FR"),
        ("Singapore, Singapore", "SG"),
        ("Bissau, Guinea-Bissau", "GW"),
        ("Korea, Republic of", "KR"),
        ("Remote (US only)", "US"),
        ("USA Only", "US"),
        ("Germany (Remote)", "DE"),
        ("Remote - Germany", "DE"),
        ("Remote, Canada", "CA"),
        ("Berlin / Deutschland", "DE"),
        ("Россия, Москва", "RU"),
        ("Москва, Россия", "RU"),
        ("東京, 日本", "JP"),
        ("서울특별시 강남구", "KR"),
        ("서울 강남구", "KR"),
        ("서울", "KR"),
        ("경기도 성남시 분당구", "KR"),
        ("경기 성남시", "KR"),
        ("제주특별자치도 제주시", "KR"),
        ("강원특별자치도", "KR"),
        ("충청남도 천안시", "KR"),
        ("대한민국 서울", "KR"),
        ("원격 (부산광역시)", "KR"),
    ],
)
def test_country_of_a_place(location: str, code: str) -> None:
    assert country_in(location) == code


@pytest.mark.parametrize(
    "location",
    [
        None,
        "",
        " , ",
        "Remote",
        "Worldwide",
        "Anywhere in the World",
        "Remote - Worldwide",
        "Europe",
        "North America",
        "Berlin",
        "contact us",
        "work with us",
        "us",
        "San Diego, CA",
        "Indianapolis, IN",
        "Wilmington, DE",
        "Toronto, ON",
        "St. John's, NL",
        "Charlottetown, PE",
        "CA",
        "Paris, fr",
        "FR, somewhere",
        "Atlanta, Georgia",
        "Georgia",
        "Lebanon, Pennsylvania",
        "Peru, Indiana",
        "Mexico, MO",
        "Germany, Austria, Switzerland",
        "USA / UK",
        "서울대입구",
        "부산의 맛집",
        "강남구",
        "a, " * 100_000,
    ],
)
def test_no_country_of_a_place(location: str | None) -> None:
    assert country_in(location) is None
