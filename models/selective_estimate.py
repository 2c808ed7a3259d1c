"""The estimate from visits by lot: weighted means within strata, intervals, bounds for those who did not answer."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
import polars as pl

from models.calibration import Floats
from models.intervals import Z

ENOUGH: Final = 30
"""Answers by lot below which nothing is told, and the number of them that an estimate must be worth (effective
sample size): NCHS data presentation standards for proportions (Vital and Health Statistics 2(175), 2017)."""
WIDEST: Final = 0.30
"""The width of an interval from which on it says too little to be told (the same standards)."""
MERGED: Final = 10
"""A stratum with fewer answers is joined to the others that have too few."""

INSUFFICIENT: Final = "insufficient"
SUFFICIENT: Final = "sufficient"


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float

    def of(self, count: float) -> dict[str, float]:
        """The same as a number of so many households."""
        return {name: each * count for name, each in vars(self).items()}


def interval(value: float, variance: float, n: int) -> Share:
    """The interval of Korn and Graubard (1998): Clopper and Pearson's with the number that the sample is worth.

    ``n``: how many answers; they are never worth more than that.
    """
    worth = float(n) if variance <= 0 or value in (0.0, 1.0) else min(value * (1 - value) / variance, float(n))
    x = worth * value
    from scipy.stats import beta  # takes a second to load: not for every command

    low = 0.0 if x <= 0 else float(beta.ppf(0.025, x, worth - x + 1))
    high = 1.0 if x >= worth else float(beta.ppf(0.975, x + 1, worth - x))
    return Share(value, low, high)


def estimate(rows: pl.DataFrame) -> dict[str, Any]:
    """What can be said of the households in ``rows`` (``models.selective.weighed`` with ``stratum``).

    ``evidence`` is ``insufficient`` where fewer than 30 drawn households answered or the interval is 0.30 wide or
    wider; every figure but counts and ``naive`` is null then. ``households``: how many there are on an average
    night; ``drawn`` and ``answered`` by lot; ``visited``: all with an answer. ``need``: the share in need, ``value,
    low, high`` (95 %); ``in_need`` the same in households. ``bounds``: the least and the most that it can be if
    nobody, or everybody, who did not answer is in need (``low`` and ``high`` with the sampling error, ``least`` and
    ``most`` without). ``found``: in need and found by lists, by the silent lane, by lot; ``recall``: the part of
    all need that the lists found, with its bounds; ``naive``: the share in need among all visited, as if they were
    a sample.
    """
    sides = {part: rows.filter(pl.col("part") == part) for part in ("lot", "list", "silent")}
    lots = sides["lot"]
    known = rows.filter(pl.col("need").is_not_null())
    found = {
        name: sides[part].filter(pl.col("need")).height
        for name, part in (("lists", "list"), ("silent", "silent"), ("lots", "lot"))
    }
    size = float(rows["stays"].sum()) + float(rows["after"].fill_null(0.0).sum())
    told: dict[str, Any] = {
        "evidence": INSUFFICIENT,
        "households": size,
        "drawn": lots.height,
        "answered": lots["need"].is_not_null().sum(),
        "visited": known.height,
        "found": found,
        "naive": _naive(known),
        **dict.fromkeys(("need", "in_need", "bounds", "recall")),
    }
    if told["answered"] < ENOUGH or not size:
        return told
    middle, least, most = (_total(rows, fill) for fill in (None, 0.0, 1.0))
    share = Share(*(each / size for each in vars(middle).values()))
    if share.high - share.low >= WIDEST:
        return told
    return told | {
        "evidence": SUFFICIENT,
        "need": vars(share),
        "in_need": vars(middle),
        "bounds": {
            "low": least.low / size,
            "least": least.value / size,
            "most": most.value / size,
            "high": most.high / size,
        },
        "recall": _recall(found["lists"], middle, least, most),
    }


def by_stratum(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per stratum of the pool and per way of being taken: households, drawn, answered, share in need."""
    told = []
    lots = rows.filter(pl.col("part") == "lot")
    for stratum in sorted(rows["stratum"].unique()):
        here = lots.filter(pl.col("stratum") == stratum)
        size = float(rows.filter(pl.col("stratum") == stratum)["stays"].sum())
        told.append(_row("pool", stratum, size, here, "weight"))
    for part in ("list", "silent", "lot"):
        here = rows.filter(pl.col("part") == part)
        told.append(_row(part, None, float(here.height), here, "ones"))
    return told


def _row(part: str, stratum: str | None, size: float, here: pl.DataFrame, weight: str) -> dict[str, Any]:
    known = here.with_columns(ones=pl.lit(1.0)).filter(pl.col("need").is_not_null())
    need, weights = known["need"].cast(pl.Float64).to_numpy(), known[weight].to_numpy()
    enough = known.height >= ENOUGH
    share = None
    if enough:
        value, variance = _mean(need, weights)
        share = interval(value, variance, known.height)
    return {
        "part": part,
        "stratum": stratum,
        "households": size,
        "visited": here.height,
        "answered": known.height,
        "evidence": SUFFICIENT if share is not None and share.high - share.low < WIDEST else INSUFFICIENT,
        "need": None if share is None or share.high - share.low >= WIDEST else vars(share),
    }


