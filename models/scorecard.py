"""The scorecard: what the first households of each way of choosing give, at lists of a few in a thousand.

On a synthetic county everybody's outcome is known, so that every way can be asked the same question: of the few who
can be visited, how many are in need, how many times chance is that, and who is left out.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final

import numpy as np
import polars as pl

from models.calibration import Bools
from models.intervals import wilson
from models.keyed import keyed_hash

SHARES: Final = (0.001, 0.004, 0.01)
"""Lists as shares of the households that could be on them."""
FEWEST: Final = 8
"""Fewer households are told of nobody: a group of seven or fewer has no figures."""
TIE: Final = "_tie"

SUBSETS: Final[Mapping[str, pl.Expr]] = {
    "unsupported": pl.col("unsupported").fill_null(value=False),
    "entry": pl.col("status") == "not_poor",
    "everybody": pl.lit(value=True),
}
"""The headline first: whom nobody supports yet, who was not poor before, and everybody beside them."""


class ScorecardError(ValueError):
    """Rows of which no scorecard can be made; the message says why."""


def scorecard(
    rows: pl.DataFrame,
    ways: Sequence[str],
    *,
    key: bytes,
    groups: Sequence[str] = (),
    shares: Sequence[float] = SHARES,
) -> list[dict[str, Any]]:
    """One row per as-of date, subset, group, share and way of choosing, in that order; dates are never averaged.

    ``rows``: ``household_id, as_of, status, unsupported``, ``label`` (Bool; rows without one are left out), a
    column of scores per way (Float64, higher is visited sooner, null last) and optionally ``need`` (Bool: in need
    by the truth), ``soon`` (Bool: sudden hardship within 30 days) and columns of ``groups``.

    Each row tells ``n, k`` (the share of n, rounded up), ``found``, ``lift`` (precision over the base rate) and,
    with a 95 % Wilson interval each, ``precision`` (of the k listed, those whose label is true), ``recall``,
    ``exclusion`` (1 - recall: who is left out at the same budget), ``verified_per_visit`` (in need among the
    visited: the only labels that a visiting process reveals) and ``recall_soon``. A figure that the rows cannot
    give is None; groups of seven households or fewer are left out. Ties are broken by a keyed hash.
    """
    missing = [name for name in ("household_id", "as_of", "status", "unsupported", "label") if name not in rows]
    missing += [name for name in (*ways, *groups) if name not in rows]
    if missing:
        raise ScorecardError(f"the rows lack the column(s) {', '.join(missing)}")
    told: list[dict[str, Any]] = []
    for (day,), here in (
        rows.filter(pl.col("label").is_not_null()).sort("as_of").group_by("as_of", maintain_order=True)
    ):
        ordered = here.sort("household_id")
        ordered = ordered.with_columns(pl.Series(TIE, keyed_hash(ordered["household_id"], key)))
        for subset, condition in SUBSETS.items():
            part = ordered.filter(condition)
            for named, members in _grouped(part, groups):
                told += [
                    {"as_of": str(day), "subset": subset, **named, "share": share, "way": way}
                    | _figures(members, way, ceil(share * members.height))
                    for share in shares
                    for way in ways
                    if members.height >= FEWEST
                ]
    return told


def _grouped(part: pl.DataFrame, groups: Sequence[str]) -> list[tuple[dict[str, str | None], pl.DataFrame]]:
    found: list[tuple[dict[str, str | None], pl.DataFrame]] = [({"by": None, "group": None}, part)]
    for by in groups:
        for (value,), members in part.group_by(by, maintain_order=True):
            found.append(({"by": by, "group": None if value is None else str(value)}, members))
    return found


def _figures(rows: pl.DataFrame, way: str, k: int) -> dict[str, Any]:
    score = rows[way].fill_null(-np.inf).fill_nan(-np.inf).to_numpy()
    listed: Bools = np.zeros(rows.height, dtype=np.bool_)
    listed[np.lexsort((rows[TIE].to_numpy(), -score))[:k]] = True
    label = rows["label"].to_numpy()
    found, positives = int((label & listed).sum()), int(label.sum())
    recall, recalled = found / positives if positives else None, wilson(found, positives)
    needy, visited = _counted(rows, "need", listed)
    reached, struck = _reached(rows, "soon", listed)
    return {
        "n": rows.height,
        "k": k,
        "found": found,
        "precision": found / k,
        "precision_interval": wilson(found, k),
        "lift": found / k / (positives / rows.height) if positives else None,
        "recall": recall,
        "recall_interval": recalled,
        "exclusion": None if recall is None else 1 - recall,
        "exclusion_interval": None if recalled is None else (1 - recalled[1], 1 - recalled[0]),
        "verified_per_visit": needy / visited if visited else None,
        "verified_per_visit_interval": wilson(needy, visited),
        "recall_soon": reached / struck if struck else None,
        "recall_soon_interval": wilson(reached, struck),
    }


def _counted(rows: pl.DataFrame, name: str, listed: Bools) -> tuple[int, int]:
    """Of the listed of whom it is known, for how many it is so: (so, known)."""
    if name not in rows:
        return 0, 0
    known = rows[name].filter(pl.Series(listed)).drop_nulls()
    return int(known.sum()), known.len()


def _reached(rows: pl.DataFrame, name: str, listed: Bools) -> tuple[int, int]:
    """Of those for whom it is so, how many are listed: (listed, all)."""
    if name not in rows:
        return 0, 0
    happened = rows[name].fill_null(value=False).to_numpy()
    return int((happened & listed).sum()), int(happened.sum())
