"""What the records of one household say, each with its date and source, as entries of its relief chain."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from features.sources import Known
from outreach import wording_chain as words
from outreach.wording import NOTHING, Currency, Text, money, month, same
from outreach.wording_casework import RELATIONS, source_name
from outreach.wording_chain import both
from outreach.wording_programmes import programme_name

Row = Mapping[str, Any]
NOT_INCOME: Final = ("assistance", "tax", "transfer_paid")


@dataclass(frozen=True)
class Entry:
    """A link of the chain: when it happened and was known, from where, what it says, of whom (null: of all)."""

    on: date
    known_on: date
    kind: str
    source: Text
    said: Text
    person_id: str | None = None


def people_in(known: Known, household: str) -> dict[str, Text]:
    """Everybody who was ever in the household as known then: relation and age, never a name."""
    rows = (
        known.frame("member")
        .filter(pl.col("household_id") == household)
        .sort("valid_from", "person_id")
        .group_by("person_id", maintain_order=True)
        .agg(pl.col("relation", "birth_date", "age_reported", "death_date").last())
        .sort("birth_date", "person_id", nulls_last=True)
        .collect()
    )
    return {row["person_id"]: _called(row, known.as_of) for row in rows.iter_rows(named=True)}


def _called(row: Row, as_of: date) -> Text:
    relation = RELATIONS.get(row["relation"], Text("成员", "member"))
    born, age = row["birth_date"], row["age_reported"]
    if born is not None:
        end = row["death_date"] or as_of
        age = end.year - born.year - ((end.month, end.day) < (born.month, born.day))
    return relation if age is None else both("{}（{}岁）", "{} ({})", relation, same(str(age)))


def entries_of(known: Known, household: str, currency: Currency) -> list[Entry]:
    """The records as entries; income is told by month, aid by the months in a row in which it was paid."""
    made: list[Entry] = []
    for kind, tell in TELLERS.items():
        if known.has(kind):
            frame = known.frame(kind).collect()
            if kind == "member":
                frame = frame.filter(pl.col("household_id") == household)
            made += tell(frame, currency)
    return made


def _entry(row: Row, kind: str, on: date, said: Text) -> Entry:
    return Entry(on, row["known_on"], kind, source_name(kind), said, row.get("person_id"))


def _households(frame: pl.DataFrame, _: Currency) -> Iterator[Entry]:
    for row in frame.iter_rows(named=True):
        said = both("住户登记，地区 {}", "on the roll of households, region {}", same(row["region"]))
        yield _entry(row, "household", row["valid_from"], said)


def _members(frame: pl.DataFrame, _: Currency) -> Iterator[Entry]:
    for row in frame.iter_rows(named=True):
        relation = RELATIONS.get(row["relation"], same(row["relation"]))
        yield _entry(row, "member", row["valid_from"], both("家庭成员：{}", "belongs to it: {}", relation))
        if row["death_date"] is not None:
            yield _entry(row, "member", row["death_date"], Text("去世", "has died"))
        elif row["valid_to"] is not None:
            yield _entry(row, "member", row["valid_to"], Text("不再属于这一户", "belongs to it no more"))


def _incomes(frame: pl.DataFrame, currency: Currency) -> Iterator[Entry]:
    earned = frame.filter(~pl.col("kind").cast(pl.String).is_in(NOT_INCOME))
    months = (
        earned.group_by("month")
        .agg(pl.col("amount").sum(), pl.col("known_on").max(), kinds=pl.col("kind").cast(pl.String).unique().sort())
        .sort("month")
    )
    for row in months.iter_rows(named=True):
        kinds = Text("、", ", ").join(words.INCOMES.get(kind, same(kind)) for kind in row["kinds"])
        said = both("登记收入 {}（{}）", "income on record {} ({})", money(row["amount"], currency), kinds)
        yield _entry(row, "income", row["month"], said)


def _jobs(frame: pl.DataFrame, _: Currency) -> Iterator[Entry]:
    for row in frame.iter_rows(named=True):
        form = words.FORMS.get(row["form"], same(row["form"]))
        yield _entry(row, "employment", row["start"], both("工作：{}", "works: {}", form))
        if row["end"] is not None:
            yield _entry(row, "employment", row["end"], both("工作结束：{}", "the work ends: {}", form))


def _care(frame: pl.DataFrame, currency: Currency) -> Iterator[Entry]:
    for row in frame.iter_rows(named=True):
        care = words.CARE.get(row["kind"], same(row["kind"]))
        paid = NOTHING if row["oop"] is None else money(row["oop"], currency)
        said = care if paid == NOTHING else both("{}，自付 {}", "{}, own payment {}", care, paid)
        yield _entry(row, "medical", row["event_date"], said)


def _aid(frame: pl.DataFrame, currency: Currency) -> Iterator[Entry]:
    """A spell begins where the month before was not of the same status."""
    keys = ["person_id", "household_id", "programme", "status"]
    spells = (
        frame.with_columns(pl.col("status").cast(pl.String))
        .sort(*keys, "month")
        .with_columns(
            new=(pl.col("month") != pl.col("month").shift(1).dt.offset_by("1mo")).over(keys).fill_null(True)
        )
        .with_columns(spell=pl.col("new").cum_sum().over(keys))
        .group_by(*keys, "spell", maintain_order=True)
        .agg(
            first=pl.col("month").min(),
            last=pl.col("month").max(),
            amount=pl.col("amount").last(),
            known_on=pl.col("known_on").min(),
        )
    )
    for row in spells.iter_rows(named=True):
        status = words.STATUSES.get(row["status"], same(row["status"]))
        name = programme_name(row["programme"])
        until = NOTHING if row["first"] == row["last"] else both("，至{}", ", until {}", month(row["last"]))
        amount = both("，每月 {}", ", {} a month", money(row["amount"], currency)) if row["amount"] else NOTHING
        yield _entry(row, "benefit", row["first"], both("{}：{}{}{}", "{}: {}{}{}", name, status, until, amount))


def _events(frame: pl.DataFrame, currency: Currency) -> Iterator[Entry]:
    for row in frame.iter_rows(named=True):
        said = words.HAPPENED.get(row["event_code"], same(row["event_code"]))
        if row["loss"]:
            said = both("{}，损失 {}", "{}, loss {}", said, money(row["loss"], currency))
        yield _entry(row, "event", row["event_date"], said)


def _insured(frame: pl.DataFrame, _: Currency) -> Iterator[Entry]:
    for row in frame.iter_rows(named=True):
        scheme = words.SCHEMES.get(row["scheme"], same(row["scheme"]))
        yield _entry(row, "enrolment", row["start"], both("参保：{}", "insured: {}", scheme))
        if row["end"] is not None:
            yield _entry(row, "enrolment", row["end"], both("参保中断：{}", "insurance ends: {}", scheme))


def _certificates(frame: pl.DataFrame, _: Currency) -> Iterator[Entry]:
    for row in frame.iter_rows(named=True):
        kind = words.DISABILITIES.get(row["type"], same(row["type"]))
        said = both("残疾人证：{} {} 级", "disability certificate: {}, level {}", kind, same(str(row["level"])))
        yield _entry(row, "disability", row["issued"], said)


def _schools(frame: pl.DataFrame, _: Currency) -> Iterator[Entry]:
    for row in frame.iter_rows(named=True):
        stage = words.STAGES.get(row["stage"], same(row["stage"]))
        said = both("就读：{}", "at school: {}", stage)
        yield _entry(row, "schooling", date(row["school_year"], 9, 1), said)


def _arrears(frame: pl.DataFrame, _: Currency) -> Iterator[Entry]:
    for row in frame.filter(pl.col("arrears_months") > 0).iter_rows(named=True):
        months = same(str(row["arrears_months"]))
        yield _entry(row, "utility", row["month"], both("欠费 {} 个月", "{} months in arrears", months))


TELLERS: Final[Mapping[str, Callable[[pl.DataFrame, Currency], Iterator[Entry]]]] = {
    "household": _households,
    "member": _members,
    "income": _incomes,
    "employment": _jobs,
    "medical": _care,
    "benefit": _aid,
    "event": _events,
    "enrolment": _insured,
    "disability": _certificates,
    "schooling": _schools,
    "utility": _arrears,
}
"""How each kind is told. Duties of support have no date and are not in the chain."""
