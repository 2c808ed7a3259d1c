"""The records that many rules ask for, read once: claims and benefits of those who live in the bucket."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from features.windows import Roster, owned

CLAIM_DAYS: Final = 2 * 365
"""No rule asks for an older claim, but for the first one of a serious disease."""


@dataclass(frozen=True)
class Held:
    """``windows.owned`` records in memory.

    ``claims``: of the last two years, and all that name a serious disease. ``benefits``: every month on record,
    whatever its status.
    """

    claims: pl.LazyFrame
    benefits: pl.LazyFrame

    @property
    def paid(self) -> pl.LazyFrame:
        """The months in payment."""
        return self.benefits.filter(pl.col("status").cast(pl.String) == "in_payment")


def held_of(roster: Roster) -> Held:
    """Read the claims and benefits of a bucket; frames without rows where there is no such source."""
    day = roster.as_of
    recent = pl.col("event_date") > day - timedelta(days=CLAIM_DAYS)
    serious = pl.col("serious").fill_null(value=False)
    claims = owned(roster, "medical").filter((pl.col("event_date") <= day) & (recent | serious))
    frames = pl.collect_all([claims, owned(roster, "benefit")])
    return Held(*(frame.lazy() for frame in frames))
