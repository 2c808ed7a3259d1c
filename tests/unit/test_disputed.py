"""What is in dispute is unknown: in the facts, the verdicts, the findings and the columns, and to nobody else."""

import polars as pl
import pytest
from builders import records, sources
from programme_cases import DAY, county
from programme_stories import KINDS, calendar, tables_of

from features.catalog import FEATURES
from features.context import Context
from outreach.disputed import (
    FROZEN_SCHEMA,
    SUBJECTS,
    columns_frozen,
    facts_frozen,
    freeze_columns,
    freeze_findings,
)
from outreach.eligibility import Verdicts, assess
from outreach.vocabulary import FACTS, PAID

POOR = {"people": [{"age": 70, "income": 100, "certificate": "limb 1"}, {"age": 45, "relation": "child"}]}
STORIES = [
    POOR,
    POOR,
    {**POOR, "paid": ["DB"]},
    {**POOR, "events": ["ACC 2025-05-25"]},
]


def frozen(*pairs: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(pairs), schema=FROZEN_SCHEMA, orient="row")


def judged(held: pl.DataFrame) -> Verdicts:
    tables = tables_of(STORIES, DAY)
    given = sources(**{kind: records(kind, tables[kind]) for kind in ("household", "member", *KINDS)})
    return assess(given, Context(calendar(DAY, KINDS)), county(), DAY, frozen=held)


def verdict(found: Verdicts, household: str, programme: str) -> str | None:
    rows = found.verdicts.filter(household_id=household, programme=programme)["verdict"]
    return str(rows[0]) if rows.len() else None


@pytest.fixture(scope="module")
def before() -> Verdicts:
    return judged(frozen())


@pytest.fixture(scope="module")
def contested() -> Verdicts:
    pairs = [("H0", "income"), ("H2", "benefit"), ("H3", "event"), ("H1", "disability")]
    return judged(frozen(*pairs))


def test_a_contested_income_judges_nothing_for_this_household_and_everything_for_the_others(
    before: Verdicts, contested: Verdicts
) -> None:
    assert [verdict(before, home, "DB") for home in ("H0", "H1")] == ["eligible_likely", "eligible_likely"]
    assert [verdict(contested, home, "DB") for home in ("H0", "H1")] == ["insufficient_data", "eligible_likely"]
    same = ["CJ-H", "GL"]
    assert [verdict(contested, "H0", code) for code in same] == [verdict(before, "H0", code) for code in same]
    assert contested.verdicts.filter(household_id="H0", programme="DB")["unmet_month"].to_list() == [None]


def test_a_contested_payment_is_neither_in_payment_nor_free(before: Verdicts, contested: Verdicts) -> None:
    assert verdict(before, "H2", "DB") == "in_payment"
    assert verdict(contested, "H2", "DB") == "eligible_possible"


def test_a_contested_certificate_leaves_the_care_subsidy_open(before: Verdicts, contested: Verdicts) -> None:
    assert verdict(before, "H1", "CJ-H") == "eligible_likely"
    assert verdict(contested, "H1", "CJ-H") in ("insufficient_data", "eligible_possible")
    assert verdict(contested, "H1", "DB") == verdict(before, "H1", "DB")


def test_an_event_that_is_contested_is_not_stated(before: Verdicts, contested: Verdicts) -> None:
    def told(found: Verdicts) -> list[str]:
        return found.findings.filter(pl.col("code").str.starts_with("EV-"), household_id="H3")["code"].to_list()

    assert "EV-ACC" in told(before)
    assert told(contested) == []


def test_a_misplacement_or_duplicate_is_not_stated_from_a_contested_record() -> None:
    rows = [
        {"household_id": home, "code": code, "evidence": {"source": source}}
        for home in ("H1", "H2")
        for code, source in (("MIS-03", "benefit+income"), ("DUP-01", "benefit"), ("GAP-DB", "income"))
    ]
    left = freeze_findings(pl.DataFrame(rows), frozen(("H1", "income")))
    assert left.filter(household_id="H1")["code"].to_list() == ["DUP-01", "GAP-DB"]
    assert left.filter(household_id="H2").height == 3


def test_the_columns_that_read_a_contested_kind_are_blank_for_this_household_alone() -> None:
    columns = pl.DataFrame({"household_id": ["H1", "H2"], "income_to_line_12m": [0.5, 0.6], "head_age": [50, 60]})
    left = freeze_columns(columns, frozen(("H1", "income")))
    assert left.rows() == [("H1", None, 50), ("H2", 0.6, 60)]
    assert freeze_columns(columns, frozen()).equals(columns)


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_every_subject_freezes_facts_or_columns_and_has_words(subject: str) -> None:
    said = SUBJECTS[subject].said
    assert said.zh
    assert said.en
    assert set(facts_frozen(subject)) <= {*FACTS, PAID}
    assert facts_frozen(subject)
    assert set(columns_frozen(subject)) < {each.name for each in FEATURES}
    assert columns_frozen(subject)
