"""A logistic regression on the columns that the trees have: what a careful statistician would try first."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from models.calibration import Bools, Floats, sigmoid
from models.keyed import keyed_hash
from models.risk import matrix

STRENGTH: Final = 0.02
"""Inverse strength of the ridge, on columns of unit spread: many of them say nearly the same."""

TAILS: Final = (1.0, 99.0)
MOST_ROWS: Final = 30_000
ITERATIONS: Final = 300


def logistic(train: pl.DataFrame, test: pl.DataFrame, names: Sequence[str], key: bytes) -> pl.DataFrame:
    """``household_id, score`` (log-odds), ``probability`` of the test rows, by a ridge logistic regression.

    Columns are cut at their 1st and 99th percentiles of the training rows, blanks stand at the median with a column
    of their own that says so, and all have unit spread. Of more than 30,000 training rows a sample by the keyed
    hash of the fold group is learnt from. One thread: the same bytes everywhere.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    rows = train
    if train.height > MOST_ROWS:
        drawn = pl.Series(keyed_hash(train["fold_group"], key + b"logistic"))
        rows = train.filter(drawn <= drawn.sort()[MOST_ROWS - 1])
    learnt, asked = matrix(rows, names), matrix(test, names)
    said = ~np.isnan(learnt).all(axis=0)
    learnt, asked = learnt[:, said], asked[:, said]
    label: Bools = rows["label"].to_numpy()
    with threadpool_limits(limits=1):
        shape = _Shape(learnt)
        model = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS, tol=1e-3)
        model.fit(shape.of(learnt), label)
        score = np.asarray(model.decision_function(shape.of(asked)), dtype=np.float64)
    return pl.DataFrame({"household_id": test["household_id"], "score": score, "probability": sigmoid(score)})


class _Shape:
    """How columns become numbers of unit spread, learnt on training rows."""

    def __init__(self, x: Floats) -> None:
        self.low, self.middle, self.high = np.nanpercentile(x, [TAILS[0], 50.0, TAILS[1]], axis=0)
        self.blank = np.isnan(x).any(axis=0)
        told = self._told(x)
        self.mean, spread = told.mean(axis=0), told.std(axis=0)
        self.spread = np.where(spread > 0, spread, 1.0)

    def of(self, x: Floats) -> Floats:
        shaped: Floats = (self._told(x) - self.mean) / self.spread
        return shaped

    def _told(self, x: Floats) -> Floats:
        blank = np.isnan(x)
        filled = np.clip(np.where(blank, self.middle, x), self.low, self.high)
        return np.hstack([filled, blank[:, self.blank].astype(np.float64)])
