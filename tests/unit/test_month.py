"""The month, evaluated: who counts at which stage, what is a hit, and what is too few to be shown."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from outreach.month import (
    ITEMS,
    PAID,
    STAGES,
    UNMET,
    VISITS,
    burden,
    followed,
    funnel,
    hits,
    left_off,
    suppressed,
    unmet,
    waits,
)
from outreach.outcomes import RULES
from outreach.policy import OUTCOMES
from outreach.wording_month import FUNNELS, group_name

LISTED = date(2026, 1, 5)
AS_OF = date(2026, 6, 30)
MINE, OTHER = "990101001", "990101002"


def items(count: int = 20, **changed: Any) -> pl.DataFrame:
    rows = [
        {
            "item_id": number,
            "household_id": f"h{number:03d}",
            "business_date": LISTED,
            "caseworker_id": "ana",
            "area": MINE if number % 2 else OTHER,
            "lane": "gap",
            "signal_on": LISTED - timedelta(days=4),
            **changed,
        }
        for number in range(1, count + 1)
    ]
    return pl.DataFrame(rows, schema=ITEMS)


def visits(*outcomes: str, **changed: Any) -> pl.DataFrame:
    rows = [
        {
            "item_id": number,
            "visited_on": LISTED + timedelta(days=6),
            "outcome": outcome,
            "contact": "home",
            "attempt": 1,
            "minutes": 30,
            "filled": 3,
            **changed,
        }
        for number, outcome in enumerate(outcomes, start=1)
    ]
    return pl.DataFrame(rows, schema=VISITS)


def paid(*rows: tuple[int, str, date]) -> pl.DataFrame:
    return pl.DataFrame(
        [(f"h{number:03d}", programme, month, 10_000) for number, programme, month in rows],
        schema=PAID,
        orient="row",
    )


def stages(rows: pl.DataFrame) -> dict[str, int]:
    return {name: int(rows[name].sum()) for name in STAGES if name != "listed"}


def test_every_outcome_stands_somewhere_on_the_way() -> None:
    rows = followed(items(16), visits(*OUTCOMES), paid(), AS_OF)
    assert stages(rows) == {
        "contacted": 16,
        "reached": sum(rule.met for rule in RULES.values()),
        "verified": 4,
        "assisted": 2,
        "kept_known": 2,
        "kept": 0,
    }
    assert rows.filter(pl.col("verified") & ~pl.col("reached")).is_empty()


@pytest.mark.parametrize(
    ("months", "assisted", "known", "kept"),
    [
        ([date(2026, 1, 1)], True, True, False),
        ([date(2026, m, 1) for m in (1, 2, 3, 4)], True, True, False),
        ([date(2026, m, 1) for m in (1, 2, 3, 4, 5)], True, True, True),
        ([date(2026, m, 1) for m in (4, 5, 6)], True, False, False),
        ([date(2025, 12, 1)], False, False, False),
        ([date(2025, 12, 1), date(2026, 1, 1), date(2026, 5, 1)], False, False, False),
    ],
)
def test_aid_is_what_began_with_the_visit_and_is_kept_where_it_is_paid_ninety_days_on(
    months: list[date], assisted: bool, known: bool, kept: bool
) -> None:
    rows = followed(items(1), visits("V10"), paid(*((1, "DB", month) for month in months)), AS_OF)
    found = rows.select("assisted", "kept_known", "kept").row(0)
    assert found == (assisted, known, kept)


def test_a_programme_that_was_paid_before_is_no_aid_and_another_is() -> None:
    before = [(1, "GL", date(2025, 12, 1)), (1, "GL", date(2026, 2, 1))]
    assert not followed(items(1), visits("V10"), paid(*before), AS_OF)["assisted"].item()
    assert followed(items(1), visits("V10"), paid(*before, (1, "DB", date(2026, 2, 1))), AS_OF)["assisted"].item()


def test_a_hit_is_need_among_visits_that_say_anything_about_it() -> None:
    rows = followed(items(20), visits(*["V10"] * 9, *["V31"] * 3, *["V40"] * 4), paid(), AS_OF)
    (told,) = hits(rows, by="lane")
    assert (told["group"], told["listed"], told["answered"], told["rate"]) == ("gap", 20, 10, 0.75)
    assert told["low"] < 0.75 < told["high"]


def test_a_rate_that_rests_on_few_is_not_told_and_no_small_count_is() -> None:
    rows = followed(items(20), visits(*["V10"] * 7, *["V31"] * 5), paid(), AS_OF)
    (told,) = hits(rows, by="lane")
    assert (told["rate"], told["low"], told["high"]) == (None, None, None)
    assert funnel(rows)[0] == {
        "group": None,
        "listed": 20,
        "contacted": 10,
        "reached": 10,
        "verified": None,
        "assisted": None,
        "kept_known": None,
        "kept": None,
    }
    assert [suppressed(n) for n in (0, 7, 8, 12, 13)] == [None, None, 10, 10, 15]
    assert left_off(["opted_out"] * 3 + ["moved"] * 11) == {"moved": 10, "opted_out": None}


def test_an_item_counts_in_each_of_its_groups_and_not_twice_in_one() -> None:
    rows = followed(items(10), visits(*["V10"] * 10), paid(), AS_OF)
    named = pl.DataFrame(
        [(number, name) for number in range(1, 11) for name in ("EV-DTH", "GAP-DB", "GAP-DB")],
        schema={"item_id": pl.Int64, "name": pl.String},
        orient="row",
    )
    assert [(each["group"], each["listed"]) for each in hits(rows, named)] == [("EV-DTH", 10), ("GAP-DB", 10)]


def test_time_runs_from_the_signal_to_the_visit_and_on_to_aid() -> None:
    rows = followed(items(20), visits(*["V12"] * 8, *["V10"] * 8), paid(), AS_OF)
    told = waits(rows)
    assert told["signal_to_visit"] == {"households": 15, "median": 10, "nine_in_ten": 10}
    assert told["visit_to_aid"] == {"households": 10, "median": 0, "nine_in_ten": 0}


def test_without_a_signal_time_runs_from_the_list() -> None:
    rows = followed(items(20, signal_on=None), visits(*["V10"] * 8), paid(), AS_OF)
    assert waits(rows)["signal_to_visit"]["median"] == 6


def test_what_was_missing_is_told_by_programme_with_what_was_paid_since() -> None:
    rows = followed(
        items(20), visits(*["V10"] * 10), paid(*((n, "DB", date(2026, 2, 1)) for n in range(1, 9))), AS_OF
    )
    gaps = [(n, "DB", 30_000) for n in range(1, 11)] + [(n, "GL", 6_000) for n in range(1, 4)]
    told = unmet(
        rows,
        pl.DataFrame(gaps, schema=UNMET, orient="row"),
        paid(*((n, "DB", date(2026, 2, 1)) for n in range(1, 9))),
    )
    assert told == [
        {"programme": "DB", "households": 10, "unmet_month": 300_000, "verified": 10, "paid_since": 10},
        {"programme": "GL", "households": None, "unmet_month": None, "verified": None, "paid_since": None},
    ]


def test_the_burden_is_measured_against_what_a_week_holds() -> None:
    told = burden(followed(items(20), visits(*["V10"] * 10), paid(), AS_OF), 6, {"ana": 16})
    assert (told["list_length_most"], told["week_of_capacity_most"], told["fields_filled_mean"]) == (20, 1.25, 3.0)
    assert (told["minutes_recorded"], told["minutes_median"]) == (10, 30)


def test_a_group_without_words_stands_for_itself() -> None:
    assert group_name("area", MINE).en == MINE
    assert group_name("reason", "no_such_concept").zh == "no_such_concept"
    assert group_name("reason", "GAP-DB").zh != "GAP-DB"
    assert group_name("lane", "random").en == "Drawn at random"
    assert set(FUNNELS) == {"all", "by_channel", "by_attempt", "by_office"}
