"""Errors planted on purpose: what the truth lists is really in the records."""

from datetime import date

import polars as pl
import pytest

from fixtures.county.county import County, Part
from fixtures.county.world import World

SPAN = ("from_month", "to_month")


@pytest.fixture(scope="module")
def part() -> Part:
    return next(County(12_000, seed=5, world=World(duplicates=6.0)).parts())


def errors(part: Part, code: str) -> pl.DataFrame:
    return part.truth["error"].filter(pl.col("code") == code)


def paid(part: Part, programme: str) -> pl.DataFrame:
    benefit = part.frames["benefit"]
    return benefit.filter((pl.col("programme") == programme) & (pl.col("status") == "in_payment"))


def inside(part: Part, code: str, programme: str, on: str = "person_id") -> pl.DataFrame:
    """The payments of a programme in the months of an error, by person or household."""
    joined = errors(part, code).join(paid(part, programme), on=on)
    return joined.filter(pl.col("month").is_between(*SPAN))


def test_the_list_names_the_planted_codes(part: Part) -> None:
    planted = {"GAP-CJ-H", "GAP-CJ-S", "GAP-GL", "GAP-YL", "GAP-YB", "GAP-YB never", "GAP-SY"}
    planted |= {"MIS-01", "MIS-02", "MIS-03", "MIS-06", "MIS-07"}
    planted |= {"DUP-01", "DUP-03", "DUP-11", "DUP-12", "DUP-14", "DUP-16"}
    planted |= {"GAP-DB", "GAP-BY", "GAP-GX", "GAP-TK", "GAP-LS-E", "GAP-LS-Z"}
    assert planted <= set(part.truth["error"]["code"])


def test_every_error_names_its_household_and_its_months(part: Part) -> None:
    listed = part.truth["error"]
    assert listed["household_id"].null_count() == 0
    assert (listed["from_month"] <= listed["to_month"]).all()


def test_a_missing_care_subsidy_is_a_severe_certificate_without_a_payment(part: Part) -> None:
    gaps = errors(part, "GAP-CJ-H")
    severe = part.frames["disability"].filter(pl.col("level") <= 2)["person_id"].to_list()
    assert gaps["person_id"].is_in(severe).all()
    assert inside(part, "GAP-CJ-H", "CJ-H").height == 0


def test_a_missing_old_age_allowance_is_a_person_of_eighty_without_a_payment(part: Part) -> None:
    births = part.frames["member"].select("person_id", "birth_date").unique()
    aged = errors(part, "GAP-GL").join(births, on="person_id")
    assert ((aged["from_month"] - aged["birth_date"]).dt.total_days() >= 80 * 365).all()
    assert inside(part, "GAP-GL", "GL").height == 0


def test_share_of_the_gaps_is_as_the_world_says(part: Part) -> None:
    world = World()
    month = date(2025, 3, 1)

    def then(code: str) -> set[str]:
        return set(errors(part, code).filter(pl.lit(month).is_between(*SPAN))["person_id"])

    for code, share in (("GL", world.gap_gl), ("CJ-H", world.gap_cjh)):
        without, given = then(f"GAP-{code}"), set(paid(part, code).filter(pl.col("month") == month)["person_id"])
        count = len(without | (given - then("MIS-06") - then("DUP-06") - then("DUP-14")))
        three_errors = 3 * (share * (1 - share) / count) ** 0.5
        assert without.isdisjoint(given)
        assert len(without) / count == pytest.approx(share, abs=three_errors)
        assert three_errors < 0.1


def test_payments_after_death_are_in_the_records(part: Part) -> None:
    deaths = part.frames["member"].select("person_id", "death_date").drop_nulls().unique()
    late = errors(part, "DUP-14").filter(pl.col("to_month") < date(2025, 10, 1)).join(deaths, on="person_id")
    assert late.height > 0
    assert (late["from_month"] > late["death_date"]).all()
    assert late.join(paid(part, "GL"), on="person_id").filter(pl.col("month") > pl.col("death_date")).height > 0


