"""From source records to one row per household: a pure function of one bucket."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Final

import polars as pl

from features import (
    disability,
    dwelling,
    employment,
    events,
    household,
    income,
    medical,
    neighbourhood,
    schooling,
    support,
    utility,
)
from features.catalog import FEATURES, by_name
from features.context import Context
from features.feature import Feature
from features.sources import Sources
from features.windows import Roster, roster_of

MEASURES: Final[Mapping[str, Callable[[Roster], pl.LazyFrame]]] = {
    "household": dwelling.measures,
    "member": household.measures,
    "income": income.measures,
    "employment": employment.measures,
    "medical": medical.measures,
    "disability": disability.measures,
    "schooling": schooling.measures,
    "benefit": support.benefit_measures,
    "enrolment": support.enrolment_measures,
    "event": events.measures,
    "utility": utility.measures,
}
"""Per kind of source: its one aggregation."""

IDENTITY: Final = ("household_id", "region", "area", "area_kind", "weight", "members")


def build_features(
    sources: Sources,
    context: Context,
    as_of: date,
    names: Sequence[str] | None = None,
    deliveries: Collection[str] | None = None,
) -> pl.DataFrame:
    """The columns of every household valid on ``as_of`` with a living member, by what was known on that day.

    ``household_id, region, area, area_kind, weight, members`` and one Float64 column per feature, sorted by
    ``household_id``. ``names`` chooses features, and then only the sources that they need are read; a name of the
    neighbourhood stands for the columns that ``neighbourhood.with_neighbourhood`` makes it from. Columns of a kind
    that is not delivered are null. ``deliveries`` cuts a replay. ``ValueError`` for a name that does not exist.
    """
    roster = roster_of(sources.known_by(as_of, deliveries), context)
    chosen = _chosen(names)
    wanted = {kind for item in chosen for kind in item.sources}
    table = roster.households.lazy().join(
        roster.members.lazy().filter("present").group_by("household_id").agg(members=pl.len().cast(pl.Int64)),
        on="household_id",
    )
    table = table.select(*IDENTITY[:3], pl.col("area_kind").cast(pl.String), *IDENTITY[4:])
    homes = table.sort("household_id").collect()
    measured = [_measured(roster, kind, measures) for kind, measures in MEASURES.items() if kind in wanted]
    beside = [_beside(homes, measures) for measures in measured]
    columns = [item.expression().cast(pl.Float64).alias(item.name) for item in chosen]
    return pl.concat([homes, *beside], how="horizontal").lazy().select(*IDENTITY, *columns).collect()


def _beside(homes: pl.DataFrame, measures: pl.DataFrame) -> pl.DataFrame:
    """The measures in the order of the households, null where there are none: to be put beside each other."""
    one = homes.select("household_id").join(measures, on="household_id", how="left", maintain_order="left")
    return one.drop("household_id")


def _chosen(names: Sequence[str] | None) -> list[Feature]:
    """The features of a bucket, in the order of the catalogue; those of the neighbourhood give way to theirs."""
    whole_population = set(neighbourhood.FEATURES)
    asked = FEATURES if names is None else [by_name(name) for name in names]
    wanted = {item.name for item in asked if item not in whole_population}
    for item in asked:
        if item in whole_population:
            wanted.update(neighbourhood.columns_needed(item))
    return [item for item in FEATURES if item.name in wanted]


def _measured(roster: Roster, kind: str, measures: Callable[[Roster], pl.LazyFrame]) -> pl.DataFrame:
    """The measures of a kind; no rows where the bureau has no such source, so that the columns become null."""
    plan = measures(roster)
    if not roster.known.has(kind):
        return plan.collect_schema().to_frame()
    return plan.collect(engine="streaming")
