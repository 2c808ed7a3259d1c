"""Verdicts: every programme for every household and person of a bucket, in one pass, with what speaks for each.

Conditions of stage A are joined by "and": one that fails makes ``not_eligible``; else one that cannot be judged
makes ``insufficient_data``; else one within its uncertainty makes ``eligible_possible``; else ``eligible_likely``.
A programme in payment is ``in_payment``. Stage B is listed to be verified after consent and lowers nothing.
A programme that another body grants without a household's records (an interface) is not judged.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from features.context import Context
from features.records import KINDS
from features.sources import Sources
from outreach.catalogue import Amount, Exclusion, InForce, Programmes, Rule, cited, named
from outreach.cliffs import cliff_findings
from outreach.conditions import FAIL, NEAR, OUTCOMES, PASS, UNKNOWN, Compare, figure, leaves, line_of, outcome
from outreach.disputed import freeze_facts, freeze_findings, nothing_frozen
from outreach.duplicates import duplicate_findings
from outreach.facts import Rows, facts_of
from outreach.facts_home import RELIEF_CODES
from outreach.findings import EVIDENCE, FINDINGS_SCHEMA, event_findings, gap_findings
from outreach.misplacements import misplacement_findings
from outreach.trigger_table import STATUS_CODES
from outreach.vocabulary import PAID, VERDICTS, Fact, fact_of

VERDICT: Final = pl.Enum(VERDICTS)
OF_LEVEL: Final = {
    FAIL: "not_eligible",
    UNKNOWN: "insufficient_data",
    NEAR: "eligible_possible",
    PASS: "eligible_likely",
}
STEP: Final = pl.Struct(
    {
        "condition": pl.String,
        "stage": pl.String,
        "fact": pl.String,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "op": pl.String,
        "threshold": pl.Float64,
        "outcome": pl.String,
        "source": pl.String,
        "source_date": pl.Date,
        "article": pl.String,
    }
)
"""One step of a trace. ``outcome``: pass, near, fail, unknown, or verify for stage B."""

HOME, PERSON, PLACE = "_home", "_person", "_place"
RULES: Final = 2**8
MOST: Final = 2**32
"""More rules and more people than there ever are in a bucket: the parts of a row's place."""

VERDICTS_SCHEMA: Final[dict[str, pl.DataType | DataTypeClass]] = {
    "household_id": pl.String,
    "person_id": pl.String,
    "programme": pl.String,
    "verdict": VERDICT,
    "unmet_month": pl.Int64,
    "evidence": EVIDENCE,
}


@dataclass(frozen=True)
class Verdicts:
    """``verdicts``, ``findings`` and ``reviews`` of a bucket, and what they rest on, for ``traces``.

    ``verdicts``: household_id, person_id (null for a household's programme), programme, verdict, unmet_month (minor
    units; null where no amount can be said), evidence. Who is outside the people whom a programme is for (a
    condition marked ``population`` that fails) has no row unless it is in payment. Sorted by its first columns.
    ``findings``: gaps, cliffs and events, ``findings.FINDINGS_SCHEMA``, sorted by household, code and person.
    ``reviews``: duplicates and misplacements in the same columns, for the desk and never for whoever comes to
    help; those of all buckets go through ``duplicates.settled`` together. ``delivered``: the kinds of record that
    the bureau delivers.
    """

    verdicts: pl.DataFrame
    findings: pl.DataFrame
    reviews: pl.DataFrame
    facts: Rows
    rules: InForce
    delivered: frozenset[str] = frozenset()


def assess(
    sources: Sources,
    context: Context,
    programmes: Programmes,
    as_of: date,
    deliveries: Collection[str] | None = None,
    *,
    frozen: pl.DataFrame | None = None,
) -> Verdicts:
    """Judge every household and person of a bucket by what was known on a day and the rules in force that day.

    ``frozen``: what is in dispute (``disputed.FROZEN_SCHEMA``), which counts as unknown.
    """
    held = nothing_frozen() if frozen is None else frozen
    rules = programmes.on(as_of)
    known = sources.known_by(as_of, deliveries)
    facts = freeze_facts(facts_of(known, context, rules, benefits_named(rules)), held)
    verdicts = judged(facts, rules)
    gaps, events = gap_findings(facts, rules, verdicts), event_findings(facts, rules)
    findings = (
        pl.concat([gaps, *cliff_findings(facts, rules, verdicts), events])
        .sort("household_id", "code", "person_id")
        .collect()
        .cast(pl.Schema(FINDINGS_SCHEMA))
    )
    reviews = (
        pl.concat([duplicate_findings(facts, rules), misplacement_findings(facts, rules)])
        .sort("household_id", "code", "person_id", "happened_on", "known_on")
        .collect()
    )
    findings, reviews = freeze_findings(findings, held), freeze_findings(reviews, held)
    delivered = frozenset(kind for kind in KINDS if known.has(kind))
    return Verdicts(verdicts, findings, reviews, Rows(facts.households, facts.persons), rules, delivered)


