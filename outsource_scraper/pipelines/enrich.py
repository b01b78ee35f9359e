"""Fills what the platform does not say but its text does, by rules that never guess."""

from __future__ import annotations

from typing import Any

from outsource_scraper.items import Project
from outsource_scraper.normalize.languages import language_of
from outsource_scraper.normalize.skills import skills_in


class EnrichPipeline:
    """Language by script, and skills by dictionary where the platform lists none."""

    def process_item(self, item: Any) -> Any:
        """Complete a `Project` in place; anything else goes on as it is."""
        if not isinstance(item, Project):
            return item
        if item.language is None:
            item.language = language_of(f"{item.title} {item.description or ''}"[:2000])
        if not item.skills:
            item.skills = skills_in(f"{item.title}. {item.description or ''}")
        return item
