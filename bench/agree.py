"""Whether two tables of columns hold the same values, before and after one is measured against the other."""

import numpy as np
import pandas as pd
import polars as pl

from features.catalog import FEATURES


def differences(ours: pl.DataFrame, theirs: pd.DataFrame) -> dict[str, int]:
    """Households per column of which the values differ (beyond 1e-9, or known to one only); columns without any are
    left out.

    Raises ValueError where the households are not the same ones in the same order, or a column is missing.
    """
    if ours["household_id"].to_list() != theirs["household_id"].to_list():
        raise ValueError("the two tables are not of the same households")
    missing = [item.name for item in FEATURES if item.name not in theirs.columns]
    if missing:
        raise ValueError(f"the pandas version lacks {', '.join(missing)}")
    counts = {item.name: _differing(ours[item.name], theirs[item.name]) for item in FEATURES}
    return {name: count for name, count in counts.items() if count}


def _differing(ours: pl.Series, theirs: pd.Series) -> int:
    mine, other = ours.to_numpy(), theirs.to_numpy(dtype=float)
    return int((~np.isclose(mine, other, rtol=1e-9, atol=1e-9, equal_nan=True)).sum())
