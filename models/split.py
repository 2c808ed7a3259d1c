"""Which rows train, which calibrate, which test: by date, and a label only once it was known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from models.keyed import keyed_hash

Ints = npt.NDArray[np.int64]

EXAMPLE_COLUMNS: Final = {
    "household_id": pl.String,
    "as_of": pl.Date,
    "fold_group": pl.String,
    "label": pl.Boolean,
    "label_from": pl.Date,
    "label_known_on": pl.Date,
    "weight": pl.Float64,
    "status": pl.String,
    "unsupported": pl.Boolean,
}
"""What an example carries besides its feature columns (Float64)."""


class ExamplesError(ValueError):
    """A table of examples of the wrong shape; the message names the columns."""


def examples_of(
    columns: pl.DataFrame,
    labels: pl.DataFrame,
    statuses: pl.DataFrame,
    groups: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """The examples of one as-of date, sorted by household.

    ``columns``: ``household_id, weight`` and the features; ``labels``: ``household_id, label, label_from,
    label_known_on, fold_group``; ``statuses``: ``household_id, status`` (unknown where missing); ``groups``:
    ``household_id, unsupported``. A household without a row of labels has a null label and is its own fold group.
    """
    told = labels.select("household_id", "label", "label_from", "label_known_on", "fold_group")
    return (
        columns.join(told, on="household_id", how="left")
        .join(statuses.select("household_id", "status"), on="household_id", how="left")
        .join(groups.select("household_id", "unsupported"), on="household_id", how="left")
        .with_columns(
            pl.lit(as_of).alias("as_of"),
            pl.col("status").fill_null("unknown"),
            pl.col("fold_group").fill_null(pl.col("household_id")),
        )
        .sort("household_id")
    )


def checked(examples: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The examples sorted by date and household; raises ``ExamplesError`` where a column is missing or mistyped."""
    wanted = {**EXAMPLE_COLUMNS, **dict.fromkeys(names, pl.Float64)}
    missing = [name for name in wanted if name not in examples.columns]
    if missing:
        raise ExamplesError(f"examples lack the column(s) {', '.join(missing)}")
    wrong = [
        f"{name} ({examples.schema[name]} instead of {dtype})"
        for name, dtype in wanted.items()
        if examples.schema[name] != dtype
    ]
    if wrong:
        raise ExamplesError(f"examples have columns of another type: {', '.join(wrong)}")
    if examples.select("household_id", "as_of").is_duplicated().any():
        raise ExamplesError("examples hold a household more than once for one as-of date")
    return examples.select(*wanted).sort("as_of", "household_id")


@dataclass(frozen=True)
class Split:
    """As-of dates by use; ``calibration`` is None where the training rows' households calibrate out of fold."""

    train: tuple[date, ...]
    calibration: date | None
    test: date


def matured(examples: pl.DataFrame, by: date) -> pl.DataFrame:
    """The rows of earlier dates whose label was known by a date: nothing else may be learnt from on it."""
    return examples.filter(
        (pl.col("as_of") < by) & (pl.col("label_known_on") <= by) & pl.col("label").is_not_null()
    )


def temporal_splits(examples: pl.DataFrame, fewest: int = 20, most: int = 1) -> tuple[Split, ...]:
    """The splits that test on the newest dates, at most ``most`` of them, the oldest test first.

    Each tests on one date with labels, calibrates on the newest date matured by then, and trains on older ones. The
    embargo is that of ``matured``: a label used in training was known on the calibration date, one used in
    calibration was known on the test date. A date counts with at least ``fewest`` rows of each class. None of them
    where no date has matured before another.
    """
    labelled = examples.filter(pl.col("label").is_not_null())
    found: list[Split] = []
    for test in reversed(_dates(labelled, fewest)):
        ready = _dates(matured(labelled, test), fewest)
        if not ready or len(found) == most:
            continue
        before = _dates(matured(labelled, ready[-1]), fewest)
        found.append(Split(before, ready[-1], test) if before else Split(ready, None, test))
    return tuple(reversed(found))


def rows_of(examples: pl.DataFrame, split: Split) -> tuple[pl.DataFrame, pl.DataFrame | None, pl.DataFrame]:
    """Training, calibration (or None) and test rows of a split, all with a label, under the embargo."""
    labelled = examples.filter(pl.col("label").is_not_null())
    nearer = split.test if split.calibration is None else split.calibration
    train = matured(labelled.filter(pl.col("as_of").is_in(split.train)), nearer)
    test = labelled.filter(pl.col("as_of") == split.test)
    if split.calibration is None:
        return train, None, test
    return train, matured(labelled.filter(pl.col("as_of") == split.calibration), split.test), test


def folds_of(groups: pl.Series, folds: int, key: bytes) -> Ints:
    """The fold of each row, 0 to folds - 1, by the keyed hash of its group: a household or dwelling is in one."""
    unique = groups.unique().sort()
    fold = pl.Series("fold", (keyed_hash(unique, key) % np.uint64(folds)).astype(np.int64))
    return groups.replace_strict(unique, fold, return_dtype=pl.Int64).to_numpy()


def _dates(labelled: pl.DataFrame, fewest: int) -> tuple[date, ...]:
    """The dates with at least ``fewest`` rows of each class."""
    counted = labelled.group_by("as_of").agg(yes=pl.col("label").sum(), no=(~pl.col("label")).sum())
    return tuple(counted.filter((pl.col("yes") >= fewest) & (pl.col("no") >= fewest))["as_of"].sort())
