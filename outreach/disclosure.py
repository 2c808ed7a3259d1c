"""Counts of people that may be told: small ones are withheld, and others with them, so that none can be worked out.

A count of ``month.FEW`` and under is withheld (the house's rule for every report), the rest are rounded to five.
Where a whole is told with its parts, a single withheld part could be had by subtraction: so further parts are
withheld, the smallest first, until at least two are and they hold more than ``FEW`` together. What can then be
worked out is a count that might have been told itself. A withheld count is null, whatever the reason: nobody can
see which was small and which was withheld beside it. Ratios and sums shown beside are made from told counts alone.
"""

from collections.abc import Collection, Sequence

from outreach.month import FEW, suppressed


def told(counts: Sequence[int]) -> tuple[int | None, list[int | None]]:
    """A whole and its parts as they may be told; the whole is the sum of the parts."""
    hidden = withheld(counts)
    return suppressed(sum(counts)), [None if place in hidden else suppressed(n) for place, n in enumerate(counts)]


def withheld(counts: Sequence[int]) -> set[int]:
    """The places of the parts that may not be told where their sum is (if it is large enough itself)."""
    hidden = {place for place, n in enumerate(counts) if n <= FEW}
    rest = sorted(set(range(len(counts))) - hidden, key=lambda place: (counts[place], place))
    for place in rest:
        if not hidden or (len(hidden) > 1 and sum(counts[each] for each in hidden) > FEW):
            break
        hidden.add(place)
    return hidden


def crossed(
    cells: Sequence[Sequence[int]], rows: Sequence[int], columns: Sequence[int]
) -> tuple[list[list[int | None]], list[int | None], list[int | None]]:
    """Cells, rows and columns of a table as they may be told; a column is the sum of its cells, a row is not.

    A row counts everybody in it once, each in one or several of its cells: it is no more than their sum and no less
    than any of them. All the rows together are told elsewhere. Told rows and columns bound what is withheld; more
    cells are withheld until the bounds of each lie more than ``FEW`` apart, and a column where that is not enough.
    """
    height, width = len(rows), len(columns)
    shown_rows = [count > FEW for count in rows]
    shown_columns = [count > FEW for count in columns]
    hidden = {(r, c) for r in range(height) for c in range(width) if cells[r][c] <= FEW}
    for c in range(width):
        hidden |= {(r, c) for r in withheld([cells[r][c] for r in range(height)])}
    while tight := _tight(cells, (rows, columns), hidden, (shown_rows, shown_columns)):
        r, c = tight
        others = sorted((cells[each][c], each) for each in range(height) if (each, c) not in hidden)
        if others:
            hidden.add((others[0][1], c))
        elif shown_columns[c]:
            shown_columns[c] = False
        else:
            shown_rows[r] = False
    return (
        [[None if (r, c) in hidden else suppressed(cells[r][c]) for c in range(width)] for r in range(height)],
        [suppressed(count) if shown_rows[r] else None for r, count in enumerate(rows)],
        [suppressed(count) if shown_columns[c] else None for c, count in enumerate(columns)],
    )


def _tight(
    cells: Sequence[Sequence[int]],
    sums: tuple[Sequence[int], Sequence[int]],
    hidden: Collection[tuple[int, int]],
    shown: tuple[Sequence[bool], Sequence[bool]],
) -> tuple[int, int] | None:
    """The first withheld cell whose least and greatest value, under all that is told, lie within ``FEW``, or None.

    Found by linear programmes, as whoever wants to know would: a bound that is missed here could be worked out.
    """
    (rows, columns), (shown_rows, shown_columns) = sums, shown
    spots = sorted(hidden, key=lambda spot: (cells[spot[0]][spot[1]], spot))
    equal: list[tuple[list[float], int]] = []
    most: list[tuple[list[float], int]] = []
    for c, total in enumerate(columns):
        if shown_columns[c] and any(spot[1] == c for spot in spots):
            left = total - sum(cells[r][c] for r in range(len(rows)) if (r, c) not in hidden)
            equal.append(([float(spot[1] == c) for spot in spots], left))
    for r, total in enumerate(rows):
        if shown_rows[r] and any(spot[0] == r for spot in spots):
            seen = sum(n for c, n in enumerate(cells[r]) if (r, c) not in hidden)
            most.append(([-float(spot[0] == r) for spot in spots], seen - total))
    high = [rows[r] if shown_rows[r] else sum(rows) for r, _ in spots]
    for place, spot in enumerate(spots):
        aim = [float(each == place) for each in range(len(spots))]
        ends = [_least([sign * one for one in aim], equal, most, high) for sign in (1.0, -1.0)]
        if -ends[1] - ends[0] <= FEW:
            return spot
    return None


def _least(
    aim: list[float], equal: list[tuple[list[float], int]], most: list[tuple[list[float], int]], high: list[int]
) -> float:
    from scipy.optimize import linprog  # takes half a second to load: not for every command

    found = linprog(
        aim,
        A_ub=[row for row, _ in most] or None,
        b_ub=[limit for _, limit in most] or None,
        A_eq=[row for row, _ in equal] or None,
        b_eq=[value for _, value in equal] or None,
        bounds=[(0, limit) for limit in high],
    )
    return float(found.fun)
