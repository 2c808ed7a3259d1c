"""The figures of groups from their cells (group × place in the order × outcome), of the rows or of a sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from models.calibration import Bools, Floats
from models.intervals import Cells, bounds, never

FEW: Final = 7
"""A count at or below which a figure is not told: it would speak of somebody."""
NO, YES, OPEN = 0, 1, 2
"""Places of an outcome in a cell: it did not happen, it happened, it is not known."""
AT_A_CUT: Final = ("recall", "ratio", "precision", "alert_rate", "false_omission_rate")
OF_ALL: Final = ("mean_rank", "missing_rate", "calibration", "gap_if_true", "gap_if_false")

Figure = dict[str, float]
"""``value, low, high``."""


@dataclass(frozen=True)
class Measured:
    """Cells of the shape ``(…, groups, places, 3)``; every figure has the shape ``(…, groups)``."""

    cells: Cells

    @cached_property
    def everybody(self) -> "Measured":
        """The same of all groups together."""
        sums = {name: each.sum(axis=-3, keepdims=True) for name, each in self.cells.sums.items()}
        return Measured(Cells(self.cells.count.sum(axis=-3, keepdims=True), sums, {}))

    @property
    def n(self) -> Floats:
        """Households."""
        return np.asarray(self.cells.count.sum(axis=(-1, -2)))

    def outcomes(self, *which: int, since: int = 0, until: int | None = None) -> Floats:
        """Households with one of these outcomes, from one place of the order to before another."""
        return np.asarray(self.cells.count[..., since:until, which].sum(axis=(-1, -2)))

    def share(self, name: str, cut: int) -> tuple[Floats, Floats]:
        """What a share at a cut counts, and of how many."""
        if name == "precision":
            return self.outcomes(YES, until=cut + 1), self.outcomes(NO, YES, until=cut + 1)
        if name == "alert_rate":
            return self.outcomes(NO, YES, OPEN, until=cut + 1), self.n
        if name == "false_omission_rate":
            return self.outcomes(YES, since=cut + 1), self.outcomes(NO, YES, since=cut + 1)
        return self.outcomes(YES, until=cut + 1), self.outcomes(YES)

    def at(self, name: str, cut: int) -> Floats:
        """A share at a cut; ``ratio`` is the recall over everybody's."""
        found = _over(*self.share(name, cut))
        return _over(found, self.everybody.at("recall", cut)) if name == "ratio" else found

    def resting_on(self, name: str) -> Floats:
        """How many households a figure that no cut bears on rests on."""
        if name == "calibration":
            return self.outcomes(NO, YES)
        if name == "gap_if_true":
            return self.outcomes(YES)
        return self.outcomes(NO) if name == "gap_if_false" else self.n

    def of_all(self, name: str) -> Floats:
        """A figure that no cut bears on."""
        many = self.resting_on(name)
        if name == "mean_rank":
            return _over(self._sum("rank", NO, YES, OPEN), many)
        if name == "missing_rate":
            return _over(self._sum("blank", NO, YES, OPEN), many)
        if name == "calibration":
            return _over(self._sum("probability", NO, YES) - self.outcomes(YES), many)
        outcome = YES if name == "gap_if_true" else NO
        own, all_of_them = (
            _over(each._sum("probability", outcome), each.outcomes(outcome)) for each in (self, self.everybody)
        )
        return own - all_of_them

    def _sum(self, value: str, *outcomes: int) -> Floats:
        if value not in self.cells.sums:
            return np.full(self.n.shape, np.nan)
        return np.asarray(self.cells.sums[value][..., outcomes].sum(axis=(-1, -2)))


def shares_at(rows: Measured, samples: Measured, name: str, cut: int) -> list[Figure | None]:
    """A share of each group at a cut with its interval, None where there is nothing to divide by.

    A share of none or of all has an exact bound where a bootstrap has none.
    """
    value = rows.at(name, cut)
    low, high = bounds(samples.at(name, cut))
    counted, of = rows.share(name, cut)
    whole = rows.everybody.at("recall", cut) if name == "ratio" else np.ones(1)
    high = np.where(counted == 0, _over(never(of), whole), high)
    low = np.where(counted == of, _over(1 - never(of), whole), low)
    return _told(value, low, high, of > 0)


def figures_of_all(rows: Measured, samples: Measured, name: str) -> list[Figure | None]:
    """A figure of each group that no cut bears on, with its interval."""
    value = rows.of_all(name)
    return _told(value, *bounds(samples.of_all(name)), rows.resting_on(name) > 0)


def enough(rows: Measured, name: str, cut: int | None = None) -> Bools:
    """Where a figure may be told: not of seven households or fewer, and no share that counts one to seven."""
    told = rows.n > FEW
    if cut is None:
        return np.asarray(told & (rows.resting_on(name) > FEW))
    counted, of = rows.share(name, cut)
    return np.asarray(told & (of > FEW) & ((counted == 0) | (counted > FEW)))


def hidden(figures: Sequence[Figure | None], shown: Bools) -> list[Figure | None]:
    """The figures without those that may not be told."""
    return [figure if here else None for figure, here in zip(figures, shown, strict=True)]


def _told(value: Floats, low: Floats, high: Floats, there: Bools) -> list[Figure | None]:
    return [
        dict(zip(("value", "low", "high"), map(float, each), strict=True)) if here else None
        for here, *each in zip(there & np.isfinite(value), value, low, high, strict=True)
    ]


def _over(counted: Floats, of: Floats) -> Floats:
    """A quotient, nan where there is nothing to divide by."""
    counted, of = np.broadcast_arrays(counted, of)
    return np.asarray(np.divide(counted, of, out=np.full(counted.shape, np.nan), where=of > 0))
