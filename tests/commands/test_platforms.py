import json

from tests.commands.conftest import ROOT, Scrapy


def test_readme_s_table_is_what_the_command_writes(scrapy: Scrapy, tmp_path) -> None:
    copy = tmp_path / "README.md"
    copy.write_text((ROOT / "README.md").read_text("utf-8"), "utf-8")
    ended = scrapy("platforms", "--write", str(copy))
    assert ended.returncode == 0, ended.stderr
    assert copy.read_text("utf-8") == (ROOT / "README.md").read_text("utf-8")


def test_the_table_fits_a_terminal_and_names_every_platform(scrapy: Scrapy) -> None:
    rows = json.loads(scrapy("platforms", "--json").stdout)
    printed = scrapy("platforms").stdout
    assert len(rows) >= 8
    for row in rows:
        assert f"\n{row['platform']}" in printed
        assert row["terms"]
        assert row["robots"]
        assert row["evidence"]
    assert max(len(line) for line in printed.splitlines()) <= 80


def test_a_file_without_the_marks_is_refused(scrapy: Scrapy, tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# nothing\n")
    ended = scrapy("platforms", "--write", str(page))
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: {page} has no place for the table")
    assert page.read_text() == "# nothing\n"
