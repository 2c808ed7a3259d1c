"""Drift: whether today's households still look like those that a model learnt from, by effect size.

Bins are frozen where the model is trained and kept with it. Values are compared by the population stability index
(PSI = Σ (p - q) ln(p / q) over the bins of the known values), shares of blanks by the standardized mean difference.
Neither grows with the number of rows, as a p-value does; what chance alone adds to an index ((bins - 1) × (1/n +
1/m), Yurdakul 2018) is taken off. Bands are the usual ones: under 0.1 small, to 0.25 notable, beyond it the model
is out of its depth.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from features.feature import Feature
from models.calibration import Floats

BINS: Final = 10
NOTABLE: Final = 0.1
OUT: Final = 0.25
FEWEST: Final = 200
"""Known values below which no index is told: chance alone would move it."""
AT_MOST: Final = 100_000
"""Rows that are looked at: of more, every so manieth (households are in the order of a keyed hash)."""
HALF: Final = 0.5
"""The part of a source's columns that must be out of depth for the source to be."""

Band = Literal["small", "notable", "out", "unknown"]


def reference_of(
    columns: pl.DataFrame,
    scores: Floats,
    features: Sequence[Feature],
    importance: Mapping[str, float] | None = None,
    outcomes: pl.Series | None = None,
) -> dict[str, Any]:
    """What a model was made from, as JSON values: bins, their shares, blanks, of each column and of its scores.

    ``columns``: the training rows; ``scores``: log-odds of households that the model had not seen (any number);
    ``importance``: what each column moves (any scale, default: all alike); ``outcomes``: their labels (Bool).
    """
    rows = _thinned(columns)
    weights = importance or {}
    whole = sum(weights.get(each.name, 0.0) for each in features) if weights else float(len(features))
    return {
        "rows": columns.height,
        "score": _frozen(np.asarray(scores, dtype=np.float64)),
        "outcome": None if outcomes is None else _share(outcomes),
        "features": {
            each.name: {
                **_frozen(rows[each.name].drop_nulls().cast(pl.Float64).to_numpy()),
                "blank": rows[each.name].null_count() / max(rows.height, 1),
                "weight": (weights.get(each.name, 0.0) if weights else 1.0) / whole if whole else 0.0,
                "sources": list(each.sources),
            }
            for each in features
        },
    }


def drift_of(
    reference: Mapping[str, Any], columns: pl.DataFrame, scores: Floats, outcomes: pl.Series | None = None
) -> dict[str, Any]:
    """How far today's ``columns`` and ``scores`` (raw log-odds) are from the reference, as JSON values.

    ``score``: ``psi, band``. ``features``: per column ``psi`` (null: too few values), ``blank`` and ``was_blank``,
    ``blank_difference`` (standardized), ``band`` (of the greater of the two), ``weight``; the farthest first.
    ``out`` and ``notable``: the weighted share of columns in that band. ``sources``: per source its columns, how
    many are out and no worse source explains it, ``band`` (out where that is half of them); the worst first.
    ``outcome``: the share of yes now and then with the standardized difference, or null. Raises ``ValueError`` for
    a column that is not there.
    """
    missing = [name for name in reference["features"] if name not in columns.columns]
    if missing:
        raise ValueError(f"columns that the model was made with are missing: {', '.join(missing)}")
    rows = _thinned(columns)
    features = [_feature(name, was, rows[name]) for name, was in reference["features"].items()]
    psi = _psi(reference["score"], np.asarray(scores, dtype=np.float64))
    return {
        "rows": columns.height,
        "score": {"psi": psi, "band": _band(psi)},
        "out": sum(each["weight"] for each in features if each["band"] == "out"),
        "notable": sum(each["weight"] for each in features if each["band"] == "notable"),
        "features": sorted(features, key=lambda each: (-(each["effect"] or 0.0), each["name"])),
        "sources": _sources(features),
        "outcome": _outcome(reference.get("outcome"), outcomes),
    }


