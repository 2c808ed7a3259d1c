"""Households over time: what became of one that is no more, and which one goes on as another.

A household is its people. One that all its people leave for one new household number within two months has moved,
or was given a new number; it is the same household, and nothing that was known or promised under the old number is
lost.
"""

from collections.abc import Collection
from typing import Final

import polars as pl

from features.sources import Known

WINDOW: Final = pl.duration(days=60)
"""So far apart the people of one household may arrive in the next."""
MEMBERSHIPS: Final = {
    "person_id": pl.String,
    "household_id": pl.String,
    "relation": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "death_date": pl.Date,
}
_FACTS: Final = ("relation", "valid_to", "death_date")


def fates(known: Known, households: Collection[str]) -> pl.DataFrame:
    """``household_id, fate`` of households that are none on the day: ``deceased`` or ``moved``; sorted.

    ``deceased``: everybody whose membership had not ended before is dead. ``moved``: people of it live on,
    elsewhere or in a household that was ended. One whose members were all withdrawn is not in the answer.
    """
    died = pl.col("death_date").is_not_null() & (pl.col("death_date") <= known.as_of)
    left = pl.col("valid_to").is_not_null() & (pl.col("valid_to") < known.as_of) & ~died
    return (
        known.frame("member")
        .filter(pl.col("household_id").is_in(sorted(households)) & (pl.col("valid_from") <= known.as_of))
        .group_by("person_id", "household_id")
        .agg(pl.col("valid_to", "death_date").max_by("valid_from"))
        .group_by("household_id")
        .agg(dead=died.any() & (died | left).all())
        .select("household_id", fate=pl.when("dead").then(pl.lit("deceased")).otherwise(pl.lit("moved")))
        .sort("household_id")
        .collect(engine="streaming")
    )


def memberships(known: Known) -> pl.DataFrame:
    """Who has lived where (``MEMBERSHIPS``): the newest record of each person and household that has begun.

    Of one bucket; those of all buckets together (a person's copies are equal rows) are what ``links`` needs.
    """
    return (
        known.frame("member")
        .filter(pl.col("valid_from") <= known.as_of)
        .group_by("person_id", "household_id")
        .agg(pl.col(*_FACTS).max_by("valid_from"), pl.col("valid_from").max())
        .select(*MEMBERSHIPS)
        .collect(engine="streaming")
        .cast(pl.Schema(MEMBERSHIPS))
    )


def links(members: pl.DataFrame) -> pl.DataFrame:
    """``household_id, successor, how, since``: which households go on under another number; sorted.

    A successor is a household that did not exist 60 days before the people came. ``moved``: everybody who lived in
    the old one came, within 60 days; whoever had died or left before does not count, and whoever is born later
    joins. ``split``: the head or the spouse came, others did not (a divorce): both halves go on, and both have the
    history. A child that marries out, or a family that moves in with relatives, makes no link. Rows in any order
    give the same answer.
    """
    members = members.unique(["person_id", "household_id"])
    began = members.group_by("household_id").agg(first=pl.col("valid_from").min())
    several = members.filter(pl.len().over("person_id") > 1)
    moves = (
        several.join(several.select("person_id", successor="household_id", came="valid_from"), on="person_id")
        .filter(pl.col("came") > pl.col("valid_from"))
        .filter(pl.col("came") == pl.col("came").min().over("person_id", "household_id"))
        .filter(pl.col("valid_to").is_null() | (pl.col("came") <= pl.col("valid_to") + WINDOW))
        .join(began, left_on="successor", right_on="household_id")
        .filter(pl.col("came") <= pl.col("first") + WINDOW)
    )
    pairs = moves.group_by("household_id", "successor").agg(
        since=pl.col("came").min(), couple=pl.col("relation").is_in(["head", "spouse"]).any()
    )
    arrived = moves.select("person_id", "household_id", "successor", "came")
    there = (
        pairs.join(members, on="household_id")
        .join(arrived, on=["person_id", "household_id", "successor"], how="left")
        .with_columns(
            left=pl.col("valid_to") < pl.col("since") - WINDOW,
            dead=pl.col("death_date") <= pl.col("since") + WINDOW,
            came=(pl.col("came") <= pl.col("since") + WINDOW),
        )
        .filter(~pl.col("left").fill_null(value=False) & ~pl.col("dead").fill_null(value=False))
    )
    whole = there.group_by("household_id", "successor").agg(whole=pl.col("came").fill_null(value=False).all())
    return (
        pairs.join(whole, on=["household_id", "successor"])
        .filter(pl.col("whole") | pl.col("couple"))
        .select(
            "household_id",
            "successor",
            how=pl.when("whole").then(pl.lit("moved")).otherwise(pl.lit("split")),
            since="since",
        )
        .sort("household_id", "successor")
    )


def lines(linked: pl.DataFrame) -> pl.DataFrame:
    """The links and all that follow from them: whoever moved twice has two successors, the newest included.

    ``moved`` where every step was a move, else ``split``. Sorted by ``household_id, successor``.
    """
    known = linked.select("household_id", "successor", "how")
    steps = known
    while steps.height:
        onward = known.select(pl.col("household_id").alias("successor"), next="successor", next_how="how")
        further = steps.join(onward, on="successor").select(
            "household_id",
            successor="next",
            how=pl.when((pl.col("how") == "moved") & (pl.col("next_how") == "moved"))
            .then(pl.lit("moved"))
            .otherwise(pl.lit("split")),
        )
        both = ["household_id", "successor"]
        steps = further.sort(*both, "how").unique(both, keep="first").join(known, on=both, how="anti")
        known = pl.concat([known, steps])
    return known.sort("household_id", "successor")
