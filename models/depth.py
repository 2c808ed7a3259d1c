"""Depth, not only heads: how many are poor, how far below the line they are, and who stands just above it.

The indices of Foster, Greer and Thorbecke (1984): FGT_a is the mean over persons of ((line - income) / line)^a for
those below the line and 0 for the others; a = 0 is the headcount, 1 the gap, 2 the severity. Income below nothing
counts as nothing. Every member has the household's equivalised income; all shares are of persons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl

from features.labels import Base, LabelSpec, Scale
from features.poverty_label import with_line
from models.calibration import Floats

THETAS: Final = (0.4, 0.5, 0.6)
DRAWS: Final = 200
AT_ONCE: Final = 20_000
"""Households whose bootstrap draws are held at once."""
FEW: Final = 7
"""Households at or below which a figure is not told: it would speak of somebody."""
MARGIN: Final = (0.9, 1.5)
"""The margin band, in lines: who is about to fall below, or has only just risen above."""
WHOLE: Final = float(2**36)
"""What all weights add up to inside the bootstrap: sums of whole numbers are the same in any order."""

MEASURES: Final = ("headcount", "gap", "severity")


@dataclass(frozen=True)
class Line:
    """One way of drawing the line: θ × the median of the base, incomes on the scale."""

    scale: Scale
    base: Base
    theta: float


def lines_of(spec: LabelSpec, scales: Sequence[Scale], bases: Sequence[Base] | None = None) -> list[Line]:
    """All lines of the figures: three θ × the bases (the bureau's own, and everybody's) × the scales."""
    own = tuple(dict.fromkeys((spec.base, "national"))) if bases is None else tuple(bases)
    return [Line(scale, base, theta) for scale in scales for base in own for theta in THETAS]


def depth_of(
    standing: pl.DataFrame,
    groupings: Mapping[str, pl.DataFrame],
    spec: LabelSpec,
    lines: Sequence[Line],
    *,
    seed: int,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """The figures for everybody and for each group of each grouping, by every line.

    ``standing``: as ``features.standing`` makes it, of the whole population. ``groupings``: name → ``household_id,
    group`` (text; null groups are left out). Households whose income is unknown are counted and left out.

    ``lines``: per line and value of its base the line itself (minor units per month and equivalent person).
    ``figures``: per grouping, group and line: ``households``, ``persons``, each of ``headcount, gap, severity`` as
    ``value, low, high`` (95 % percentile interval of ``draws`` Poisson bootstrap samples of households, the line
    held as it is), ``total_gap`` (minor units per month that would lift everybody to the line), ``margin`` (share
    of persons from 0.9 to 1.5 lines). Null, with ``few``, where a group or its poor are seven households or fewer.
    """
    known = standing.filter(pl.col("income").is_not_null()).sort("household_id")
    weight = (
        known["weight"].fill_null(0.0) if spec.weight_column else pl.Series([1.0]).new_from_index(0, known.height)
    )
    votes = (weight * known["persons"]).to_numpy().astype(np.float64)
    placed = [_placed(known, spec, line) for line in lines]
    drawn = [_against(each, line, votes) for each, line in zip(placed, lines, strict=True)]
    told = {"": pl.Series("group", ["everybody"]).new_from_index(0, known.height)} | {
        name: known.join(of, on="household_id", how="left", maintain_order="left")["group"]
        for name, of in groupings.items()
    }
    intervals = _intervals(list(told.values()), drawn, votes, seed=seed, draws=draws)
    rows = []
    for (grouping, groups), bounds in zip(told.items(), intervals, strict=True):
        for group in sorted(groups.drop_nulls().unique()):
            here = (groups == group).fill_null(value=False).to_numpy()
            for number, (line, found) in enumerate(zip(lines, drawn, strict=True)):
                row = {"grouping": grouping or "everybody", "group": group, **vars(line)}
                rows.append(row | _figures(found, votes, weight.to_numpy(), here, bounds[group][:, number]))
    return {
        "households": standing.height,
        "unknown": standing.height - known.height,
        "lines": [row for each, line in zip(placed, lines, strict=True) for row in _lines(each, line)],
        "figures": rows,
    }


@dataclass(frozen=True)
class _Against:
    """The households against one line: how many lines below it (0 above), how far in all, and in the margin."""

    shortfall: Floats
    poor: np.ndarray[Any, np.dtype[np.bool_]]
    missing: Floats
    margin: np.ndarray[Any, np.dtype[np.bool_]]

    def powers(self) -> Floats:
        """FGT's three terms, one column each."""
        return np.column_stack([self.poor.astype(np.float64), self.shortfall, self.shortfall**2])


