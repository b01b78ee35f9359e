"""What a crawl remembers for the next: how a listing told of a project, which copy of a page it read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column and the table."""
    op.add_column("projects", sa.Column("listing_hash", sa.LargeBinary))
    op.create_table(
        "page_validators",
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "url", name="pk_page_validators"),
    )


def downgrade() -> None:
    """Drop them: the next crawls fetch all again."""
    op.drop_table("page_validators")
    op.drop_column("projects", "listing_hash")
