"""Freelance and outsourcing projects of many marketplaces, in one PostgreSQL database, with their history."""

__version__ = "0.1.0"
