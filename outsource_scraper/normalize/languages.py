"""The language of a text by its script alone: conservative, without a model, for texts of any length."""

from __future__ import annotations

import re

_LOOKED_AT = 5_000
_SHARE = 0.3

_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30ff\uff66-\uff9f]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
# Scripts that one language of the platforms uses.
_OWN_SCRIPT = {
    "ko": re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]"),
    "th": re.compile(r"[\u0e01-\u0e2e\u0e30\u0e32\u0e33\u0e40-\u0e46]"),
    "el": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"),
    "he": re.compile(r"[\u05d0-\u05ea]"),
}
# "ъ" is missing on purpose: Bulgarian, which has none of the other letters, is full of it.
_RUSSIAN = re.compile(r"[ыэё]", re.IGNORECASE)
_UKRAINIAN = re.compile(r"[іїєґ]", re.IGNORECASE)
_OTHER_CYRILLIC = re.compile(r"[^\W\d_а-яёіїєґ\u0000-\u03ff\u0530-\U0010ffff]", re.IGNORECASE)


def language_of(text: str | None) -> str | None:
    """Return the BCP 47 language that the script of `text` proves, or None.

    A script counts where it has at least 30 % of the letters, so that one Korean word in an English text
    decides nothing. Kana makes Chinese characters Japanese; without any they are read as Chinese. Cyrillic
    is Russian or Ukrainian only by the letters that the other lacks. Latin and Arabic scripts, which many
    languages share, give None.
    """
    if not text or text.isascii():
        return None
    told = text[:_LOOKED_AT]
    enough = max(1, len(_LETTER.findall(told)) * _SHARE)
    for language, script in _OWN_SCRIPT.items():
        if len(script.findall(told)) >= enough:
            return language
    kana, han = len(_KANA.findall(told)), len(_HAN.findall(told))
    if kana + han >= enough:
        # A Chinese text may quote a word of Japanese, a Japanese title may be nearly all Chinese characters.
        return "ja" if kana * 20 >= han and kana else None if kana else "zh"
    return _cyrillic_language(told) if len(_CYRILLIC.findall(told)) >= enough else None


def _cyrillic_language(text: str) -> str | None:
    counts = {
        "ru": len(_RUSSIAN.findall(text)),
        "uk": len(_UKRAINIAN.findall(text)),
        "other": len(_OTHER_CYRILLIC.findall(text)),
    }
    likeliest = max(counts, key=lambda language: counts[language])
    # The rest may be a name or a quotation, not more.
    if likeliest == "other" or (sum(counts.values()) - counts[likeliest]) * 10 > counts[likeliest]:
        return None
    return likeliest if counts[likeliest] else None
