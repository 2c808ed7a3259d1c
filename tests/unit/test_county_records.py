"""The frames of a small county: valid, seeded, honest about when they were known, dirty where they should be."""

from datetime import date

import polars as pl
import pytest

from features.records import KEYS, KINDS
from fixtures.county.county import County, Part, part_of

PEOPLE = 4_000


@pytest.fixture(scope="module")
def county() -> County:
    return County(PEOPLE, seed=7)


@pytest.fixture(scope="module")
def part(county: County) -> Part:
    return next(county.parts())


def whole(kind: str, frame: pl.DataFrame) -> pl.DataFrame:
    carried = frame.with_columns(known_on_assumed=pl.lit(False), delivery_id=pl.lit("d1"))
    return carried.select(KINDS[kind].column_names())


def newest(part: Part, kind: str) -> pl.DataFrame:
    frame = part.frames[kind].sort("known_on", "seq").unique(KEYS[kind], keep="last")
    return frame.filter(~pl.col("void"))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_record_satisfies_its_schema(part: Part, kind: str) -> None:
    good, failures = KINDS[kind].filter(whole(kind, part.frames[kind]))
    assert good.height == part.frames[kind].height > 0
    assert failures.counts() == {}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_within_the_delivery_a_record_is_unique_by_key_and_day_known(part: Part, kind: str) -> None:
    assert not part.frames[kind].select(*KEYS[kind], "known_on").is_duplicated().any()


def test_the_same_seed_gives_the_same_rows_in_the_same_order(county: County, part: Part) -> None:
    again = next(County(PEOPLE, seed=7).parts())
    for mine, its in ((part.frames, again.frames), (part.truth, again.truth), (part.dirt, again.dirt)):
        assert mine.keys() == its.keys()
        assert all(mine[name].equals(its[name]) for name in mine)


def test_another_seed_gives_other_people(part: Part) -> None:
    other = next(County(PEOPLE, seed=8).parts())
    assert not part.frames["member"].equals(other.frames["member"])


def test_a_block_does_not_depend_on_the_blocks_before_it() -> None:
    blocks = County(50_200, seed=3).blocks()
    assert [block.number for block in blocks] == [0, 1, 2]
    assert sum(block.people for block in blocks) == 50_200
    regions = [town.region for block in blocks for town in block.towns]
    assert len(set(regions)) == len(regions)
    small = County(1_000, seed=3).blocks()[0]
    assert part_of(small).frames["income"].equals(next(County(1_000, seed=3).parts()).frames["income"])


def test_nothing_is_known_after_the_end_nor_before_it_happened(county: County, part: Part) -> None:
    for kind, day in (
        ("income", "month"),
        ("medical", "event_date"),
        ("benefit", "month"),
        ("event", "event_date"),
    ):
        frame = part.frames[kind]
        assert frame["known_on"].max() <= county.last_known_on
        assert (frame["known_on"] > frame[day]).all()


def test_the_last_months_have_not_been_reported_yet(county: County, part: Part) -> None:
    wages = part.frames["income"].filter(pl.col("source_dept") == "RS")
    by_month = wages.group_by("month").len().sort("month")
    usual = by_month["len"].median()
    counts = dict(by_month.rows())
    assert counts.get(date(2025, 12, 1), 0) == 0
    assert counts[date(2025, 9, 1)] > 0.8 * usual
    assert min(county.begin, by_month["month"].min()) == county.begin


def test_wages_are_known_one_to_two_months_after_their_month(part: Part) -> None:
    wages = part.frames["income"].filter((pl.col("source_dept") == "RS") & ~pl.col("void"))
    lag = (wages["known_on"] - wages["month"].dt.month_end()).dt.total_days()
    assert lag.quantile(0.02) >= 26
    assert lag.quantile(0.9) <= 60
    assert lag.quantile(0.995) > 60


def test_a_closing_version_is_known_after_the_version_it_closes(part: Part) -> None:
    for kind, end in (
        ("member", "valid_to"),
        ("household", "valid_to"),
        ("employment", "end"),
        ("enrolment", "end"),
    ):
        frame = part.frames[kind]
        opened = pl.col("known_on").filter(pl.col(end).is_null()).max()
        closed = pl.col("known_on").filter(pl.col(end).is_not_null()).min()
        both = frame.group_by(KEYS[kind]).agg(opened=opened, closed=closed).drop_nulls(["opened", "closed"])
        assert both.height > 0
        assert (both["opened"] < both["closed"]).all(), kind


