"""Two tables are joined only where a key is one: checked on small tables and on files that pretend to join."""

from pathlib import Path

import polars as pl
import pytest

from features.joins import JoinRefusedError, check_join
from fixtures.surveys import eph
from fixtures.surveys.raw import SurveyError

MEMBERS = pl.DataFrame({"home": ["A", "A", "B"], "n": [1, 1, 2]})
HOMES = pl.DataFrame({"home": ["A", "B"], "n": [1, 2]})


def test_members_and_their_households_join() -> None:
    found = check_join(MEMBERS, HOMES.lazy(), ["home", "n"])
    assert (found.left_rows, found.left_matched, found.right_rows, found.right_matched) == (3, 3, 2, 2)


def test_a_few_rows_that_do_not_meet_are_counted_and_left_to_the_quarantine() -> None:
    homes = pl.DataFrame({"home": [str(number) for number in range(100)]})
    found = check_join(homes.head(95), homes, ["home"])
    assert (found.left_matched, found.right_matched, found.right_rows) == (95, 95, 100)


def test_a_missing_key_column_is_named_with_its_table() -> None:
    with pytest.raises(JoinRefusedError, match="homes has no column person"):
        check_join(
            MEMBERS.with_columns(person=1), HOMES, ["home", "person"], left_name="members", right_name="homes"
        )


def test_a_key_of_two_kinds_is_refused() -> None:
    with pytest.raises(JoinRefusedError, match="n is a whole number in left and text in right"):
        check_join(MEMBERS, HOMES.with_columns(pl.col("n").cast(pl.String)), ["n"])


def test_numbers_of_different_width_are_one_kind() -> None:
    assert check_join(MEMBERS, HOMES.with_columns(pl.col("n").cast(pl.Int8)), ["n"]).left_matched == 3


def test_a_key_that_names_groups_is_refused() -> None:
    streets = pl.DataFrame({"home": ["A", "A", "B"]})
    with pytest.raises(JoinRefusedError, match="2 values for 3 rows of right, so it names groups and not rows"):
        check_join(MEMBERS, streets, ["home"])


def test_keys_that_hardly_meet_are_refused() -> None:
    with pytest.raises(JoinRefusedError, match=r"0 of 3 rows of left find a row of right; at least 90% must"):
        check_join(MEMBERS, pl.DataFrame({"home": ["C"]}), ["home"])


def test_households_without_members_are_refused_where_they_are_many() -> None:
    with pytest.raises(JoinRefusedError, match="2 of 3 rows of right find a row of left"):
        check_join(MEMBERS, pl.DataFrame({"home": ["A", "B", "C"]}), ["home"])


def test_a_null_key_meets_nothing() -> None:
    nulls = pl.DataFrame({"home": pl.Series([None], dtype=pl.String)})
    with pytest.raises(JoinRefusedError, match="0 of 1 rows"):
        check_join(nulls, nulls, ["home"])


def test_an_empty_table_and_an_unnamed_key_are_refused() -> None:
    with pytest.raises(JoinRefusedError, match="left has no rows"):
        check_join(MEMBERS.clear(), HOMES, ["home"])
    with pytest.raises(JoinRefusedError, match="no key is named"):
        check_join(MEMBERS, HOMES, [])


@pytest.fixture
def vietnam(shared_data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    folder = shared_data / "vietnam_lsms_1997"
    return pl.read_parquet(folder / "individual.parquet"), pl.read_parquet(folder / "household.parquet")


@pytest.mark.real
def test_vietnams_files_share_no_key_of_a_household(vietnam: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    people, homes = vietnam
    with pytest.raises(JoinRefusedError, match="commune is a whole number in individual and text in household"):
        check_join(people, homes, ["commune"], left_name="individual", right_name="household")
    as_text = people.with_columns(pl.col("commune").cast(pl.String))
    with pytest.raises(JoinRefusedError, match="194 values for 5,999 rows of household"):
        check_join(as_text, homes, ["commune"], left_name="individual", right_name="household")


@pytest.mark.real
def test_vietnams_files_under_argentine_names_are_refused_as_another_survey(
    vietnam: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    people, homes = vietnam
    with pytest.raises(SurveyError, match="columns are missing"):
        eph.to_deliveries({"2016T3": {"individual": people, "hogar": homes}}, ["2016T3"])
