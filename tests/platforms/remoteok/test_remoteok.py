import pytest

from outsource_scraper.spiders.remoteok import canonical


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://remoteOK.com/remote-jobs/remote-Cook-7", "https://remoteok.com/remote-jobs/remote-Cook-7"),
        ("https://RemoteOK.com/remote-jobs/7?ref=api#apply", "https://remoteok.com/remote-jobs/7"),
    ],
)
def test_a_link_has_one_form(given: str, expected: str) -> None:
    assert canonical(given) == expected