def test_every_household_has_one_head_on_any_day(part: Part) -> None:
    day = date(2024, 6, 30)
    valid = (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    members = newest(part, "member").filter(valid)
    heads = members.group_by("household_id").agg(heads=(pl.col("relation") == "head").sum())
    assert (heads["heads"] == 1).mean() > 0.985
    assert (heads["heads"] <= 1).mean() > 0.995


def test_nobody_lives_in_two_households_unless_that_is_a_planted_error(part: Part) -> None:
    day = date(2025, 6, 30)
    valid = (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    members = newest(part, "member").filter(valid)
    twice = members.filter(pl.col("person_id").is_duplicated())["person_id"].unique()
    planted = part.truth["error"].filter(pl.col("code") == "DUP-16")["person_id"]
    assert twice.is_in(planted.to_list()).all()


def test_lives_go_on_births_deaths_marriages_and_moves_are_registered(part: Part) -> None:
    members = newest(part, "member")
    begin = date(2021, 1, 1)
    assert members.filter(pl.col("birth_date") >= begin)["person_id"].n_unique() > 60
    assert members.filter(pl.col("death_date") >= begin)["person_id"].n_unique() > 60
    states = members.group_by("person_id").agg(pl.col("household_id").n_unique(), pl.col("marital").n_unique())
    assert (states["household_id"] > 1).sum() > 60
    assert (states["marital"] > 1).sum() > 60


def test_wrong_amounts_are_corrected_later_and_some_records_are_withdrawn(part: Part) -> None:
    income = part.frames["income"]
    versions = income.group_by(KEYS["income"]).agg(pl.len(), pl.col("amount").n_unique(), pl.col("void").any())
    assert 0.005 < (versions["len"] > 1).mean() < 0.02
    assert (versions.filter(pl.col("len") > 1, ~pl.col("void"))["amount"] == 2).mean() > 0.95
    assert versions["void"].sum() > 0


def test_people_in_the_records_belong_to_a_household(part: Part) -> None:
    """But for the newborn, whose registration may come later than their first bill."""
    known = part.frames["member"]["person_id"].unique().to_list()
    for kind in ("income", "medical", "employment", "benefit", "disability", "schooling"):
        persons = part.frames[kind]["person_id"].drop_nulls()
        assert persons.filter(persons.str.slice(6, 8) < "20250701").is_in(known).all(), kind


def test_identities_are_delivered_apart_and_nowhere_else(part: Part) -> None:
    identity = part.frames["identity"]
    assert identity.columns == ["person_id", "household_id", "name", "phone", "address", "valid_from"]
    assert (identity["person_id"].is_null() != identity["household_id"].is_null()).all()
    for kind in KINDS:
        assert {"name", "phone", "address"}.isdisjoint(part.frames[kind].columns)


def test_the_row_count_is_sensible(part: Part) -> None:
    rows = sum(part.frames[kind].height for kind in KINDS)
    assert 60 < rows / PEOPLE < 110


def test_dirt_is_a_small_share_and_written_down_row_by_row(part: Part) -> None:
    rows = sum(frame.height for frame in part.dirt.values())
    good = sum(part.frames[kind].height for kind in part.dirt)
    assert 0.001 < rows / good < 0.005
    assert part.dirt_truth.height == rows
    for kind, frame in part.dirt.items():
        assert set(frame.dtypes) == {pl.String}
        assert frame.columns == part.frames[kind].columns
        told = part.dirt_truth.filter(pl.col("kind") == kind)["row"].sort()
        assert told.to_list() == list(range(frame.height))


def test_every_kind_of_dirt_is_there(part: Part) -> None:
    assert set(part.dirt_truth["fault"]) == {
        "bad_date",
        "unknown_code",
        "missing",
        "negative",
        "not_a_number",
        "mid_month",
        "repeated_key",
        "no_household",
    }


def test_each_dirty_row_breaks_the_rule_that_is_written_down(part: Part) -> None:
    members = part.frames["member"]["person_id"].unique().to_list()
    for kind, frame in part.dirt.items():
        told = part.dirt_truth.filter(pl.col("kind") == kind).sort("row")
        marked = frame.with_columns(told["fault"], told["column"], told["row"])
        for (fault, column), rows in marked.group_by("fault", "column"):
            cell = rows[str(column)]
            if fault == "bad_date":
                assert cell.str.to_date(strict=False).is_null().all()
            elif fault == "missing":
                assert cell.is_null().all()
            elif fault == "negative":
                assert cell.str.starts_with("-").all()
            elif fault == "not_a_number":
                assert cell.cast(pl.Float64, strict=False).is_null().all()
            elif fault == "repeated_key":
                assert rows.select(*KEYS[kind], "known_on").is_duplicated().all()
                assert not rows.drop("row").is_duplicated().any()
            elif fault == "no_household":
                assert not cell.is_in(members).any()


def test_dirty_rows_never_share_a_key_with_a_good_one(part: Part) -> None:
    for kind, frame in part.dirt.items():
        keys = part.frames[kind].select([pl.col(name).cast(pl.String) for name in KEYS[kind]])
        assert frame.select(KEYS[kind]).join(keys, on=KEYS[kind], how="semi", nulls_equal=True).height == 0


def test_the_truth_is_no_delivery(part: Part) -> None:
    assert set(part.truth) == {"household", "month", "emergency", "error", "event"}
    hidden = {"ability", "wealth", "stigma", "discretion", "willing", "assets_ok", "income_per_head"}
    assert all(hidden.isdisjoint(frame.columns) for frame in part.frames.values())
