"""A night's visits given out, lane by lane, until the desks are full; then the lottery, then the rounds."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Final

import polars as pl

from outreach import lottery, sharing
from outreach.policy import Policy
from outreach.queues import BY_RANK, held_by_floors, queue
from outreach.rounds import rounds
from outreach.sharing import Desk, Given, Staff

ALARMS: Final = ("urgent", "event")
SHARED: Final = ("gap", "recheck", "risk", "silent")
"""The lanes that share what urgent and event visits leave, but for the lottery."""


@dataclass(frozen=True)
class Night:
    """What is given out: ``visitable`` (households as ``candidates.prepared`` makes them, with ``tie``).

    ``alarms``: by lane, urgent or event, the households with the team that goes there today. ``held``: by lane,
    whose place is held. ``before``: with whom a household was on the unreleased plan of the night before.
    ``fixed``: lanes whose visits stay with whom they were given to.
    """

    visitable: pl.DataFrame
    alarms: Mapping[str, pl.DataFrame]
    held: Mapping[str, Collection[str]] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True)
class FloorPrice:
    """What the floors of the policy cost on a night, in the lanes that a model ranks.

    ``exchanged``: households that are listed because of them; ``unmet``: held places that no caseworker had;
    ``expected``: true finds, as the chances say, without and with the floors (null without a model); ``groups``:
    households by group, without and with.
    """

    by: str
    part: float
    visits: int
    exchanged: int
    unmet: int
    expected: tuple[float | None, float | None]
    groups: dict[str, tuple[int, int]]


def given_out(
    night: Night, staff: Staff, there: Mapping[str, float], policy: Policy, *, key: bytes, seed: str
) -> tuple[list[Given], pl.DataFrame, FloorPrice | None]:
    """Who visits whom in which lane; everybody's probability in the lottery; what the floors cost."""
    given, desks = _planned(night, staff, there, policy, night.held)
    price = None
    if policy.floors.by != "none":
        without, floors = given, held_by_floors(night.visitable, given, policy)
        held = {**night.held, "risk": {*night.held.get("risk", ()), *floors}}
        given, desks = _planned(night, staff, there, policy, held)
        price = _price(night.visitable, without, given, floors, policy)
    drawn, probabilities = _by_lot(night.visitable, given, desks, policy, key=key, seed=seed)
    given += drawn
    places = pl.concat([night.visitable, *night.alarms.values()]).unique("household_id", keep="first")
    pinned = {one.household_id: one.caseworker_id for one in given if one.lane in night.fixed} | dict(night.before)
    return rounds(given, places, pinned, key), probabilities, price


def _planned(
    night: Night, staff: Staff, there: Mapping[str, float], policy: Policy, held: Mapping[str, Collection[str]]
) -> tuple[list[Given], dict[str, Desk]]:
    """Everything but the lottery: what is given to whom, and the desks with the places that are left."""
    desks = sharing.desks_of(staff, there, policy)
    given: list[Given] = []
    for lane in ALARMS:
        given += sharing.give_uncapped(desks, queue(night.alarms[lane], lane), lane)
    sharing.set_quotas(desks, policy)
    taken = {one.household_id for one in given}
    free = night.visitable.filter(~pl.col("household_id").is_in(sorted(taken)))
    waiting = {lane: queue(free, lane, desks, held.get(lane, ())) for lane in SHARED}
    for lane, households in waiting.items():
        given += sharing.give_shared(desks, households, lane, taken, night.before)
    given += sharing.spill(desks, waiting, taken, night.before)
    return given, desks


def _by_lot(
    visitable: pl.DataFrame, given: list[Given], desks: Mapping[str, Desk], policy: Policy, *, key: bytes, seed: str
) -> tuple[list[Given], pl.DataFrame]:
    """Who is drawn from those who are not listed otherwise, and everybody's probability."""
    taken = [one.household_id for one in given]
    pool = visitable.filter(~pl.col("household_id").is_in(sorted(taken)))
    if pool.is_empty():
        return [], pl.DataFrame(schema={"household_id": pl.String, "inclusion_probability": pl.Float64})
    probabilities, drawn = lottery.draw(pool, desks, policy, key, seed)
    return drawn, probabilities


def _price(
    people: pl.DataFrame, without: list[Given], given: list[Given], held: Collection[str], policy: Policy
) -> FloorPrice:
    """What the floors cost: the lanes that a model ranks, planned with and without them."""
    chances = people.select("household_id", "chance", group=pl.col("floor_group").fill_null("unknown"))
    plans = [
        chances.filter(
            pl.col("household_id").is_in(sorted(one.household_id for one in plan if one.lane in BY_RANK))
        )
        for plan in (without, given)
    ]
    groups = chances["group"].unique().sort()
    return FloorPrice(
        by=policy.floors.by,
        part=policy.floors.part,
        visits=plans[1].height,
        exchanged=plans[1].join(plans[0], on="household_id", how="anti").height,
        unmet=len(held) - plans[1].filter(pl.col("household_id").is_in(sorted(held))).height,
        expected=(_sum(plans[0]["chance"]), _sum(plans[1]["chance"])),
        groups={str(name): (_count(plans[0], name), _count(plans[1], name)) for name in groups},
    )


def _sum(chances: pl.Series) -> float | None:
    """Expected true finds; null where no chance is known."""
    return None if chances.null_count() == len(chances) else fsum(chances.drop_nulls())


def _count(plan: pl.DataFrame, group: str) -> int:
    return plan.filter(group=group).height
