"""Coverage: who is counted where, by hand on a small county and by a slow count in plain Python on a random one."""

import random
from typing import Any

import polars as pl
import pytest
from programme_cases import DAY, TEXTS, county

from outreach import coverage
from outreach.catalogue import InForce
from outreach.codelists import DEPTHS, KINDS
from outreach.coverage import MEASURES, counted, cube, layers_told
from outreach.month import FEW
from outreach.packs import load
from outreach.vocabulary import AUTHORITIES, MECHANISMS
from outreach.wording_coverage import SHORT, UNITS
from outreach.wording_reviews import REVIEWS

SCHEMA = {"household_id": pl.String, "programme": pl.String, "verdict": pl.String, "unmet_month": pl.Int64}
CERTAIN = pl.Schema(
    {"household_id": pl.String, "person_id": pl.String, "programme": pl.String, "unmet_month": pl.Int64}
)
LIKELY, POSSIBLE, NO, UNTOLD, DRAWS = (
    "eligible_likely",
    "eligible_possible",
    "not_eligible",
    "insufficient_data",
    "in_payment",
)


def of_county(
    rows: list[tuple[str, str, str, int | None]],
    areas: dict[str, str],
    reviews: list[tuple[str, str]] | None = None,
    certain: list[tuple[str, str, str, int | None]] | None = None,
) -> tuple[dict[tuple[str, str], dict[str, Any]], dict[str, int]]:
    """``counted`` by programme and area, and the households."""
    homes = pl.DataFrame({"household_id": list(areas), "area": list(areas.values())})
    reviewed = pl.DataFrame(reviews or [], schema={"household_id": pl.String, "code": pl.String}, orient="row")
    verdicts = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(person_id=pl.col("household_id"))
    findings = pl.DataFrame(certain or [], schema=CERTAIN, orient="row").with_columns(
        code="GAP-" + pl.col("programme"), near_certain=pl.lit(value=True)
    )
    frame, households = counted(verdicts.lazy(), findings.lazy(), reviewed.lazy(), homes, county().on(DAY))
    return {(row["programme"], row["area"]): row for row in frame.iter_rows(named=True)}, households


def test_each_household_is_where_a_reader_of_the_law_would_put_it() -> None:
    found, households = of_county(
        [
            ("draws", "DB", DRAWS, None),
            ("draws", "BY", POSSIBLE, None),  # gives way: DB is in payment
            ("poor", "DB", LIKELY, 50_000),
            ("poor", "BY", LIKELY, None),  # gives way: DB is likely
            ("near", "DB", POSSIBLE, 2_000),
            ("near", "BY", LIKELY, None),  # DB is only possible: both stand
            ("blank", "DB", UNTOLD, None),
            ("well off", "DB", NO, None),
            ("elsewhere", "DB", LIKELY, 9_000),  # counts nowhere: known under another number
        ],
        {"draws": "A", "poor": "A", "near": "A", "blank": "B", "well off": "B"},
        [("poor", "MIS-01"), ("draws", "DUP-03"), ("draws", "DUP-14"), ("elsewhere", "DUP-03")],
    )
    here, there, margin = found["DB", "A"], found["DB", "B"], found["BY", "A"]
    assert [here[name] for name in ("judged", *MEASURES)] == [3, 1, 0, 1, 1, 0, 1, 1]
    assert [there[name] for name in ("judged", *MEASURES)] == [2, 0, 0, 0, 0, 1, 0, 0], (
        "untold is never counted as no"
    )
    assert [margin[name] for name in MEASURES] == [0, 0, 1, 0, 0, 1, 1]
    assert (here["probable_sum"], here["probable_known"], here["possible_sum"]) == (50_000, 1, 2_000)
    assert households == {"lacking": 2, "misplaced": 1, "doubled": 1}


def test_what_registers_alone_make_certain_is_sure_whatever_the_verdict_says() -> None:
    found, households = of_county(
        [("old", "GL", LIKELY, 6_000), ("new", "GL", LIKELY, 6_000), ("ill", "YL-ZJ", DRAWS, None)],
        {"old": "A", "new": "A", "ill": "A"},
        certain=[("old", "old", "GL", 6_000), ("ill", "ill", "YL-ZJ", None), ("gone", "gone", "GL", 6_000)],
    )
    assert [found["GL", "A"][name] for name in ("sure", "sure_sum", "probable")] == [1, 6_000, 1]
    assert [found["YL-ZJ", "A"][name] for name in ("judged", "enrolled", "sure")] == [1, 0, 1]
    assert households["lacking"] == 3


def slow(
    rows: list[tuple[str, str, str, int | None]], areas: dict[str, str], rules: InForce
) -> dict[tuple[str, str, str], int]:
    """The counts, household by household, straight from the words of the measures."""
    found: dict[tuple[str, str, str], int] = {}
    programmes = {rule.programme.code: rule.programme for rule in rules.rules}
    for household, code, verdict, _ in rows:
        if household not in areas:
            continue
        stronger = any(
            other == household and name in programmes[code].yields_to and said in (LIKELY, DRAWS)
            for other, name, said, _ in rows
        )
        measure = {DRAWS: "enrolled", LIKELY: "probable", POSSIBLE: "possible", UNTOLD: "unknown"}.get(verdict)
        if measure is None or (measure != "enrolled" and (stronger or not programmes[code].gap)):
            continue
        key = (code, areas[household], measure)
        found[key] = found.get(key, 0) + 1
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_the_count_is_that_of_a_slow_one(seed: int) -> None:
    draw, rules = random.Random(seed), county().on(DAY)
    codes = [rule.programme.code for rule in rules.rules if not rule.programme.interface]
    areas = {f"H{number}": draw.choice("ABC") for number in range(80)}
    verdicts = [LIKELY, POSSIBLE, NO, UNTOLD, DRAWS]
    rows: list[tuple[str, str, str, int | None]] = [
        (household, code, draw.choice(verdicts), None)
        for household in [*areas, "gone"]
        for code in draw.choices(codes, k=12)
    ]
    expect = slow(rows, areas, rules)
    found, _ = of_county(rows, areas)
    fast = {(*key, name): row[name] for key, row in found.items() for name in coverage.CLASSES if row[name]}
    assert fast == expect


