"""Whether a probability means what it says: the reliability curve, Brier score, calibration error and log loss.

Ten bins of equal count by the predicted probability (equal probabilities stay together). The expected calibration
error (ECE) is the mean over households of the distance, in their bin, between what was predicted and what came to
pass. Intervals are of a seeded Poisson bootstrap of households (``models.intervals``).
"""

from collections.abc import Mapping, Sequence
from math import pi
from typing import Any, Final

import numpy as np
import polars as pl

from models.calibration import SMALLEST, Bools, Floats
from models.fairness import UNKNOWN
from models.group_figures import FEW
from models.intervals import DRAWS, WHOLE, Ints, bounds, cells_of, drawn, wilson

BINS: Final = 10
FEWEST: Final = 100
"""Households below which a part has insufficient evidence; it needs more than seven of either outcome as well."""
LARGEST_LOSS: Final = -float(np.log(SMALLEST))
"""The log loss of one household at the most: probabilities are held off 0 and 1."""
FIGURES: Final = ("brier", "ece", "log_loss")


class ReliabilityError(ValueError):
    """Rows that no figure can be made of; the message says what is wrong."""


def reliability_over(tested: pl.DataFrame, groups: pl.DataFrame | None, *, seed: int) -> dict[str, Any]:
    """The calibration of a model on every date that it was tested on, and by group on the newest.

    ``tested``: ``household_id, as_of, label, status, unsupported, probability``; ``groups``: as
    ``models.groupings`` makes them for the newest date, or None. Returns ``dates`` (oldest first), each with
    ``as_of, everybody, entry, unsupported``, and ``groups``: rows of ``by, group`` and what ``reliability`` tells.
    """
    known = tested.filter(pl.col("label").is_not_null())
    dates, days = [], known["as_of"].unique().sort().to_list()
    for day in days:
        rows = known.filter(pl.col("as_of") == day)
        parts = {
            "everybody": rows,
            "entry": rows.filter(pl.col("status") == "not_poor"),
            "unsupported": rows.filter(pl.col("unsupported").fill_null(value=False)),
        }
        told = {name: reliability(part, seed=seed, of=f"{day} {name}") for name, part in parts.items()}
        dates.append({"as_of": str(day), **told})
    if groups is None or not days:
        return {"dates": dates, "groups": []}
    return {"dates": dates, "groups": _by_group(known.filter(pl.col("as_of") == days[-1]), groups, seed)}


def reliability(rows: pl.DataFrame, *, seed: int, of: str = "", draws: int = DRAWS) -> dict[str, Any]:
    """``n, positives, enough, brier, ece, log_loss`` (each ``value, low, high``), ``ece_by_chance``, ``bins``.

    ``rows``: ``household_id`` (each once), ``label`` (Bool, not null), ``probability`` (0 to 1). Without enough
    households there are no figures (null) and no bins. ``ece_by_chance``: what the error of a probability without
    fault would be expected to be among so many. ``bins``: ``n, positives, predicted, observed, low, high`` (Wilson,
    95 %), neighbours put together until more than seven of either outcome are in each. ``of`` names what is drawn.

    Raises ReliabilityError for a household that occurs twice or a probability that is none.
    """
    n, positives = rows.height, int(rows["label"].sum() or 0)
    told: dict[str, Any] = {"n": n, "positives": positives, "enough": False}
    told |= {**dict.fromkeys((*FIGURES, "ece_by_chance")), "bins": []}
    if n < FEWEST or min(positives, n - positives) <= FEW:
        return told
    probability, label = rows["probability"].to_numpy(), rows["label"].to_numpy()
    _check(rows["household_id"], probability)
    bin_of = _bins(probability)
    cells = cells_of(bin_of, (BINS,), _losses(probability, label))
    samples = drawn(cells, seed=seed, of=f"reliability {of}", draws=draws)
    value, drawn_ = _figures(cells.count, cells.sums), _figures(samples.count, samples.sums)
    figures = {name: _interval(float(value[name]), drawn_[name]) for name in FIGURES}
    chance = _added(bin_of, probability * (1 - probability))
    by_chance = float(np.sqrt(2 / pi * chance).sum()) / n
    return told | figures | {"enough": True, "ece_by_chance": by_chance, "bins": _curve(probability, label, bin_of)}


