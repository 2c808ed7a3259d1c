"""Coverage as the institution cube (制度方块): population × programme × authority, from one night's verdicts.

A programme has one population, one or more authorities and one mechanism, so that each programme is a cell of the
cube. Counted are people or households, as the programme's unit is: who draws it, who is sure or likely to be
entitled and does not, who may be, and of whom it cannot be said. Unknown is never counted as no. Sure is who has a
finding that registers alone make certain (``matches``); whoever gives way to a stronger programme that is likely or
in payment misses nothing, as on the lists (``findings.gap_findings``). Misplaced and doubled count the households
with a review about the programme.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from outreach.catalogue import InForce, Rule
from outreach.codelists import DEPTHS, KINDS
from outreach.conditions import Compare, leaves
from outreach.disclosure import crossed, told
from outreach.duplicates import PAIRS
from outreach.month import FEW, suppressed

CLASSES: Final = ("enrolled", "sure", "probable", "possible", "unknown")
MEASURES: Final = (*CLASSES, "misplaced", "doubled")
LACKING: Final = ("sure", "probable")
COUNTED: Final = ("judged", *MEASURES)
MONEY: Final = ("sure", "probable", "possible")

ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    **{pair.code: (*pair.left, *pair.right) for pair in PAIRS},
    "DUP-11": ("SY",),
    "DUP-12": ("YB",),
    "DUP-13": ("LS-E", "LS-Z"),
    "DUP-15": ("ZF",),
    "DUP-16": ("DB",),
    "MIS-01": ("DB", "TK", "BY"),
    "MIS-02": ("DB",),
    "MIS-03": ("DB",),
    "MIS-05": ("YL-ZJ",),
    "MIS-06": ("GX", "CJ-S", "CJ-H"),
    "MIS-07": ("DB",),
    "MIS-10": ("DB",),
}
"""The programmes that a review's code is about. One that is about whatever was paid (DUP-14, DUP-17, MIS-08) counts
among the households, and under no programme."""


def counted(
    verdicts: pl.LazyFrame, findings: pl.LazyFrame, reviews: pl.LazyFrame, homes: pl.DataFrame, rules: InForce
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Counts by programme and area, and of households with anything missing, misplaced or doubled.

    Of a night: ``verdicts`` (household_id, person_id, programme, verdict, unmet_month), ``findings`` (household_id,
    person_id, code, programme, near_certain, unmet_month), ``reviews`` (household_id, code).
    ``homes``: household_id, area of everybody who counts. The frame: ``programme, area``, one column for each of
    ``COUNTED``, and for each of ``MONEY`` the sum of the amounts that are known (minor units) and how many those
    are, ``<name>_sum, <name>_known``. ``judged``: of how many anything is said at all.
    """
    rows = _classed(verdicts, findings, homes, rules)
    of = pl.col("_class")
    amounts = [
        each
        for name in MONEY
        for each in (
            pl.col("unmet_month").filter(of == name).sum().alias(f"{name}_sum"),
            pl.col("unmet_month").filter(of == name).count().cast(pl.Int64).alias(f"{name}_known"),
        )
    ]
    classes = [(of == name).sum().cast(pl.Int64).alias(name) for name in CLASSES]
    cells = rows.group_by("programme", "area").agg(pl.len().cast(pl.Int64).alias("judged"), *classes, *amounts)
    missing = rows.filter(of.is_in(LACKING)).select(pl.col("household_id").n_unique())
    looked_at = reviews.join(homes.lazy(), on="household_id").with_columns(kind=pl.col("code").str.slice(0, 3))
    about = pl.LazyFrame(
        [(code, programme) for code, programmes in ABOUT.items() for programme in programmes],
        schema={"code": pl.String, "programme": pl.String},
        orient="row",
    )
    reviewed = (
        looked_at.join(about, on="code")
        .group_by("programme", "area")
        .agg(
            pl.col("household_id").filter(pl.col("kind") == kind).n_unique().cast(pl.Int64).alias(name)
            for kind, name in (("MIS", "misplaced"), ("DUP", "doubled"))
        )
    )
    everyone = looked_at.group_by("kind").agg(pl.col("household_id").n_unique())
    frame, gone_without, both = pl.collect_all(
        [cells.join(reviewed, on=["programme", "area"], how="full", coalesce=True), missing, everyone]
    )
    of_kind = dict(both.iter_rows())
    households = {
        "lacking": int(gone_without.item()),
        "misplaced": int(of_kind.get("MIS", 0)),
        "doubled": int(of_kind.get("DUP", 0)),
    }
    return frame.with_columns(pl.selectors.integer().fill_null(0)).sort("programme", "area"), households