def _placed(known: pl.DataFrame, spec: LabelSpec, line: Line) -> pl.DataFrame:
    drawn = replace(spec, theta=line.theta, scale=line.scale, base=line.base, median_over="responding")
    equivalised = known.with_columns(pl.col("income") / pl.col(line.scale))
    return with_line(equivalised, drawn).sort("household_id")


def _against(placed: pl.DataFrame, line: Line, votes: Floats) -> _Against:
    income, at = placed["income"].to_numpy(), placed["line"].fill_null(0.0).to_numpy()
    poor = (income < at) & (votes > 0)
    ratio = np.divide(income, at, out=np.full(len(at), np.inf), where=at > 0)
    short = np.where(poor, 1 - np.clip(ratio, 0, None), 0.0)
    missing = np.where(poor, (at - np.clip(income, 0, None)) * placed[line.scale].to_numpy(), 0.0)
    return _Against(short, poor, missing, (ratio >= MARGIN[0]) & (ratio <= MARGIN[1]))


def _lines(placed: pl.DataFrame, line: Line) -> list[dict[str, Any]]:
    by = {"national": pl.lit("all"), "urban_rural_separate": pl.col("area_kind"), "area": pl.col("area")}[line.base]
    found = placed.select(by.cast(pl.String).alias("of"), "line").unique().sort("of")
    return [{**vars(line), **row} for row in found.to_dicts()]


def _figures(
    found: _Against,
    votes: Floats,
    weight: Floats,
    here: np.ndarray[Any, np.dtype[np.bool_]],
    bounds: Floats,
) -> dict[str, Any]:
    """The figures of one group by one line; ``bounds``: low and high of each measure."""
    households, poor, persons = int(here.sum()), int((here & found.poor).sum()), votes[here].sum()
    few = households <= FEW or 0 < poor <= FEW
    told: dict[str, Any] = {"households": households, "persons": float(persons), "few": few}
    if few or not persons:
        return told | dict.fromkeys((*MEASURES, "total_gap", "margin"))
    values = (found.powers()[here] * votes[here, None]).sum(axis=0) / persons
    for place, name in enumerate(MEASURES):
        low, high = bounds[place]
        told[name] = {"value": float(values[place]), "low": float(low), "high": float(high)}
    told["total_gap"] = float((found.missing[here] * weight[here]).sum())
    told["margin"] = float(votes[here & found.margin].sum() / persons)
    return told


def _intervals(
    groupings: Sequence[pl.Series], drawn: Sequence[_Against], votes: Floats, *, seed: int, draws: int
) -> list[dict[str, Floats]]:
    """Per grouping and group: low and high of each measure by each line (measures × lines × 2).

    The households of a sample are drawn together for all groupings; sums are of whole numbers, so that neither
    threads nor the order of adding change a bit.
    """
    scale = WHOLE / max(votes.sum(), 1.0)
    parts = np.column_stack([votes, *(each.powers() * votes[:, None] for each in drawn)])
    parts = np.rint(parts * scale)
    names = [sorted(groups.drop_nulls().unique()) for groups in groupings]
    sums = [np.zeros((len(each), draws, parts.shape[1])) for each in names]
    rng = np.random.default_rng(seed)
    for start in range(0, len(votes), AT_ONCE):
        times = rng.poisson(1.0, (min(AT_ONCE, len(votes) - start), draws)).astype(np.float64)
        block = parts[start : start + AT_ONCE]
        for groups, named, summed in zip(groupings, names, sums, strict=True):
            of = groups[start : start + AT_ONCE]
            for number, name in enumerate(named):
                here = (of == name).fill_null(value=False).to_numpy()
                if here.any():
                    summed[number] += times[here].T @ block[here]
    return [
        {name: _percentiles(total, len(drawn)) for name, total in zip(named, summed, strict=True)}
        for named, summed in zip(names, sums, strict=True)
    ]


def _percentiles(total: Floats, lines: int) -> Floats:
    persons = total[:, :1]
    shares = np.divide(total[:, 1:], persons, out=np.full_like(total[:, 1:], np.nan), where=persons > 0)
    low, high = np.nanpercentile(shares, [2.5, 97.5], axis=0) if np.isfinite(shares).any() else shares[:2]
    both = np.stack([low, high], axis=-1).reshape(lines, len(MEASURES), 2)
    return both.transpose(1, 0, 2)
