"""Households and members settle first: who belongs to whom decides in which bucket everything else belongs.

Rows that refer to somebody whom no delivery has named are set aside, and kept: when a later delivery names them,
the rows go in, so that the order in which deliveries arrive makes no difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from engine.errors import SourceError
from engine.homes import Homes
from engine.intake.account import Account
from engine.intake.shelf import Shelf
from engine.intake.stock import DUPLICATE, split_duplicates
from engine.intake.working import nothing
from engine.recordstore import RecordStore

NO_MEMBERS: Final = "household_without_members"
NO_HOUSEHOLD: Final = "member_of_unknown_household"
HOMELESS: Final = "person_not_in_any_household"
UNKNOWN: Final = "household_not_in_any_roster"
FEW: Final = 10
"""So few owners whom nobody knows may be newcomers; where more are named and none is known, the files do not belong
together."""


class NobodyKnownError(SourceError):
    """A delivery that names nobody whom a roster has named; the roster may still be to come."""


@dataclass(frozen=True)
class Settled:
    """Households and members that are in order, those that wait (``rule``: for what), and the homes with them."""

    rows: Mapping[str, pl.DataFrame]
    waiting: Mapping[str, pl.DataFrame]
    homes: Homes


def settle_roster(store: RecordStore, shelves: Mapping[str, Shelf], account: Account) -> Settled:
    """Check households and members against each other, within the delivery and the store, bucket by bucket."""
    manned = store.homes.members.select("household_id").unique()
    rows: dict[str, list[pl.DataFrame]] = {"household": [nothing("household")], "member": [nothing("member")]}
    waiting: dict[str, list[pl.DataFrame]] = {kind: [nothing(kind)] for kind in rows}
    for bucket in sorted({bucket for shelf in shelves.values() for bucket in shelf.buckets()}):
        households, members = (
            without_duplicates(kind, shelves[kind].take(bucket, nothing(kind)), account) for kind in rows
        )
        known = store.homes.households.filter(pl.col("bucket") == bucket).select("household_id")
        houses = pl.concat([known, households.select("household_id")])
        lost = members.join(houses, on="household_id", how="anti")
        members = members.join(houses, on="household_id", how="semi", maintain_order="left")
        manned_now = pl.concat([manned, members.select("household_id")])
        deserted = households.join(manned_now, on="household_id", how="anti")
        households = households.join(manned_now, on="household_id", how="semi", maintain_order="left")
        for kind, settled, late in (("household", households, deserted), ("member", members, lost)):
            rows[kind].append(settled)
            waiting[kind].append(late)
    together = {kind: pl.concat(parts) for kind, parts in rows.items()}
    late_rows = {
        kind: told(pl.concat(parts), rule)
        for (kind, parts), rule in zip(waiting.items(), (NO_MEMBERS, NO_HOUSEHOLD), strict=True)
    }
    for kind, late in late_rows.items():
        refuse_strangers(kind, together[kind]["file_"].count(), late, account, store)
        account.set_aside(late)
    return Settled(together, late_rows, store.homes.plus(together["member"], together["household"]))


def without_duplicates(kind: str, rows: pl.DataFrame, account: Account) -> pl.DataFrame:
    """The rows that are unique by key and day in their delivery; the others are set aside."""
    kept, twice = split_duplicates(kind, rows)
    account.set_aside(twice.filter(~pl.col("copied")).with_columns(pl.lit(DUPLICATE).alias("rule")))
    return kept


def told(rows: pl.DataFrame, rule: str) -> pl.DataFrame:
    """Rows that must wait, with the ``rule``: the one they have waited by, else this one."""
    return rows.with_columns(pl.coalesce("rule_", pl.lit(rule)).alias("rule"))


def refuse_strangers(kind: str, met: int, late: pl.DataFrame, account: Account, store: RecordStore) -> None:
    """Raise SourceError where a delivery's rows of a kind share no key at all with the roster."""
    lost = late.drop_nulls("file_")
    owners = [name for name in ("household_id", "person_id") if name in lost.columns]
    newcomers = kind in store.delivered and lost.select(owners).n_unique() < FEW
    if met or not lost.height or newcomers:
        return
    names = ", ".join(entry.name for entry in account.delivery.files(kind))
    other = {"household": "members", "member": "households"}.get(kind, "households and members")
    raise NobodyKnownError(
        f"{account.delivery.id}: {names} shares no key with the {other}: none of its {lost.height:,} readable rows "
        "belongs to anybody in the roster",
        "Check that the files are of the same place and write the numbers of persons and households alike; if the "
        "roster is still to come, deliver it and run the command again.",
    )
