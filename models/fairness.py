"""Whom the order of a model serves, group by group: figures with intervals, and whether a model is held back.

The groups are of ``features.groups``; none of them is a feature. A household without an outcome counts in the alert
rate, the place and the blanks, and in nothing else: an outcome that nobody knows is no good news.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil
from typing import Any, Final

import numpy as np
import polars as pl

from models.calibration import Floats
from models.group_figures import (
    AT_A_CUT,
    FEW,
    OF_ALL,
    OPEN,
    YES,
    Measured,
    enough,
    figures_of_all,
    hidden,
    shares_at,
)
from models.intervals import DRAWS, Ints, cells_of, drawn
from models.keyed import key_of, keyed_hash

UNKNOWN: Final = "unknown"
"""The group of those of whom the grouping is not recorded."""
POOL: Final = 0.05
LEAST_RATIO: Final = 0.8
"""A group's recall over everybody's, at least (four fifths)."""
FEWEST_EXPECTED: Final = 5.0
"""So many of a group must be expected on the list at that ratio before it says anything."""

Cuts = Mapping[str, int | float]
"""Where a list ends, by name: a whole number of households, or a share of everybody (rounded up)."""


class FairnessError(ValueError):
    """Rows that no order can be made of; the message says which column and what is wrong."""


def cuts_of(list_length: int, *, pool: float = POOL, more: Cuts | None = None) -> dict[str, int | float]:
    """The two cuts of the gate, ``list`` (whom the caseworkers can visit) and ``pool``, and any others."""
    return {"list": list_length, "pool": pool, **(more or {})}


def fairness_of(
    rows: pl.DataFrame,
    groups: pl.DataFrame,
    cuts: Cuts,
    *,
    seed: int,
    draws: int = DRAWS,
    pairs: bool = True,
) -> dict[str, Any]:
    """The figures of everybody, of each group of each grouping, and of each intersection of two groupings.

    ``rows``: one per household: ``household_id``, ``label`` (Bool, null = not known), ``score`` (higher is listed
    first), ``probability``. ``groups``: ``household_id``, one text column per grouping (null and households without
    a row: the group ``unknown``), and ``blank_share`` (0..1, null = all blank) where it is known.

    Returns ``n, positives, unknown`` (without an outcome), ``cuts`` (name → households), and ``groups``, a row per
    group with ``by`` and ``group`` (lists of one name or two; ``everybody`` first), ``n, positives``, and

    - ``at``: per cut ``recall``; ``ratio`` of it to everybody's; ``precision``; ``alert_rate`` (share listed);
      ``false_omission_rate`` (share of the outcome among those not listed); ``verdict`` (``verdict_of``);
    - ``mean_rank`` (place by score, 0 = lowest, 1 = highest, ties share theirs), ``missing_rate`` (mean blank
      share), ``calibration`` (mean probability minus rate), ``gap_if_true`` and ``gap_if_false`` (mean probability
      minus everybody's, among those with and without the outcome: the gap at equal outcome).

    Each figure is ``value, low, high``: the 95 % interval of ``draws`` bootstrap samples of households, the list
    held as it is; a share of nothing or of everything has the exact bound instead, for a bootstrap cannot tell it.
    None where there is nothing to divide by, or where the households that a figure rests on, or of a share those
    counted, are seven or fewer. Ties at the end of a list are broken by a keyed hash. Same rows and seed, same
    figures, in any order of rows and for any number of threads.
    """
    _check(rows)
    lengths = {
        name: min(rows.height, cut if isinstance(cut, int) else ceil(cut * rows.height))
        for name, cut in sorted(cuts.items(), key=lambda each: each[0])
    }
    ordered = dict(sorted(lengths.items(), key=lambda each: each[1]))
    names = [name for name in groups.columns if name not in ("household_id", "blank_share")]
    told: dict[str, Any] = {
        "n": rows.height,
        "positives": int(rows["label"].sum() or 0),
        "unknown": rows["label"].null_count(),
        "cuts": lengths,
        "groups": [],
    }
    if not rows.height:
        return told
    frame = rows.select("household_id").join(groups, on="household_id", how="left", maintain_order="left")
    score = rows["score"].to_numpy()
    level = _levels(score, rows["household_id"], list(ordered.values()), key_of(seed))
    label = rows["label"].cast(pl.Int64).fill_null(OPEN).to_numpy()
    base, shape = level * 3 + label, (len(ordered) + 1, 3)
    values = {"rank": _ranks(score), "probability": rows["probability"].to_numpy()}
    if "blank_share" in frame.columns and frame["blank_share"].null_count() < frame.height:
        values["blank"] = frame["blank_share"].fill_null(1.0).to_numpy()
    coded = {name: _coded(frame[name]) for name in names}
    wanted: list[tuple[str, ...]] = [(), *((name,) for name in names)]
    if pairs:
        wanted += list(combinations(names, 2))
    for by in wanted:
        group, called = _crossed([coded[name] for name in by], rows.height)
        cells = cells_of(group * (shape[0] * 3) + base, (len(called), *shape), values)
        sampled = drawn(cells, seed=seed, of="\n".join(by), draws=draws)
        told["groups"] += _rows(by, called, Measured(cells), Measured(sampled), list(ordered))
    return told


def verdict_of(ratio: Mapping[str, float] | None, expected: float) -> str:
    """``below``, ``pass`` or ``insufficient``: where the interval of a ratio of recalls lies against four fifths.

    ``expected``: the outcomes of the group that would be on the list at that ratio. Too few of them, or an interval
    with four fifths inside, say nothing.
    """
    if ratio is None or expected < FEWEST_EXPECTED:
        return "insufficient"
    if ratio["high"] < LEAST_RATIO:
        return "below"
    return "pass" if ratio["low"] >= LEAST_RATIO else "insufficient"


@dataclass(frozen=True)
class Order:
    """A group's codes and their names."""

    names: tuple[str, ...]
    codes: Ints


def _check(rows: pl.DataFrame) -> None:
    missing = [name for name in ("household_id", "label", "score", "probability") if name not in rows.columns]
    if missing:
        raise FairnessError(f"the tested rows lack {', '.join(missing)}")
    for name in ("score", "probability"):
        if rows[name].cast(pl.Float64).fill_null(float("nan")).is_finite().not_().any():
            raise FairnessError(f"the tested rows have blanks or infinite numbers in {name}")
    if rows["household_id"].is_duplicated().any():
        raise FairnessError("the tested rows hold a household more than once: give one as-of date at a time")


def _levels(score: Floats, ids: pl.Series, lengths: Sequence[int], key: bytes) -> Ints:
    """The first of the lists (shortest first) that each household is on; their number where it is on none."""
    level = np.full(len(score), len(lengths), dtype=np.int64)
    ordered = -np.sort(-score)
    for place in reversed(range(len(lengths))):
        length = lengths[place]
        if length == 0:
            continue
        edge = ordered[length - 1]
        above, tied = score > edge, np.flatnonzero(score == edge)
        free = length - int(above.sum())
        if free < len(tied):
            at_the_edge = ids.gather(tied)
            tied = tied[np.lexsort((at_the_edge.rank("ordinal").to_numpy(), keyed_hash(at_the_edge, key)))][:free]
        level[above] = place
        level[tied] = place
    return level


def _ranks(score: Floats) -> Floats:
    """The place of each by score, from 0 to 1, the mean one half."""
    _, where, many = np.unique(score, return_inverse=True, return_counts=True)
    return np.asarray(((np.cumsum(many) - many / 2) / len(score))[where])


def _coded(series: pl.Series) -> Order:
    filled = series.cast(pl.String).fill_null(UNKNOWN)
    names = filled.unique().sort()
    return Order(tuple(names), filled.cast(pl.Enum(names)).to_physical().cast(pl.Int64).to_numpy())


def _crossed(orders: Sequence[Order], height: int) -> tuple[Ints, list[tuple[str, ...]]]:
    """The code of each row among all groups of one grouping or two, and what each code is called."""
    called: list[tuple[str, ...]] = [()]
    if not orders:
        return np.zeros(height, dtype=np.int64), called
    if len(orders) == 1:
        return orders[0].codes, [(name,) for name in orders[0].names]
    first, second = orders
    called = [(one, other) for one in first.names for other in second.names]
    both: Ints = np.asarray(first.codes * len(second.names) + second.codes, dtype=np.int64)
    return both, called


def _rows(
    by: tuple[str, ...], called: Sequence[tuple[str, ...]], rows: Measured, samples: Measured, cuts: Sequence[str]
) -> list[dict[str, Any]]:
    """The told row of each group that has anybody in it."""
    n, positives = rows.n, rows.outcomes(YES)
    at: dict[str, dict[str, list[Any]]] = {}
    for place, cut in enumerate(cuts):
        found = {name: shares_at(rows, samples, name, place) for name in AT_A_CUT}
        expected = np.nan_to_num(LEAST_RATIO * rows.everybody.at("recall", place) * positives)
        at[cut] = {name: hidden(found[name], enough(rows, name, place)) for name in AT_A_CUT}
        at[cut]["verdict"] = [verdict_of(*each) for each in zip(found["ratio"], expected, strict=True)]
    of_all = {name: hidden(figures_of_all(rows, samples, name), enough(rows, name)) for name in OF_ALL}
    return [
        {
            "by": list(by),
            "group": list(group),
            "n": int(n[number]),
            "positives": int(positives[number]),
            "few": bool(n[number] <= FEW),
            "at": {cut: {name: each[number] for name, each in found.items()} for cut, found in at.items()},
        }
        | {name: found[number] for name, found in of_all.items()}
        for number, group in enumerate(called)
        if n[number]
    ]
