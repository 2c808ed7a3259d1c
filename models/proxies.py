"""The proxy audit: how much the columns give away of what no model may know, and what the neighbourhood adds.

A column that tells a group can carry it into the score by another name; medians of neighbours can redline a street.
So small trees guess each protected group from the modelled columns, and the model is grown anew without the columns
of the neighbourhood. Nothing here serves: only orders are compared.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl

from features.feature import Feature
from models.calibration import sigmoid
from models.evaluate import auc
from models.fairness import POOL, fairness_of
from models.group_figures import Figure
from models.keyed import key_of, keyed_hash
from models.risk import matrix
from models.training import Settings, grow, out_of_fold, predict, require_enough

PROTECTED: Final = {"head_sex": "female", "head_minority": "minority", "is_migrant": "migrant"}
"""The groups that the columns must not stand in for: grouping and group. Records hold no place of hukou: migrants
stand for it."""
NEIGHBOURHOOD: Final = "neighbourhood"
"""The concept of the columns that come from the other households of the region."""
SMALL: Final = Settings(rounds=150, learning_rate=0.06, feature_fraction=0.5, folds=3)
"""Trees of the audit: enough to find a proxy, and soon done."""
MOST_ROWS: Final = 20_000
FEWEST: Final = 50
"""Households that a group and its others must have each, or the audit says that there are too few."""
NORMAL: Final = 1.959964


def proxies_of(
    columns: pl.DataFrame, groups: pl.DataFrame, features: Sequence[Feature], *, seed: int, threads: int = 1
) -> list[dict[str, Any]]:
    """How well the modelled columns tell each protected group: ``by, group, n, auc``.

    ``columns``: ``household_id`` and the features of one day; ``groups``: of ``groupings`` of that day. ``n``:
    households of which it is known (20,000 at most, by keyed hash). ``auc`` (``value, low, high``): 0.5 = nothing
    given away, 1 = everything; of trees that have not seen the household, its interval by Hanley and McNeil (1982);
    None where the group or its others are under 50 households, or the grouping is not there.
    """
    used = [replace(feature, direction=0) for feature in features]
    told, seen = [], columns.select("household_id", *(feature.name for feature in used))
    for by, group in PROTECTED.items():
        rows = _labelled(seen, groups, by, group, seed) if by in groups.columns else pl.DataFrame()
        row: dict[str, Any] = {"by": by, "group": group, "n": rows.height, "auc": None}
        yes = int(rows["label"].sum()) if rows.height else 0
        if min(yes, rows.height - yes) >= FEWEST:
            raw = out_of_fold(rows, used, seed=seed, threads=threads, settings=SMALL)
            row["auc"] = with_interval(auc(rows["label"].to_numpy(), raw), yes, rows.height - yes)
        told.append(row)
    return told


def ablation(
    learnt: pl.DataFrame,
    test: pl.DataFrame,
    features: Sequence[Feature],
    groups: pl.DataFrame,
    *,
    seed: int,
    threads: int = 1,
    pool: float = POOL,
) -> dict[str, Any]:
    """What changes where the model is grown without the columns of the neighbourhood.

    ``learnt`` and ``test``: examples with a label, of different dates (or households), both classes in each.
    ``groups``: of the test's day. Returns ``columns`` (those left out), ``auc`` (``with`` and ``without`` them) and
    ``groups``: ``by, group`` and the recall in the pool ``with`` and ``without`` (figures of ``fairness_of``).
    Raises ``TooLittleToLearnError``.
    """
    require_enough(learnt)
    left_out = [feature.name for feature in features if feature.concept == NEIGHBOURHOOD]
    both: dict[str, dict[str, Any]] = {}
    for which, used in (
        ("with", list(features)),
        ("without", [feature for feature in features if feature.name not in left_out]),
    ):
        names = [feature.name for feature in used]
        label = learnt["label"].to_numpy()
        text = grow(matrix(learnt, names), label, used, seed=seed, threads=threads, settings=SMALL)
        raw = predict(text, matrix(test, names), threads)
        rows = test.select("household_id", "label").with_columns(
            score=pl.Series(raw), probability=pl.Series(sigmoid(raw))
        )
        both[which] = {
            "auc": auc(test["label"].to_numpy(), raw),
            "groups": fairness_of(rows, groups, {"pool": pool}, seed=seed, pairs=False)["groups"],
        }
    told = []
    for one, other in zip(both["with"]["groups"], both["without"]["groups"], strict=True):
        recalls = {"with": one["at"]["pool"]["recall"], "without": other["at"]["pool"]["recall"]}
        told.append({"by": one["by"], "group": one["group"], "recall": recalls})
    return {"columns": left_out, "auc": {which: each["auc"] for which, each in both.items()}, "groups": told}


def with_interval(area: float, yes: int, no: int) -> Figure:
    """An AUC with its 95 % interval: the standard error of Hanley and McNeil (1982)."""
    above, below = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (yes - 1) * (above - area**2) + (no - 1) * (below - area**2)
    half = NORMAL * float(np.sqrt(max(variance, 0.0) / (yes * no)))
    return {"value": area, "low": max(area - half, 0.0), "high": min(area + half, 1.0)}


def _labelled(columns: pl.DataFrame, groups: pl.DataFrame, by: str, group: str, seed: int) -> pl.DataFrame:
    """The households of which the grouping is known, as examples of being in the group."""
    known = groups.filter(pl.col(by).is_not_null()).select("household_id", label=pl.col(by) == group)
    rows = columns.join(known, on="household_id").sort("household_id")
    rows = rows.with_columns(fold_group=pl.col("household_id"))
    if rows.height <= MOST_ROWS:
        return rows
    drawn = pl.Series(keyed_hash(rows["household_id"], key_of(seed) + b"proxy"))
    return rows.filter(drawn <= drawn.sort()[MOST_ROWS - 1])
