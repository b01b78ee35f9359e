"""The file of CLDR's names is the one that the installed Babel gives."""

from outsource_scraper.normalize._data import cldr
from outsource_scraper.normalize.cldr import names


def test_the_file_holds_what_cldr_says() -> None:
    assert cldr() == names(), "write it anew: ./run python -m outsource_scraper.normalize.cldr"