def _thinned(columns: pl.DataFrame) -> pl.DataFrame:
    step = -(-columns.height // AT_MOST)
    return columns if step <= 1 else columns.gather_every(step)


def _frozen(values: Floats) -> dict[str, Any]:
    """Cuts at the deciles (ties are one cut), the share of values up to each and beyond the last, how many."""
    if not len(values):
        return {"cuts": [], "shares": [1.0], "known": 0}
    deciles = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf")
    cuts = np.unique(deciles)
    if len(cuts) > 1 or cuts[0] < values.max():
        cuts = cuts[cuts < values.max()]
    counts = np.bincount(np.searchsorted(cuts, values, side="left"), minlength=len(cuts) + 1)
    shares = counts / len(values)
    return {"cuts": cuts.tolist(), "shares": shares.tolist(), "known": len(values)}


def _psi(was: Mapping[str, Any], values: Floats) -> float | None:
    """The index over the frozen bins, less what chance adds; null where too few values are known on one side."""
    n, m = len(values), int(was["known"])
    if min(n, m) < FEWEST:
        return None
    bins = len(was["shares"])
    counts = np.bincount(np.searchsorted(was["cuts"], values, side="left"), minlength=bins)
    now, then = (counts + 0.5) / (n + bins / 2), (np.array(was["shares"]) * m + 0.5) / (m + bins / 2)
    index = float(((now - then) * np.log(now / then)).sum())
    return max(index - (bins - 1) * (1 / n + 1 / m), 0.0)


def _difference(now: float, was: float) -> float:
    """The standardized mean difference of two shares; where both are certain, the spread of a tenth of a half."""
    spread = sqrt((now * (1 - now) + was * (1 - was)) / 2)
    return (now - was) / max(spread, 0.05)


def _band(effect: float | None) -> Band:
    if effect is None:
        return "unknown"
    return "small" if effect < NOTABLE else "notable" if effect <= OUT else "out"


def _feature(name: str, was: Mapping[str, Any], column: pl.Series) -> dict[str, Any]:
    blank = column.null_count() / max(len(column), 1)
    psi = _psi(was, column.drop_nulls().cast(pl.Float64).to_numpy())
    difference = _difference(blank, was["blank"]) if len(column) >= FEWEST else None
    effects = [each for each in (psi, None if difference is None else abs(difference)) if each is not None]
    effect = max(effects, default=None)
    return {
        "name": name,
        "psi": psi,
        "blank": blank,
        "was_blank": was["blank"],
        "blank_difference": difference,
        "effect": effect,
        "band": _band(effect),
        "weight": was["weight"],
        "sources": was["sources"],
    }


def _sources(features: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sources, those first that explain most of what is out: a column of two sources is explained once."""
    columns = {
        name: [each for each in features if name in each["sources"]]
        for name in sorted({source for each in features for source in each["sources"]})
    }
    told: list[dict[str, Any]] = []
    explained: set[str] = set()
    while columns:
        rows = [_source(name, mine, explained) for name, mine in columns.items()]
        worst = min(rows, key=lambda row: (-row["out"] / row["columns"], -row["out"], -row["notable"], row["name"]))
        if worst["band"] == "out":
            explained |= {each["name"] for each in columns[worst["name"]]}
        told.append(worst)
        del columns[worst["name"]]
    return told


def _source(name: str, mine: Sequence[Mapping[str, Any]], explained: set[str]) -> dict[str, Any]:
    left = [each for each in mine if each["name"] not in explained]
    out, notable = (sum(each["band"] == band for each in left) for band in ("out", "notable"))
    enough = HALF * len(mine)
    band: Band = "out" if out and out >= enough else "notable" if left and out + notable >= enough else "small"
    return {"name": name, "columns": len(mine), "out": out, "notable": notable, "band": band}


def _share(outcomes: pl.Series) -> dict[str, Any] | None:
    known = outcomes.drop_nulls().cast(pl.Float64)
    return {"share": float(known.sum()) / len(known), "known": len(known)} if len(known) else None


def _outcome(was: Mapping[str, Any] | None, outcomes: pl.Series | None) -> dict[str, Any] | None:
    now = None if outcomes is None else _share(outcomes)
    if was is None or now is None:
        return None
    difference = _difference(now["share"], was["share"])
    enough = min(now["known"], was["known"]) >= FEWEST
    band = _band(abs(difference) if enough else None)
    return {"share": now["share"], "was": was["share"], "difference": difference, "band": band}
