"""Intervals of group figures at any number of rows: counts are drawn anew instead of rows.

Every share that fairness tells is a function of how many households stand in a few cells (group × place in the
order × outcome). A Poisson bootstrap gives each household a weight of its own, Poisson(1); what the households of a
cell weigh together is then Poisson(their number), exactly, so that one number per cell is drawn and no row is
touched. Sums of a value inside a cell are drawn by their first two moments, given that number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from models.calibration import Floats
from models.keyed import key_of

Ints = npt.NDArray[np.int64]

DRAWS: Final = 200
TAIL: Final = 0.025
"""Left out on either side: 95 % intervals."""
Z: Final = 1.959963984540054
"""The same as a distance from the middle of a normal distribution."""
WHOLE: Final = float(2**30)
"""Values from -1 to 1 are added up as whole parts of this: the same sum in any order and for any threads."""


@dataclass(frozen=True)
class Cells:
    """What is known of each cell: ``count``, and of each value its sum and the sum of its squares (same shape)."""

    count: Floats
    sums: Mapping[str, Floats]
    squares: Mapping[str, Floats]


def cells_of(code: Ints, shape: tuple[int, ...], values: Mapping[str, Floats]) -> Cells:
    """The cells of rows. ``code``: the flat place of each row in ``shape``; ``values``: from -1 to 1, no blanks."""
    size = int(np.prod(shape))

    def added(weights: Floats | None) -> Floats:
        if weights is None:
            return np.bincount(code, minlength=size).astype(np.float64).reshape(shape)
        return np.bincount(code, weights=np.rint(weights * WHOLE), minlength=size).reshape(shape) / WHOLE

    return Cells(
        added(None),
        {name: added(each) for name, each in values.items()},
        {name: added(each**2) for name, each in values.items()},
    )


def drawn(cells: Cells, *, seed: int, of: str, draws: int = DRAWS) -> Cells:
    """As many bootstrap samples of the cells, along a new first axis; ``squares`` are left out.

    ``of`` names what is drawn, so that a grouping has the same intervals whatever else is asked for.
    """
    digest = blake2b(of.encode(), key=key_of(seed), digest_size=16).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "big"))
    many = rng.poisson(cells.count, (draws, *cells.count.shape)).astype(np.float64)
    there = np.maximum(cells.count, 1.0)
    sums = {}
    for name in cells.sums:
        mean = cells.sums[name] / there
        spread = np.sqrt(np.maximum(cells.squares[name] / there - mean**2, 0.0))
        sums[name] = many * mean + np.sqrt(many) * spread * rng.standard_normal(many.shape)
    return Cells(many, sums, {})


def bounds(samples: Floats) -> tuple[Floats, Floats]:
    """Low and high 95 % percentiles along the first axis, of the samples that are numbers; nan where none is.

    Percentiles lie between the two nearest samples, as numpy's do by default.
    """
    ordered = np.sort(samples, axis=0)
    known = np.isfinite(ordered).sum(axis=0)

    def at(share: float) -> Floats:
        place = share * np.maximum(known - 1, 0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(known - 1, 0))
        low = np.take_along_axis(ordered, below[None], axis=0)[0]
        high = np.take_along_axis(ordered, above[None], axis=0)[0]
        return np.asarray(np.where(known > 0, low + (place - below) * (high - low), np.nan))

    return at(TAIL), at(1 - TAIL)


def never(many: Floats) -> Floats:
    """The highest share that may still never be seen among so many, with 97.5 % (Clopper and Pearson 1934).

    A bootstrap of none is none, and of all is all: there this bound stands in for it.
    """
    return np.asarray(1 - TAIL ** (1 / np.maximum(many, 1.0)))


def wilson(found: int, of: int) -> tuple[float, float] | None:
    """The 95 % interval of a share (Wilson 1927); None of nothing."""
    if not of:
        return None
    share, spread = found / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
