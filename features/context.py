"""What a bucket of households cannot know by itself, made once before the buckets and passed in."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Context:
    """The reporting calendar and the local line.

    ``calendar`` has the columns ``kind, area, last_month``, the last month that a source has reported for an area,
    and ``first_month``, the first since its last break (``calendar.calendar_of``); without the latter there was no
    break. ``db_line`` is the monthly minimum-living line by area kind, in minor units; where a jurisdiction has
    none it is None, and the columns that need it are null.
    """

    calendar: pl.DataFrame
    db_line: Mapping[str, int] | None = None
