"""Facts in dispute: while somebody has contested a record, the fact it tells is unknown, and no news of any kind.

A household, or a worker for it, says which part of its records is wrong (``SUBJECTS``, a closed list of what a
person can see on the page). From the next night on the facts of the rules, the columns of the models and the
findings that rest on it are as if no record told them: no verdict is drawn from them, no reason shown, no event,
misplacement or duplicate stated. The score treats them as it treats every blank (``models.risk``).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from features.catalog import FEATURES
from outreach.facts import Facts
from outreach.vocabulary import FACTS, PAID
from outreach.wording import Text

FROZEN_SCHEMA: Final = pl.Schema({"household_id": pl.String, "subject": pl.String})
RAISED_BY: Final = ("household", "worker")


@dataclass(frozen=True)
class Subject:
    """What may be contested. ``kind``: the kind of record; ``also``: facts of other kinds that rest on it.

    ``concepts``: whose columns are frozen in place of all that read the kind (who lives there is in all of them).
    """

    said: Text
    kind: str
    also: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()


SUBJECTS: Final[Mapping[str, Subject]] = {
    "income": Subject(Text("收入", "income"), "income", ("spending_ratio", "rigid_ratio")),
    "benefit": Subject(Text("正在领取的待遇", "what is drawn already"), "benefit"),
    "medical": Subject(Text("医疗费用和疾病", "care and illness"), "medical"),
    "disability": Subject(Text("残疾登记", "disability"), "disability"),
    "work": Subject(Text("工作和参保缴费", "work and contributions"), "employment"),
    "event": Subject(Text("发生过的变故", "what has happened"), "event"),
    "insurance": Subject(Text("参保情况", "insurance"), "enrolment"),
    "school": Subject(Text("上学情况", "schooling"), "schooling"),
    "dwelling": Subject(
        Text("住房", "the dwelling"),
        "household",
        ("dwelling_area", "dwelling_unsafe", "home_rented", "public_rental"),
        ("dwelling",),
    ),
    "people": Subject(
        Text("家里有谁", "who lives there"),
        "member",
        ("pc_income", "members_counted", "supporters_able", "parents_able", "parents_lost", "parents_dead"),
        ("composition", "dependants", "elders", "income_level"),
    ),
}
"""The closed list."""
PART_OF: Final = ("household", "member")
"""Kinds of which everything is made: only what ``also`` and ``concepts`` name is frozen."""
STATED: Final = ("EV-", "MIS-", "DUP-")
"""Findings that are stated from records; gaps follow from the verdicts."""


def nothing_frozen() -> pl.DataFrame:
    """No fact is in dispute."""
    return pl.DataFrame(schema=FROZEN_SCHEMA)


def facts_frozen(subject: str) -> tuple[str, ...]:
    """The facts of the rules (``vocabulary.FACTS``, ``paid:<code>`` as ``paid:``) that a subject freezes."""
    about = SUBJECTS[subject]
    own = [] if about.kind in PART_OF else [name for name, fact in FACTS.items() if fact.source == about.kind]
    paid = [PAID] if about.kind == "benefit" else []
    return tuple(dict.fromkeys([*own, *about.also, *paid]))


def columns_frozen(subject: str) -> tuple[str, ...]:
    """The columns of the models that a subject freezes."""
    about = SUBJECTS[subject]
    if about.concepts:
        return tuple(each.name for each in FEATURES if each.concept in about.concepts)
    return tuple(each.name for each in FEATURES if about.kind in each.sources)


def freeze_facts(facts: Facts, frozen: pl.DataFrame) -> Facts:
    """The facts of a bucket with what is in dispute unknown."""
    if frozen.is_empty():
        return facts

    def without(frame: pl.DataFrame) -> pl.DataFrame:
        return _blanked(frame, frozen, lambda subject: _columns_of(subject, frame.columns))

    return replace(facts, households=without(facts.households), persons=without(facts.persons))


def freeze_columns(columns: pl.DataFrame, frozen: pl.DataFrame) -> pl.DataFrame:
    """The columns of the night with what is in dispute unknown."""
    if frozen.is_empty():
        return columns
    return _blanked(columns, frozen, lambda subject: set(columns_frozen(subject)) & set(columns.columns))


def freeze_findings(findings: pl.DataFrame, frozen: pl.DataFrame) -> pl.DataFrame:
    """The findings without those that are stated from a record in dispute."""
    if frozen.is_empty() or findings.is_empty():
        return findings
    stated = pl.any_horizontal(pl.col("code").str.starts_with(prefix) for prefix in STATED)
    sources = pl.col("evidence").struct.field("source").fill_null("").str.split("+")
    hit = pl.lit(value=False)
    for subject, homes in _by_subject(frozen).items():
        hit |= pl.col("household_id").is_in(homes) & sources.list.contains(SUBJECTS[subject].kind)
    return findings.filter(~(stated & hit))


def _by_subject(frozen: pl.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for household, subject in frozen.select("household_id", "subject").unique().sort(pl.all()).iter_rows():
        found.setdefault(subject, []).append(household)
    return found


def _columns_of(subject: str, names: Collection[str]) -> set[str]:
    held = set(facts_frozen(subject))
    bounded = {f"{name}{end}" for name in held for end in ("", "_low", "_high")}
    paid = {name for name in names if name.startswith((PAID, "whole:"))} if PAID in held else set()
    return (bounded | paid) & set(names)


def _blanked(frame: pl.DataFrame, frozen: pl.DataFrame, of: Callable[[str], set[str]]) -> pl.DataFrame:
    blank: dict[str, list[str]] = {}
    for subject, homes in _by_subject(frozen).items():
        for name in of(subject):
            blank.setdefault(name, []).extend(homes)
    return frame.with_columns(
        pl.when(~pl.col("household_id").is_in(sorted(set(homes)))).then(pl.col(name)).alias(name)
        for name, homes in sorted(blank.items())
    )
