"""Leaks: knowledge of the outcome where only the past may be. Each check raises ``Leak`` and names the column.

The first net recomputes columns without the records known later. The second looks at the numbers: a column that
tells the label far better than it tells the past was made from the future, and so was one that is filled in, or
left empty, as the outcome goes.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from features.feature import Feature
from features.labels import LabelSpec
from features.sources import Sources
from models.calibration import Bools, Floats
from models.evaluate import auc
from models.split import Split

ALMOST_THE_LABEL: Final = 0.995
TELLS_TOO_MUCH: Final = 0.95
TELLS_MUCH: Final = 0.85
BETTER_THAN_THE_PAST: Final = 0.10
MUCH_BETTER_THAN_THE_PAST: Final = 0.20
BLANKS_TELL: Final = 0.75
BLANKS_BETTER_THAN_THE_PAST: Final = 0.15
PURE: Final = 0.98
JUDGED_ROWS: Final = 50_000
FEWEST: Final = 30
"""Nets over numbers need as many positives and negatives as this; smaller tables pass them unjudged."""


class LeakError(ValueError):
    """The outcome is known where it must not be; the message names the columns or dates."""


def check_hindsight(compute: Callable[[Sources], pl.DataFrame], sources: Sources, as_of: date) -> None:
    """Raise where a column changes when the records known after ``as_of`` are taken away.

    ``compute`` makes the columns of ``as_of`` (one row per ``household_id``) from sources.
    """
    past = Sources(
        {kind: frame.filter(pl.col("known_on") <= as_of) for kind, frame in sources.frames.items()}, sources.revised
    )
    full, cut = compute(sources).sort("household_id"), compute(past).sort("household_id")
    if not full["household_id"].equals(cut["household_id"]):
        raise LeakError(f"the households of {as_of} depend on records known later")
    changed = [name for name in full.columns if name not in cut.columns or not full[name].equals(cut[name])]
    if changed:
        raise LeakError(f"columns of {as_of} depend on records known later: {', '.join(changed)}")


def check_windows(examples: pl.DataFrame, spec: LabelSpec | None) -> None:
    """Raise where a label looks at days before its as-of date, or is known by then.

    A monthly label (``spec``) may begin with the month that begins on the as-of date; an event label (None) begins
    on the day after it. A ``same-period`` label looks back by definition and is checked by its columns instead.
    """
    if spec is not None and spec.kind == "same-period":
        return
    earliest = pl.col("as_of") if spec is not None else pl.col("as_of") + timedelta(days=1)
    labelled = examples.filter(pl.col("label").is_not_null())
    overlap = labelled.filter(pl.col("label_from").is_null() | (pl.col("label_from") < earliest))
    if overlap.height:
        raise LeakError(f"the label window overlaps the feature window as of {_dates(overlap)}")
    known = labelled.filter(pl.col("label_known_on").is_null() | (pl.col("label_known_on") <= pl.col("as_of")))
    if known.height:
        raise LeakError(
            f"labels are said to be known by their own as-of date, or on no date, as of {_dates(known)}"
        )


def check_embargo(rows: pl.DataFrame, before: date) -> None:
    """Raise where rows learnt from have a label that was not known by the next split's as-of date."""
    late = rows.filter(pl.col("label_known_on").is_null() | (pl.col("label_known_on") > before))
    if late.height:
        raise LeakError(
            f"{late.height} labels were not known by {before}, the next as-of date, as of {_dates(late)}"
        )
    same = rows.filter(pl.col("as_of") >= before)
    if same.height:
        raise LeakError(f"rows to learn from are not older than the next as-of date {before}")


def check_split(train: pl.DataFrame, calibration: pl.DataFrame | None, split: Split) -> None:
    """Check the embargo of both steps of a temporal split."""
    check_embargo(train, split.test if split.calibration is None else split.calibration)
    if calibration is not None:
        check_embargo(calibration, split.test)


def check_same_period(features: Sequence[Feature], spec: LabelSpec | None) -> None:
    """Raise where a ``same-period`` label is to be learnt from columns that read income."""
    if spec is None or spec.kind != "same-period":
        return
    reading = [feature.name for feature in features if "income" in feature.sources]
    if reading:
        raise LeakError(f"a same-period label bars every column that reads income: {', '.join(reading)}")


def check_values(examples: pl.DataFrame, names: Sequence[str], *, same_kind: bool) -> None:
    """Raise where a column's values tell the label implausibly well, alone and against the past status.

    ``same_kind``: the past status measures what the label measures (poverty), so that a column of the past cannot
    tell the label much better than the status.
    """
    labelled = _judged(examples)
    if labelled is None:
        return
    label, poor, known = _classes(labelled)
    caught = []
    for name in names:
        column = labelled[name]
        there = column.is_not_null().to_numpy()
        told = _skill(column, there, label)
        past = _skill(column, there & known, poor)
        gap = told - past
        too_good = told >= TELLS_TOO_MUCH and gap > BETTER_THAN_THE_PAST
        strange = same_kind and told >= TELLS_MUCH and gap > MUCH_BETTER_THAN_THE_PAST
        if told >= ALMOST_THE_LABEL or too_good or strange:
            caught.append(name)
    if caught:
        raise LeakError(f"columns tell the outcome better than the past can: {', '.join(caught)}")


def check_blanks(examples: pl.DataFrame, names: Sequence[str]) -> None:
    """Raise where a column is filled in, or left empty, as the outcome goes: a fact that is set after it."""
    labelled = _judged(examples)
    if labelled is None:
        return
    label, poor, known = _classes(labelled)
    caught = []
    for name in names:
        blank = labelled[name].is_null()
        if not blank.any() or blank.all():
            continue
        told = _skill(blank.cast(pl.Float64), np.ones(len(blank), dtype=bool), label)
        past = _skill(blank.cast(pl.Float64), known, poor)
        there = ~blank.to_numpy()
        follows = told >= BLANKS_TELL and told - past > BLANKS_BETTER_THAN_THE_PAST
        if follows or any(_pure(label[part], label.mean()) for part in (there, ~there)):
            caught.append(name)
    if caught:
        raise LeakError(f"columns are filled in after the outcome, or left empty: {', '.join(caught)}")


def _judged(examples: pl.DataFrame) -> pl.DataFrame | None:
    labelled = examples.filter(pl.col("label").is_not_null())
    labelled = labelled.gather_every(1 + labelled.height // JUDGED_ROWS)
    yes = int(labelled["label"].sum())
    return labelled if min(yes, labelled.height - yes) >= FEWEST else None


def _classes(labelled: pl.DataFrame) -> tuple[Bools, Bools, Bools]:
    """The label, whether the last status was poor, and whether it was known."""
    status = labelled["status"]
    return labelled["label"].to_numpy(), (status == "poor").to_numpy(), (status != "unknown").to_numpy()


def _skill(column: pl.Series, rows: Bools, label: Bools) -> float:
    """The AUC of the column for the label in either direction; one half where it cannot be told."""
    told = label[rows]
    if min(told.sum(), (~told).sum()) < FEWEST:
        return 0.5
    values: Floats = column.filter(pl.Series(rows)).to_numpy()
    one_way = auc(told, values)
    return max(one_way, 1 - one_way)


def _pure(label: Bools, base: float) -> bool:
    """Whether (nearly) all of these rows had the rarer outcome: no fact of the past is as sure as that."""
    if len(label) < FEWEST:
        return False
    rarer = label.mean() if base < 0.5 else 1 - label.mean()
    return bool(rarer >= PURE)


def _dates(rows: pl.DataFrame) -> str:
    return ", ".join(str(day) for day in rows["as_of"].unique().sort())
