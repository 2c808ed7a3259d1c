"""Whose round a visit is on: households of one village to as few caseworkers as can be, loads untouched.

How many visits of each kind a caseworker has is settled before (``sharing``); here only who visits whom changes,
inside the teams that serve an area together. Each set of caseworkers who share households is one small integer
programme for HiGHS, solved until no way with a stop fewer can exist; between equal ways keyed costs in whole
numbers decide, and the same night gives the same answer. A set with one caseworker has nothing to decide and is
passed over.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from models.keyed import keyed_hash
from outreach.sharing import Given

VILLAGE: Final = 12
"""Digits of a region code that name a village or a neighbourhood."""
TIES: Final = 64
DEAR: Final = 100_000
"""Keyed costs of equal rounds lie below the first; a stop costs the second, more than all of them together."""
MOST: Final = 240
"""Ways from a caseworker to a village that are searched at once; more are searched part by part, in order."""
NODES: Final = 2_000
"""Steps after which a search that is still not at the optimum keeps the rounds as they were."""
Group = tuple[str, tuple[str, ...], str]
"""Households that stand for each other: village, team, and the kind of visit."""


def rounds(given: Sequence[Given], places: pl.DataFrame, pinned: Mapping[str, str], key: bytes) -> list[Given]:
    """The same visits, in the same order, each perhaps with another caseworker of its team.

    ``places``: household_id, region, team. ``pinned``: households that stay with the caseworker named. Each
    caseworker has as many urgent, event and other visits as before, and as many of them beyond capacity.
    """
    visited = places.filter(pl.col("household_id").is_in(sorted({one.household_id for one in given})))
    of = {
        row[0]: (row[1][:VILLAGE], tuple(row[2])) for row in visited.select("household_id", "region", "team").rows()
    }
    free = [one for one in given if len(of[one.household_id][1]) > 1 and one.household_id not in pinned]
    moving = {one.household_id for one in free}
    made = {(of[one.household_id][0], one.caseworker_id) for one in given if one.household_id not in moving}
    changed: dict[str, str] = {}
    for part in (piece for whole in _apart(free, of) for piece in _pieces(whole, of)):
        changed |= _solved(part, of, made, key)
    return [replace(one, caseworker_id=changed.get(one.household_id, one.caseworker_id)) for one in given]


def stops(given: Iterable[Given], places: pl.DataFrame) -> int:
    """How many villages all caseworkers together have to go to."""
    village = dict(places.select("household_id", pl.col("region").str.head(VILLAGE)).iter_rows())
    return len({(one.caseworker_id, village[one.household_id]) for one in given})


def _kind(one: Given) -> str:
    """What makes two visits stand for each other: the clock, the lottery, and whether there is room."""
    lane = one.lane if one.lane in ("urgent", "event") else "planned"
    return f"{lane} over" if one.over_capacity else lane


def _apart(free: Sequence[Given], of: Mapping[str, tuple[str, tuple[str, ...]]]) -> list[list[Given]]:
    """The visits by sets of caseworkers who share no household with another set."""
    first: dict[str, str] = {}

    def root(worker: str) -> str:
        while first.get(worker, worker) != worker:
            worker = first[worker]
        return worker

    for one in free:
        team = of[one.household_id][1]
        for worker in team:
            first[root(worker)] = root(team[0])
    parts: dict[str, list[Given]] = defaultdict(list)
    for one in free:
        parts[root(one.caseworker_id)].append(one)
    return [parts[name] for name in sorted(parts)]


def _pieces(part: list[Given], of: Mapping[str, tuple[str, tuple[str, ...]]]) -> list[list[Given]]:
    """The visits of one set, cut between villages so that each piece can be searched."""
    workers = {worker for one in part for worker in of[one.household_id][1]}
    villages = sorted({of[one.household_id][0] for one in part})
    many = max(MOST // len(workers), 2)
    piece = {village: at // many for at, village in enumerate(villages)}
    return [[one for one in part if piece[of[one.household_id][0]] == at] for at in range(piece[villages[-1]] + 1)]


def _solved(
    part: list[Given], of: Mapping[str, tuple[str, tuple[str, ...]]], made: set[tuple[str, str]], key: bytes
) -> dict[str, str]:
    """Who visits whom in one set; nothing where the optimum was not reached or is no better than what is.

    ``made``: stops (village and caseworker) that are made in any case and cost nothing more.
    """
    groups: dict[Group, list[str]] = defaultdict(list)
    loads: dict[tuple[str, str], int] = defaultdict(int)
    for one in part:
        village, team = of[one.household_id]
        groups[village, team, _kind(one)].append(one.household_id)
        loads[one.caseworker_id, _kind(one)] += 1
    names = sorted(groups)
    cells = [(at, worker) for at, name in enumerate(names) for worker in name[1] if loads[worker, name[2]]]
    visits = sorted({(names[at][0], worker) for at, worker in cells})
    now = len({(of[one.household_id][0], one.caseworker_id) for one in part} - made)
    if now <= len({village for village, _ in visits} - {village for village, _ in made}):
        return {}
    costs = [0 if visit in made else DEAR for visit in visits]
    shares = _optimum(names, [len(groups[name]) for name in names], cells, visits, loads, costs=costs, key=key)
    if shares is None:
        return {}
    changed: dict[str, str] = {}
    waiting = {at: sorted(groups[name]) for at, name in enumerate(names)}
    for (at, worker), share in zip(cells, shares, strict=True):
        mine, waiting[at] = waiting[at][:share], waiting[at][share:]
        changed |= dict.fromkeys(mine, worker)
    after = len({(of[household][0], worker) for household, worker in changed.items()} - made)
    return changed if after < now else {}


def _optimum(
    names: Sequence[Group],
    sizes: Sequence[int],
    cells: Sequence[tuple[int, str]],
    visits: Sequence[tuple[str, str]],
    loads: Mapping[tuple[str, str], int],
    *,
    costs: Sequence[int],
    key: bytes,
) -> list[int] | None:
    """How many households of each cell (group and caseworker), so that the stops are as few as can be.

    First which stops are made (whole numbers; the households may lie between, for with the stops settled they are a
    transport problem, whose corners are whole); then, for these stops, the cheapest way by the keyed costs.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp
    from scipy.sparse import lil_array

    many, stop_at = len(cells), {visit: at for at, visit in enumerate(visits)}
    kinds = sorted({(worker, names[at][2]) for at, worker in cells})
    row_of = {kind: len(names) + at for at, kind in enumerate(kinds)}
    equal = lil_array((len(names) + len(kinds), many + len(visits)))
    opened = lil_array((many, many + len(visits)))
    most = np.array([min(sizes[at], loads[worker, names[at][2]]) for at, worker in cells], dtype=float)
    stop = [stop_at[names[at][0], worker] for at, worker in cells]
    for column, (at, worker) in enumerate(cells):
        equal[at, column] = 1
        equal[row_of[worker, names[at][2]], column] = 1
        opened[column, column] = 1
        opened[column, many + stop[column]] = -most[column]
    totals = np.array([*sizes, *(loads[kind] for kind in kinds)], dtype=float)
    made = milp(
        np.concatenate(
            [np.zeros(many), np.array(costs) + _ties([f"stop {' '.join(visit)}" for visit in visits], key)]
        ),
        integrality=np.concatenate([np.zeros(many), np.ones(len(visits))]),
        bounds=Bounds(0, np.concatenate([most, np.ones(len(visits))])),
        constraints=[
            LinearConstraint(equal.tocsr(), totals, totals),
            LinearConstraint(opened.tocsr(), -np.inf, 0),
        ],
        options={"presolve": False, "node_limit": NODES, "mip_rel_gap": 0.5 / len(visits)},
    )
    if made.status != 0:
        return None
    room = most * np.round(made.x[many:])[stop]
    found = linprog(
        _ties([f"round {' '.join(map(str, names[at]))} {worker}" for at, worker in cells], key),
        A_eq=equal.tocsr()[:, :many],
        b_eq=totals,
        bounds=np.column_stack([np.zeros(many), room]),
        method="highs-ds",
    )
    return None if found.status != 0 else [round(value) for value in found.x]


def _ties(names: Sequence[str], key: bytes) -> Any:
    """A keyed whole number for each name, below ``TIES``."""
    return (keyed_hash(pl.Series(names), key) % TIES).astype(float)
