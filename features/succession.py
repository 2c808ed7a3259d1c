"""Households over time: what became of one that is no more, and which one goes on as another.

A household is its people. One that all its people leave for one new household number within two months has moved,
or was given a new number; it is the same household, and nothing that was known or promised under the old number is
lost.
"""

from collections.abc import Collection

import polars as pl

from features.sources import Known


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
