"""Why a project closed, whose repost it is, its bids and views over time; runs that show life.

Nothing here looks at a row, so the locks that it takes are held for a moment only: what takes longer is done
by the next revision, outside of a transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the tables."""
    op.add_column("projects", sa.Column("views_count", sa.Integer))
    op.add_column("projects", sa.Column("closed_reason", sa.Text))
    op.add_column("projects", sa.Column("repost_of", sa.BigInteger))
    op.add_column("projects", sa.Column("counted_at", TIME))
    # NOT VALID: old rows are looked at later, under a lock that lets readers and writers pass.
    op.execute(
        "ALTER TABLE projects ADD CONSTRAINT ck_projects_closed_reason CHECK "
        "(closed_reason IN ('stated', 'absent', 'page_gone', 'deadline')) NOT VALID"
    )
    op.create_table(
        "project_counts",
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("counted_at", TIME, nullable=False),
        sa.Column("bids_count", sa.Integer),
        sa.Column("views_count", sa.Integer),
        sa.PrimaryKeyConstraint("project_id", "counted_at", name="pk_project_counts"),
    )
    op.add_column("crawl_runs", sa.Column("heartbeat_at", TIME, server_default=sa.func.now(), nullable=False))
    op.add_column("crawl_runs", sa.Column("process", sa.Text))
    op.create_table(
        "notices",
        sa.Column("trouble", sa.Text, nullable=False),
        sa.Column("sent_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("trouble", name="pk_notices"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("notices")
    op.drop_column("crawl_runs", "process")
    op.drop_column("crawl_runs", "heartbeat_at")
    op.drop_table("project_counts")
    for column in ("counted_at", "repost_of", "closed_reason", "views_count"):
        op.drop_column("projects", column)
