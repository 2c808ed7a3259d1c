"""The list of areas, caseworkers, leave and capacity: an input file of the home with a contract of its own."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.channels import Address
from engine.errors import HomeError
from engine.push.cards import Area, Caseworker
from engine.settings import Home, problems, read_toml
from outreach.sharing import DUTY_SCHEMA, Staff
from outreach.wording import NOTHING, Text

CAPACITY: Final = {"town": 15, "mountain": 8}
"""New visits a week of a team of two where caseworkers.toml gives none: a proposal, the lower end of the usual."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class AreaEntry(_Entry):
    """An area by the prefix of its region code."""

    region: str = Field(pattern=r"^\d{1,12}$")
    name_zh: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    terrain: str = Field(default="town", pattern=r"^(town|mountain)$")
    language_zh: str | None = Field(default=None, min_length=1, max_length=20)
    language_en: str | None = Field(default=None, min_length=1, max_length=40)

    @property
    def language(self) -> Text:
        """What is spoken there beside Chinese; nothing where the file does not say."""
        said = self.language_zh or self.language_en
        return NOTHING if said is None else Text(self.language_zh or said, self.language_en or said)


class CaseworkerEntry(_Entry):
    """A caseworker with the areas served, how many go together, and the visits that their week holds.

    ``persons`` 1 goes alone, and gets a visit that needs two only where nobody else serves the area. Without a
    capacity it is that of the terrain served: ``CAPACITY``, the least of several.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    name_zh: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    areas: tuple[str, ...]
    capacity_week: int | None = Field(default=None, le=200)
    persons: int = Field(default=2, ge=1, le=9)
    email: Address | None = None

    @model_validator(mode="after")
    def _works_somewhere(self) -> "CaseworkerEntry":
        if not self.areas:
            raise ValueError(
                f"{self.id} serves no area: write the beginnings of region codes, or take the entry out"
            )
        if self.capacity_week is not None and self.capacity_week < 1:
            raise ValueError(
                f"{self.id} has a capacity of {self.capacity_week}: take the entry out, write leave for days away, "
                "or leave capacity_week out for that of the terrain"
            )
        return self


class LeaveEntry(_Entry):
    """Days on which a caseworker is away, both included."""

    caseworker: str
    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "LeaveEntry":
        if self.last < self.first:
            raise ValueError("leave ends before it begins")
        return self


class DutyEntry(LeaveEntry):
    """Days on which a caseworker answers for urgent and event visits although nobody works, both included.

    Without ``areas`` for the areas that the caseworker serves.
    """

    areas: tuple[str, ...] = ()


class StaffFile(_Entry):
    """caseworkers.toml: ``[[area]]``, ``[[caseworker]]``, ``[[leave]]``, ``[[duty]]``."""

    area: tuple[AreaEntry, ...] = Field(min_length=1)
    caseworker: tuple[CaseworkerEntry, ...] = Field(min_length=1)
    leave: tuple[LeaveEntry, ...] = ()
    duty: tuple[DutyEntry, ...] = ()

    @model_validator(mode="after")
    def _names_agree(self) -> "StaffFile":
        ids = [worker.id for worker in self.caseworker]
        if len(set(ids)) < len(ids):
            raise ValueError("two caseworkers have the same id")
        for name, entries in (("leave", self.leave), ("duty", self.duty)):
            unknown = sorted({each.caseworker for each in entries} - set(ids))
            if unknown:
                raise ValueError(f"{name} names caseworkers that are not listed: {', '.join(unknown)}")
        return self

    def capacity_of(self, worker: CaseworkerEntry) -> int:
        """The visits that a caseworker's week holds."""
        if worker.capacity_week is not None:
            return worker.capacity_week
        served = [
            a.terrain
            for a in self.area
            for own in worker.areas
            if a.region.startswith(own) or own.startswith(a.region)
        ]
        return min((CAPACITY[terrain] for terrain in served), default=CAPACITY["town"])


@dataclass(frozen=True)
class Bureau:
    """Who works where, as the drafting and as the cards want it."""

    file: StaffFile

    @property
    def weekly_capacity(self) -> int:
        """Visits that all caseworkers together can make in a week."""
        return sum(self.file.capacity_of(worker) for worker in self.file.caseworker)

    def staff(self, planned: pl.DataFrame) -> Staff:
        """The staff for drafting; ``planned``: caseworker_id, planned_this_week (missing = none)."""
        workers = pl.DataFrame(
            {
                "caseworker_id": [worker.id for worker in self.file.caseworker],
                "capacity_week": [self.file.capacity_of(worker) for worker in self.file.caseworker],
                "persons": [worker.persons for worker in self.file.caseworker],
            },
            schema={"caseworker_id": pl.String, "capacity_week": pl.Int64, "persons": pl.Int64},
        )
        areas = [(worker.id, region) for worker in self.file.caseworker for region in worker.areas]
        leave = [(each.caseworker, each.first, each.last) for each in self.file.leave]
        served = {worker.id: worker.areas for worker in self.file.caseworker}
        duty = [
            (each.caseworker, region, each.first, each.last)
            for each in self.file.duty
            for region in each.areas or served[each.caseworker]
        ]
        return Staff(
            workers.join(planned, on="caseworker_id", how="left").with_columns(
                pl.col("planned_this_week").fill_null(0)
            ),
            pl.DataFrame(areas, schema={"caseworker_id": pl.String, "region": pl.String}, orient="row"),
            pl.DataFrame(
                leave, schema={"caseworker_id": pl.String, "first": pl.Date, "last": pl.Date}, orient="row"
            ),
            pl.DataFrame(duty, schema=DUTY_SCHEMA, orient="row"),
        )

    def caseworkers(self) -> list[Caseworker]:
        """The caseworkers as the heads of their lists name them."""
        return [
            Caseworker(
                worker.id,
                Text(worker.name_zh, worker.name_en),
                worker.areas,
                self.file.capacity_of(worker),
                worker.persons,
            )
            for worker in self.file.caseworker
        ]

    def addresses(self) -> dict[str, str]:
        """The addresses of mail that there are, by caseworker."""
        return {worker.id: worker.email for worker in self.file.caseworker if worker.email is not None}

    def areas(self) -> list[Area]:
        """The areas as cards name them."""
        return [
            Area(each.region, Text(each.name_zh, each.name_en), each.terrain, each.language)
            for each in self.file.area
        ]


def read_bureau(home: Home) -> Bureau:
    """Read caseworkers.toml; raises HomeError that names the file, the entry and what it should be."""
    try:
        return Bureau(StaffFile.model_validate(read_toml(home.caseworkers)))
    except ValidationError as wrong:
        raise HomeError(
            f"{home.caseworkers}: {problems(wrong)}", "Mend the entries named above; docs/operator.md shows one."
        ) from None