def judged(facts: Rows, rules: InForce) -> pl.DataFrame:
    """The verdicts (``VERDICTS_SCHEMA``) of every rule on the facts of a bucket, sorted by their first columns.

    Rows are put in order by their places in the facts, which are sorted: comparing millions of names takes longer
    than judging.
    """
    homes = facts.households.with_row_index(HOME)
    places = facts.persons.select("household_id").join(
        homes.select("household_id", HOME), on="household_id", how="left", maintain_order="left"
    )
    people = facts.persons.with_row_index(PERSON, offset=1).with_columns(places[HOME])
    numbered = Rows(homes, people)
    judged_rules = [rule for rule in rules.rules if not rule.programme.interface]
    if not judged_rules:
        return pl.DataFrame(schema=VERDICTS_SCHEMA)
    parts = [_judged(numbered, rules, rule, number) for number, rule in enumerate(judged_rules)]
    rows = pl.concat(parts).collect()
    return rows[rows[PLACE].arg_sort()].drop(PLACE)


def traces(found: Sequence[Verdicts], households: Collection[str]) -> pl.DataFrame:
    """The verdicts of these households with ``trace`` (list of ``STEP``): made only for those who are looked at.

    ``found``: every bucket that may hold one of them. Putting a trace together takes as long for one household as
    for thousands, so they are made for all buckets at once.

    Every stage-A comparison and exclusion with the value used, its bounds, the line, the source, its date and the
    articles that hold on the day; every stage-B condition as ``verify``.
    """
    wanted = pl.DataFrame({"household_id": sorted(set(households))}, schema={"household_id": pl.String})
    few = Rows(
        pl.concat(part.facts.households.join(wanted, on="household_id", how="semi") for part in found),
        pl.concat(part.facts.persons.join(wanted, on="household_id", how="semi") for part in found),
    )
    keys = ["household_id", "person_id", "programme"]
    chosen = pl.concat(part.verdicts.join(wanted, on="household_id", how="semi") for part in found)
    rules = found[0].rules
    parts = [
        traced(few, rules, rule, chosen.filter(programme=rule.programme.code))
        for rule in rules.rules
        if not rule.programme.interface
    ]
    if not parts:
        return pl.DataFrame(schema={**VERDICTS_SCHEMA, "trace": pl.List(STEP)})
    return chosen.lazy().join(pl.concat(parts), on=keys, how="left", nulls_equal=True).sort(keys).collect()


def trace_of(found: Verdicts, code: str, household: str) -> pl.DataFrame:
    """One programme for everybody of a household: the verdict (null where it is not for them) and the trace."""
    rule = next(each for each in found.rules.rules if each.programme.code == code)
    few = Rows(
        found.facts.households.filter(household_id=household), found.facts.persons.filter(household_id=household)
    )
    keys = ["household_id", "person_id", "programme"]
    verdicts = found.verdicts.lazy().filter(household_id=household, programme=code)
    return traced(few, found.rules, rule).join(verdicts, on=keys, how="left", nulls_equal=True).sort(keys).collect()


def traced(facts: Rows, rules: InForce, rule: Rule, only: pl.DataFrame | None = None) -> pl.LazyFrame:
    """``household_id, person_id, programme, trace`` of everybody here, also of those whom it is not for.

    ``only``: of those alone who stand in this frame. Steps are made one under the other and then gathered, which is
    several times as fast as lists made row by row.
    """
    rows = _population(facts, rule).with_columns(person_id=_person(rule))
    if only is not None:
        rows = rows.join(only.lazy(), on=["household_id", "person_id"], how="semi", nulls_equal=True)
    rows = rows.with_row_index(HOME)
    steps = [rows.select(HOME, "household_id", "person_id", step=step) for step in _steps(rule, rules)]
    return (
        pl.concat(steps)
        .group_by(HOME, maintain_order=True)
        .agg(pl.col("household_id", "person_id").first(), trace=pl.col("step"))
        .select("household_id", "person_id", pl.lit(rule.programme.code).alias("programme"), "trace")
    )


