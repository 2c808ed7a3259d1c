"""Cliff cases (陡坡效应): households a little above a programme's line of income, with the next lower one to check.

Who has a little more than the line allows loses all that hangs on it. Nothing is claimed: by what is on record the
household does not qualify. Whoever goes there looks at the next lower programme and at what may be deducted. A
cliff opens no lane, adds nothing to a rank, and makes nobody a candidate.
"""

from typing import Final

import polars as pl

from outreach.catalogue import InForce, Rule
from outreach.conditions import Compare, figure, leaves, line_of
from outreach.facts import Facts
from outreach.findings import EVIDENCE

CLIFF: Final = "CLIFF-"
INCOME: Final = "pc_income"
ABOVE: Final = "TK"
"""Support that goes before every line of income."""


def is_cliff() -> pl.Expr:
    """Whether a finding's code is one of a cliff."""
    return pl.col("code").str.starts_with(CLIFF)


def income_line(rule: Rule) -> Compare | None:
    """The line of income under which a household must be for a programme; None where its rule has none."""
    compared = [leaf for test in rule.tests.values() for leaf in leaves(test) if isinstance(leaf, Compare)]
    return next((leaf for leaf in compared if leaf.value == INCOME and leaf.op in ("<", "<=")), None)


def cliff_findings(facts: Facts, rules: InForce, verdicts: pl.DataFrame) -> list[pl.LazyFrame]:
    """The cliffs of a bucket: who is surely above a line, by no more than the share that the pack says.

    ``programme`` is the next lower programme, which is neither in payment nor out of the question; the evidence is
    the counted income against the line of the programme that ``code`` names.
    """
    share = figure(rules.settings["cliff_share"])
    verdict = pl.col("verdict").cast(pl.String)
    parts = []
    for rule in rules.rules:
        code, lower, test = rule.programme.code, rule.programme.next_lower, income_line(rule)
        if lower is None or test is None:
            continue
        line = line_of(test, rules.settings)
        of = verdicts.lazy().select("household_id", "programme", verdict)
        above = of.filter((pl.col("programme") == code) & (pl.col("verdict") == "not_eligible"))
        open_ = of.filter((pl.col("programme") == lower) & ~pl.col("verdict").is_in(["not_eligible", "in_payment"]))
        held = pl.any_horizontal(pl.col(f"paid:{each}").fill_null(value=False) for each in (code, lower, ABOVE))
        rows = (
            facts.households.lazy()
            .filter((pl.col(INCOME) >= line) & (pl.col(INCOME) < line * (1 + share)) & ~held)
            .join(above, on="household_id", how="semi")
            .join(open_, on="household_id", how="semi")
        )
        parts.append(
            rows.select(
                "household_id",
                person_id=pl.lit(None, pl.String),
                code=pl.lit(f"{CLIFF}{code}"),
                programme=pl.lit(lower),
                happened_on=pl.lit(None, pl.Date),
                known_on=pl.lit(facts.as_of),
                weight=pl.lit(0.0),
                score=pl.lit(0.0),
                urgent=pl.lit(value=False),
                near_certain=pl.lit(value=False),
                unmet_month=pl.lit(None, pl.Int64),
                evidence=pl.struct(
                    fact=pl.lit(INCOME),
                    value=pl.col(INCOME).cast(pl.Float64),
                    threshold=line.cast(pl.Float64),
                    source=pl.lit("income"),
                    source_date=pl.col("date_income"),
                ).cast(EVIDENCE),
            )
        )
    return parts
