"""A table that has grown: made-up rows of `projects`, by the million."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from outsource_scraper.database.session import AsyncDatabase

PART = 250_000
"""Rows made in one statement."""

# About 1.5 kB a row, of ten platforms, among them the one that is written to, and of many clients. Every
# second closed one was closed by absence, which took its hash.
_FILL = text("""
INSERT INTO projects (platform, external_id, url, title, description, skills, budget_min, budget_max,
    currency, status, posted_at, deadline_at, client_name, content_hash, first_seen_at, last_seen_at,
    changed_at, closed_at)
SELECT CASE n % 10 WHEN 0 THEN 'sample' ELSE 'platform' || n % 10 END, 'old' || n,
    'https://market.example/old/' || n, '오래된 일감 ' || n, repeat(md5(CAST(n AS text)) || ' ', 40),
    ARRAY['Python', 'React'], n, n * 2, 'KRW', CASE WHEN is_closed THEN 'closed' ELSE 'open' END,
    timestamptz '2026-01-01' + n * interval '1 second', timestamptz '2027-01-01' + n * interval '1 second',
    '클라이언트 ' || n % 200000,
    CASE WHEN is_closed AND n % 2 = 0 THEN NULL ELSE decode(md5(CAST(n AS text)), 'hex') END,
    now(), now(), now(), CASE WHEN is_closed THEN now() END
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n,
    LATERAL (SELECT n % 5 < CAST(:closed AS int) AS is_closed) AS state
""")


async def fill(database: AsyncDatabase, before: int, size: int, *, closed: int = 0) -> None:
    """Let the table grow from `before` rows to `size`, `closed` of five of them closed."""
    for first in range(before, size, PART):
        async with database.engine.begin() as connection:
            span = {"first": first + 1, "last": min(first + PART, size)}
            await connection.execute(_FILL, span | {"closed": closed})
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE projects"))