def told(cells: dict[str, dict[str, int]], areas: list[str]) -> dict[str, Any]:
    """The DB cell of a cube of which these counts are given by area."""
    frame = pl.DataFrame([{"programme": "DB", "area": area, **coverage.NOBODY, **of} for area, of in cells.items()])
    told_all = cube(frame, {"lacking": 0, "misplaced": 0, "doubled": 0}, county().on(DAY), areas)
    found: dict[str, Any] = next(each for each in told_all["programmes"] if each["code"] == "DB")
    return found


def test_a_small_count_is_not_told_and_neither_is_what_would_give_it_away() -> None:
    found = told(
        {
            "A": {"enrolled": 100, "probable": 3, "judged": 200},
            "B": {"enrolled": 60, "probable": 30, "judged": 200},
            "C": {"enrolled": 60, "probable": 40, "judged": 200},
        },
        ["A", "B", "C"],
    )
    assert found["probable"] == 75
    assert [part["probable"] for part in found["areas"]] == [None, None, 40]
    assert [part["share"] for part in found["areas"]] == [None, None, 0.6]
    assert found["coverage"] == {"low": pytest.approx(220 / (220 + 75 + 3 * FEW)), "high": 220 / 295}


def test_what_is_missing_a_month_is_the_mean_as_often_as_is_told() -> None:
    of = {"enrolled": 100, "probable": 31, "probable_sum": 31 * 20_000, "probable_known": 31, "judged": 300}
    assert told({"A": of}, ["A"])["unmet"] == {"sure": None, "probable": 30 * 20_000, "possible": None}
    few = {**of, "probable_sum": 5 * 20_000, "probable_known": 5}
    assert told({"A": few}, ["A"])["unmet"] == {"sure": None, "probable": None, "possible": None}


def test_how_many_were_judged_is_not_told_where_it_would_bound_a_small_count() -> None:
    assert told({"A": {"enrolled": 20, "probable": 3, "judged": 24}}, ["A"])["judged"] is None
    assert told({"A": {"enrolled": 20, "probable": 3, "judged": 90}}, ["A"])["judged"] == 90


def test_who_has_it_may_be_outside_the_population_and_then_there_is_no_coverage() -> None:
    rules = {rule.programme.code: rule for rule in load("cn-national", TEXTS).on(DAY).rules}
    assert [code for code, rule in rules.items() if coverage.holders_outside(rule)] == ["YB"]


def test_sums_add_what_is_told_and_stay_silent_where_nothing_is() -> None:
    frame = pl.DataFrame(
        [{"programme": code, "area": "A", **coverage.NOBODY, "probable": n} for code, n in (("DB", 20), ("GX", 4))]
    )
    found = cube(frame, {"lacking": 22, "misplaced": 0, "doubled": 0}, county().on(DAY), ["A"])
    rescue = next(each for each in found["mechanisms"] if each["mechanism"] == "rescue")
    assert (rescue["probable"], rescue["enrolled"]) == (20, None)
    assert found["households"]["lacking"] is None, "22 households beside 20 would say that the four are not nothing"
    assert {each["mechanism"] for each in found["mechanisms"]} <= set(MECHANISMS)
    assert {each["authority"] for each in found["authorities"]} <= set(AUTHORITIES)


def test_layers_and_kinds_are_crossed_with_small_cells_withheld() -> None:
    rows = [("DB", ["INC"])] * 40 + [("DB", ["INC", "ILL"])] * 20 + [("OT", ["ILL"])] * 30 + [("OT", ["INC"])] * 3
    found = layers_told(pl.DataFrame(rows, schema={"layer": pl.String, "kinds": pl.List(pl.String)}, orient="row"))
    assert found["rows"] == [{"code": "DB", "households": 60}, {"code": "OT", "households": 35}]
    place = [each["code"] for each in found["columns"]].index("INC")
    assert found["cells"][1][place] is None
    assert found["cells"][0][place] is None, "60 of 63 would say that three are left"


def test_every_review_is_about_a_programme_or_about_whatever_was_paid() -> None:
    codes = {rule.programme.code for rule in load("cn-national", TEXTS).on(DAY).rules}
    named = {code for programmes in coverage.ABOUT.values() for code in programmes}
    assert named <= codes
    assert set(REVIEWS) - set(coverage.ABOUT) <= {"DUP-10", "DUP-14", "DUP-17", "MIS-04", "MIS-08", "MIS-09"}


def test_every_layer_and_unit_has_a_short_name() -> None:
    assert set(SHORT) == set(DEPTHS)
    assert set(UNITS) == {"H", "P", "E"}
    assert set(KINDS)
