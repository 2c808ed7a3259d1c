"""Working days: a calendar of public holidays and make-up days, read from data, one file per year.

A year without a file is counted from Monday to Friday, and who drafts by it says so.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

ONE: timedelta = timedelta(days=1)


class CalendarError(ValueError):
    """A calendar that cannot be used: which file, and what is wrong with it."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Holiday(_Entry):
    """Days in a row on which nobody works, both included."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]
    first: date = Field(alias="from")
    last: date = Field(alias="to")


class YearFile(_Entry):
    """A year: its holidays, its make-up working days, where they are from and how sure that is."""

    year: int
    source: Annotated[str, Field(min_length=1)]
    mark: Literal["found", "recalled"]
    holiday: tuple[Holiday, ...]
    working: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "YearFile":
        free = {day for each in self.holiday for day in _span(each.first, each.last)}
        if any(each.last < each.first for each in self.holiday):
            raise ValueError("a holiday ends before it begins")
        if any(day.year != self.year for day in free | set(self.working)):
            raise ValueError(f"a day is not of {self.year}")
        if free & set(self.working):
            raise ValueError("a make-up working day lies in a holiday")
        if any(day.weekday() < 5 for day in self.working):
            raise ValueError("a make-up working day is no Saturday or Sunday")
        return self


@dataclass(frozen=True)
class WorkCalendar:
    """The working days of some years. ``name``: what the home calls it; ``marks``: found or recalled, by year."""

    name: str = "weekdays"
    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()
    marks: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, texts: Iterable[str]) -> "WorkCalendar":
        """The calendar in the texts of its years; raises ``CalendarError``."""
        years: dict[int, YearFile] = {}
        for text in texts:
            try:
                found = YearFile.model_validate(tomllib.loads(text))
            except (tomllib.TOMLDecodeError, ValidationError) as wrong:
                raise CalendarError(f"calendar {name}: {wrong}") from None
            if found.year in years:
                raise CalendarError(f"calendar {name}: {found.year} stands twice")
            years[found.year] = found
        return cls(
            name,
            frozenset(d for y in years.values() for each in y.holiday for d in _span(each.first, each.last)),
            frozenset(day for each in years.values() for day in each.working),
            {year: each.mark for year, each in sorted(years.items())},
        )

    def works(self, day: date) -> bool:
        """Whether a day is a working day."""
        return day in self.on or (day.weekday() < 5 and day not in self.off)

    def after(self, day: date, days: int) -> date:
        """The working day that many working days after a day."""
        found = day
        while days > 0:
            found += ONE
            days -= self.works(found)
        return found

    def next_days(self, day: date, days: int) -> tuple[date, ...]:
        """The next so many working days, beginning with the day itself."""
        found: list[date] = []
        while len(found) < days:
            if self.works(day):
                found.append(day)
            day += ONE
        return tuple(found)

    def all_free(self, first: date, last: date) -> bool:
        """Whether no day from the first to the last, both included, is a working day."""
        return not any(self.works(day) for day in _span(first, last))

    def lacks(self, first: date, last: date) -> list[int]:
        """The years between two days that have no file; none of a calendar that is Monday to Friday by intent."""
        return [year for year in range(first.year, last.year + 1) if self.marks and year not in self.marks]


WEEKDAYS = WorkCalendar()
"""Monday to Friday, every week of the year."""


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
