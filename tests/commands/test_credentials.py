"""What an operator sees of credentials: one sentence where one is missing, and never the value."""

import pytest

from tests.commands.conftest import Scrapy

SECRET = "s3cret-value"  # noqa: S105


@pytest.mark.parametrize(
    ("platform", "env", "words"),
    [
        ("freelancehunt", {}, "error: freelancehunt needs FREELANCEHUNT_TOKEN: get it at https://"),
        ("upwork", {"UPWORK_REFRESH_TOKEN": SECRET}, "UPWORK_CLIENT_ID, UPWORK_CLIENT_SECRET: get them at"),
        ("freelancehunt", {"FREELANCEHUNT_TOKEN": f"{SECRET} x"}, "error: FREELANCEHUNT_TOKEN must be one"),
    ],
)
def test_a_crawl_without_its_credential_ends_before_it_begins(
    scrapy: Scrapy, platform: str, env: dict[str, str], words: str
) -> None:
    ended = scrapy("crawl", platform, env=env)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert SECRET not in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    "name", ["FREELANCER_TOKEN", "FREELANCEHUNT_TOKEN", "UPWORK_CLIENT_SECRET", "UPWORK_REFRESH_TOKEN"]
)
def test_a_secret_setting_is_printed_as_asterisks(scrapy: Scrapy, name: str) -> None:
    shown = scrapy("settings", "--get", name, env={name: SECRET})
    assert shown.returncode == 0
    assert shown.stdout.strip("*\n") == ""
    assert shown.stdout != "\n"
