"""Columns about the dwelling and the land of the household."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import Roster, ratio, yes

MEMBER: Final = ("household", "member")


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household: its dwelling, the local line, and since when its own record is valid."""
    line = roster.context.db_line or {}
    area_kind = pl.col("area_kind").cast(pl.String)
    return roster.households.lazy().select(
        "household_id",
        _line=area_kind.replace_strict(dict(line), default=None, return_dtype=pl.Int64),
        _history_12m=pl.col("valid_from") <= pl.lit(roster.as_of).dt.offset_by("-12mo"),
        _tenure=pl.col("tenure").cast(pl.String),
        _area_m2="dwelling_area_m2",
        _rooms="rooms",
        _safety=pl.col("dwelling_safety").to_physical(),
        _piped_water="piped_water",
        _inside_toilet="inside_toilet",
        _land_mu="land_mu",
    )


dwelling = partial(feature, sources=MEMBER, concept="dwelling", low=0)


@dwelling(zh="每间房人数", en="Members per room", unit="persons", high=20)
def members_per_room() -> pl.Expr:
    """Members for each room of the dwelling (crowding). Null where the rooms are not recorded."""
    return ratio(pl.col("_members"), pl.col("_rooms"), 0, 20)


@dwelling(zh="人均住房面积", en="Dwelling area per head", unit="m2", high=2_000)
def dwelling_area_per_head() -> pl.Expr:
    """Square metres of the dwelling per member. Null where the area is not recorded."""
    return ratio(pl.col("_area_m2"), pl.col("_members"), 0, 2_000)


@dwelling(zh="自有住房", en="Owns the dwelling", unit="0/1", high=1)
def owns_dwelling() -> pl.Expr:
    """1 where the household owns its dwelling, else 0. Null where the tenure is not recorded."""
    return yes(pl.col("_tenure") == "own")


@dwelling(zh="租房居住", en="Rents the dwelling", unit="0/1", high=1)
def rents_dwelling() -> pl.Expr:
    """1 where the household rents, from the market or the public, else 0. Null where the tenure is not recorded."""
    return yes(pl.col("_tenure").is_in(["rent", "public_rental"]))


@dwelling(zh="住房安全等级", en="Safety grade", unit="grade 0-3", high=3, direction=1)
def dwelling_safety_grade() -> pl.Expr:
    """Safety grade of the dwelling, 0 for A (safe) to 3 for D (dangerous). Null where it was never graded."""
    return pl.col("_safety")


@dwelling(zh="通自来水", en="Piped water", unit="0/1", high=1)
def has_piped_water() -> pl.Expr:
    """1 where the dwelling has piped water, else 0. Null where it is not recorded."""
    return yes(pl.col("_piped_water"))


@dwelling(zh="室内厕所", en="Inside toilet", unit="0/1", high=1)
def has_inside_toilet() -> pl.Expr:
    """1 where the dwelling has a toilet inside, else 0. Null where it is not recorded."""
    return yes(pl.col("_inside_toilet"))


@dwelling(zh="人均承包地", en="Land per head", unit="mu", high=1_000)
def land_per_head() -> pl.Expr:
    """Contracted land per member, in mu. Null where it is not recorded."""
    return ratio(pl.col("_land_mu"), pl.col("_members"), 0, 1_000)


FEATURES: Final = (
    members_per_room,
    dwelling_area_per_head,
    owns_dwelling,
    rents_dwelling,
    dwelling_safety_grade,
    has_piped_water,
    has_inside_toilet,
    land_per_head,
)
