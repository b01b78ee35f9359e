"""The tables, as SQLAlchemy declares them. The migrations make exactly these; a test compares the two.

Readers (market, alerts, the API) build their queries on these classes. The writers do not: a row a second is
fine as an object, ten thousand are not, so `database.projects` speaks to the driver (see there).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""Every constraint has a name that can be told beforehand, so that a later migration can drop it."""


class Base(DeclarativeBase):
    """Base of all tables. None names a schema: `search_path` does, set by `database.session`."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        # Without a scale: what the platform says is stored exactly, and compares equal when read again.
        Decimal: Numeric,
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        str: Text,
    }


class Project(Base):
    """A posting as it is known now: every field of `items.Project`, and when it was seen and changed.

    A reader's "open" is `closed_at IS NULL`; `status` is the word for it, and may be unknown while open.
    `last_seen_at` and `bids_count` stand in no index, so that touching them is a heap-only update.
    """

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    platform: Mapped[str]
    external_id: Mapped[str]
    url: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    category: Mapped[str | None]
    skills: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))

    budget_min: Mapped[Decimal | None]
    budget_max: Mapped[Decimal | None]
    currency: Mapped[str | None]
    payment_type: Mapped[str | None]

    work_type: Mapped[str | None]
    location: Mapped[str | None]
    country: Mapped[str | None]
    language: Mapped[str | None]

    posted_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    duration_days: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(server_default=text("'unknown'"))
    bids_count: Mapped[int | None] = mapped_column(Integer)
    views_count: Mapped[int | None] = mapped_column(Integer)

    client_name: Mapped[str | None]
    client_country: Mapped[str | None]
    client_rating: Mapped[Decimal | None]
    client_spent_usd: Mapped[Decimal | None]
    client_verified: Mapped[bool | None]

    project_metadata: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    content_hash: Mapped[bytes | None]
    """`database.changes.content_hash` of the record as it was last read; null after closing by absence."""
    listing_hash: Mapped[bytes | None]
    """`database.changes.content_hash` of the project as its listing told it, where it has a detail page:
    while it stays the same, the detail page need not be fetched again."""
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    """Refreshed only every few hours (`database.projects.TOUCH_AFTER`): it tells days, not minutes, but it
    lies behind the deadline where the project was seen behind it."""
    changed_at: Mapped[datetime]
    """When a field that matters, or the state, last changed; `first_seen_at` until then."""
    closed_at: Mapped[datetime | None] = mapped_column()
    """Null while open."""
    closed_reason: Mapped[str | None]
    """`items.ClosedReason`; null while open."""
    repost_of: Mapped[int | None] = mapped_column(BigInteger)
    """`projects.id` of an earlier posting of the same client with nearly the same title and text.
    No foreign key: a link to what was deleted since is a link to nothing."""
    counted_at: Mapped[datetime | None]
    """When the last row of `project_counts` was written; null until bids or views first moved."""
    listed_at: Mapped[datetime] = mapped_column(
        Computed("coalesce(posted_at, first_seen_at)", persisted=True)
    )
    """What "newest first" sorts by: when it was posted, or first seen where the platform does not say."""

    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        CheckConstraint("status IN ('open', 'closed', 'unknown')", name="status"),
        CheckConstraint(
            "closed_reason IN ('stated', 'absent', 'page_gone', 'deadline')", name="closed_reason"
        ),
        Index("ix_projects_newest", listed_at.desc(), id.desc()),
        Index(
            "ix_projects_open", "platform", listed_at.desc(), id.desc(), postgresql_where=closed_at.is_(None)
        ),
        # Whose deadline has passed.
        Index(
            "ix_projects_deadline",
            "platform",
            "deadline_at",
            postgresql_where=text("closed_at IS NULL AND deadline_at IS NOT NULL"),
        ),
        # What else a client has posted, the latest first.
        Index(
            "ix_projects_client",
            "platform",
            "client_name",
            id.desc(),
            postgresql_where=text("client_name IS NOT NULL"),
        ),
        # What was posted again, and as what.
        Index("ix_projects_repost_of", "repost_of", postgresql_where=repost_of.is_not(None)),
        # Room on every page for the touched version of a row or two.
        {"postgresql_with": {"fillfactor": 85}},
    )


class ProjectChange(Base):
    """One line of a project's history. Rows are only ever added.

    `project_id` has no foreign key. The writer appends a line in the transaction that writes the project, so
    the check could find nothing, and it would lock the project's row once for every line: a tenth of the time
    of storing new projects. Whoever deletes a project deletes its lines too.
    """

    __tablename__ = "project_changes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    project_id: Mapped[int] = mapped_column(BigInteger)
    run_id: Mapped[int | None] = mapped_column(BigInteger)
    """The `crawl_runs.id` that saw it. No foreign key: old runs may be deleted, their history stays."""
    kind: Mapped[str]
    """new, updated, closed or reopened."""
    changed_at: Mapped[datetime]
    changes: Mapped[dict[str, Any] | None]
    """`{field: [old, new]}` as JSON values (money as text, times as ISO 8601); null for new."""

    __table_args__ = (
        CheckConstraint("kind IN ('new', 'updated', 'closed', 'reopened')", name="kind"),
        Index("ix_project_changes_project_id", "project_id", "id"),
    )


class ProjectCount(Base):
    """How many bids and views a project had at a time: a row when a number has moved, at most one an hour.

    The first row of a project tells its first sight, and is written with the second. No foreign key, as in
    `ProjectChange`.
    """

    __tablename__ = "project_counts"

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(primary_key=True)
    bids_count: Mapped[int | None] = mapped_column(Integer)
    views_count: Mapped[int | None] = mapped_column(Integer)


class CrawlRun(Base):
    """One run of one spider: what it was asked to do, what it did, how it ended."""

    __tablename__ = "crawl_runs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    platform: Mapped[str]
    mode: Mapped[str | None]
    arguments: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the run last showed that it is alive (`database.runs.HEARTBEAT`)."""
    process: Mapped[str | None]
    """The machine and the process id, such as "worker-1:4711"."""
    finished_at: Mapped[datetime | None]
    """Null while running, and for ever where the process was killed (verdict "interrupted")."""
    verdict: Mapped[str | None]
    """Null while running; then ok, empty, blocked, partial, failed, unstored, busy or interrupted."""
    reason: Mapped[str | None]
    complete: Mapped[bool | None]
    """Whether the run covered the whole listing."""
    pages: Mapped[int] = mapped_column(Integer, server_default=text("0"))

    new: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    updated: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    unchanged: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    reopened: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    closed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rejected: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    duplicates: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    spooled: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    stats: Mapped[dict[str, Any] | None]
    """Scrapy's stats at the end of the run."""

    __table_args__ = (Index("ix_crawl_runs_platform", "platform", started_at.desc()),)


class RejectedRecord(Base):
    """A record that could not be read, or a row that PostgreSQL refused: the raw source and the reason."""

    __tablename__ = "rejected_records"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("crawl_runs.id", ondelete="SET NULL"))
    platform: Mapped[str]
    external_id: Mapped[str | None]
    url: Mapped[str | None]
    reason: Mapped[str]
    source: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_rejected_records_run_id", "run_id"),
        Index("ix_rejected_records_platform", "platform", created_at.desc()),
    )


class PageValidator(Base):
    """Which copy of a page the last crawl that ended well has read (RFC 9110, section 8.8)."""

    __tablename__ = "page_validators"

    platform: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    etag: Mapped[str | None]
    """The header as it came, quotes and all."""
    last_modified: Mapped[str | None]
    """The header as it came: it is only ever sent back."""
    stored_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Notice(Base):
    """When the operator was last told of a trouble, so that the same is not told again at once."""

    __tablename__ = "notices"

    trouble: Mapped[str] = mapped_column(primary_key=True)
    """Platform and verdict, such as "flru blocked"."""
    sent_at: Mapped[datetime]
