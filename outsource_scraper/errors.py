"""Every error of ours, with who raises it and what the operator does.

OutsourceScraperError
├── UsageError              exit 2
├── ConfigError             exit 1
├── DatabaseUnavailable     exit 1
│   └── EmbeddedPostgresError
├── CredentialRefused       exit 1, nothing further is asked of the platform
├── PageError               the page becomes a rejected record, the run ends as partial
└── RecordError             the record becomes a rejected record, the run ends as partial

The message of each is one sentence that says what to do; it is printed as it is, without a traceback.
"""


class OutsourceScraperError(Exception):
    """Base of all errors of ours. `exit_code` is what a command ends with when it meets one."""

    exit_code = 1


class UsageError(OutsourceScraperError):
    """Raised by the spiders and commands for a wrong argument, before anything is fetched."""

    exit_code = 2


class ConfigError(OutsourceScraperError):
    """Raised by `config` where a setting of the environment cannot be used: correct it and start again."""


class CredentialRefused(OutsourceScraperError):  # noqa: N818 - named by what happened, as Scrapy's are
    """Raised by a spider or a middleware where a platform does not take the credential of the operator.

    `variable` is the name of the environment variable that holds it, never its value.
    """

    def __init__(self, platform: str, variable: str, why: str) -> None:
        super().__init__(
            f"{platform} refuses {variable} ({why}): set a valid one in the environment or in .env."
        )


class DatabaseUnavailable(OutsourceScraperError):  # noqa: N818 - a state, not a mistake of ours
    """Raised by `database.session` where PostgreSQL cannot be reached, refuses, or is unfit."""


class EmbeddedPostgresError(DatabaseUnavailable):
    """Raised by `database.embedded` where the PostgreSQL of our own cannot be started or stopped."""


class PageError(OutsourceScraperError):
    """Raised by a spider for a page that cannot be read at all, such as HTML where JSON was expected."""


class RecordError(OutsourceScraperError):
    """Raised by a spider for one record that cannot be read; the others of its page go on."""
