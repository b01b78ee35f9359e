"""The index that finds the reposts of a project, without holding up anybody.

It may be done twice, so that a migration that was cut off goes on where it stopped.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    with op.get_context().autocommit_block():
        # Nobody waits behind what is done here, however long it waits itself.
        op.execute("SET lock_timeout = 0")
        _drop_index()  # that of an attempt that was cut off is there, but invalid
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_projects_repost_of ON projects (repost_of) "
            "WHERE repost_of IS NOT NULL"
        )


def downgrade() -> None:
    """Drop the index."""
    with op.get_context().autocommit_block():
        _drop_index()


def _drop_index() -> None:
    # With its name: else the search path goes on to the index of another schema.
    schema = op.get_bind().scalar(sa.select(sa.func.quote_ident(sa.func.current_schema())))
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema}.ix_projects_repost_of")
