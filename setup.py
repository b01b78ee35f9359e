"""For `scrapyd-deploy`, which runs a setup.py and writes one of its own where there is none.

All that it says stands in pyproject.toml.
"""

from setuptools import setup

setup()
