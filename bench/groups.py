"""Fairness at as many households as the size has people, and a small part of the same job by fairlearn.

Ours: 4 groupings × 5 figures at each of two cuts and 5 of the whole order, 200 bootstrap samples. Fairlearn's: one
grouping × 3 figures at one cut, 5 samples, 100,000 households at most; what is compared is the time for one figure
of one grouping in one sample, a household.
"""

from typing import Any, Final

import numpy as np
import polars as pl

from models.fairness import cuts_of, fairness_of
from models.group_figures import AT_A_CUT, OF_ALL
from models.intervals import DRAWS

GROUPINGS: Final = {"sex": 2, "area": 2, "kind": 6, "trace": 4}
LISTED: Final = 0.004
OURS: Final = len(GROUPINGS) * (2 * len(AT_A_CUT) + len(OF_ALL)) * DRAWS
FAIRLEARN_DRAWS: Final = 5
FAIRLEARN_MOST: Final = 100_000
THEIRS: Final = 1 * 3 * FAIRLEARN_DRAWS


def rows_and_groups(count: int, seed: int = 1) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Invented tested rows and their groups."""
    rng = np.random.default_rng(seed)
    ids = pl.DataFrame({"household_id": pl.Series(range(count)).cast(pl.String).str.zfill(12)})
    score = np.round(rng.normal(-2.5, 1.3, count), 5)
    probability = 1 / (1 + np.exp(-score))
    rows = ids.with_columns(label=rng.random(count) < probability, score=score, probability=probability)
    named = {
        name: pl.Series([f"{name} {number}" for number in range(many)]).gather(rng.integers(0, many, count))
        for name, many in GROUPINGS.items()
    }
    return rows, ids.with_columns(**named, blank_share=rng.integers(0, 8, count) / 7)


def ours(rows: pl.DataFrame, groups: pl.DataFrame) -> dict[str, Any]:
    told = fairness_of(rows, groups, cuts_of(int(LISTED * rows.height)), seed=1, pairs=False)
    return {"households": rows.height, "figures": OURS, "groups": len(told["groups"])}


def by_fairlearn(rows: pl.DataFrame, groups: pl.DataFrame) -> dict[str, Any]:
    from fairlearn.metrics import MetricFrame, selection_rate
    from sklearn.metrics import precision_score, recall_score

    rows, groups = rows.head(FAIRLEARN_MOST), groups.head(FAIRLEARN_MOST)
    edge = rows["score"].sort(descending=True)[int(LISTED * rows.height) - 1]
    MetricFrame(
        metrics={"recall": recall_score, "precision": precision_score, "alert_rate": selection_rate},
        y_true=rows["label"].to_numpy(),
        y_pred=(rows["score"] >= edge).to_numpy(),
        sensitive_features=groups["sex"].to_numpy(),
        n_boot=FAIRLEARN_DRAWS,
        ci_quantiles=[0.025, 0.975],
        random_state=1,
    )
    return {"households": rows.height, "figures": THEIRS}