def _by_group(rows: pl.DataFrame, groups: pl.DataFrame, seed: int) -> list[dict[str, Any]]:
    told = []
    for by in (name for name in groups.columns if name not in ("household_id", "blank_share")):
        of = groups.select("household_id", group=pl.col(by).fill_null(UNKNOWN))
        joined = rows.join(of, on="household_id", how="left").with_columns(pl.col("group").fill_null(UNKNOWN))
        for group in joined["group"].unique().sort():
            part = joined.filter(pl.col("group") == group)
            told.append({"by": by, "group": group, **reliability(part, seed=seed, of=f"{by} {group}")})
    return told


def _check(households: pl.Series, probability: Floats) -> None:
    if households.n_unique() != len(households):
        raise ReliabilityError("a household occurs twice: one date at a time")
    if not bool(np.all((probability >= 0) & (probability <= 1))):
        raise ReliabilityError("a probability lies outside 0 to 1, or is blank")


def _bins(probability: Floats) -> Ints:
    """The bin of each row, 0 to 9, by the middle of the places that its probability takes."""
    order = np.sort(probability)
    places = np.searchsorted(order, probability, "left") + np.searchsorted(order, probability, "right") - 1
    return np.asarray(BINS * places // (2 * len(order)), dtype=np.int64)


def _added(bin_of: Ints, values: Floats) -> Floats:
    """The sum of values from 0 to 1 in each bin, the same for any order of the rows."""
    return np.asarray(np.bincount(bin_of, weights=np.rint(values * WHOLE), minlength=BINS) / WHOLE)


def _losses(probability: Floats, label: Bools) -> dict[str, Floats]:
    """What is added up of each row, each from -1 to 1."""
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    gap = probability - label
    loss = -np.where(label, np.log(p), np.log1p(-p)) / LARGEST_LOSS
    return {"gap": gap, "brier": gap**2, "log_loss": np.minimum(loss, 1.0)}


def _figures(count: Floats, sums: Mapping[str, Floats]) -> dict[str, Floats]:
    """The figures from what the bins (the last axis) hold together."""
    n = np.maximum(count.sum(axis=-1), 1.0)
    return {
        "brier": np.asarray(sums["brier"].sum(axis=-1) / n),
        "ece": np.asarray(np.abs(sums["gap"]).sum(axis=-1) / n),
        "log_loss": np.asarray(sums["log_loss"].sum(axis=-1) / n * LARGEST_LOSS),
    }


def _interval(value: float, samples: Floats) -> dict[str, float]:
    """The percentiles of the samples, moved by what the samples lie off: chance adds to every bin's distance."""
    off = float(samples.mean()) - value
    low, high = (float(each) - off for each in bounds(samples))
    return {"value": value, "low": max(min(low, value), 0.0), "high": max(high, value)}


def _curve(probability: Floats, label: Bools, bin_of: Ints) -> list[dict[str, Any]]:
    count = np.bincount(bin_of, minlength=BINS)
    hits = np.bincount(bin_of, weights=label, minlength=BINS).astype(np.int64)
    predicted = _added(bin_of, probability)
    parts = _together([(int(n), int(k), float(p)) for n, k, p in zip(count, hits, predicted, strict=True) if n])
    return [{"n": n, "positives": k, "predicted": p / n, **_observed(k, n)} for n, k, p in parts]


def _together(bins: Sequence[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Neighbours put together, from the lowest up, until each holds more than seven of either outcome."""
    told: list[tuple[int, int, float]] = []
    open_ = (0, 0, 0.0)
    for each in bins:
        open_ = (open_[0] + each[0], open_[1] + each[1], open_[2] + each[2])
        if min(open_[1], open_[0] - open_[1]) > FEW:
            told.append(open_)
            open_ = (0, 0, 0.0)
    if open_[0] and told:
        last = told.pop()
        open_ = (open_[0] + last[0], open_[1] + last[1], open_[2] + last[2])
    return [*told, open_] if open_[0] else told


def _observed(hits: int, n: int) -> dict[str, float | None]:
    low, high = wilson(hits, n) or (None, None)
    return {"observed": hits / n, "low": low, "high": high}
