"""Selective labels: what visits by lot say about those who were not visited, in a hundred years and by hand."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from lots import Years, county_needs, lived

from models.selective import PARTS, Rolled, add_night, need_verified, weighed, yield_of
from models.selective_estimate import ENOUGH, estimate, interval
from outreach.policy import OUTCOMES, Policy

YEARS = 100
NIGHT = date(2025, 1, 6)
WEEK = timedelta(weeks=1)
POLICY = Policy.from_toml((Path(__file__).parents[2] / "outreach" / "policy.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def century() -> Years:
    """A hundred years of 52 weekly lotteries over households of the county, each year with lots of its own."""
    return lived(county_needs(4_000), POLICY, years=YEARS, households=400)


@pytest.fixture(scope="module")
def told(century: Years) -> pl.DataFrame:
    """Per year: the truth, the estimate and the naive one with their intervals, the bounds, and the recall."""
    rows = weighed(century.rolled, century.visits).join(century.strata, on="household_id")
    year = pl.col("household_id").str.slice(1, 3).cast(pl.Int64)
    truth = century.truth.join(century.rolled.households.select("household_id", "lane"), on="household_id")
    seen = truth.join(century.visits.filter(pl.col("outcome") != "V40").select("household_id"), on="household_id")
    by_list = seen.filter((pl.col("lane") == "risk") & pl.col("need")).group_by("year").len("by_list")
    real = truth.group_by("year").agg(truth=pl.col("need").mean(), needy=pl.col("need").sum())
    years = []
    for number, part in sorted(rows.with_columns(year=year).partition_by("year", as_dict=True).items()):
        found = estimate(part)
        years.append(
            {"year": number[0], "evidence": found["evidence"]}
            | {f"need_{name}": value for name, value in found["need"].items()}
            | {f"naive_{name}": value for name, value in found["naive"].items()}
            | {f"bounds_{name}": value for name, value in found["bounds"].items()}
            | {f"recall_{name}": value for name, value in found["recall"].items()}
        )
    return pl.DataFrame(years).join(real.join(by_list, on="year"), on="year")


def covered(told: pl.DataFrame, name: str, truth: pl.Expr) -> int:
    """In how many years the interval holds the truth."""
    return told.filter((pl.col(f"{name}_low") <= truth) & (truth <= pl.col(f"{name}_high"))).height


def test_in_at_least_90_of_100_years_the_interval_covers_the_latent_truth(told: pl.DataFrame) -> None:
    assert (told["evidence"] == "sufficient").all()
    assert told.height == YEARS
    assert covered(told, "need", pl.col("truth")) >= 90
    width = told["need_high"] - told["need_low"]
    assert width.mean() < 0.1, "an interval that holds everything proves nothing"


def test_the_naive_interval_of_all_visited_households_does_not(told: pl.DataFrame) -> None:
    assert covered(told, "naive", pl.col("truth")) < 50
    assert (told["naive_value"] - told["truth"]).mean() > 5 * abs((told["need_value"] - told["truth"]).mean())


def test_the_share_of_need_that_the_lists_found_is_covered_too(told: pl.DataFrame) -> None:
    assert covered(told, "recall", pl.col("by_list") / pl.col("needy")) >= 90


def test_the_bounds_hold_the_truth_whatever_the_absent_would_have_said(told: pl.DataFrame) -> None:
    assert covered(told, "bounds", pl.col("truth")) >= 98
    assert (told["bounds_least"] < told["need_value"]).all()
    assert (told["need_value"] < told["bounds_most"]).all()


def test_the_weights_of_the_drawn_add_up_to_the_pool_and_everybody_counts_once(century: Years) -> None:
    rows = weighed(century.rolled, century.visits)
    assert set(rows["part"].unique()) == set(PARTS)
    drawn = rows.filter(pl.col("part") == "lot")
    assert drawn["weight"].sum() == pytest.approx(rows["stays"].sum(), rel=0.02)
    whole = rows.select(pl.col("stays") + pl.col("after").fill_null(0.0)).to_series()
    assert whole.to_numpy() == pytest.approx(np.ones(rows.height), abs=1e-9)


def test_chances_cumulated_only_until_somebody_is_drawn_make_wrong_weights(century: Years) -> None:
    """1 - Π(1 - p) is cut short by the draw itself: its inverses add up to several times the pool."""
    rows = weighed(century.rolled, century.visits)
    drawn = rows.filter(pl.col("part") == "lot")
    assert (1 / drawn["cumulated"]).sum() > 2 * rows["stays"].sum()


# By hand


def a_pool(count: int, area: str = "A", chance: float = 0.1) -> pl.DataFrame:
    ids = [f"{area}{number:03d}" for number in range(count)]
    return pl.DataFrame({"household_id": ids, "area": area, "inclusion_probability": chance})


def taking(**lanes: str) -> pl.DataFrame:
    rows = [(name, name[0], lane) for name, lane in lanes.items()]
    return pl.DataFrame(rows, schema=["household_id", "area", "lane"], orient="row", schema_overrides=TEXT)


TEXT = {"household_id": pl.String, "area": pl.String, "lane": pl.String}


def visits(*rows: tuple[str, int, int, str]) -> pl.DataFrame:
    """``household, item, days after the first night, outcome``; noted in this order."""
    made = [(name, item, NIGHT + timedelta(days=days), outcome) for name, item, days, outcome in rows]
    schema = {"household_id": pl.String, "item_id": pl.Int64, "visited_on": pl.Date, "outcome": pl.String}
    return pl.DataFrame(made, schema=schema, orient="row").with_row_index("visit_id")


def test_only_six_outcomes_say_anything_about_need() -> None:
    told = pl.DataFrame({"outcome": OUTCOMES}).with_columns(need=need_verified(pl.col("outcome")))
    assert set(told.filter("need")["outcome"]) == {"V10", "V11", "V12", "V21"}
    assert set(told.filter(pl.col("need").not_())["outcome"]) == {"V31", "V32"}
    assert told["need"].null_count() == len(OUTCOMES) - 6


def test_a_household_weighs_the_inverse_of_its_chance_times_the_nights_part_of_the_lots() -> None:
    rolled = add_night(Rolled(), NIGHT, a_pool(20), taking(A000="random", A001="random"))
    rolled = add_night(rolled, NIGHT + WEEK, a_pool(20, chance=0.5), taking(A002="random"))
    rows = {row["household_id"]: row for row in weighed(rolled, visits()).to_dicts()}
    lots = 20 * 0.1 + 18 * 0.5
    assert rows["A000"]["weight"] == pytest.approx(2 / lots / 0.1)
    assert rows["A002"]["weight"] == pytest.approx(9 / lots / 0.5)
    assert rows["A000"]["after"] == pytest.approx(9 / lots)
    assert rows["A002"]["after"] == 0
    assert rows["A003"]["cumulated"] == pytest.approx(1 - 0.9 * 0.5)


def test_whom_a_list_takes_is_in_no_pool_that_night_and_in_none_later() -> None:
    left = a_pool(20).filter(pl.col("household_id") != "A005")
    rolled = add_night(Rolled(), NIGHT, left, taking(A005="urgent", A000="random"))
    rolled = add_night(rolled, NIGHT + WEEK, a_pool(20), taking(A005="random"))
    row = weighed(rolled, visits()).row(by_predicate=pl.col("household_id") == "A005", named=True)
    assert (row["part"], row["stays"], row["weight"]) == ("list", 0.0, None)
    assert row["after"] == pytest.approx(1)


def test_an_area_without_lots_is_counted_and_nothing_is_said_of_it() -> None:
    chances = pl.concat([a_pool(10), a_pool(5, "B", 0.0)])
    rolled = add_night(Rolled(), NIGHT, chances, taking(B001="risk", B002="risk"))
    told = yield_of(rolled, visits(("B001", 1, 1, "V10")), a_pool(1).select("household_id", stratum="area"), {})
    assert told["without_lots"] == 2
    assert told["visited"] == 0


@pytest.mark.parametrize(
    ("rows", "need"),
    [
        ([("A000", 1, 1, "V40"), ("A000", 1, 5, "V10")], True),
        ([("A000", 1, 1, "V40"), ("A000", 2, 9, "V31")], False),
        ([("A000", 1, 1, "V10"), ("A000", 1, 1, "V42")], None),
        ([("A000", 1, 1, "V31"), ("A000", 2, 99, "V10")], False),
        ([("A000", 1, -9, "V10")], None),
        ([("A000", 1, 1, "V30")], None),
    ],
    ids=["second attempt", "next item", "taken back", "later change", "before it was drawn", "declined"],
)
def test_the_first_answer_since_it_was_drawn_counts(
    rows: list[tuple[str, int, int, str]], need: bool | None
) -> None:
    rolled = add_night(Rolled(), NIGHT, a_pool(3), taking(A000="random"))
    found = weighed(rolled, visits(*rows)).row(by_predicate=pl.col("household_id") == "A000", named=True)
    assert found["need"] is need


def one_stratum(rolled: Rolled, known: pl.DataFrame) -> dict[str, object]:
    strata = rolled.households.select("household_id", stratum=pl.lit("all"))
    groups = rolled.households.select("household_id", group=pl.col("household_id").str.slice(3, 1))
    return yield_of(rolled, known, strata, {"digit": groups})


def test_too_few_answers_by_lot_are_no_evidence_and_one_more_is() -> None:
    drawn = {f"A{number:03d}": "random" for number in range(ENOUGH)}
    rolled = add_night(Rolled(), NIGHT, a_pool(200), taking(**drawn))
    answers = [(name, number, 1, "V31") for number, name in enumerate(drawn)]
    few, enough = (one_stratum(rolled, visits(*answers[:count])) for count in (ENOUGH - 1, ENOUGH))
    assert (few["evidence"], few["need"], few["answered"]) == ("insufficient", None, ENOUGH - 1)
    assert enough["evidence"] == "sufficient"
    assert enough["need"]["value"] == 0 < enough["need"]["high"] < 0.15  # type: ignore[index]
    groups = enough["groups"]
    assert isinstance(groups, list)
    assert [each["evidence"] for each in groups] == ["insufficient"] * 10


def test_without_a_visit_or_a_night_nothing_is_estimated() -> None:
    told = one_stratum(Rolled(), visits())
    assert (told["nights"], told["evidence"], told["naive"], told["recall"]) == (0, "insufficient", None, None)


def test_the_interval_is_clopper_and_pearsons_where_every_answer_counts_alike() -> None:
    share = interval(0.1, 0.1 * 0.9 / 50, 50)
    # 5 of 50: the exact interval of the tables
    assert (share.low, share.high) == (pytest.approx(0.0333, abs=1e-4), pytest.approx(0.2181, abs=1e-4))
    assert interval(0.0, 0.0, 50).high == pytest.approx(1 - 0.025 ** (1 / 50))
    assert interval(0.1, 0.1 * 0.9 / 25, 50).high > share.high


def test_the_same_nights_give_the_same_figures_in_any_order_of_rows(century: Years) -> None:
    some = pl.col("household_id").str.slice(0, 4) == "Y000"
    part = Rolled(century.rolled.households.filter(some), century.rolled.lots, century.rolled.nights)
    mixed = Rolled(part.households.sample(fraction=1, shuffle=True, seed=3), part.lots, part.nights)
    told = yield_of(part, century.visits, century.strata, {})
    assert told == yield_of(mixed, century.visits.reverse(), century.strata.reverse(), {})