def benefits_named(rules: InForce) -> set[str]:
    """The codes of benefits that the rules in force, or the triggers, ask for."""
    wanted = {*STATUS_CODES, *RELIEF_CODES}
    for rule in rules.rules:
        wanted |= {*rule.paid_as, *(exclusion.programme for exclusion in rule.programme.exclusions)}
        wanted |= {name.removeprefix(PAID) for name in named(rule) if name.startswith(PAID)}
    return wanted


def _population(facts: Rows, rule: Rule) -> pl.LazyFrame:
    return (facts.persons if rule.programme.unit == "P" else facts.households).lazy()


def _person(rule: Rule) -> pl.Expr:
    """The person; an event strikes a household, so it has none."""
    return pl.col("person_id") if rule.programme.unit == "P" else pl.lit(None, dtype=pl.String).alias("person_id")


def _judged(facts: Rows, rules: InForce, rule: Rule, number: int) -> pl.LazyFrame:
    """The verdicts of one rule, with ``PLACE``: the household's place, the person's, and the rule's number."""
    programme = rule.programme
    tested = [each for each in programme.conditions if each.id in rule.tests]
    first = {f"_{each.id}": _condition_level(rule, each.id, rules) for each in tested if each.population}
    then = {each.id: _condition_level(rule, each.id, rules) for each in tested if not each.population}
    bars = [_exclusion_level(exclusion, programme.unit) for exclusion in programme.exclusions]
    rows = _population(facts, rule).with_columns(outcome(rule.had, rules.settings).alias("_had"), **first)
    had = pl.col("_had")
    if first:
        # paid under its own code, it is seen even where the records say that it is for others
        misplaced = had == PASS if programme.code in rule.paid_as and rule.received is None else pl.lit(value=False)
        rows = rows.filter(~pl.any_horizontal(pl.col(name) == FAIL for name in first) | misplaced)
    payment = pl.when(had == UNKNOWN).then(NEAR).otherwise(PASS).cast(pl.Int8)
    level = pl.col("_level")
    verdict: pl.Expr = pl.when(had == PASS).then(pl.lit("in_payment", dtype=VERDICT))
    for each, said in OF_LEVEL.items():
        verdict = pl.coalesce(verdict, pl.when(level == each).then(pl.lit(said, dtype=VERDICT)))
    return (
        rows.with_columns(_level=pl.min_horizontal([*map(pl.col, first), *then.values(), *bars, payment]))
        .with_columns(verdict=verdict)
        .select(
            "household_id",
            _person(rule),
            pl.lit(programme.code).alias("programme"),
            "verdict",
            pl.when((had < PASS) & (level >= NEAR))
            .then(_amount(programme.amount, rules))
            .cast(pl.Int64)
            .alias("unmet_month"),
            _evidence(rule, rules).alias("evidence"),
            _place(programme.unit, number),
        )
    )


def _place(unit: str, number: int) -> pl.Expr:
    home = pl.col(HOME).cast(pl.UInt64) * (RULES * MOST)
    person = pl.col(PERSON).cast(pl.UInt64) * RULES if unit == "P" else pl.lit(0, pl.UInt64)
    return (home + person + number).alias(PLACE)


def _condition_level(rule: Rule, condition: str, rules: InForce) -> pl.Expr:
    level = outcome(rule.tests[condition], rules.settings)
    soft = next(c.unknown_is_possible for c in rule.programme.conditions if c.id == condition)
    return pl.when(level == UNKNOWN).then(NEAR).otherwise(level).cast(pl.Int8) if soft else level


def _exclusion_level(exclusion: Exclusion, unit: str) -> pl.Expr:
    """A programme in payment bars, or leaves a choice; where no register tells, the evidence is partial.

    What bars persons bars a household only where all who live there draw it: the others may still qualify.
    """
    paid = pl.col(f"paid:{exclusion.programme}")
    whole = pl.col(f"whole:{exclusion.programme}") if unit != "P" and exclusion.scope == "person" else paid
    if_paid = FAIL if exclusion.effect == "bars" else NEAR
    level = pl.when(paid.is_null()).then(NEAR).when(paid & whole).then(if_paid).when(paid).then(NEAR)
    return level.otherwise(PASS).cast(pl.Int8)


