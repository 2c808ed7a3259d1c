"""Who may visit whom, and how visits are shared out so that loads are balanced and nobody is over capacity."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from outreach.policy import SHARED_LANES, SPILL, Policy
from outreach.workdays import WEEKDAYS, WorkCalendar

WEEK_DAYS: Final = 5
DUTY_SCHEMA: Final = pl.Schema({"caseworker_id": pl.String, "region": pl.String, "first": pl.Date, "last": pl.Date})


@dataclass(frozen=True)
class Staff:
    """Who works where.

    ``caseworkers``: caseworker_id, capacity_week (visits a week, above 0), planned_this_week (items of this week's
    released lists that take a visit: they are not drafted twice), persons (how many go together; may be missing:
    two). ``areas``: caseworker_id, region (a prefix of the
    area codes that the caseworker serves). ``leave``: caseworker_id, first, last (days, both included). ``duty``:
    caseworker_id, region, first, last: who answers for an area on days when nobody works.
    """

    caseworkers: pl.DataFrame
    areas: pl.DataFrame
    leave: pl.DataFrame
    duty: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DUTY_SCHEMA))

    def __post_init__(self) -> None:
        known = self.caseworkers["caseworker_id"]
        if known.n_unique() != len(known):
            raise ValueError("staff: a caseworker stands twice; give each an id of their own")
        if (self.caseworkers["capacity_week"] <= 0).any():
            raise ValueError("staff: a capacity is zero or less; leave the caseworker out, or write leave")
        for name, frame in (("areas", self.areas), ("leave", self.leave), ("duty", self.duty)):
            if not frame["caseworker_id"].is_in(known.implode()).all():
                raise ValueError(f"staff: {name} names a caseworker whom the list of caseworkers does not")


def present(staff: Staff, day: date, calendar: WorkCalendar = WEEKDAYS) -> dict[str, float]:
    """The part of the next five working days on which each caseworker is there, for those who are at all."""
    days = calendar.next_days(day, WEEK_DAYS)
    away: dict[str, set[date]] = {}
    for worker, first, last in staff.leave.select("caseworker_id", "first", "last").iter_rows():
        away.setdefault(worker, set()).update(d for d in days if first <= d <= last)
    parts = {w: 1 - len(away.get(w, set())) / WEEK_DAYS for w in staff.caseworkers["caseworker_id"].sort()}
    return {worker: part for worker, part in parts.items() if part > 0}


def teams(regions: pl.Series, staff: Staff, there: Iterable[str]) -> pl.DataFrame:
    """``region, team, problem`` for each region: the caseworkers who serve it and are there.

    The longest prefix decides; where all who serve it are on leave, those of the next shorter prefix stand in (the
    deputies). ``team`` is a sorted list; where it is empty ``problem`` is ``no_caseworker`` or
    ``caseworker_on_leave``.
    """
    here = set(there)
    serving: dict[str, list[str]] = {}
    for worker, prefix in staff.areas.select("caseworker_id", "region").sort("region", "caseworker_id").iter_rows():
        serving.setdefault(prefix, []).append(worker)
    rows: list[tuple[str, list[str], str | None]] = []
    for region in regions.unique().sort():
        prefixes = [region[:length] for length in range(len(region), 0, -1) if region[:length] in serving]
        found = next(([w for w in serving[p] if w in here] for p in prefixes if here & set(serving[p])), [])
        problem = None if found else ("caseworker_on_leave" if prefixes else "no_caseworker")
        rows.append((region, sorted(set(found)), problem))
    schema: dict[str, pl.DataType | DataTypeClass] = {
        "region": pl.String,
        "team": pl.List(pl.String),
        "problem": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def of_two(people: pl.DataFrame, staff: Staff) -> pl.DataFrame:
    """The same people, whose ``team`` is of those who are two where ``two_go`` and any of it are.

    Where all who serve an area go alone the visit stays theirs, and its card says that somebody must come along.
    """
    if "persons" not in staff.caseworkers.columns:
        return people
    alone = staff.caseworkers.filter(pl.col("persons") < 2)["caseworker_id"].sort().to_list()
    if not alone:
        return people
    pairs = pl.col("team").list.eval(pl.element().filter(~pl.element().is_in(alone)))
    return people.with_columns(
        team=pl.when(pl.col("two_go") & (pairs.list.len() > 0)).then(pairs).otherwise("team")
    )


def on_duty(regions: pl.Series, staff: Staff, day: date) -> pl.DataFrame:
    """``region, duty``: who is on the roster of a day and answers for each region; the longest prefix decides.

    Regions for which nobody is on duty are missing.
    """
    today = staff.duty.filter(pl.lit(day).is_between("first", "last"))
    answering: dict[str, set[str]] = {}
    for worker, prefix in today.select("caseworker_id", "region").iter_rows():
        answering.setdefault(prefix, set()).add(worker)
    rows = []
    for region in regions.unique().sort():
        found = next((region[:n] for n in range(len(region), 0, -1) if region[:n] in answering), None)
        if found is not None:
            rows.append((region, sorted(answering[found])))
    schema: dict[str, pl.DataType | DataTypeClass] = {"region": pl.String, "duty": pl.List(pl.String)}
    return pl.DataFrame(rows, schema=schema, orient="row")


@dataclass
class Desk:
    """One caseworker's week while it is being filled."""

    free: int
    """Places for planned visits that are still free when the night begins."""
    uncapped: int = 0
    shared: int = 0
    quota: dict[str, int] = field(default_factory=dict)

    @property
    def load(self) -> int:
        """Visits given so far this night."""
        return self.uncapped + self.shared

    @property
    def rest(self) -> int:
        """Places left when urgent and event visits have taken theirs."""
        return max(self.free - self.uncapped, 0)


