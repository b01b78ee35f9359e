"""Files of a crawl: what is no project stays out of them, and a cell of a table is text."""

from __future__ import annotations

import json
import logging
from typing import Any

from scrapy.exceptions import DropItem
from scrapy.exporters import CsvItemExporter

from outsource_scraper.items import GonePosting, RejectedRecord

logger = logging.getLogger(__name__)


class FileOnlyPipeline:
    """Stands in the place of the store in a crawl that only writes files."""

    def process_item(self, item: Any) -> Any:
        """Pass a project on.

        Raises DropItem for a rejected record, which the log tells, and for a posting that is gone.
        """
        if isinstance(item, RejectedRecord):
            logger.warning("a record of %s was rejected: %s", item.url, item.reason)
            raise DropItem("rejected", log_level="DEBUG")
        if isinstance(item, GonePosting):
            raise DropItem("its page is gone", log_level="DEBUG")
        return item


class CsvExporter(CsvItemExporter):
    """CSV in which leftovers are JSON and not Python's way to write a dict."""

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        """A value for a cell."""
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, default=str)
        return super().serialize_field(field, name, value)