def _classed(verdicts: pl.LazyFrame, findings: pl.LazyFrame, homes: pl.DataFrame, rules: InForce) -> pl.LazyFrame:
    """The verdicts of those who count, each with its area and ``_class`` (null: nothing is missing).

    A certain gap stands for the verdict of the same person and programme, also where that says otherwise: a bill
    settled without assistance is certain whatever the person has drawn since.
    """
    verdict = pl.col("verdict").cast(pl.String)
    strong = sorted({code for rule in rules.rules for code in rule.programme.yields_to})
    stronger = (
        verdicts.filter(pl.col("programme").is_in(strong) & verdict.is_in(["eligible_likely", "in_payment"]))
        .group_by("household_id")
        .agg((pl.col("programme") == code).any().alias(f"_{code}") for code in strong)
    )
    places = homes.lazy().select("household_id", "area").join(stronger, on="household_id", how="left")
    gives_way = pl.lit(value=False)
    for rule in rules.rules:
        programme = rule.programme
        if programme.yields_to:
            drawn = pl.any_horizontal(pl.col(f"_{code}").fill_null(value=False) for code in programme.yields_to)
            gives_way = gives_way | ((pl.col("programme") == programme.code) & drawn)
    no_gap = [rule.programme.code for rule in rules.rules if not rule.programme.gap]
    lacks = ~gives_way & ~pl.col("programme").is_in(no_gap)
    named = (
        pl.when(verdict == "in_payment")
        .then(pl.lit("enrolled"))
        .when((verdict == "eligible_likely") & lacks)
        .then(pl.lit("probable"))
        .when((verdict == "eligible_possible") & lacks)
        .then(pl.lit("possible"))
        .when((verdict == "insufficient_data") & lacks)
        .then(pl.lit("unknown"))
    )
    names, key = ("household_id", "programme", "unmet_month"), ["household_id", "person_id", "programme"]
    certain = findings.filter(pl.col("code").str.starts_with("GAP-") & pl.col("near_certain"))
    told = (
        verdicts.join(certain, on=key, how="anti", nulls_equal=True)
        .select(*names, "verdict")
        .join(places, on="household_id")
        .select(*names, "area", _class=named)
    )
    sure = certain.select(names).join(places, on="household_id").select(*names, "area", _class=pl.lit("sure"))
    return pl.concat([told, sure])


def cube(
    cells: pl.DataFrame, households: Mapping[str, int], rules: InForce, areas: Sequence[str]
) -> dict[str, Any]:
    """What may be told of ``counted``, as JSON values; counts of 7 and under are null and others with them.

    ``programmes``: of each its place in the cube, its counts (``MEASURES``, ``judged``), ``coverage`` (the share of
    those entitled who draw it, ``low`` and ``high``), ``unmet`` (per month, minor units, of each of ``MONEY``),
    ``areas`` (of each of ``areas`` its counts, ``unmet``, and ``share``: who draws it, of these and who lacks it).
    ``mechanisms``, ``authorities``: sums of what is told of their programmes. ``households``: of ``counted``. But
    for the mean of amounts, whatever stands beside the counts is made from told counts alone.
    """
    found = {(row["programme"], row["area"]): row for row in cells.iter_rows(named=True)}
    programmes = [_programme(rule, found, areas) for rule in rules.rules]
    return {
        "programmes": programmes,
        "mechanisms": [
            {"mechanism": name, **_sums([each for each in programmes if each["mechanism"] == name])}
            for name in sorted({each["mechanism"] for each in programmes})
        ],
        "authorities": [
            {"authority": name, **_sums([each for each in programmes if name in each["authority"]])}
            for name in sorted({code for each in programmes for code in each["authority"]})
        ],
        "households": {name: _of_households(name, count, programmes) for name, count in households.items()},
    }


NOBODY: Final = dict.fromkeys((*COUNTED, *(f"{name}_{end}" for name in MONEY for end in ("sum", "known"))), 0)


def _programme(rule: Rule, found: Mapping[Any, Mapping[str, Any]], areas: Sequence[str]) -> dict[str, Any]:
    programme = rule.programme
    rows = [found.get((programme.code, area), NOBODY) for area in areas]
    of_all = {name: sum(row[name] for row in rows) for name in NOBODY}
    outside = holders_outside(rule)
    whole: dict[str, Any] = {}
    parts: list[dict[str, Any]] = [{"area": area} for area in areas]
    for name in MEASURES:
        whole[name], counts = told([row[name] for row in rows])
        for part, count in zip(parts, counts, strict=True):
            part[name] = count
    for part, row in zip(parts, rows, strict=True):
        part["share"] = _share(part)
        part["unmet"] = _unmet(part, row)
    return {
        "code": programme.code,
        "population": {"zh": programme.population_zh, "en": programme.population_en},
        "authority": list(programme.authority),
        "mechanism": programme.mechanism,
        "unit": programme.unit,
        "judged_by_records": not programme.interface,
        "asked_for": programme.gap,
        "judged": _judged(of_all, whole),
        **whole,
        "holders_outside": outside,
        "coverage": None if outside else _coverage(whole),
        "unmet": _unmet(whole, of_all),
        "areas": parts,
    }