def _naive(known: pl.DataFrame) -> dict[str, float] | None:
    if not known.height:
        return None
    value = float(known["need"].cast(pl.Float64).mean())  # type: ignore[arg-type]
    return vars(interval(value, 0.0, known.height))


def _recall(found: int, middle: Share, least: Share, most: Share) -> dict[str, float] | None:
    """Found over all need; the more need there is, the smaller. Null where there is none."""
    if middle.value <= 0:
        return None

    def part(total: float) -> float:
        return min(found / total, 1.0) if total > 0 else 1.0

    return {
        "value": part(middle.value),
        "low": part(middle.high),
        "high": part(middle.low),
        "least": part(most.high),
        "most": part(least.low),
    }


def _total(rows: pl.DataFrame, fill: float | None) -> Share:
    """The households in need, with ``fill`` in the place of answers that were not given (None: weighted by
    those of the stratum who answered).

    The sampling error of the pool and that of the answers filled in for those taken are put together by the sums of
    their squares (Zou and Donner 2008).
    """
    filled = rows.with_columns(
        y=pl.col("need").cast(pl.Float64) if fill is None else pl.col("need").cast(pl.Float64).fill_null(fill)
    )
    pool = _pool(filled)
    certain, variance = 0.0, 0.0
    for part in ("lot", "list", "silent"):
        total, error = _taken(filled.filter(pl.col("part") == part), pool.value)
        certain, variance = certain + total, variance + error
    size = float(rows["stays"].sum())
    value = certain + size * pool.value
    below, above = size * (pool.value - pool.low), size * (pool.high - pool.value)
    return Share(
        value,
        max(value - sqrt(below**2 + Z**2 * variance), 0.0),
        value + sqrt(above**2 + Z**2 * variance),
    )


def _pool(filled: pl.DataFrame) -> Share:
    """The share in need in the pool: Hájek's mean in each stratum, by the households that are in it."""
    drawn = filled.filter(pl.col("part") == "lot", pl.col("y").is_not_null())
    to = _merged(filled, drawn)
    sizes = filled.with_columns(to=to).group_by("to").agg(pl.col("stays").sort().sum()).sort("to")
    drawn = drawn.with_columns(to=to)
    size, total, variance = float(sizes["stays"].sum()), 0.0, 0.0
    for stratum, households in sizes.iter_rows():
        here = drawn.filter(pl.col("to") == stratum)
        mean, error = _mean(here["y"].to_numpy(), here["weight"].to_numpy())
        total, variance = total + households * mean, variance + households**2 * error
    return interval(total / size, variance / size**2, drawn.height) if size else Share(0.0, 0.0, 0.0)


def _merged(rows: pl.DataFrame, known: pl.DataFrame) -> pl.Expr:
    """Each stratum, or "" for those that are put together because too few answered in them; all, if need be."""
    counts = dict.fromkeys(rows["stratum"].unique().to_list(), 0)
    counts |= dict(known.group_by("stratum").len().iter_rows())
    small = {stratum for stratum, count in counts.items() if count < MERGED}
    if small and sum(counts[stratum] for stratum in small) < MERGED:
        small = set(counts)
    to = {stratum: "" if stratum in small else stratum for stratum in counts}
    return pl.col("stratum").replace_strict(to, return_dtype=pl.String)


def _mean(y: Floats, weight: Floats) -> tuple[float, float]:
    """Hájek's weighted mean and its linearised variance, as if drawn with replacement (a little too wide)."""
    n, whole = len(y), float(weight.sum())
    mean = float((weight * y).sum()) / whole
    if n < 2:
        return mean, mean * (1 - mean)
    return mean, float(np.square(weight * (y - mean)).sum()) / whole**2 * n / (n - 1)


def _taken(part: pl.DataFrame, otherwise: float) -> tuple[float, float]:
    """Need among households taken in one way, each for the part of the year since, and the variance of it.

    Who did not answer is taken to be like those of the stratum who did (``otherwise``: the pool's share where
    nobody did).
    """
    known, blank = part.filter(pl.col("y").is_not_null()), part.filter(pl.col("y").is_null())
    total, variance = float((known["y"] * known["after"]).sum()), 0.0
    if not blank.height:
        return total, variance
    to = _merged(part, known)
    known, blank = known.with_columns(to=to), blank.with_columns(to=to)
    for stratum in sorted(blank["to"].unique()):
        missing = blank.filter(pl.col("to") == stratum)["after"].to_numpy()
        like = known.filter(pl.col("to") == stratum, pl.col("after") > 0)
        mean, error = otherwise, otherwise * (1 - otherwise)
        if like.height:
            mean, error = _mean(like["y"].to_numpy(), like["after"].to_numpy())
        total += float(missing.sum()) * mean
        variance += float(missing.sum()) ** 2 * error + float(np.square(missing).sum()) * mean * (1 - mean)
    return total, variance
