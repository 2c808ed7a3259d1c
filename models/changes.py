"""The smallest realistic changes that would move a household out of its band.

A change is made in the household's records of the past year (a job at its peers' wage, a bill covered, an
insurance), and every column is computed again from them, so that no column moves alone. Nobody's age, sex, health
or family is ever changed, and nobody is asked to earn more than their peers do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any, Final, Literal

import polars as pl

from features.records import KINDS
from features.sources import Sources

Lever = Literal["job", "raise", "bill", "enrol", "arrears", "house", "fees"]
Frames = Mapping[str, pl.DataFrame]
Combination = tuple["Change", ...]

MOST_TOGETHER: Final = 3
MOST_TOLD: Final = 3
LABOUR: Final = ("wage", "business", "farm", "platform")
WORKING_AGE: Final = (18, 59)
SEVERE: Final = 2
FULL_WEEK: Final = 40.0
ADDED: Final = "change"


@dataclass(frozen=True)
class Change:
    """A change of one kind; of two sizes of a lever only one is made. ``amount``: minor units, null where none."""

    lever: Lever
    size: int
    amount: float | None
    apply: Callable[[Frames], dict[str, pl.DataFrame]]


@dataclass(frozen=True)
class Year:
    """The twelve months that the columns look at: the last month that income was reported for, and the day."""

    last: date
    day: date

    @property
    def months(self) -> list[date]:
        """First days of the twelve months, oldest first."""
        number = self.last.year * 12 + self.last.month - 1
        return [date(each // 12, each % 12 + 1, 1) for each in range(number - 11, number + 1)]


def changes_for(frames: Frames, year: Year, wage: float | None, earned: float | None) -> tuple[Change, ...]:
    """The changes that are open to a household, each lever in its sizes, the smallest first.

    ``frames``: the newest versions of its records. ``wage``: what a peer who works earns a month, ``earned``: what
    its own members in work do (minor units; null = not known).
    """
    found: list[Change] = []
    idle = _able_and_idle(frames, year)
    if idle is not None and wage is not None and wage > 0:
        found += [_job(idle, round(wage * part), year, size) for size, part in ((1, 0.5), (2, 1.0))]
    if wage is not None and earned is not None and 0 < earned < wage:
        found += [
            _raise(earned, earned + (wage - earned) * part, year, size) for size, part in ((1, 0.5), (2, 1.0))
        ]
    bills = _bills(frames, year)
    if bills:
        found.append(_bill(bills[:1], 1))
    if len(bills) > 1:
        found.append(_bill(bills, 2))
    uninsured = _uninsured(frames, year)
    if uninsured:
        found.append(_enrol(uninsured, year))
    if _any(frames, "utility", pl.col("arrears_months") > 0):
        found.append(Change("arrears", 1, None, lambda now: _set(now, "utility", arrears_months=_zero())))
    if _any(frames, "household", pl.col("dwelling_safety").is_in(["C", "D"])):
        safe = pl.lit("A").cast(KINDS["household"].columns()["dwelling_safety"].dtype)
        found.append(Change("house", 1, None, lambda now: _set(now, "household", dwelling_safety=safe)))
    fee = pl.col("fee_norm") > pl.col("aid_amount").fill_null(0)
    if _any(frames, "schooling", fee):
        paid = pl.max_horizontal("aid_amount", "fee_norm")
        found.append(Change("fees", 1, None, lambda now: _set(now, "schooling", aid_amount=paid)))
    return tuple(found)


def combinations_of(changes: Sequence[Change]) -> list[Combination]:
    """Nothing changed, then every one, two and three of them together, a lever at most once in each."""
    together = [
        each
        for many in range(1, MOST_TOGETHER + 1)
        for each in combinations(changes, many)
        if len({change.lever for change in each}) == many
    ]
    return [(), *together]


def copies(frames: Frames, household: str, made: Sequence[Combination]) -> Sources:
    """A copy of the household for each combination of changes, under the numbers of ``copy_name``."""
    parts: dict[str, list[pl.DataFrame]] = {kind: [] for kind in frames}
    for number, combination in enumerate(made):
        changed: Frames = frames
        for change in combination:
            changed = change.apply(changed)
        for kind, frame in changed.items():
            parts[kind].append(_renamed(frame, household, copy_name(number)))
    return Sources({kind: pl.concat(frames_of).lazy() for kind, frames_of in parts.items()})


def copy_name(number: int) -> str:
    """The number of a copy; sorted as numbers are."""
    return f"{number:06d}"


def smallest(made: Sequence[Combination], enough: Sequence[bool]) -> list[int]:
    """The places of the combinations that are enough and of which no smaller one is: fewest levers, least first.

    A combination is smaller than another where each of its changes is a change of the other, of that size or less.
    """
    sizes: list[dict[str, int]] = [{change.lever: change.size for change in each} for each in made]
    winners = [place for place, won in enumerate(enough) if won]
    kept = [
        place
        for place in winners
        if not any(_smaller(sizes[other], sizes[place]) for other in winners if other != place)
    ]
    return sorted(kept, key=lambda place: (len(sizes[place]), sum(sizes[place].values()), place))[:MOST_TOLD]


def _smaller(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return all(lever in other and size <= other[lever] for lever, size in one.items())


def _present(frames: Frames, year: Year) -> pl.DataFrame:
    """The members on the day, with their age."""
    day = pl.lit(year.day)
    here = (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day)) & (pl.col("valid_from") <= day)
    alive = pl.col("death_date").is_null() | (pl.col("death_date") > day)
    born = (day - pl.col("birth_date")).dt.total_days() // 365.25
    age = pl.coalesce(born.cast(pl.Int64), "age_reported")
    return (
        frames["member"]
        .filter(here & alive)
        .select("person_id", age=age)
        .sort("age", "person_id")
        .unique("person_id", keep="first", maintain_order=True)
    )


def _able_and_idle(frames: Frames, year: Year) -> str | None:
    """The youngest member of working age without work, school or severe disability on record."""
    able = _present(frames, year).filter(pl.col("age").is_between(*WORKING_AGE))["person_id"].to_list()
    since = year.months[0]
    busy: set[str] = set()
    if "income" in frames:
        earning = pl.col("kind").cast(pl.String).is_in(LABOUR) & (pl.col("month") >= since) & (pl.col("amount") > 0)
        busy |= set(frames["income"].filter(earning)["person_id"].drop_nulls())
    if "employment" in frames:
        at_work = pl.col("end").is_null() & (pl.col("form").cast(pl.String) != "unemployed")
        busy |= set(frames["employment"].filter(at_work)["person_id"])
    if "schooling" in frames:
        busy |= set(frames["schooling"].filter(pl.col("school_year") >= year.day.year - 1)["person_id"])
    if "disability" in frames:
        in_force = pl.col("expires").is_null() | (pl.col("expires") >= year.day)
        busy |= set(frames["disability"].filter(in_force & (pl.col("level") <= SEVERE))["person_id"])
    return next((person for person in able if person not in busy), None)


def _job(person: str, amount: int, year: Year, size: int) -> Change:
    def apply(now: Frames) -> dict[str, pl.DataFrame]:
        made = dict(now)
        months = [
            {"person_id": person, "month": month, "period_months": 1, "kind": "wage", "amount": amount}
            | {"source_dept": ADDED, "record_no": ADDED, "quality": "registered"}
            for month in year.months
        ]
        made["income"] = _plus(now, "income", months, year)
        if "employment" in now:
            spell = {
                "person_id": person,
                "start": year.months[0],
                "record_no": ADDED,
                "form": "contract",
                "contribution_base": amount,
                "contributed_until": year.last,
                "hours_week": FULL_WEEK,
            }
            jobless = (pl.col("person_id") == person) & (pl.col("form").cast(pl.String) == "unemployed")
            still = {**now, "employment": now["employment"].filter(~(jobless & pl.col("end").is_null()))}
            made["employment"] = _plus(still, "employment", [spell], year)
        return made

    return Change("job", size, amount, apply)


def _raise(earned: float, wanted: float, year: Year, size: int) -> Change:
    labour = pl.col("kind").cast(pl.String).is_in(LABOUR) & (pl.col("month") >= year.months[0])
    more = pl.when(labour & (pl.col("amount") > 0)).then(
        (pl.col("amount") * (wanted / earned)).round().cast(pl.Int64)
    )
    return Change("raise", size, wanted, lambda now: _set(now, "income", amount=more.otherwise(pl.col("amount"))))


def _bills(frames: Frames, year: Year) -> list[tuple[str, int]]:
    """Number and own payment of each claim of the year, the costliest first."""
    if "medical" not in frames:
        return []
    own = frames["medical"].filter((pl.col("event_date") >= year.months[0]) & (pl.col("oop") > 0))
    return list(own.sort(["oop", "event_id"], descending=[True, False]).select("event_id", "oop").iter_rows())


def _bill(bills: Sequence[tuple[str, int]], size: int) -> Change:
    covered = pl.col("event_id").is_in([event for event, _ in bills])
    changed = {
        "assistance_paid": pl.when(covered)
        .then(pl.col("assistance_paid").fill_null(0) + pl.col("oop"))
        .otherwise(pl.col("assistance_paid")),
        "oop": pl.when(covered).then(0).otherwise(pl.col("oop")),
    }
    return Change("bill", size, sum(oop for _, oop in bills), lambda now: _set(now, "medical", **changed))


def _uninsured(frames: Frames, year: Year) -> list[str]:
    """Members without health cover on record, where there is such a register."""
    if "enrolment" not in frames:
        return []
    health = pl.col("scheme").cast(pl.String).str.starts_with("medical")
    insured = frames["enrolment"].filter(health & (pl.col("end").is_null() | (pl.col("end") >= year.day)))
    return sorted(set(_present(frames, year)["person_id"]) - set(insured["person_id"]))


def _enrol(persons: Sequence[str], year: Year) -> Change:
    rows = [{"person_id": each, "scheme": "medical_resident", "start": year.months[0]} for each in persons]
    return Change("enrol", 1, None, lambda now: {**now, "enrolment": _plus(now, "enrolment", rows, year)})


def _any(frames: Frames, kind: str, which: pl.Expr) -> bool:
    return kind in frames and bool(frames[kind].select(which.fill_null(value=False).any()).item())


def _zero() -> pl.Expr:
    return pl.when(pl.col("arrears_months").is_not_null()).then(pl.lit(0, pl.Int64))


def _set(now: Frames, kind: str, **columns: pl.Expr) -> dict[str, pl.DataFrame]:
    return {**now, kind: now[kind].with_columns(**columns)}


def _plus(now: Frames, kind: str, rows: Sequence[Mapping[str, Any]], year: Year) -> pl.DataFrame:
    """The records of a kind with some more, known on the day."""
    before = now[kind]
    about = {"known_on": year.day, "known_on_assumed": False, "void": False, "seq": 0, "delivery_id": ADDED}
    more = pl.DataFrame([about | dict(each) for each in rows], schema_overrides=_types(before, rows, about))
    missing = [pl.lit(None).alias(name) for name in before.columns if name not in more.columns]
    return pl.concat([before, more.with_columns(missing).select(before.columns).cast(before.schema)])


def _types(before: pl.DataFrame, rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> dict[str, Any]:
    given = {*about, *(name for each in rows for name in each)}
    return {
        name: dtype for name, dtype in before.schema.items() if name in given and not isinstance(dtype, pl.Enum)
    }


def _renamed(frame: pl.DataFrame, household: str, name: str) -> pl.DataFrame:
    """The rows under the number of a copy: its household, and its people as people of their own."""
    columns = []
    if "household_id" in frame.columns:
        columns.append(pl.when(pl.col("household_id") == household).then(pl.lit(name)).alias("household_id"))
    if "person_id" in frame.columns:
        columns.append((pl.lit(f"{name}.") + pl.col("person_id")).alias("person_id"))
    return frame.with_columns(columns)