def _judged(counts: Mapping[str, int], said: Mapping[str, int | None]) -> int | None:
    """Of how many anything is said; null where that would bound what is withheld."""
    seen = sum(counts[name] for name in CLASSES if said[name] is not None)
    withheld = any(said[name] is None for name in CLASSES)
    return None if withheld and counts["judged"] - seen <= FEW else suppressed(counts["judged"])


def holders_outside(rule: Rule) -> bool:
    """Whether who has it is outside its population (people without insurance): nobody seen here draws it."""
    if rule.received is None:
        return False
    has = {leaf.value for leaf in leaves(rule.received) if isinstance(leaf, Compare)}
    first = [rule.tests[each.id] for each in rule.programme.conditions if each.population and each.id in rule.tests]
    return any(isinstance(leaf, Compare) and leaf.value in has for test in first for leaf in leaves(test))


def _share(said: Mapping[str, Any]) -> float | None:
    """Of those who draw it and those who lack it, the part that draws it; null where either is not told."""
    counts = [said[name] for name in LACKING if said[name] is not None]
    return None if said["enrolled"] is None or not counts else said["enrolled"] / (said["enrolled"] + sum(counts))


def _coverage(said: Mapping[str, int | None]) -> dict[str, float] | None:
    """How many of those entitled draw it: ``low`` if all who may be are entitled, ``high`` if only who lacks it is.

    A count of everybody that is withheld is from nothing to ``FEW``. Null where neither who draws it nor who lacks
    it is told.
    """
    enrolled = said["enrolled"]
    if enrolled is None and all(said[name] is None for name in LACKING):
        return None
    many_lack = sum(FEW if said[name] is None else said[name] or 0 for name in (*LACKING, "possible", "unknown"))
    few_lack = sum(said[name] or 0 for name in LACKING)
    few, many = enrolled or 0, FEW if enrolled is None else enrolled
    return {"low": few / (few + many_lack), "high": many / (many + few_lack)}


def _unmet(said: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int | None]:
    """What is missing per month: the mean of the amounts that the rules know, as often as is told.

    Null where the count is not told, or where the rules know too few amounts.
    """
    found = {}
    for name in MONEY:
        known, count = counts[f"{name}_known"], said[name]
        found[name] = None if count is None or known <= FEW else round(counts[f"{name}_sum"] / known) * count
    return found


def _sums(programmes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    def added(values: Sequence[int | None]) -> int | None:
        there = [value for value in values if value is not None]
        return sum(there) if there else None

    counts = {name: added([each[name] for each in programmes]) for name in MEASURES}
    money = {name: added([each["unmet"][name] for each in programmes]) for name in MONEY}
    return {"programmes": [each["code"] for each in programmes], **counts, "unmet": money}


def _of_households(name: str, count: int, programmes: Sequence[Mapping[str, Any]]) -> int | None:
    """A count of households over all programmes; null where it would say that a withheld count is not nothing."""
    names = LACKING if name == "lacking" else (name,)
    counts = [each[name] for each in programmes for name in names]
    shown = [n for n in counts if n is not None]
    withheld = len(shown) < len(counts)
    return None if withheld and count > sum(shown) else suppressed(count)


def layers_told(layers: pl.DataFrame) -> dict[str, Any]:
    """Layer × category of the households concerned, as may be told: ``rows, columns`` (code, count), ``cells``.

    A household is in one row and in one or more columns. How many there are in all is not told.
    """
    of_row = dict(layers.group_by(pl.col("layer").cast(pl.String)).len().iter_rows())
    of_cell = {
        (layer, kind): n
        for layer, kind, n in layers.select(pl.col("layer").cast(pl.String), "kinds")
        .explode("kinds")
        .group_by("layer", "kinds")
        .len()
        .iter_rows()
    }
    rows = [code for code in DEPTHS if of_row.get(code)]
    columns = [code for code in KINDS if any(of_cell.get((row, code)) for row in rows)]
    cells = [[of_cell.get((row, code), 0) for code in columns] for row in rows]
    said, heights, widths = crossed(
        cells, [of_row[code] for code in rows], [sum(row[place] for row in cells) for place in range(len(columns))]
    )
    return {
        "rows": [{"code": code, "households": n} for code, n in zip(rows, heights, strict=True)],
        "columns": [{"code": code, "mentions": n} for code, n in zip(columns, widths, strict=True)],
        "cells": said,
    }
