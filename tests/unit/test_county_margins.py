"""The county's margins beside the published figures (persons count, not households, unless a test says so)."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from features.records import KEYS
from fixtures.county.county import County, Part

DAY = date(2025, 6, 30)
MONTH = date(2025, 6, 1)
YEARS = 5


@pytest.fixture(scope="module")
def part() -> Part:
    return next(County(25_000, seed=1).parts())


def on_day(part: Part, kind: str, day: date = DAY) -> pl.DataFrame:
    frame = part.frames[kind].sort("known_on").unique(KEYS[kind], keep="last")
    ends = pl.col("valid_to")
    return frame.filter((pl.col("valid_from") <= day) & (ends.is_null() | (ends >= day)))


@pytest.fixture(scope="module")
def people(part: Part) -> pl.DataFrame:
    homes = on_day(part, "household").select("household_id", "area_kind")
    members = on_day(part, "member").filter(pl.col("counted")).unique("person_id", keep="first")
    age = (pl.lit(DAY) - pl.col("birth_date")).dt.total_days() / 365.25
    return members.join(homes, on="household_id").with_columns(age=age)


@pytest.fixture(scope="module")
def months(part: Part) -> pl.DataFrame:
    homes = part.frames["household"].unique("household_id").select("household_id", "area_kind")
    return part.truth["month"].join(homes, on="household_id")


def weighted_quantile(values: pl.Series, weights: pl.Series, share: float) -> float:
    order = values.arg_sort()
    reached = np.cumsum(weights[order].to_numpy()) / weights.sum()
    return float(values[order][int(np.searchsorted(reached, share))])


def yearly(months: pl.DataFrame, area: str) -> pl.DataFrame:
    year = months.filter((pl.col("month").dt.year() == 2025) & (pl.col("area_kind") == area))
    return year.group_by("household_id").agg(
        pl.col("income_per_head").mean() * 12 / 100, pl.col("members").cast(pl.Float64).mean()
    )


def share(people: pl.DataFrame, low: float, high: float) -> float:
    return float(people["age"].is_between(low, high, closed="left").mean() or 0.0)


def test_urban_share_of_people_is_68_per_cent(people: pl.DataFrame) -> None:
    assert (people["area_kind"] == "urban").mean() == pytest.approx(0.679, abs=0.02)


def test_ages_are_as_counted_in_2024(people: pl.DataFrame) -> None:
    assert share(people, 0, 16) == pytest.approx(0.171, abs=0.02)
    assert share(people, 16, 60) == pytest.approx(0.609, abs=0.03)
    assert share(people, 60, 200) == pytest.approx(0.220, abs=0.02)
    assert share(people, 65, 200) == pytest.approx(0.156, abs=0.015)


def test_household_sizes_are_as_counted_in_2020(part: Part) -> None:
    members = on_day(part, "member", date(2021, 1, 31))
    sizes = members.group_by("household_id").len()["len"].clip(upper_bound=6)
    published = {1: 0.254, 2: 0.297, 3: 0.210, 4: 0.132, 5: 0.062, 6: 0.046}
    counted = sizes.value_counts(normalize=True)
    for size, proportion in counted.rows():
        assert proportion == pytest.approx(published[size], abs=0.02), size
    assert members.height / sizes.len() == pytest.approx(2.62, abs=0.06)


def test_sexes_are_nearly_even(people: pl.DataFrame) -> None:
    assert (people["sex"] == 1).mean() == pytest.approx(0.511, abs=0.02)


def test_most_adults_are_married_and_few_are_divorced(people: pl.DataFrame) -> None:
    adults = people.filter(pl.col("age") >= 15)
    states = dict(adults["marital"].value_counts(normalize=True).rows())
    assert states[20] == pytest.approx(0.72, abs=0.05)
    assert states[30] == pytest.approx(0.07, abs=0.05)
    assert states[40] < 0.08


def test_younger_people_had_more_schooling(people: pl.DataFrame) -> None:
    young = people.filter(pl.col("age").is_between(25, 35))
    old = people.filter(pl.col("age") >= 65)
    assert (young["education"] <= 30).mean() > 0.3
    assert (old["education"] <= 30).mean() < 0.12
    assert (old["education"] >= 80).mean() > 0.4


def test_births_and_deaths_are_near_seven_and_eight_a_thousand(part: Part) -> None:
    members = part.frames["member"].unique("person_id", keep="last")
    begin = date(2021, 1, 1)
    births = members.filter(pl.col("birth_date") >= begin).height
    deaths = part.frames["member"].filter(pl.col("death_date") >= begin)["person_id"].n_unique()
    assert births / YEARS / 25_000 == pytest.approx(0.0065, abs=0.0015)
    assert deaths / YEARS / 25_000 == pytest.approx(0.0078, abs=0.0015)


@pytest.mark.parametrize(
    ("area", "published"),
    [
        ("urban", {0.05: 14_481, 0.10: 20_536, 0.20: 29_441, 0.50: 51_115, 0.80: 82_391, 0.95: 134_962}),
        ("rural", {0.05: 3_828, 0.10: 6_245, 0.20: 10_235, 0.50: 20_711, 0.80: 35_399, 0.95: 58_766}),
    ],
)
def test_true_incomes_follow_the_fitted_curves(
    months: pl.DataFrame, area: str, published: dict[float, float]
) -> None:
    homes = yearly(months, area)
    for rank, amount in published.items():
        found = weighted_quantile(homes["income_per_head"], homes["members"], rank)
        assert found == pytest.approx(amount, rel=0.10 if rank >= 0.2 else 0.25), rank


def test_few_people_live_under_the_line_in_town_and_one_in_eight_in_the_country(months: pl.DataFrame) -> None:
    month = months.filter(pl.col("month") == MONTH).with_columns(pl.col("members").cast(pl.Float64))
    for area, published in (("urban", 0.024), ("rural", 0.127)):
        people = month.filter(pl.col("area_kind") == area)
        under = people.filter("below_line")["members"].sum() / people["members"].sum()
        assert under == pytest.approx(published, rel=0.3), area


def test_registers_miss_a_third_of_rural_income(part: Part, months: pl.DataFrame) -> None:
    members = part.frames["member"].filter(pl.col("valid_to").is_null()).unique("person_id")
    income = part.frames["income"].filter(
        pl.col("kind") != "assistance", ~pl.col("void"), pl.col("record_no") < "9"
    )
    income = income.sort("known_on").unique(KEYS["income"], keep="last").filter(pl.col("month").dt.year() == 2024)
    homes = members.join(part.frames["household"].unique("household_id"), on="household_id")
    seen = income.join(homes.select("person_id", "area_kind"), on="person_id").group_by("area_kind")
    registered = dict(seen.agg(pl.col("amount").sum()).rows())
    true = dict(
        months.filter(pl.col("month").dt.year() == 2024)
        .group_by("area_kind")
        .agg((pl.col("income_per_head") * pl.col("members").cast(pl.Int64)).sum())
        .rows()
    )
    assert 0.25 < 1 - registered["rural"] / true["rural"] < 0.42
    assert 0.10 < 1 - registered["urban"] / true["urban"] < 0.32


def test_what_registers_see_is_worst_for_the_poorest(part: Part, months: pl.DataFrame) -> None:
    homes = yearly(months, "rural").sort("income_per_head").with_row_index()
    fifth = homes.with_columns(fifth=(pl.col("index") * 5 // homes.height)).select("household_id", "fifth")
    members = part.frames["member"].filter(pl.col("valid_to").is_null()).unique("person_id")
    working = pl.col("kind").is_in(["wage", "business", "farm", "platform"]) & (pl.col("month").dt.year() == 2024)
    income = part.frames["income"].filter(working)
    seen = members.join(fifth, on="household_id").join(income, on="person_id", how="left")
    known = seen.group_by("fifth", "household_id").agg(pl.col("amount").count() > 0)
    by_fifth = dict(known.group_by("fifth").agg(pl.col("amount").mean()).rows())
    assert by_fifth[0] < by_fifth[4] - 0.1


def test_admissions_are_21_a_hundred_with_an_age_gradient_of_four(part: Part, people: pl.DataFrame) -> None:
    bills = part.frames["medical"].filter(pl.col("kind") == "inpatient", pl.col("event_date").dt.year() == 2024)
    assert bills.height / people.height == pytest.approx(0.2 * 0.97, abs=0.03)
    counted = people.join(bills.group_by("person_id").len(), on="person_id", how="left")
    counted = counted.with_columns(pl.col("len").fill_null(0))
    grown = counted.filter(pl.col("age").is_between(15, 44))["len"].mean()
    old = counted.filter(pl.col("age") >= 65)["len"].mean()
    assert 3.0 < float(old) / float(grown) < 6.5


def test_bills_and_what_is_paid_of_them_are_as_published(part: Part) -> None:
    bills = part.frames["medical"].filter(
        pl.col("kind") == "inpatient", pl.col("event_date") >= date(2024, 6, 1), ~pl.col("void")
    )
    paid = bills.with_columns(ratio=pl.col("basic_paid") / pl.col("in_catalogue"))
    employees = paid.filter(pl.col("ratio") > 0.75)
    residents = paid.filter(pl.col("ratio") <= 0.75)
    assert residents["total"].mean() / 100 == pytest.approx(7_339, rel=0.15)
    assert employees["total"].mean() / 100 == pytest.approx(11_522, rel=0.2)
    assert residents["ratio"].mean() == pytest.approx(0.66, abs=0.01)
    assert employees["ratio"].mean() == pytest.approx(0.841, abs=0.01)
    assert bills["los_days"].mean() == pytest.approx(8.1, abs=0.6)


def test_heavy_yearly_bills_are_rare(part: Part, people: pl.DataFrame) -> None:
    year = part.frames["medical"].filter(pl.col("event_date").dt.year() == 2024)
    own = year.group_by("person_id").agg(pl.col("oop").sum())
    assert 0.004 < (own["oop"] > 2_000_000).sum() / people.height < 0.02


def test_95_per_cent_are_insured_three_in_ten_as_employees(part: Part, people: pl.DataFrame) -> None:
    schemes = part.frames["enrolment"].sort("known_on").unique(KEYS["enrolment"], keep="last")
    medical = schemes.filter(
        pl.col("scheme").cast(pl.String).str.starts_with("medical")
        & (pl.col("start") <= DAY)
        & (pl.col("end").is_null() | (pl.col("end") >= DAY))
    ).join(people.select("person_id"), on="person_id", how="semi")
    assert medical["person_id"].n_unique() / people.height == pytest.approx(0.95, abs=0.025)
    employees = medical.filter(pl.col("scheme") == "medical_employee")["person_id"].n_unique()
    assert employees / people.height == pytest.approx(0.29, abs=0.04)


def test_disability_certificates_cover_27_in_a_thousand(part: Part, people: pl.DataFrame) -> None:
    holders = people.join(part.frames["disability"], on="person_id", how="left")
    assert holders["level"].is_not_null().mean() == pytest.approx(0.027, abs=0.005)
    old = holders.filter(pl.col("age") >= 60)["level"].is_not_null().mean()
    young = holders.filter(pl.col("age") < 60)["level"].is_not_null().mean()
    assert float(old) > 2 * float(young)


def test_rolls_of_db_are_near_the_published_shares(months: pl.DataFrame) -> None:
    last = months.filter(pl.col("month").dt.year() >= 2024).with_columns(pl.col("members").cast(pl.Float64))
    for area, published in (("urban", 0.0069), ("rural", 0.0729)):
        people = last.filter(pl.col("area_kind") == area)
        rolls = people.filter("in_db")["members"].sum() / people["members"].sum()
        assert rolls == pytest.approx(published, rel=0.25), area


def test_half_or_more_of_the_households_under_the_line_fail_the_asset_test_or_never_apply(part: Part) -> None:
    why = dict(part.truth["household"]["why_not"].value_counts().rows())
    kept_out = why["assets"] + why["never_applies"]
    under = kept_out + why["refused"] + why["not_yet"]
    assert kept_out / under > 0.5
    assert min(why["assets"], why["never_applies"]) > 0.1 * under


def test_leakage_is_15_to_35_per_cent_of_the_rolls(months: pl.DataFrame) -> None:
    rolls = months.filter("in_db").with_columns(pl.col("members").cast(pl.Float64))
    above = rolls.filter(~pl.col("below_line"))["members"].sum() / rolls["members"].sum()
    assert 0.15 < above < 0.35


def test_db_pays_about_three_hundred_and_fifty_a_head(part: Part, months: pl.DataFrame) -> None:
    paid = part.frames["benefit"].filter((pl.col("programme") == "DB") & (pl.col("status") == "in_payment"))
    homes = months.select("household_id", "month", "members", "area_kind")
    rows = paid.join(homes, on=["household_id", "month"]).filter(pl.col("area_kind") == "rural")
    assert 250 < rows["amount"].sum() / rows["members"].cast(pl.Int64).sum() / 100 < 450


def test_other_programmes_are_of_their_published_size(part: Part, people: pl.DataFrame) -> None:
    paid = part.frames["benefit"].filter((pl.col("month") == MONTH) & (pl.col("status") == "in_payment"))
    size = {code: count / people.height for code, count in paid["programme"].value_counts().rows()}
    assert size["TK"] == pytest.approx(0.0035, abs=0.0015)
    assert size["CJ-H"] == pytest.approx(0.0118, abs=0.004)
    assert 0.015 < size["GL"] < 0.032
    assert 0.0005 < size["BY"] < 0.006


def test_about_half_of_the_rural_poor_were_poor_two_years_before(months: pl.DataFrame) -> None:
    rural = months.filter(pl.col("area_kind") == "rural")
    lines = {}
    for year in (2022, 2024):
        own = rural.filter(pl.col("month").dt.year() == year).group_by("household_id")
        lines[year] = own.agg(pl.col("income_per_head").mean(), pl.col("members").cast(pl.Float64).mean())
    poor = {
        year: frame.filter(
            pl.col("income_per_head") < 0.4 * weighted_quantile(frame["income_per_head"], frame["members"], 0.5)
        )["household_id"]
        for year, frame in lines.items()
    }
    stayed = poor[2024].is_in(poor[2022].to_list()).mean()
    assert 0.35 < float(stayed) < 0.65
