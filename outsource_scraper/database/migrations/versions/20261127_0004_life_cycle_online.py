"""The indexes of the life cycle, and the reasons of old closings, without holding up anybody.

Every step is a transaction of its own and may be done twice, so that a migration that was cut off goes on
where it stopped.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROWS = 1_000
"""Ids looked at in one transaction: a writer may have to wait for one of its rows until it ends."""
INDEXES = {
    "ix_projects_deadline": "(platform, deadline_at) WHERE closed_at IS NULL AND deadline_at IS NOT NULL",
    "ix_projects_client": "(platform, client_name, id DESC) WHERE client_name IS NOT NULL",
}


def upgrade() -> None:
    """Fill in the reasons and make the indexes."""
    with op.get_context().autocommit_block():
        # Nobody waits behind what is done here, however long it waits itself.
        op.execute("SET lock_timeout = 0")
        last = op.get_bind().scalar(sa.text("SELECT coalesce(max(id), 0) FROM projects"))
        for first in range(0, last, ROWS):
            # Closing by absence is what takes the hash away.
            op.execute(
                "UPDATE projects SET closed_reason = "  # noqa: S608 - numbers
                "CASE WHEN content_hash IS NULL THEN 'absent' ELSE 'stated' END "
                f"WHERE id > {first} AND id <= {first + ROWS} "
                "AND closed_at IS NOT NULL AND closed_reason IS NULL"
            )
        op.execute("ALTER TABLE projects VALIDATE CONSTRAINT ck_projects_closed_reason")
        _drop_indexes()  # those of an attempt that was cut off are there, but invalid
        for name, definition in INDEXES.items():
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON projects {definition}")


def downgrade() -> None:
    """Drop the indexes; the column with the reasons goes with the revision before."""
    with op.get_context().autocommit_block():
        _drop_indexes()


def _drop_indexes() -> None:
    # With its name: else the search path goes on to the indexes of another schema.
    schema = op.get_bind().scalar(sa.select(sa.func.quote_ident(sa.func.current_schema())))
    for name in INDEXES:
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema}.{name}")
