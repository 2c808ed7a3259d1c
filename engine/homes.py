"""Who lives where, ever: which bucket of the record store holds a person's records, and in which area they count.

A bucket holds everything about its households. A person's records therefore lie in the bucket of every household
that the person has ever belonged to; all but one of these are copies.
"""

from dataclasses import dataclass

import polars as pl

from engine.identity import ALPHABET
from features.calendar import area_of


def bucket_of(household: str, buckets: int) -> pl.Expr:
    """The bucket of a household: the first 20 bits of its pseudonym (itself a keyed hash) modulo the buckets."""
    letters = list(ALPHABET)
    total = pl.lit(0, dtype=pl.UInt32)
    for place in range(4):
        letter = pl.col(household).str.slice(place, 1)
        value = letter.replace_strict(letters, list(range(32)), default=None, return_dtype=pl.UInt32)
        total = total * 32 + value
    return (total % buckets).cast(pl.UInt16)


@dataclass(frozen=True)
class Homes:
    """All memberships that any accepted record has named.

    ``members``: ``person_id, household_id, valid_from`` (the newest). ``households``: ``household_id, region,
    valid_from`` (the newest record) and ``bucket``.
    """

    members: pl.DataFrame
    households: pl.DataFrame
    buckets: int

    def plus(self, members: pl.DataFrame, households: pl.DataFrame) -> "Homes":
        """These homes and further ones."""
        return homes_of(
            pl.concat([self.members, members.select(self.members.columns)]),
            pl.concat([self.households.drop("bucket"), households.select("household_id", "region", "valid_from")]),
            self.buckets,
        )

    def places(self) -> pl.DataFrame:
        """``person_id, bucket, area``, one row per person: the bucket of the original records, the latest area."""
        lived = self.members.join(self.households.select("household_id", "region", "bucket"), on="household_id")
        last = pl.struct("valid_from", "household_id")
        return lived.group_by("person_id").agg(pl.col("bucket").min(), area_of().max_by(last).alias("area"))

    def household_places(self) -> pl.DataFrame:
        """``household_id, bucket, area``, one row per household."""
        return self.households.select("household_id", "bucket", area_of().alias("area"))

    def person_buckets(self) -> pl.DataFrame:
        """``person_id, bucket``: every bucket that must hold the person's records."""
        lived = self.members.join(self.households.select("household_id", "bucket"), on="household_id")
        return lived.select("person_id", "bucket").unique().sort("person_id", "bucket")


def homes_of(members: pl.DataFrame, households: pl.DataFrame, buckets: int) -> Homes:
    """Homes from ``person_id, household_id, valid_from`` and ``household_id, region, valid_from`` in any number."""
    newest = members.group_by("person_id", "household_id").agg(pl.col("valid_from").max())
    last = pl.struct("valid_from", "region")
    regions = households.group_by("household_id").agg(pl.col("region").max_by(last), pl.col("valid_from").max())
    return Homes(newest, regions.with_columns(bucket_of("household_id", buckets).alias("bucket")), buckets)
