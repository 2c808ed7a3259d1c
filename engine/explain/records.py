"""The records of one household as a night saw them: by source, how many, how old, how often corrected."""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Final

import polars as pl

from engine.errors import UsageError
from engine.explain.stored import StoredNight
from engine.homes import bucket_of
from engine.nightfolder import DISPUTED, GIVEN
from engine.population import Population, living_there
from engine.recordstore import RecordStore
from engine.workplace import Workplace, read_programmes
from features.context import Context
from features.records import HAPPENED, KEYS, KINDS
from features.sources import Sources
from features.windows import owned, roster_of
from outreach.catalogue import InForce, Programmes
from outreach.disputed import nothing_frozen
from outreach.eligibility import assess, traces
from outreach.people import people_of

OWNERS: Final = ("person_id", "household_id")


@dataclass(frozen=True)
class Records:
    """Every version of every record of a household and its people that the night's deliveries had brought."""

    household: str
    day: date
    sources: Sources
    context: Context
    programmes: Programmes | None
    lost: tuple[str, ...] = ()
    frozen: pl.DataFrame = field(default_factory=nothing_frozen)

    @cached_property
    def rules(self) -> InForce | None:
        """The rules in force on the day."""
        return None if self.programmes is None else self.programmes.on(self.day)

    def people(self) -> pl.DataFrame:
        """Who lived there on the day (``people_of``)."""
        return people_of(*living_there(self.sources.known_by(self.day), self.context, [self.household]))

    def traced(self) -> pl.DataFrame:
        """The verdicts of the household with their traces, made again."""
        if self.programmes is None:
            return pl.DataFrame()
        judged = assess(self.sources, self.context, self.programmes, self.day, frozen=self.frozen)
        return traces([judged], [self.household])

    def evidence(self) -> list[dict[str, Any]]:
        """Per kind delivered: ``kind, rows, happened_on`` and ``known_on`` (the newest), ``corrected`` (records of
        which several versions were known), ``assumed`` (whether the day of knowledge of any is assumed).
        """
        roster = roster_of(self.sources.known_by(self.day), self.context)
        told = []
        for kind in (kind for kind in KINDS if kind in self.sources.frames):
            if kind in ("household", "member"):
                mine = roster.known.frame(kind).filter(pl.col("household_id") == self.household)
            elif kind == "kin":
                mine = roster.known.frame(kind)
            else:
                mine = owned(roster, kind).filter(pl.col("household_id") == self.household)
            happened = HAPPENED.get(kind)
            found = mine.select(
                rows=pl.len(),
                happened_on=pl.lit(None, pl.Date) if happened is None else pl.col(happened).max(),
                known_on=pl.col("known_on").max(),
                assumed=pl.col("known_on_assumed").any(),
            ).collect()
            versions = self.sources.frames[kind].filter(pl.col("known_on") <= self.day).group_by(KEYS[kind]).len()
            corrected = versions.select((pl.col("len") > 1).sum()).collect().item()
            told.append({"kind": kind, **found.row(0, named=True), "corrected": corrected})
        return told


def records_of(place: Workplace, stored: StoredNight, household: str) -> Records:
    """The household's records by the night's deliveries; IntegrityError where the store lost one of these."""
    store = place.store().cut(stored.manifest["deliveries"])
    pack = stored.manifest["programmes"]
    programmes = None if pack is None else read_programmes(pack, stored.manifest.get("own_programmes", {}))
    lost = sorted(
        {
            note.what
            for note in store.rewritings
            if note.made_at > stored.night.finished_at
            and any(sum(note.removed.get(name, {}).values()) for name in stored.manifest["deliveries"])
        }
    )
    found = _as_of(store, programmes, household, stored.day, tuple(lost))
    frozen = f"{GIVEN}/{DISPUTED}"
    return replace(found, frozen=stored.rows(frozen)) if stored.has(frozen) else found


def records_on(place: Workplace, household: str, day: date) -> Records:
    """The household's records by all that the store holds now, for a day; UsageError where nobody lives there."""
    records = _as_of(place.store(), place.programmes, household, day)
    if not roster_of(records.sources.known_by(day), records.context).households.height:
        raise UsageError(
            f"--household: nobody is known to have lived in a household of this number on {day}",
            "Copy the number from a list, and name a day on which it lived in the county (--as-of).",
        )
    return records


def _as_of(
    store: RecordStore, programmes: Programmes | None, household: str, day: date, lost: tuple[str, ...] = ()
) -> Records:
    context = Population(store, programmes).context(day)
    return Records(household, day, of_household(store, household), context, programmes, lost)


def of_household(store: RecordStore, household: str) -> Sources:
    """Every version of every record of one household and its people, in memory."""
    bucket = (
        pl.DataFrame({"household_id": [household]}).select(bucket_of("household_id", store.bucket_count)).item()
    )
    whole = store.sources(bucket)
    people = whole.frames["member"].filter(pl.col("household_id") == household).select("person_id").unique()
    persons = people.collect()["person_id"].to_list()
    return Sources({kind: _of(frame, kind, household, persons) for kind, frame in whole.frames.items()})


def _of(frame: pl.LazyFrame, kind: str, household: str, persons: list[str]) -> pl.LazyFrame:
    """The rows of one household and its people, in memory."""
    names = KINDS[kind].column_names()
    at_home = pl.col("household_id") == household
    of_people = pl.col("person_id").is_in(persons)
    if kind == "member" or "person_id" not in names:
        return frame.filter(at_home).collect().lazy()
    return frame.filter((of_people | at_home) if "household_id" in names else of_people).collect().lazy()