@dataclass(frozen=True)
class Given:
    """A household given to a caseworker in a lane."""

    household_id: str
    caseworker_id: str
    lane: str
    over_capacity: bool


def desks_of(staff: Staff, there: Mapping[str, float], policy: Policy) -> dict[str, Desk]:
    """A desk for each caseworker who is there: capacity × presence × factor, less what is planned already.

    Whoever is on duty without being there has a desk without places.
    """
    desks = {}
    columns = staff.caseworkers.select("caseworker_id", "capacity_week", "planned_this_week").sort("caseworker_id")
    for worker, capacity, planned in columns.iter_rows():
        if worker in there:
            places = int(capacity * there[worker] * policy.capacity.factor + 1e-9)
            desks[worker] = Desk(free=max(places - planned, 0))
    return desks | {name: Desk(free=0) for name in staff.duty["caseworker_id"].unique().sort() if name not in desks}


def give_uncapped(desks: Mapping[str, Desk], queue: Iterable[tuple[str, list[str]]], lane: str) -> list[Given]:
    """Urgent and event visits: each to the least loaded of its team, whatever the capacity (beyond it: marked)."""
    given = []
    for household, team in queue:
        worker = min(team, key=lambda name: (desks[name].load - desks[name].free, desks[name].load, name))
        given.append(Given(household, worker, lane, desks[worker].load >= desks[worker].free))
        desks[worker].uncapped += 1
    return given


def set_quotas(desks: Mapping[str, Desk], policy: Policy) -> None:
    """Share each desk's places out over the lanes, whole visits by the largest remainder.

    Remainders that are equal go to the random lane first, then in the order of the lanes.
    """
    order = ("random", *(lane for lane in SHARED_LANES if lane != "random"))
    for desk in desks.values():
        exact = {lane: desk.rest * getattr(policy.shares, lane) for lane in order}
        desk.quota = {lane: int(value + 1e-9) for lane, value in exact.items()}
        over = sorted(order, key=lambda lane: (-round(exact[lane] - desk.quota[lane], 9), order.index(lane)))
        for lane in over[: desk.rest - sum(desk.quota.values())]:
            desk.quota[lane] += 1


def give_shared(
    desks: Mapping[str, Desk],
    queue: Iterable[tuple[str, list[str]]],
    lane: str,
    taken: set[str],
    before: Mapping[str, str],
    *,
    spilling: bool = False,
) -> list[Given]:
    """Fill a lane's places in the order of the queue, each to the team's desk with the most room in this lane.

    ``before``: with whom a household was on the plan of the night before; it stays there if there is room.
    """
    given: list[Given] = []
    room = sum(desk.quota[lane] for desk in desks.values())
    for household, team in queue:
        if not room:
            break
        if household in taken:
            continue
        same = before.get(household)
        if lane in SPILL and same in team and not desks[same].quota[lane] and not spilling:
            continue  # it waits for the places that are left over
        able = [worker for worker in team if desks[worker].quota[lane] > 0]
        if able:
            most = min(able, key=lambda name: (-desks[name].quota[lane], desks[name].load, name))
            worker = same if same in able else most
            desks[worker].quota[lane] -= 1
            desks[worker].shared += 1
            room -= 1
            taken.add(household)
            given.append(Given(household, worker, lane, over_capacity=False))
    return given


def spill(
    desks: Mapping[str, Desk],
    queues: Mapping[str, list[tuple[str, list[str]]]],
    taken: set[str],
    before: Mapping[str, str],
) -> list[Given]:
    """Places that a lane could not use go to gap, risk and silent in that order, and the rest to the lottery."""
    given: list[Given] = []
    for desk in desks.values():
        desk.quota["spilled"] = sum(desk.quota[lane] for lane in SHARED_LANES if lane != "random")
    for lane in SPILL:
        for desk in desks.values():
            desk.quota[lane] = desk.quota["spilled"]
        found = give_shared(desks, queues[lane], lane, taken, before, spilling=True)
        for one in found:
            desks[one.caseworker_id].quota["spilled"] -= 1
        given += found
    for desk in desks.values():
        desk.quota["random"] += desk.quota["spilled"]
    return given
