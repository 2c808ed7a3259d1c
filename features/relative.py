"""Income against the contemporary median: what the columns that say so are declared with and made from."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import ratio

INCOME: Final = ("income", "household", "member")
LOW: Final = -1
HIGH: Final = 20

relative = partial(feature, sources=INCOME, concept="income_level", unit="ratio", low=LOW, high=HIGH)


def to_median(column: str, median: str | None = None) -> pl.Expr:
    """A column over its person-weighted median of the area kind (or that of another column), -1 to 20."""
    return ratio(pl.col(column), pl.col(f"_median_{median or column}"), LOW, HIGH)
