"""Lets Python look for garbage less often: the many objects of a crawl live for a batch and form no cycles.

By default the collector looks through the young ones whenever 700 more were made than freed, which with a
thousand items under way is a quarter of a crawl's time. Memory stays bounded: what forms no cycle is freed at
once in any case. What stands when a crawl begins, the modules and their tables, is not looked through again.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class GarbageCollection:
    """Tunes the collector for the process. Setting: `GC_THRESHOLD` (objects), its first threshold."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        gc.set_threshold(crawler.settings.getint("GC_THRESHOLD"), *gc.get_threshold()[1:])
        gc.freeze()
        return cls()
