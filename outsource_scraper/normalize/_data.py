"""The data files of this room, read when first asked for."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, TypedDict, cast


class Cldr(TypedDict):
    """What `cldr` writes."""

    country_codes: dict[str, str]
    """Alpha-2 code by alpha-2 and alpha-3 code."""
    country_names: dict[str, str]
    """Alpha-2 code by name, as `countries.name_key` gives it."""
    months: dict[str, int]
    """Number by name and abbreviation, in lower case."""


def load(name: str) -> Any:
    """Return what the JSON file `name` of this room holds."""
    return json.loads(files("outsource_scraper.normalize").joinpath(name).read_text(encoding="utf-8"))


@cache
def cldr() -> Cldr:
    """Return the names of countries and months."""
    return cast("Cldr", load("cldr.json"))
