"""The history of the tables as Alembic migrations, inside the package so that an installed one has them."""

HEAD = "0004"
"""The newest revision: what a database must be at before anything is written to it."""
