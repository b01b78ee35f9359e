"""`python -m outsource_scraper.sandbox`: serve a market on loopback until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import signal
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outsource_scraper.sandbox.clock import MarketClock
from outsource_scraper.sandbox.market import Market
from outsource_scraper.sandbox.server import running

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 then, 1 where the port cannot be had, 2 for a wrong argument."""
    given = _parser().parse_args(arguments)
    clock = MarketClock(given.clock or datetime.now(UTC), frozen=given.frozen)
    try:
        market = Market(given.seed, clock, size=given.size)
        market.check(clock.now())
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        asyncio.run(_serve(market, given.host, given.port))
    except OSError as error:
        sys.stderr.write(f"cannot listen on {given.host} port {given.port}: {error.strerror}\n")
        return 1
    return 0


async def _serve(market: Market, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(market, port, host) as url:
        sys.stdout.write(f"sandbox listening on {url}\n")
        sys.stdout.flush()
        await stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m outsource_scraper.sandbox", description=__doc__)
    parser.add_argument(
        "--host", type=_loopback, default="127.0.0.1", help="a loopback address (%(default)s)"
    )
    parser.add_argument("--port", type=_port, default=0, help="0 takes a free one (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another market (%(default)s)")
    parser.add_argument("--clock", type=_instant, help="the market's first instant, ISO 8601 (now)")
    parser.add_argument("--frozen", action="store_true", help="the clock moves only by the control API")
    parser.add_argument("--size", type=int, default=120, help="open postings of each platform (%(default)s)")
    return parser


def _loopback(value: str) -> str:
    try:
        address = ipaddress.ip_address("127.0.0.1" if value == "localhost" else value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is no IP address") from None
    if not address.is_loopback:
        raise argparse.ArgumentTypeError(
            f"{value} is not a loopback address: the market is for this machine only"
        )
    return str(address)


def _port(value: str) -> int:
    if not value.isdecimal() or int(value) > 65535:
        raise argparse.ArgumentTypeError(f"{value!r} is no port")
    return int(value)


def _instant(value: str) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is no ISO 8601 instant") from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{value!r} has no time zone: add Z or an offset")
    return instant.astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main())
