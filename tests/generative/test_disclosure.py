"""What is withheld cannot be worked out: whoever has every told figure exactly still finds wide bounds for each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from outreach.disclosure import crossed, told, withheld
from outreach.month import FEW

Row = tuple[list[float], float]
COUNTS = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 400)), min_size=1, max_size=8)


def bounds(
    unknown: int, equal: list[tuple[list[float], float]], most: list[tuple[list[float], float]]
) -> list[float]:
    """How far apart the least and the greatest value of each unknown lie, under what is told; none below zero."""
    widths = []
    for place in range(unknown):
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(unknown)
            aim[place] = sign
            found = linprog(
                aim,
                A_ub=[row for row, _ in most] or None,
                b_ub=[limit for _, limit in most] or None,
                A_eq=[row for row, _ in equal] or None,
                b_eq=[value for _, value in equal] or None,
                bounds=(0, 10_000),
            )
            assert found.status == 0
            ends.append(sign * found.fun)
        widths.append(ends[1] - ends[0])
    return widths


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_no_part_can_be_worked_out_from_the_whole_and_the_other_parts(counts: list[int]) -> None:
    hidden = sorted(withheld(counts))
    assert {place for place, n in enumerate(counts) if n <= FEW} <= set(hidden)
    if not hidden or sum(counts) <= FEW:
        return
    left = sum(counts[place] for place in hidden)
    widths = bounds(len(hidden), [([1.0] * len(hidden), float(left))], [])
    assert min(widths) > FEW


@settings(max_examples=200, deadline=None)
@given(COUNTS)
def test_what_is_told_is_rounded_and_never_small(counts: list[int]) -> None:
    whole, parts = told(counts)
    assert (whole is None) == (sum(counts) <= FEW)
    for n, said in zip(counts, parts, strict=True):
        assert said is None or (n > FEW and said % 5 == 0 and abs(said - n) <= 2)


def test_nothing_is_withheld_that_need_not_be() -> None:
    assert told([20, 30, 40]) == (90, [20, 30, 40])
    assert told([3, 5, 40]) == (50, [None, None, 40]), "two small ones hold eight together: enough"
    assert told([3, 20, 40]) == (65, [None, None, 40])
    assert told([2, 2, 40]) == (45, [None, None, None]), "four in all could be told as four"
    assert told([5]) == (None, [None])


TABLES = st.tuples(st.integers(2, 4), st.integers(2, 4), st.integers(0, 2**32 - 1))


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_no_cell_of_a_crossed_table_can_be_worked_out(table: tuple[int, int, int]) -> None:
    height, width, seed = table
    draw = np.random.default_rng(seed)
    # each household has one row and one or more columns
    some = draw.random((draw.integers(10, 400), width)) < draw.random(width) * 0.7
    some[~some.any(axis=1), draw.integers(width)] = True
    row = draw.choice(height, size=len(some), p=draw.dirichlet(np.ones(height) * 0.5))
    cells = [[int((some[:, c] & (row == r)).sum()) for c in range(width)] for r in range(height)]
    rows = [int((row == r).sum()) for r in range(height)]
    columns = [sum(cells[r][c] for r in range(height)) for c in range(width)]
    said, said_rows, said_columns = crossed(cells, rows, columns)
    spots = [(r, c) for r in range(height) for c in range(width) if said[r][c] is None]
    assert {(r, c) for r in range(height) for c in range(width) if cells[r][c] <= FEW} <= set(spots)
    unseen = [r for r in range(height) if said_rows[r] is None]
    if not spots:
        return
    names: list[tuple[int, int | None]] = [*spots, *((r, None) for r in unseen)]

    def weights(**of: float) -> list[float]:
        return [of.get(f"r{r}" if c is None else f"r{r}c{c}", 0.0) for r, c in names]

    equal, most = [], []
    for c in range(width):
        if said_columns[c] is not None:
            left = columns[c] - sum(cells[r][c] for r in range(height) if said[r][c] is not None)
            equal.append((weights(**{f"r{spot[0]}c{c}": 1.0 for spot in spots if spot[1] == c}), float(left)))
    for r in range(height):
        seen = [cells[r][c] for c in range(width) if said[r][c] is not None]
        own = {f"r{r}c{c}": -1.0 for each, c in spots if each == r}
        if said_rows[r] is not None:
            most.append((weights(**own), float(sum(seen) - rows[r])))
            most += [(weights(**{name: 1.0}), float(rows[r])) for name in own]
        else:
            most.append((weights(**own, **{f"r{r}": 1.0}), float(sum(seen))))
            most += [(weights(**{name: 1.0, f"r{r}": -1.0}), 0.0) for name in own]
            most += [(weights(**{f"r{r}": -1.0}), -float(n)) for n in seen]
    widths = bounds(len(names), equal, most)
    assert min(widths) >= FEW, (cells, rows, said)


@pytest.mark.parametrize("told_anyway", [[3, 20, 40], [2, 2, 40]])
def test_the_law_would_find_a_table_that_withholds_too_little(told_anyway: list[int]) -> None:
    hidden = [place for place, n in enumerate(told_anyway) if n <= FEW]
    left = float(sum(told_anyway[place] for place in hidden))
    assert min(bounds(len(hidden), [([1.0] * len(hidden), left)], [])) <= FEW
