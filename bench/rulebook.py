"""Every programme judged for a county, from facts in memory: 0.4 households for each person of the size.

What OpenFisca does is compared: it also starts from columns in memory. Rows are drawn by lot, each with some
blanks, so that every verdict comes about; the listed are a few in a thousand, and get their traces.
"""

from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from engine.workplace import read_programmes
from outreach.catalogue import InForce
from outreach.eligibility import Verdicts, benefits_named, judged, traces
from outreach.facts import Rows
from outreach.vocabulary import FACTS

DAY: Final = date(2026, 3, 2)
LISTED: Final = 0.004
PEOPLE_OF_A_HOUSEHOLD: Final = 2.5
THREE: Final = ("DB", "GL", "JM")
BLANK: Final = 0.03
LIKELY: Final = 0.1
LIMITS: Final = {
    "money/month": (0, 400_000),
    "money": (0, 4_000_000),
    "years": (0, 99),
    "months": (0, 240),
    "days": (0, 2_000),
    "ratio": (0.0, 1.5),
    "level": (1, 4),
    "count": (0, 3),
    "m2": (5.0, 90.0),
}


def rulebook() -> InForce:
    """The rules of the national averages on a day."""
    return read_programmes("cn-average-2025", {}).on(DAY)


def few(rules: InForce) -> InForce:
    """Three of the rules: one by income, one by age, one by what is paid already."""
    return replace(rules, rules=tuple(rule for rule in rules.rules if rule.programme.code in THREE))


def facts_by_lot(households: int, rules: InForce, seed: int) -> Rows:
    """Households and persons with every fact that a rule may name, its bounds and the days of its source."""
    rng = np.random.default_rng(seed)
    homes = pl.DataFrame({"household_id": pl.Series(np.arange(households)).cast(pl.String).str.zfill(12)})
    homes = homes.with_columns(
        area_kind=pl.Series(np.where(rng.random(households) < 0.5, "urban", "rural")),
        **_columns(rng, households, "H", rules),
    )
    home = np.sort(rng.integers(0, households, round(households * PEOPLE_OF_A_HOUSEHOLD)))
    persons = homes[home].with_columns(
        person_id=pl.Series(np.arange(len(home))).cast(pl.String).str.zfill(12),
        **_columns(rng, len(home), "P", rules),
    )
    return Rows(homes, persons)


def _columns(rng: np.random.Generator, count: int, unit: str, rules: InForce) -> dict[str, pl.Series]:
    found = {}
    for name, fact in FACTS.items():
        if fact.unit != unit:
            continue
        blank = pl.Series(rng.random(count) >= BLANK)
        if fact.dimension == "flag":
            found[name] = _blanked(pl.Series(rng.random(count) < LIKELY), blank)
            continue
        low, high = LIMITS[fact.dimension]
        value = rng.uniform(low, high, count) if isinstance(low, float) else rng.integers(low, high + 1, count)
        found[name] = _blanked(pl.Series(value), blank)
        if fact.spread:
            found[f"{name}_low"] = _blanked(pl.Series(value * 0.97), blank)
            found[f"{name}_high"] = _blanked(pl.Series(value * 1.03), blank)
    for code in sorted(benefits_named(rules)):
        found[f"paid:{code}"] = pl.Series(rng.random(count) < LIKELY / 2)
        found[f"whole:{code}"] = pl.Series(rng.random(count) < LIKELY / 2)
    for source in sorted({fact.source for fact in FACTS.values()}):
        found[f"date_{source}"] = pl.repeat(DAY, count, dtype=pl.Date, eager=True)
    return found


def _blanked(values: pl.Series, known: pl.Series) -> pl.Series:
    return pl.select(pl.when(known).then(values)).to_series()


def judge_all(facts: Rows, rules: InForce) -> dict[str, Any]:
    """The verdicts of everybody, and the traces of the listed."""
    verdicts = judged(facts, rules)
    listed = facts.households["household_id"].head(round(LISTED * facts.households.height)).to_list()
    shown = traces([Verdicts(verdicts, pl.DataFrame(), pl.DataFrame(), facts, rules)], listed)
    return {
        "households": facts.households.height,
        "programmes": sum(not rule.programme.interface for rule in rules.rules),
        "verdicts": verdicts.height,
        "traced": shown.height,
    }
