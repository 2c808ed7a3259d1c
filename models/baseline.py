"""What a model has to beat: the last known status, the income-only rule of today, the best single column, chance.

Each gives ``household_id, score, probability`` for the test rows; probabilities are learnt on training rows alone.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from models.calibration import Floats, fit_platt
from models.evaluate import auc
from models.keyed import keyed_hash

STATUSES: Final = ("poor", "unknown", "not_poor")
"""From the riskiest down. The order is fixed, so that rates learnt on different folds cannot rank a level against
itself."""


def last_status(train: pl.DataFrame, test: pl.DataFrame) -> pl.DataFrame:
    """Score: the level of the last status; probability: the rate of positives among training rows of that level.

    Poor, not poor and unknown are three levels. Rates are smoothed by one positive and one negative of the overall
    rate's weight, so that a level without training rows takes the overall rate.
    """
    overall = _rate(train)
    rates = dict.fromkeys(STATUSES, overall)
    for (status,), rows in train.group_by("status"):
        rates[str(status)] = (int(rows["label"].sum()) + 2 * overall) / (rows.height + 2)
    probability = test["status"].replace_strict(rates, default=overall, return_dtype=pl.Float64)
    levels = {status: float(len(STATUSES) - place) for place, status in enumerate(STATUSES)}
    score = test["status"].replace_strict(levels, default=levels["unknown"], return_dtype=pl.Float64)
    return _scored(test, score.to_numpy(), probability.to_numpy())


def income_rule(train: pl.DataFrame, test: pl.DataFrame, ratio: str) -> pl.DataFrame:
    """The lower the income against the line, the riskier: what a bureau can rank by today.

    ``ratio`` names the column of income over the line. Where it is null the rule knows nothing: the household
    stands at the median of the training rows. Probabilities are Platt's of the negative logarithm.
    """
    middle = train[ratio].median()
    middle = float(middle) if isinstance(middle, int | float) else 1.0

    def need(rows: pl.DataFrame) -> Floats:
        known: Floats = rows[ratio].fill_null(middle).clip(lower_bound=0.01).to_numpy()
        return -np.log(known)

    platt = fit_platt(need(train), train["label"].to_numpy())
    return _scored(test, need(test), platt.probability(need(test)))


def best_feature(train: pl.DataFrame, test: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The one column that alone ranks the training rows best by AUC, up or down, and the test rows ranked by it.

    A blank stands at the median of the training rows. Columns that say nothing there (all blank, one value) are
    passed over; a tie goes to the earlier name. Probabilities are Platt's of the place among the training values.
    """
    label = train["label"].to_numpy()
    best, sign, most = "", 1.0, -1.0
    for name in names:
        value = _filled(train, name, train)
        if value.min() == value.max():
            continue
        area = auc(label, value)
        if max(area, 1 - area) > most:
            best, sign, most = name, 1.0 if area >= 0.5 else -1.0, max(area, 1 - area)
    if not best:
        return _scored(test, np.zeros(test.height), np.full(test.height, _rate(train)))
    learnt, asked = sign * _filled(train, best, train), sign * _filled(test, best, train)
    ordered = np.sort(learnt)

    def place(value: Floats) -> Floats:
        return (np.searchsorted(ordered, value, "left") + np.searchsorted(ordered, value, "right")) / len(ordered)

    platt = fit_platt(place(learnt), label)
    return _scored(test, place(asked), platt.probability(place(asked)))


def _filled(rows: pl.DataFrame, name: str, train: pl.DataFrame) -> Floats:
    middle = train[name].median()
    filled: Floats = rows[name].fill_null(middle if isinstance(middle, int | float) else 0.0).to_numpy()
    return filled


def random(train: pl.DataFrame, test: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Chance: the keyed hash of the household as score, the overall rate as probability."""
    drawn = keyed_hash(test["household_id"], key + b"random").astype(np.float64)
    return _scored(test, drawn, np.full(test.height, _rate(train)))


def _rate(train: pl.DataFrame) -> float:
    return (int(train["label"].sum()) + 1) / (train.height + 2)


def _scored(
    test: pl.DataFrame,
    score: Floats,
    probability: Floats,
) -> pl.DataFrame:
    return pl.DataFrame({"household_id": test["household_id"], "score": score, "probability": probability})
