"""What the script of a text proves about its language, and what it does not."""

from __future__ import annotations

import pytest

from outsource_scraper.normalize.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("쇼핑몰 앱 유지보수 개발자를 찾습니다", "ko"),
        ("Flutter 앱 유지보수", "ko"),
        ("業務用アプリの開発をお願いします", "ja"),
        ("新規事業開発支援の相談", "ja"),
        ("ロゴ", "ja"),
        ("需要一个网站", "zh"),
        ("ต้องการนักพัฒนาเว็บไซต์", "th"),
        ("Ζητείται προγραμματιστής", "el"),
        ("דרוש מפתח אתרים", "he"),
        ("Нужно разработать быстрый сайт", "ru"),
        ("НУЖЕН ВЫСОКИЙ САЙТ", "ru"),
        ("Потрібно розробити сайт із каталогом", "uk"),
        ("Опыт разработки на React и TypeScript", "ru"),
    ],
)
def test_proved(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "   ",
        "12345 — €100",
        "😀😀",
        "Looking for a web developer",
        "Suche Entwickler für Webshop in München",
        "We need a translator for the word 안녕 in our English documents",
        "Translate こんにちは into English, French and German please",
        "The angle π and the sum Σ in a longer English text",
        "مطلوب مطور مواقع",
        "сайт",
        "Търся програмист за онлайн магазин, със съответния опит",
        "Патрэбна зрабіць сайт, які працуе хутка і ўсюды",
        "Маған қазақша сайт жасау керек, өте тез ә ң ү",
        "需要一个网站翻译成日文的网页设计师和程序员以及测试人员并且会写の这个字有经验者优先考虑长期合作",
    ],
)
def test_not_proved(text: str | None) -> None:
    assert language_of(text) is None
