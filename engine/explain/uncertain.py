"""Part 7: what is missing, where sources disagree, what speaks against the suggestion, what is never used."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from engine.explain.records import Records
from engine.explain.score import Score
from features.catalog import by_name
from outreach.bands import RISKS
from outreach.wording import Currency, Text
from outreach.wording_casework import source_name
from outreach.wording_explain import CONFLICTS, NEVER_USED, column_value
from outreach.wording_programmes import programme_name
from outreach.wording_reasons import CONCEPTS

Values = Mapping[str, float | None]
JOBLESS_MONTHS: Final = 3
MOST: Final = 3
"""Columns named for each concept that lowers the estimate."""
WORTH_SAYING: Final = 0.005
"""Log-odds under which a concept lowers an estimate by nothing that anybody would notice."""


def _least(values: Values, name: str) -> float:
    """A value, or one that meets no test where nothing is known: a blank is no conflict."""
    found = values.get(name)
    return float("nan") if found is None else found


TESTS: Final[dict[str, Callable[[Values], bool]]] = {
    "wage_without_job": lambda v: (
        _least(v, "wage_equivalised_12m") > 0 and _least(v, "months_since_wage") < 1 and _least(v, "workers") == 0
    ),
    "job_without_wage": lambda v: (
        _least(v, "contract_share") > 0 and _least(v, "months_since_wage") >= JOBLESS_MONTHS
    ),
    "care_without_cover": lambda v: _least(v, "oop_12m") > 0 and _least(v, "health_cover_share") == 0,
    "unemployed_at_work": lambda v: _least(v, "has_unemployment_benefit") == 1 and _least(v, "head_works") == 1,
}


def conflicts(row: pl.DataFrame) -> list[Text]:
    """Where the sources do not say the same of this household; to be settled, and nobody is accused by it."""
    values = row.row(0, named=True)
    return [CONFLICTS[code] for code, disagree in TESTS.items() if disagree(values)]


def told(
    row: pl.DataFrame,
    scores: Sequence[Score],
    records: Records,
    verdicts: Sequence[Mapping[str, Any]],
    *,
    currency: Currency,
    assumed: Sequence[str],
) -> dict[str, Any]:
    """``missing`` (columns in which nothing is known, by concept), ``silent`` and ``assumed`` sources, ``against``
    (concepts that lower an estimate), ``unmet`` (programmes), ``never`` (facts that are never used).
    """
    return {
        "missing": _missing(row, scores),
        "silent": [source_name(each["kind"]) for each in records.evidence() if not each["rows"]],
        "assumed": [source_name(kind) for kind in assumed],
        "against": _against(scores, currency),
        "unmet": [
            Text(programme_name(code).zh, programme_name(code).en)
            for code in dict.fromkeys(each["programme"] for each in verdicts if each["verdict"] == "not_eligible")
        ],
        "never": list(NEVER_USED),
    }


def _missing(row: pl.DataFrame, scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Columns of the models in which nothing is known, by concept."""
    used = {name for score in scores for name in score.model.feature_names}
    by_concept: dict[str, list[Text]] = {}
    for name in sorted(used):
        if row[name][0] is None:
            feature = by_name(name)
            by_concept.setdefault(feature.concept, []).append(Text(feature.label_zh, feature.label_en))
    return [
        {"concept": concept, "name": CONCEPTS[concept].heading, "columns": names}
        for concept, names in sorted(by_concept.items(), key=lambda each: (-len(each[1]), each[0]))
    ]


def _against(scores: Sequence[Score], currency: Currency) -> list[dict[str, Any]]:
    """The concepts that lower each estimate, the strongest first, with what the household has there."""
    found: list[dict[str, Any]] = []
    for score in scores:
        for each in score.found.concepts:
            lowering = [part for part in each.parts if part.contribution < 0 and part.value is not None]
            if each.contribution <= -WORTH_SAYING and lowering:
                found.append(
                    {
                        "risk": RISKS[score.found.risk],
                        "name": CONCEPTS[each.concept].heading,
                        "contribution": each.contribution,
                        "columns": [
                            {
                                "name": Text(by_name(part.feature).label_zh, by_name(part.feature).label_en),
                                "value": column_value(by_name(part.feature), part.value, currency),
                            }
                            for part in lowering[:MOST]
                        ],
                    }
                )
    return found
