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

    Each row tells ``n, k`` (the share of n, rounded up), ``found`` and, with a 95 % Wilson interval each,
    ``precision`` (of the k listed, those whose label is true) and ``recall``; ``lift`` (precision over the base
    rate), ``exclusion`` (1 - recall: who is left out at the same budget), ``verified_per_visit`` (in need among
    the visited: the only labels that a visiting process reveals) and ``recall_soon``. A figure that the rows
    cannot give is None; groups of seven households or fewer are left out. Ties are broken by a keyed hash.
    """
    missing = [name for name in ("household_id", "as_of", "status", "unsupported", "label") if name not in rows]
    missing += [name for name in (*ways, *groups) if name not in rows]
    if missing:
        raise ScorecardError(f"the rows lack the column(s) {', '.join(missing)}")
    told: list[dict[str, Any]] = []
    for (day,), here in (
        rows.filter(pl.col("label").is_not_null()).sort("as_of").group_by("as_of", maintain_order=True)
    ):
        for subset, condition in SUBSETS.items():
            part = here.filter(condition).sort("household_id")
            for named, members in _grouped(part, groups):
                told += [
                    {"as_of": str(day), "subset": subset, **named, "share": share, "way": way}
                    | _figures(members, way, ceil(share * members.height), key)
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


def _figures(rows: pl.DataFrame, way: str, k: int, key: bytes) -> dict[str, Any]:
    score = rows[way].fill_null(-np.inf).fill_nan(-np.inf).to_numpy()
    listed: Bools = np.zeros(rows.height, dtype=np.bool_)
    listed[np.lexsort((keyed_hash(rows["household_id"], key), -score))[:k]] = True
    label = rows["label"].to_numpy()
    found, positives = int((label & listed).sum()), int(label.sum())
    recall = found / positives if positives else None
    return {
        "n": rows.height,
        "k": k,
        "found": found,
        "precision": found / k,
        "precision_interval": wilson(found, k),
        "lift": found / k / (positives / rows.height) if positives else None,
        "recall": recall,
        "recall_interval": wilson(found, positives),
        "exclusion": None if recall is None else 1 - recall,
        "verified_per_visit": _share(rows, "need", listed),
        "recall_soon": _reached(rows, "soon", listed),
    }


def _share(rows: pl.DataFrame, name: str, listed: Bools) -> float | None:
    if name not in rows:
        return None
    known = rows[name].filter(pl.Series(listed)).drop_nulls()
    return float(known.sum()) / known.len() if known.len() else None


def _reached(rows: pl.DataFrame, name: str, listed: Bools) -> float | None:
    if name not in rows:
        return None
    happened = rows[name].fill_null(value=False).to_numpy()
    return float((happened & listed).sum()) / float(happened.sum()) if happened.any() else None
