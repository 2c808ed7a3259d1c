"""How well a score finds the households: figures of one candidate on one set of labelled rows.

Everything is unweighted: each household counts once. Ties in the score are shared out where a figure allows it
(AUC, average precision) and broken by a keyed hash where a list has to end somewhere (precision, recall).
"""

from math import ceil
from typing import Any, Final

import numpy as np
import polars as pl

from models.calibration import Bools, Floats, log_loss
from models.keyed import keyed_hash

TOP_SHARE: Final = 0.10
DIGITS: Final = 12
"""Figures are rounded to this many digits: the last bits of a float are no finding."""


def figures(rows: pl.DataFrame, *, key: bytes, list_length: int | None = None) -> dict[str, Any]:
    """``n, positives, base_rate, auc, average_precision, log_loss, brier, precision_at_10pct, recall_at_10pct``.

    ``rows``: ``household_id, label (Bool, not null), score, probability`` (Float64; higher is riskier). The top
    10 % are rounded up. With ``list_length`` also ``list_length, precision_at_list, recall_at_list, lift_at_list``.
    A figure that these rows cannot give (one class only, no rows) is None.
    """
    n, positives = rows.height, int(rows["label"].sum())
    base = positives / n if n else None
    given: dict[str, Any] = {"n": n, "positives": positives, "base_rate": base}
    label = rows["label"].to_numpy()
    score, probability = rows["score"].to_numpy(), rows["probability"].to_numpy()
    two_classes = 0 < positives < n
    given["auc"] = auc(label, score) if two_classes else None
    given["average_precision"] = average_precision(label, score) if positives else None
    given["log_loss"] = log_loss(label, probability) if n else None
    given["brier"] = float(np.mean((probability - label) ** 2)) if n else None
    ranked = label[np.lexsort((keyed_hash(rows["household_id"], key), -score))]
    given["precision_at_10pct"], given["recall_at_10pct"] = _at(ranked, ceil(TOP_SHARE * n), positives)
    if list_length is not None:
        precision, recall = _at(ranked, list_length, positives)
        given |= {"list_length": list_length, "precision_at_list": precision, "recall_at_list": recall}
        given["lift_at_list"] = precision / base if base and precision is not None else None
    return {name: round(value, DIGITS) if isinstance(value, float) else value for name, value in given.items()}


def with_subsets(rows: pl.DataFrame, *, key: bytes, list_length: int | None = None) -> dict[str, Any]:
    """The figures of everybody, and under ``entry`` (known not poor before) and ``unsupported`` of those alone."""
    return {
        **figures(rows, key=key, list_length=list_length),
        "entry": figures(rows.filter(pl.col("status") == "not_poor"), key=key, list_length=list_length),
        "unsupported": figures(
            rows.filter(pl.col("unsupported").fill_null(value=False)), key=key, list_length=list_length
        ),
    }


def auc(label: Bools, score: Floats) -> float:
    """The probability that a positive scores above a negative, a tie counting one half (needs both classes)."""
    hits, misses = _steps(label, score)
    above = np.concatenate([[0], np.cumsum(hits)[:-1]])
    won = np.sum(misses * (2 * above + hits), dtype=np.int64)
    return float(won) / (2.0 * float(hits.sum()) * float(misses.sum()))


def average_precision(label: Bools, score: Floats) -> float:
    """The precision at each distinct score, weighted by the positives found there (needs a positive)."""
    hits, misses = _steps(label, score)
    found, listed = np.cumsum(hits), np.cumsum(hits + misses)
    return float(np.sum(hits * (found / listed)) / found[-1])


def _steps(label: Bools, score: Floats) -> tuple[Any, Any]:
    """Positives and negatives at each distinct score, from the highest down."""
    distinct, where = np.unique(-score, return_inverse=True)
    hits = np.bincount(where, weights=label, minlength=len(distinct)).astype(np.int64)
    return hits, np.bincount(where, minlength=len(distinct)).astype(np.int64) - hits


def _at(ranked: Bools, length: int, positives: int) -> tuple[float | None, float | None]:
    listed = ranked[:length]
    if not len(listed):
        return None, None
    found = int(listed.sum())
    return found / len(listed), found / positives if positives else None