def _amount(amount: Amount, rules: InForce) -> pl.Expr:
    nothing = pl.lit(None, dtype=pl.Float64)
    if amount.gap_to is not None:
        short = (figure(rules.settings[amount.gap_to]) - pl.col("pc_income")).clip(lower_bound=0)
        gap = (short * pl.col("members_counted")).round(0)
        return gap if amount.plus is None else gap + pl.col(amount.plus).fill_null(0)
    if amount.parameter is not None:
        return figure(rules.settings[amount.parameter]).round(0)
    paid = nothing
    for tier in amount.tiers:
        paid = pl.when(pl.col("age") >= tier.age).then(figure(rules.settings[tier.parameter])).otherwise(paid)
    return paid.round(0)


def _evidence(rule: Rule, rules: InForce) -> pl.Expr:
    """The first comparison of the rule, short: what a card needs."""
    first = next(leaf for test in rule.tests.values() for leaf in leaves(test) if isinstance(leaf, Compare))
    source = _fact(first.value).source
    return pl.struct(
        fact=pl.lit(first.value),
        value=pl.col(first.value).cast(pl.Float64),
        threshold=line_of(first, rules.settings),
        source=pl.lit(source),
        source_date=pl.col(f"date_{source}"),
    )


def _fact(name: str) -> Fact:
    fact = fact_of(name)
    if fact is None:
        raise KeyError(name)
    return fact


def _steps(rule: Rule, rules: InForce) -> list[pl.Expr]:
    steps = []
    for condition in rule.programme.conditions:
        article = cited(condition.basis, rules.day)
        if condition.id not in rule.tests:
            steps.append(_step(condition.id, "B", article, "verify"))
            continue
        for leaf in leaves(rule.tests[condition.id]):
            level = outcome(leaf, rules.settings)
            said = level.replace_strict(dict(enumerate(OUTCOMES)), return_dtype=pl.String)
            if not isinstance(leaf, Compare):
                steps.append(_step(condition.id, "A", article, said, fact=leaf.setting))
                continue
            fact = _fact(leaf.value)
            low, high = (f"{leaf.value}_low", f"{leaf.value}_high") if fact.spread else (leaf.value, leaf.value)
            steps.append(
                _step(
                    condition.id,
                    "A",
                    article,
                    said,
                    fact=leaf.value,
                    numbers=(pl.col(leaf.value), pl.col(low), pl.col(high), line_of(leaf, rules.settings)),
                    op=leaf.op,
                    source=fact.source,
                )
            )
    for exclusion in rule.programme.exclusions:
        level = _exclusion_level(exclusion, rule.programme.unit)
        said = (
            pl.when(pl.col(f"paid:{exclusion.programme}").is_null())
            .then(pl.lit("unknown"))
            .otherwise(level.replace_strict(dict(enumerate(OUTCOMES)), return_dtype=pl.String))
        )
        paid = pl.col(f"paid:{exclusion.programme}").cast(pl.Float64)
        steps.append(
            _step(
                f"no_{exclusion.programme}",
                "A",
                cited(exclusion.basis, rules.day),
                said,
                fact=f"paid:{exclusion.programme}",
                numbers=(paid, paid, paid, pl.lit(0.0)),
                op="==",
                source="benefit",
            )
        )
    return steps


def _step(
    condition: str,
    stage: str,
    article: str,
    said: pl.Expr | str,
    *,
    fact: str | None = None,
    numbers: tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr] | None = None,
    op: str | None = None,
    source: str | None = None,
) -> pl.Expr:
    nothing = pl.lit(None, dtype=pl.Float64)
    value, low, high, line = numbers or (nothing, nothing, nothing, nothing)
    dated = pl.col(f"date_{source}") if source is not None else pl.lit(None, dtype=pl.Date)
    return pl.struct(
        condition=pl.lit(condition),
        stage=pl.lit(stage),
        fact=pl.lit(fact, dtype=pl.String),
        value=value.cast(pl.Float64),
        low=low.cast(pl.Float64),
        high=high.cast(pl.Float64),
        op=pl.lit(op, dtype=pl.String),
        threshold=line.cast(pl.Float64),
        outcome=pl.lit(said) if isinstance(said, str) else said,
        source=pl.lit(source, dtype=pl.String),
        source_date=dated,
        article=pl.lit(article),
    )
