"""The package of a household by a night's verdicts: made from what the night has stored."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from engine.identity import renewed
from engine.nightfolder import MANIFEST, RETIRED, as_now, listed_frame, read_manifest, version_of
from engine.workplace import Workplace
from outreach.catalogue import InForce
from outreach.package import Given, Package, package_of
from outreach.wording import Currency, Text
from outreach.wording_package import told

Row = Mapping[str, Any]


def package_by(
    place: Workplace, verdicts: Sequence[Row], people: Sequence[str], rules: InForce | None, day: date
) -> Package | None:
    """The package of who lives there, if they apply on a day; null where no rules are in force."""
    if rules is None or not rules.rules:
        return None
    days = place.policy.clocks.other_working_days
    return package_of(verdicts, Given(people, rules, day, place.calendar, days))


def package_told(
    package: Package | None, rules: InForce | None, persons: Mapping[str, Text], currency: Currency
) -> dict[str, Any] | None:
    """The package in words; null where there is none."""
    if package is None or rules is None:
        return None
    return told(package, {rule.programme.code: rule.programme for rule in rules.rules}, persons, currency)


def package_of_night(
    place: Workplace, household: str, night: date, day: date, people: Sequence[str] = ()
) -> Package | None:
    """The package of a household by the verdicts of a night, if it applies on a day.

    ``people``: who lives there, where the night has not kept it (it has of those it listed). Null where there are
    no rules, or the night's files are gone, or it has judged nothing of this household.
    """
    if place.programmes is None or not (place.home.nights / night.isoformat() / MANIFEST).is_file():
        return None
    manifest = read_manifest(place, night)
    if RETIRED in manifest or "verdicts.parquet" not in manifest["files"]:
        return None
    here, version = pl.col("household_id") == household, version_of(manifest)
    verdicts = listed_frame(place, night, "verdicts").filter(here)
    if verdicts.height:
        members = listed_frame(place, night, "people").filter(here)["members"].explode().struct.field("person_id")
        people = _now(place, members, version).drop_nulls().to_list()
    else:
        path = place.home.nights / night.isoformat() / "verdicts.parquet"
        verdicts = as_now(place, pl.read_parquet(path, glob=False), version).filter(here)
    if not verdicts.height:
        return None
    verdicts = verdicts.with_columns(_now(place, verdicts["person_id"], version))
    return package_by(place, verdicts.to_dicts(), people, place.programmes.on(day), day)


def layer_of_night(place: Workplace, household: str, night: date) -> dict[str, Any] | None:
    """Depth, kinds and grade of a household's hardship by a night (``outreach.layers``); null: none kept."""
    if place.programmes is None or not (place.home.nights / night.isoformat() / MANIFEST).is_file():
        return None
    manifest = read_manifest(place, night)
    if "layers.parquet" not in manifest["files"]:
        return None
    path = place.home.nights / night.isoformat() / "layers.parquet"
    rows = as_now(place, pl.read_parquet(path, glob=False), version_of(manifest))
    found = rows.filter(pl.col("household_id") == household)
    return found.row(0, named=True) if found.height else None


def _now(place: Workplace, persons: pl.Series, version: int) -> pl.Series:
    """People by their numbers of now."""
    keys = place.keys.pseudonyms
    return persons if version == len(keys) else renewed(keys, version, "person", persons)