def test_the_dually_supported_have_both_in_payment(part: Part) -> None:
    homes = part.frames["member"].select("person_id", "household_id").unique()
    tk = paid(part, "TK").select("person_id", "month").join(homes, on="person_id").drop("person_id")
    both = inside(part, "DUP-01", "DB", on="household_id").join(tk, on=["household_id", "month"], how="semi")
    assert both["household_id"].n_unique() == errors(part, "DUP-01")["household_id"].n_unique()
    margin = inside(part, "DUP-03", "BY", on="household_id").select("household_id", "month")
    db = paid(part, "DB").select("household_id", "month")
    margin = margin.join(db, on=["household_id", "month"], how="semi")
    assert margin["household_id"].n_unique() == errors(part, "DUP-03")["household_id"].n_unique()


def test_unemployment_benefit_goes_on_at_work(part: Part) -> None:
    wrong = inside(part, "DUP-11", "SY")
    assert wrong["person_id"].n_unique() > 0
    work = part.frames["employment"].filter(pl.col("form") != "unemployed")
    wages = part.frames["income"].filter(pl.col("kind") == "wage").select("person_id", "month").unique()
    at_work = wrong.join(wages, on=["person_id", "month"], how="semi")
    assert at_work.height > 0.6 * wrong.height
    assert wrong["person_id"].is_in(work["person_id"].to_list()).mean() > 0.9


def test_two_medical_schemes_run_at_once(part: Part) -> None:
    schemes = part.frames["enrolment"].filter(pl.col("scheme").is_in(["medical_employee", "medical_resident"]))
    holders = schemes.group_by("person_id").agg(pl.col("scheme").n_unique())
    both = holders.filter(pl.col("scheme") == 2)["person_id"].to_list()
    assert errors(part, "DUP-12")["person_id"].is_in(both).mean() > 0.95


def test_the_person_counted_twice_is_a_member_of_two_households(part: Part) -> None:
    open_rows = part.frames["member"].filter(pl.col("valid_to").is_null())
    for person in errors(part, "DUP-16")["person_id"]:
        assert open_rows.filter(pl.col("person_id") == person)["household_id"].n_unique() >= 2


def test_unassisted_bills_of_db_members_carry_no_assistance(part: Part) -> None:
    bills = part.frames["medical"].filter(pl.col("in_catalogue") > pl.col("basic_paid") + pl.col("cii_paid"))
    gaps = errors(part, "GAP-YL").join(bills, on="person_id")
    inside_gap = gaps.filter(pl.col("event_date").dt.truncate("1mo").is_between(*SPAN))
    assert inside_gap.height > 0
    assert (inside_gap["assistance_paid"] == 0).all()


def test_a_subsidy_on_a_certificate_that_ran_out_is_listed_and_going_without_one_is_no_gap(part: Part) -> None:
    over = (
        paid(part, "CJ-H")
        .join(part.frames["disability"], on="person_id")
        .filter(pl.col("month") > pl.col("expires"))
    )
    listed = over.join(errors(part, "MIS-06"), on="person_id", suffix="_error")
    wrong = listed.filter(pl.col("month").is_between(*SPAN)).unique(["person_id", "month"])
    dead = errors(part, "DUP-14")["person_id"].implode()
    assert over.filter(~pl.col("person_id").is_in(dead)).height <= wrong.height <= over.height
    assert wrong.height > 0
    gaps = errors(part, "GAP-CJ-H").join(part.frames["disability"], on="person_id")
    assert (gaps["to_month"] <= gaps["expires"]).all(ignore_nulls=True)


def test_what_befell_people_is_listed_whether_heard_of_or_not(part: Part) -> None:
    events, heard = part.truth["event"], part.frames["event"]
    for code, share in (("ACC", 0.75), ("DSR", 0.95)):
        really = events.filter(pl.col("code") == f"EV-{code}")
        assert really.height > 20
        assert heard.filter(pl.col("event_code") == code).height / really.height == pytest.approx(share, abs=0.12)
    certified = part.frames["disability"].filter(pl.col("level") <= 2)["person_id"].to_list()
    assert events.filter(pl.col("code") == "EV-DIS")["person_id"].is_in(certified).mean() > 0.95
