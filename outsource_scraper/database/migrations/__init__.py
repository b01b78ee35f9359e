"""The history of the tables as Alembic migrations, inside the package so that an installed one has them."""

import sys
from zipimport import zipimporter

HEAD = "0005"
"""The newest revision: what a database must be at before anything is written to it."""

if sys.version_info < (3, 12) and isinstance(__spec__.loader, zipimporter):
    # Alembic reads its scripts as files, and this release is the egg of a Scrapyd.
    from outsource_scraper.database.migrations import _zipped  # noqa: F401
