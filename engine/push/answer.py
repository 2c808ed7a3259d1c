"""What came of sending a message, and how long to wait before it is sent again."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

LONGEST_ASKED: Final = 86_400.0
"""A receiver may ask for a day's rest at most; who asks for more is asked again after a day."""


@dataclass(frozen=True)
class Answer:
    """``delivered``; ``again``: it may succeed later; ``refused``: it never will. ``said`` holds no text of theirs.

    ``wait``: seconds for which the receiver wants to be left alone. ``silent``: it could not be reached, or did not
    answer in time, so that the next message would most likely fare the same.
    """

    outcome: Literal["delivered", "again", "refused"]
    said: str
    wait: float | None = None
    silent: bool = False


class NoAnswerError(Exception):
    """There was no whole answer; the text says why, without an address. ``silent`` as in ``Answer``."""

    def __init__(self, said: str, *, silent: bool = False) -> None:
        super().__init__(said)
        self.silent = silent


def wait_before(attempt: int, message_id: str, *, first: float, longest: float, seed: int) -> float:
    """Seconds before the next attempt, after so many: twice as long each time, of that a half to the whole by lot.

    The lot follows from the seed and the message, so that many that failed together do not come back together.
    """
    whole = min(longest, first * 2.0 ** min(attempt - 1, 40))
    digest = hashlib.sha256(f"{seed}:{message_id}:{attempt}".encode()).digest()
    return whole * (0.5 + int.from_bytes(digest[:8]) / 2**65)


def asked_to_wait(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (a number or a date), bounded; null where it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:12])
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, IndexError, TypeError):
            return None
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_ASKED)
