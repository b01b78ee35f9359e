"""The first tables: projects with their history, runs, and the records that were set aside.

No schema is named: `search_path` decides where they are made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _create_crawl_runs()
    _create_projects()
    _create_project_changes()
    _create_rejected_records()


def downgrade() -> None:
    """Drop them, with everything that was ever crawled."""
    for table in ("rejected_records", "project_changes", "projects", "crawl_runs"):
        op.drop_table(table)


def _create_crawl_runs() -> None:
    counts = ("new", "updated", "unchanged", "reopened", "closed", "rejected", "duplicates", "spooled")
    op.create_table(
        "crawl_runs",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("mode", sa.Text),
        sa.Column("arguments", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("started_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("verdict", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("complete", sa.Boolean),
        sa.Column("pages", sa.Integer, server_default=sa.text("0"), nullable=False),
        *(sa.Column(name, sa.Integer, server_default=sa.text("0"), nullable=False) for name in counts),
        sa.Column("stats", postgresql.JSONB),
        sa.PrimaryKeyConstraint("id", name="pk_crawl_runs"),
    )
    op.create_index("ix_crawl_runs_platform", "crawl_runs", ["platform", sa.text("started_at DESC")])


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("category", sa.Text),
        sa.Column("skills", postgresql.ARRAY(sa.Text), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("budget_min", sa.Numeric),
        sa.Column("budget_max", sa.Numeric),
        sa.Column("currency", sa.Text),
        sa.Column("payment_type", sa.Text),
        sa.Column("work_type", sa.Text),
        sa.Column("location", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("posted_at", TIME),
        sa.Column("deadline_at", TIME),
        sa.Column("duration_days", sa.Integer),
        sa.Column("status", sa.Text, server_default=sa.text("'unknown'"), nullable=False),
        sa.Column("bids_count", sa.Integer),
        sa.Column("client_name", sa.Text),
        sa.Column("client_country", sa.Text),
        sa.Column("client_rating", sa.Numeric),
        sa.Column("client_spent_usd", sa.Numeric),
        sa.Column("client_verified", sa.Boolean),
        sa.Column("project_metadata", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("content_hash", sa.LargeBinary),
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.Column(
            "listed_at",
            TIME,
            sa.Computed("coalesce(posted_at, first_seen_at)", persisted=True),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("platform", "external_id", name="uq_projects_platform_external_id"),
        sa.CheckConstraint("status IN ('open', 'closed', 'unknown')", name=op.f("ck_projects_status")),
        postgresql_with={"fillfactor": 85},
    )
    op.create_index("ix_projects_newest", "projects", [sa.text("listed_at DESC"), sa.text("id DESC")])
    op.create_index(
        "ix_projects_open",
        "projects",
        ["platform", sa.text("listed_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _create_project_changes() -> None:
    op.create_table(
        "project_changes",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.BigInteger),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changes", postgresql.JSONB),
        sa.PrimaryKeyConstraint("id", name="pk_project_changes"),
        sa.CheckConstraint(
            "kind IN ('new', 'updated', 'closed', 'reopened')", name=op.f("ck_project_changes_kind")
        ),
    )
    op.create_index("ix_project_changes_project_id", "project_changes", ["project_id", "id"])


def _create_rejected_records() -> None:
    op.create_table(
        "rejected_records",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("run_id", sa.BigInteger),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejected_records"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["crawl_runs.id"], name="fk_rejected_records_run_id_crawl_runs", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_rejected_records_run_id", "rejected_records", ["run_id"])
    op.create_index(
        "ix_rejected_records_platform", "rejected_records", ["platform", sa.text("created_at DESC")]
    )
