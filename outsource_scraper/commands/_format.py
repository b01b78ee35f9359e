"""How the commands show things: money, times and states in words, tables and the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from outsource_scraper.items import ClosedReason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_PER = {"hourly": "/h", "daily": "/day", "monthly": "/month"}

CLOSED_REASONS = {
    None: "",
    ClosedReason.STATED: "the platform says so",
    ClosedReason.ABSENT: "gone from the whole listing",
    ClosedReason.PAGE_GONE: "its page is gone",
    ClosedReason.DEADLINE: "its deadline passed",
}


def budget(values: Mapping[str, Any]) -> str:
    """What the budget fields of a project say, such as "at least 300 USD/h"; "-" where there is none.

    `values` holds budget_min, budget_max (Decimal or text), currency and payment_type.
    """
    low, high = (
        None if values[name] is None else Decimal(values[name]) for name in ("budget_min", "budget_max")
    )
    if low is None and high is None:
        return "-"
    # Written out: the driver gives 40,000 as 4E+4.
    if low == high:
        amount = f"{low:,f}"
    elif low is None:
        amount = f"at most {high:,f}"
    else:
        amount = f"at least {low:,f}" if high is None else f"{low:,f} - {high:,f}"
    return f"{amount} {values['currency'] or ''}{_PER.get(values['payment_type'] or '', '')}"


def moment(value: datetime | str) -> str:
    """A time in UTC to the minute; `value` may be ISO 8601."""
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M}"


def terminal(**options: Any) -> Console:
    """Rich's console, which prints every text as it is: what a platform says is no markup.

    Loaded at its first use, like tables: Scrapy imports the modules of all commands whichever one is run.
    """
    from rich.console import Console  # noqa: PLC0415

    return Console(markup=False, emoji=False, **options)


def coloured(*parts: str | tuple[str, str]) -> Text:
    """Words in colours: of each part that is a pair, the second is the style."""
    from rich.text import Text  # noqa: PLC0415

    return Text.assemble(*parts)


def plain_table(**options: Any) -> Table:
    """A table without lines."""
    from rich.table import Table  # noqa: PLC0415

    return Table(box=None, pad_edge=False, **options)
