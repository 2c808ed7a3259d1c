"""The kinds of user error: one class each, with the exit code and HTTP status that the CLI and the web share.

A message says what is wrong and where (file, row, column), never a value, an id, a name or a phone; ``way_out``
says what to do about it. Bugs stay ordinary exceptions with a traceback.
"""

from typing import ClassVar, Final


class XunfangError(Exception):
    """Something that a user can mend. Printed as message and way out, without a traceback."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    meaning: ClassVar[str] = "something else went wrong"

    def __init__(self, message: str, way_out: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.message}\n{self.way_out}" if self.way_out else self.message


class UsageError(XunfangError):
    """A wrong argument or option."""

    exit_code = 2
    http_status = 400
    meaning = "a wrong argument or option"


class SourceError(XunfangError):
    """A delivery of the wrong shape: a file, a column or a required source is missing or of the wrong kind."""

    exit_code = 3
    http_status = 422
    meaning = "a source has the wrong shape"


class RejectLimitError(XunfangError):
    """A delivery with more bad rows than the policy accepts."""

    exit_code = 4
    http_status = 422
    meaning = "more bad rows than the reject limit allows"


class ModelError(XunfangError):
    """A model is missing, does not fit the features, or did not pass its gates."""

    exit_code = 5
    http_status = 409
    meaning = "a model is missing or does not fit"


class NotAllowedError(XunfangError):
    """The law, the policy or the role of the person forbids it."""

    exit_code = 6
    http_status = 403
    meaning = "not allowed"


class HomeError(XunfangError):
    """The home folder, its settings or its keys cannot be used as they are."""

    exit_code = 7
    http_status = 503
    meaning = "the home, its lock or its database cannot be used"


class LockedError(HomeError):
    """Another process is at work in this home."""


class DatabaseError(HomeError):
    """The database cannot be opened, or has another version."""


class DiskFullError(XunfangError):
    """The disk (or the quota) is full. The message names the path; nothing half-written remains."""

    exit_code = 8
    http_status = 507
    meaning = "the disk is full"


class IntegrityError(XunfangError):
    """Stored data differ from what was once written: a damaged file, a broken chain, a lost key."""

    exit_code = 9
    http_status = 500
    meaning = "stored data are damaged"


class InterruptedRunError(XunfangError):
    """Stopped by the user (Ctrl-C). The next run goes on."""

    exit_code = 130
    http_status = 503
    meaning = "interrupted; the next run goes on"


KINDS: Final[tuple[type[XunfangError], ...]] = (
    UsageError,
    SourceError,
    RejectLimitError,
    ModelError,
    NotAllowedError,
    HomeError,
    LockedError,
    DatabaseError,
    DiskFullError,
    IntegrityError,
    InterruptedRunError,
)
"""Every kind of user error; whoever prints or serves one takes code and status from its class."""


def exit_code_table() -> str:
    """The exit codes in words, one per code, for the help of the command line."""
    meanings = {0: "done", 1: XunfangError.meaning}
    for kind in KINDS:
        meanings.setdefault(kind.exit_code, kind.meaning)
    return "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in sorted(meanings.items())) + "."
