"""The order in each lane: who comes next, and whose place is held whatever their rank."""

from collections.abc import Collection, Mapping

import polars as pl

from outreach import floors
from outreach.policy import Policy
from outreach.sharing import Desk, Given

Queue = list[tuple[str, list[str]]]
"""Households with the caseworkers who may visit them, the next one first."""
BY_RANK = ("risk", "silent")
"""Lanes in which a model ranks."""


def queue(
    visitable: pl.DataFrame, lane: str, desks: Mapping[str, Desk] | None = None, held: Collection[str] = ()
) -> Queue:
    """The households of a lane in their order. Given desks: of each team no more than could ever be reached.

    ``held`` households come before all others. A team takes at most its places in a lane, and at most as many of
    the households may have been taken before by other lanes; those with an urgent or event visit are no longer
    among them.
    """
    ordered = in_order(visitable, lane)
    if held:
        first = pl.col("household_id").is_in(sorted(held))
        ordered = ordered.with_columns(_behind=~first).sort("_behind", maintain_order=True).drop("_behind")
    if desks is not None:
        rests = pl.DataFrame(
            [(worker, desk.rest) for worker, desk in desks.items()],
            schema={"team": pl.String, "rest": pl.Int64},
            orient="row",
        )
        names = ordered.select("team").unique().with_columns(name=team_name())
        limits = names.explode("team").join(rests, on="team").group_by("name").agg(pl.col("rest").sum())
        ordered = (
            ordered.with_columns(name=team_name())
            .join(limits, on="name", how="left", maintain_order="left")
            .filter(pl.int_range(pl.len()).over("name") < 2 * pl.col("rest"))
        )
    return list(ordered.select("household_id", "team").iter_rows())


def in_order(visitable: pl.DataFrame, lane: str) -> pl.DataFrame:
    """The households of a lane, the next one first; equal priorities by the tie of their night."""
    mine = visitable.filter(pl.col(f"{lane}_priority").is_not_null())
    keys = [f"{lane}_priority", *(["second"] if lane in BY_RANK else []), "tie", "household_id"]
    return mine.sort(keys, descending=[name == "second" or name.endswith("_priority") for name in keys])


def team_name() -> pl.Expr:
    """The names of a team's caseworkers as one text."""
    return pl.col("team").list.join(" ")


def held_by_floors(visitable: pl.DataFrame, planned: Collection[Given], policy: Policy) -> set[str]:
    """The households for which a floor holds a place in the risk lane.

    ``planned``: what is planned without floors. A team has as many places as it has there, so that a floor takes
    places and adds none; a group's floor is rounded down. Nobody whose team has no place is held one.
    """
    lanes = {one.household_id: one.lane for one in planned}
    before = {household for household, lane in lanes.items() if lane not in ("risk", "silent", "random")}
    risk = in_order(visitable.filter(~pl.col("household_id").is_in(sorted(before))), "risk").with_columns(
        name=team_name(),
        group=pl.col("floor_group").fill_null("unknown"),
        listed=pl.col("household_id").replace_strict(lanes, default=None, return_dtype=pl.String) == "risk",
    )
    places = risk.group_by("name").agg(places=pl.col("listed").sum())
    ranked = (
        risk.join(places, on="name", how="left", maintain_order="left")
        .filter(pl.col("places") > 0)
        .with_columns(round=pl.int_range(pl.len()).over("name") // pl.col("places"))
        .sort("round", maintain_order=True)
    )
    length = int(ranked["listed"].sum())
    if not length:
        return set()
    return set(
        ranked.filter(floors.held(ranked, length=length, pool=ranked.height, floor=policy.floors.part))[
            "household_id"
        ]
    )
