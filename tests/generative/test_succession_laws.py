"""Laws of succession: the order of rows and deliveries never matters; who goes on lives on."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from features.succession import MEMBERSHIPS, lines, links

DAYS = st.dates(date(2023, 1, 1), date(2024, 6, 30))
ROW = st.tuples(
    st.sampled_from([f"P{number}" for number in range(5)]),
    st.sampled_from([f"H{number}" for number in range(4)]),
    st.sampled_from(["head", "spouse", "child"]),
    DAYS,
    st.none() | st.integers(0, 200),
    st.none() | DAYS,
)


def frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    closed = [
        (*row[:4], None if row[4] is None else row[3] + timedelta(days=int(str(row[4]))), row[5])  # type: ignore[operator]
        for row in rows
    ]
    return pl.DataFrame(closed, schema=MEMBERSHIPS, orient="row").unique(
        ["person_id", "household_id"], keep="first"
    )


@given(st.lists(ROW, max_size=16), st.randoms(use_true_random=False))
def test_rows_in_any_order_and_given_twice_tell_the_same(rows: list[tuple[object, ...]], lot: object) -> None:
    lived = frame(rows)
    places = list(range(lived.height))
    lot.shuffle(places)  # type: ignore[attr-defined]
    told = links(lived)
    assert links(pl.concat([lived[places], lived])).equals(told)
    assert lines(links(lived[places])).equals(lines(told))


@given(st.lists(ROW, max_size=16))
def test_a_household_moves_to_one_place_at_a_time_and_never_to_itself(rows: list[tuple[object, ...]]) -> None:
    lived = frame(rows)
    told = links(lived)
    assert told.filter(pl.col("household_id") == pl.col("successor")).is_empty()
    assert not told.select("household_id", "successor").is_duplicated().any()
    for household, successor, how, since in told.iter_rows():
        came = set(lived.filter(pl.col("household_id") == successor)["person_id"])
        before = set(lived.filter(pl.col("household_id") == household)["person_id"])
        assert came & before
        alive = lived.filter(
            (pl.col("household_id") == household)
            & (pl.col("death_date").is_null() | (pl.col("death_date") > since + timedelta(days=60)))
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= since - timedelta(days=60)))
        )
        assert how == "split" or set(alive["person_id"]) <= came
