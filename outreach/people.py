"""Who lives in the households on a list, and what a visitor must know before knocking.

Only for households that are listed: the words are made row by row.
"""

from typing import Final

import polars as pl

SEVERE: Final = 2
"""Disability levels 1 and 2 are severe (重度)."""
ADULT: Final = 18
ELDER: Final = 60

PEOPLE_SCHEMA: Final = {
    "household_id": pl.String,
    "head": pl.String,
    "persons": pl.Int64,
    "members": pl.List(pl.Struct({"person_id": pl.String, "relation": pl.String, "age": pl.Int64})),
    "needs": pl.List(pl.String),
}


def people_of(members: pl.DataFrame, disability: pl.DataFrame) -> pl.DataFrame:
    """One row per household: ``household_id, head, persons, members, needs``, sorted by household.

    ``members``: ``household_id, person_id, relation, age`` (completed years, may be null) of those who live there,
    and perhaps ``memory`` (Bool: care for failing memory is on record).
    ``disability``: ``person_id, type, level`` of the certificates in force; empty where the bureau has no register.
    ``head`` is the head's pseudonym, else the oldest member's. ``members`` stand head first, then by age. ``needs``
    are codes of ``wording_casework.NEEDS``, the weightiest first.
    """
    is_head = pl.col("relation") == "head"
    memory = pl.col("memory") if "memory" in members.columns else pl.lit(value=False).alias("memory")
    living = members.select(
        "household_id", "person_id", pl.col("relation").cast(pl.String), pl.col("age").cast(pl.Int64), memory
    ).sort("household_id", is_head, "age", "person_id", descending=[False, True, True, False], nulls_last=True)
    listed = living.group_by("household_id", maintain_order=True).agg(
        head=pl.col("person_id").first(),
        persons=pl.len().cast(pl.Int64),
        members=pl.struct("person_id", "relation", "age"),
    )
    return (
        listed.join(_needs(living, disability), on="household_id", how="left")
        .select(list(PEOPLE_SCHEMA))
        .cast(PEOPLE_SCHEMA)  # type: ignore[arg-type]
        .sort("household_id")
    )


def _needs(living: pl.DataFrame, disability: pl.DataFrame) -> pl.DataFrame:
    kind, age = pl.col("type"), pl.col("age")
    certified = living.select("household_id", "person_id", "age", "memory").join(
        disability.select("person_id", pl.col("type").cast(pl.String), pl.col("level").cast(pl.Int64)),
        on="person_id",
        how="left",
    )
    minor, elder = age < ADULT, age >= ELDER
    flags = {
        "minor_alone": minor.fill_null(False).all(),
        "lone_elder": (pl.col("person_id").n_unique() == 1) & elder.fill_null(False).any(),
        "severe_disability": (pl.col("level") <= SEVERE).fill_null(False).any(),
        "hearing": kind.is_in(["hearing", "multiple"]).fill_null(False).any(),
        "speech": (kind == "speech").fill_null(False).any(),
        "visual": (kind == "visual").fill_null(False).any(),
        "mind": kind.is_in(["intellectual", "mental"]).fill_null(False).any(),
        "memory": pl.col("memory").fill_null(False).any(),
        "elder_80": (age >= 80).fill_null(False).any(),
        "children": minor.fill_null(False).any(),
    }
    found = certified.group_by("household_id").agg(**flags)
    codes = pl.concat_list([pl.when(name).then(pl.lit(name)) for name in flags]).list.drop_nulls()
    return found.select("household_id", codes.alias("needs"))
