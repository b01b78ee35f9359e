"""A figure, its bound, and how both are printed."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One measured value. Ratios are medians of rounds in which both sides took turns."""

    name: str
    value: float
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the value is within its bound; true where it has none."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    @property
    def bound(self) -> str:
        """The bound as text."""
        if self.at_least is not None and self.at_least == self.at_most:
            return f"= {self.at_least:g}"
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return f"<= {self.at_most:g}" if self.at_most is not None else ""


def as_table(figures: list[Figure]) -> str:
    """The figures as lines of text."""
    width = max(len(figure.name) for figure in figures)
    return "\n".join(
        f"{figure.name:{width}}  {figure.value:9.2f} {figure.unit:8} {figure.bound:8} "
        f"{'' if not figure.bound else 'ok    ' if figure.holds else 'MISSED'} {figure.note}".rstrip()
        for figure in figures
    )


def as_json(figures: list[Figure]) -> str:
    """The figures as a JSON array of objects."""
    rows = [
        {
            "name": figure.name,
            "value": round(figure.value, 3),
            "unit": figure.unit,
            "bound": figure.bound,
            "holds": figure.holds,
            "note": figure.note,
        }
        for figure in figures
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)
