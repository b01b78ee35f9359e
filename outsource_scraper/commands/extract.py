"""`scrapy extract`: a saved response, parsed exactly as the spider would; no network, no database."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.http import HtmlResponse, JsonResponse, TextResponse, XmlResponse
from scrapy.utils.serialize import ScrapyJSONEncoder

from outsource_scraper.commands._console import positionals, readable, sentences, spider_class
from outsource_scraper.errors import UsageError

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """Print one JSON object a line for every project in a saved response."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Command syntax."""
        return "<platform> <file> [--url URL] [--now ISO8601]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Parse a saved response as the spider would, one JSON object a line"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --url and --now."""
        super().add_options(parser)
        parser.add_argument("--url", help="the URL the response came from (default: the platform's listing)")
        parser.add_argument("--now", help="when it was fetched, ISO 8601 (default: now)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print projects to standard output and rejected records to standard error."""
        assert self.settings is not None
        with sentences():
            ask = "name a platform and a file: scrapy extract <platform> <file>"
            name, file = positionals(args, "extract", 2, ask)
            spider = spider_class(self.settings, name)()
            url = readable(opts.url, "--url") if opts.url else spider.listing_request(1).url
            response = saved_response(Path(file), url)
            reading = spider.read_saved(response, now=_moment(opts.now))
        for project in reading.projects:
            print(to_json(project))
        for rejected in reading.rejected:
            print(to_json(rejected), file=sys.stderr)
        if not reading.projects and not reading.rejected:
            skipped = f"; {reading.skipped} records are no projects" if reading.skipped else ""
            print(f"error: no project was found in {file}{skipped}", file=sys.stderr)
        self.exitcode = 0 if reading.projects and not reading.rejected else 1


def to_json(item: Any) -> str:
    """An item as one line of JSON: amounts as strings, times in ISO 8601 with their offset."""
    return json.dumps(dataclasses.asdict(item), cls=ScrapyJSONEncoder, ensure_ascii=False)


def saved_response(path: Path, url: str) -> TextResponse:
    """The response that `path` was saved from, of the class that its content asks for.

    Raises:
        UsageError: the file cannot be read, or `url` is none.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--url must begin with http:// or https://, not {url!r}")
    begin = body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    kind: type[TextResponse]
    if begin[:1] in {b"{", b"["}:
        kind = JsonResponse
    elif begin.startswith((b"<?xml", b"<rss", b"<feed")) and b"<html" not in begin:
        kind = XmlResponse
    else:
        kind = HtmlResponse
    return kind(url, body=body)


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--now must be ISO 8601 such as 2026-01-31T12:00:00Z, not {text!r}") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
