"""Show how to reach one household, to somebody who may know, and note it first."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from engine.errors import NotAllowedError, UsageError
from engine.vault import CONTACT_FIELDS, VaultReader
from engine.workplace import Workplace
from features.sources import Sources
from outreach.permissions import Purpose, Role, in_area, masked, may

SHOWN: Final = ("household_id", *CONTACT_FIELDS)


def reveal(
    place: Workplace, household: str, *, role: Role, areas: Sequence[str], purpose: Purpose, on: date
) -> dict[str, Any]:
    """``household_id, name, phone, address`` of one household as known on a day, masked where the role wants it.

    What was asked stands in the audit log, refused or not, before anything is opened. Raises UsageError where
    nobody knows the household, NotAllowedError where the role may not see it.
    """
    household = place.current(household)
    there = place.store().homes.households.filter(pl.col("household_id") == household)
    if not there.height:
        raise UsageError("HOUSEHOLD: there is no such household in the records", "Copy it from a list.")
    decision = may(role, "reveal", "identity", in_area(there["region"][0], areas), purpose)
    if not decision.allowed:
        place.log.note("reveal refused", "household", {"purpose": purpose, "households": [household]})
        raise NotAllowedError(
            f"xunfang reveal: {decision.reason.en} / {decision.reason.zh}",
            "docs/operator.md says which role may do what.",
        )
    head = _head_of(place.store().sources(int(there["bucket"][0])), household, on)
    heads = pl.DataFrame(
        {"household_id": [household], "person_id": [head]}, schema_overrides={"person_id": pl.String}
    )
    reader = VaultReader(place.database, place.keys.vault, place.log)
    found = reader.contacts(heads, on, purpose).row(0, named=True)
    if decision.form == "masked":
        found = {name: value if name == "household_id" else masked(name, value) for name, value in found.items()}
    return {name: found[name] for name in SHOWN} | {"form": decision.form, "purpose": purpose}


def _head_of(bucket: Sources, household: str, on: date) -> str | None:
    """The head of a household, else its oldest member, among those who belong to it on a day."""
    here = (pl.col("valid_from") <= on) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= on))
    members = (
        bucket.known_by(on)
        .frame("member")
        .filter(
            pl.col("household_id") == household, pl.col("valid_from") <= on, here, pl.col("death_date").is_null()
        )
        .select("person_id", "birth_date", is_head=pl.col("relation") == "head")
        .sort("is_head", "birth_date", "person_id", descending=[True, False, False], nulls_last=True)
        .collect()
    )
    return members["person_id"][0] if members.height else None
