"""Made-up visit lists for the tests of page and spreadsheet: a dozen households, long texts, rare characters."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from engine.push.cards import Area, Caseworker, Frames, Run, VisitList, visit_lists
from outreach.findings import EVIDENCE
from outreach.people import people_of
from outreach.wording import Text

NIGHT = date(2026, 11, 21)
RUN = Run(
    run_id="night-2026-11-21",
    business_date=NIGHT,
    policy_id="5f2c91aa",
    code_version="0.1.0",
    absent=(("utility", "no agreement with the grid yet"), ("kin", "")),
    assumed=("income", "benefit"),
)
ANA = Caseworker("ana", Text("安娜", "Ana"), ("990101001", "990101002"), 18)
BEN = Caseworker("ben", Text("本", "Ben"), ("990101003",), 10)
AREAS = (
    Area("990101001", Text("河东街道", "Hedong Subdistrict")),
    Area("990101002", Text("䶮山镇", "Yanshan Town"), "mountain"),
    Area("990101003", Text("西坪乡", "Xiping Township"), "mountain"),
)

NAMES = (
    "王桂英",
    "龘㛃",
    "𠮷田翠花",
    "欧阳建国",
    "阿卜杜热合曼·麦麦提依明",
    "李秀兰",
    "赵㙓",
    "Müller Đặng",
    "陈小妹",
    "刘䶮",
    "周大山",
    "吴招娣",
)
LANES = ("urgent", "event", "gap", "gap", "risk", "risk", "silent", "random", "recheck", "gap", "risk", "random")
LONG = (
    "河东街道清水河社区居民委员会第十七网格 兴业路 1288 弄（原供销社家属院）9 号楼乙单元 1702 室，电梯停运，走北门"
)


def household(number: int) -> str:
    return f"H{number:011d}"


def person(number: int, member: int) -> str:
    return f"P{number:08d}{member:03d}"


def items(caseworker: str = "ana", count: int = len(NAMES), **changed: Any) -> pl.DataFrame:
    rows = [
        {
            "household_id": household(n),
            "caseworker_id": caseworker,
            "position": n,
            "lane": LANES[(n - 1) % len(LANES)],
            "due_on": date(2026, 11, 22 if LANES[(n - 1) % len(LANES)] == "urgent" else 30),
            "inclusion_probability": 0.0123 if LANES[(n - 1) % len(LANES)] == "random" else None,
            "priority": 0.87654 / n,
            **changed,
        }
        for n in range(1, count + 1)
    ]
    schema = {"inclusion_probability": pl.Float64, "due_on": pl.Date, "position": pl.Int64}
    return pl.DataFrame(rows, schema_overrides=schema)


def contacts(**changed: Any) -> pl.DataFrame:
    rows = [
        {
            "household_id": household(n),
            "name": name,
            "phone": None if n == 6 else "0990-8888" if n == 7 else f"1380000{n:04d}",
            "address": LONG if n in (1, 5) else f"䶮山镇第 {n} 村民小组 {n} 号",
            **changed,
        }
        for n, name in enumerate(NAMES, start=1)
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("household_id", "name", "phone", "address"), pl.String))


def regions() -> pl.DataFrame:
    places = ("990101001001", "990101002013", "990101002007")
    return pl.DataFrame(
        {"household_id": [household(n) for n in range(1, 13)], "region": [places[n % 3] for n in range(12)]}
    )


def people() -> pl.DataFrame:
    rows = []
    for n in range(1, 13):
        shape = ((76, "head"),) if n % 4 == 1 else ((45, "head"), (44, "spouse"), (9, "child"), (82, "parent"))
        rows += [
            {"household_id": household(n), "person_id": person(n, m), "relation": relation, "age": age}
            for m, (age, relation) in enumerate(shape, start=1)
        ]
    papers = pl.DataFrame(
        {"person_id": [person(1, 1), person(2, 4)], "type": ["hearing", "limb"], "level": [3, 1]},
        schema={"person_id": pl.String, "type": pl.String, "level": pl.Int64},
    )
    return people_of(pl.DataFrame(rows), papers)


def finding(number: int, code: str, **changed: Any) -> dict[str, Any]:
    return {
        "household_id": household(number),
        "person_id": None,
        "code": code,
        "programme": code.removeprefix("GAP-") if code.startswith("GAP-") else None,
        "happened_on": None if code.startswith("GAP-") else date(2026, 11, 9),
        "weight": 3.0,
        "score": 2.5,
        "urgent": False,
        "evidence": {"fact": code, "value": None, "threshold": None, "source": None, "source_date": None},
        **changed,
    }


def evidence(fact: str, value: float | None, threshold: float | None = None) -> dict[str, Any]:
    return {
        "fact": fact,
        "value": value,
        "threshold": threshold,
        "source": "income",
        "source_date": date(2026, 9, 30),
    }


def findings() -> pl.DataFrame:
    rows = [
        finding(1, "EV-DTH", person_id=person(1, 9), urgent=True, score=4.2, weight=4.0),
        finding(1, "EV-MED4", evidence=evidence("EV-MED4", 4_632_100.0, 1_800_000.0)),
        finding(1, "GAP-DB", evidence=evidence("pc_income", 39_650.0, 56_000.0)),
        finding(2, "EV-JOB2", evidence=evidence("EV-JOB2", 4.0, 3.0)),
        finding(2, "GAP-CJ-H", person_id=person(2, 4), evidence=evidence("disability_level", 1.0, 2.0)),
        finding(2, "GAP-GL", person_id=person(2, 4), evidence=evidence("age", 82.0, 80.0)),
        finding(3, "GAP-BY", evidence=evidence("pc_income", 71_230.0, 84_000.0)),
        finding(4, "GAP-GL", person_id=person(4, 4), evidence=evidence("age", 82.0, 80.0)),
        finding(10, "GAP-DB", evidence=evidence("pc_income", 12_000.0, 56_000.0)),
    ]
    return pl.DataFrame(
        rows, schema_overrides={"evidence": EVIDENCE, "person_id": pl.String, "programme": pl.String}
    )


def verdicts() -> pl.DataFrame:
    rows = [
        (1, None, "DB", "eligible_likely", 16_350),
        (1, None, "BY", "eligible_possible", None),
        (2, person(2, 4), "CJ-H", "eligible_likely", 8_000),
        (2, person(2, 4), "GL", "eligible_likely", 6_000),
        (3, None, "BY", "eligible_possible", None),
        (4, person(4, 4), "GL", "eligible_likely", 6_000),
        (10, None, "DB", "eligible_likely", 176_000),
        (8, None, "DB", "insufficient_data", None),
    ]
    schema = {
        "household_id": pl.String,
        "person_id": pl.String,
        "programme": pl.String,
        "verdict": pl.String,
        "unmet_month": pl.Int64,
    }
    return pl.DataFrame([(household(n), *rest) for n, *rest in rows], schema=schema, orient="row")


def reasons() -> pl.DataFrame:
    told = (
        ("income_level", 1.31, "income_per_head_3m", 38_765.4321),
        ("income_change", 0.92, "income_drop_3m", 0.4712345),
        ("illness", 0.41, "admissions_12m", 3.0),
        ("elders", 0.33, "is_lone_elder", 1.0),
        ("work", -0.5, "workers", 2.0),
        ("education", 0.1, "head_schooling_years", 5.0),
    )
    rows = [
        (household(n), "relative_poverty", position, concept, contribution, feature, value)
        for n in range(1, 13)
        for position, (concept, contribution, feature, value) in enumerate(told, start=1)
    ]
    schema = {
        "household_id": pl.String,
        "risk": pl.String,
        "position": pl.Int64,
        "concept": pl.String,
        "contribution": pl.Float64,
        "feature": pl.String,
        "value": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def chances() -> pl.DataFrame:
    rows = [(household(n), risk, 0.7654321 / n) for n in range(1, 13) for risk in ("relative_poverty", "emergency")]
    schema = {"household_id": pl.String, "risk": pl.String, "probability": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def visits() -> pl.DataFrame:
    schema = {"household_id": pl.String, "visited_on": pl.Date, "outcome": pl.String}
    return pl.DataFrame([(household(9), date(2026, 8, 3), "V31")], schema=schema, orient="row")


def previous() -> pl.DataFrame:
    schema = {"household_id": pl.String, "listed_on": pl.Date, "position": pl.Int64, "codes": pl.List(pl.String)}
    rows = [(household(1), date(2026, 11, 14), 12, ["GAP-DB"]), (household(4), date(2026, 11, 14), 3, ["GAP-GL"])]
    return pl.DataFrame(rows, schema=schema, orient="row")


def layers() -> pl.DataFrame:
    """Layer × category of the first three: told, told and deeper by the rules, and not told."""
    rows = [
        ("DB", "likely", "DB", None, ["INC", "CARE"], "G2", "G2"),
        ("BY", "recognised", "BY", "DB", ["INC"], "G1", "G1"),
        ("UN", "unknown", "BY", None, ["UN"], "UN", "G2"),
    ]
    names = ("layer", "basis", "at_least", "deeper", "kinds", "grade", "grade_at_least")
    told = [{"household_id": household(n), **dict(zip(names, row, strict=True))} for n, row in enumerate(rows, 1)]
    return pl.DataFrame(told)


def frames(**changed: pl.DataFrame | None) -> Frames:
    made = Frames(
        items=items(),
        regions=regions(),
        contacts=contacts(),
        people=people(),
        reasons=reasons(),
        findings=findings(),
        verdicts=verdicts(),
        chances=chances(),
        visits=visits(),
        previous=previous(),
        layers=layers(),
    )
    return replace(made, **changed)


def a_list(run: Run = RUN, **changed: pl.DataFrame | None) -> VisitList:
    return visit_lists(run, frames(**changed), (ANA, BEN), AREAS)[0]
