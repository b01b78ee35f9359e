"""Freelance and outsourcing projects of many marketplaces, in one PostgreSQL database, with their history."""

__version__ = "0.1.0"


def user_agent(contact: str | None) -> str:
    """The User-Agent that introduces us, with the address at which a platform can reach the operator."""
    return f"{__name__}/{__version__}" + (f" (+{contact})" if contact else "")
