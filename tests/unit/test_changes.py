"""Changes on record that may move a household out of its band: realistic, whole, the smallest of those tried."""

from datetime import date

import polars as pl
import pytest
from builders import context, sources
from polars.testing import assert_frame_equal

from features.build import build_features
from features.sources import Sources
from models.changes import Change, Year, changes_for, combinations_of, copies, copy_name, smallest

DAY = date(2025, 1, 1)
YEAR = Year(date(2024, 12, 1), DAY)
WAGE = 300_000.0


def months(person: str, amount: int, kind: str = "wage") -> list[dict[str, object]]:
    return [{"person_id": person, "month": month, "amount": amount, "kind": kind} for month in YEAR.months]


def family(**more: object) -> Sources:
    """Three of working age (one at work, one disabled, one a student), an idle adult, an elder and a child."""
    born = {"P1": 1980, "P2": 1982, "P3": 2005, "P4": 1990, "P5": 1950, "P6": 2015}
    given: dict[str, object] = {
        "household": [{"dwelling_safety": "D"}],
        "member": [
            {"person_id": person, "birth_date": date(year, 1, 1), "valid_from": date(2016, 1, 1)}
            for person, year in born.items()
        ],
        "income": months("P1", 100_000),
        "employment": [{"person_id": "P1", "start": date(2020, 1, 1)}],
        "disability": [{"person_id": "P2", "level": 1}],
        "schooling": [{"person_id": "P3", "school_year": 2024, "fee_norm": 500_000}],
        "medical": [
            {
                "person_id": "P5",
                "event_id": f"E{number}",
                "event_date": date(2024, 6, number),
                "oop": 1_000 * number,
            }
            for number in (1, 2, 3)
        ],
        "enrolment": [{"person_id": "P1", "start": date(2020, 1, 1)}],
        "utility": [{"month": date(2024, 12, 1), "arrears_months": 2}],
    }
    return sources(**{**given, **more})  # type: ignore[arg-type]


def frames_of(somebody: Sources) -> dict[str, pl.DataFrame]:
    known = somebody.known_by(DAY)
    return {kind: known.frame(kind).collect() for kind in somebody.frames}


def open_to(
    somebody: Sources, wage: float | None = WAGE, earned: float | None = 100_000.0
) -> dict[tuple[str, int], Change]:
    return {(each.lever, each.size): each for each in changes_for(frames_of(somebody), YEAR, wage, earned)}


def columns_with(*changes: Change) -> dict[str, object]:
    somebody = family()
    built = build_features(
        copies(frames_of(somebody), "H1", [changes]), context(somebody, DAY, last_month=YEAR.last), DAY
    )
    return built.row(0, named=True)


def test_every_fact_that_can_be_changed_opens_its_lever() -> None:
    assert set(open_to(family())) == {
        ("job", 1),
        ("job", 2),
        ("raise", 1),
        ("raise", 2),
        ("bill", 1),
        ("bill", 2),
        ("enrol", 1),
        ("arrears", 1),
        ("house", 1),
        ("fees", 1),
    }


def test_a_fact_that_is_not_there_opens_none() -> None:
    nobody = sources(income=months("P1", 100_000))
    assert set(open_to(nobody, wage=None)) == set()
    assert set(open_to(nobody, wage=90_000.0)) == set()
    assert set(open_to(sources(), earned=None)) == {("job", 1), ("job", 2)}


@pytest.mark.parametrize(
    "member",
    [
        {"birth_date": date(1960, 1, 1)},
        {"birth_date": date(2010, 1, 1), "valid_from": date(2010, 1, 1)},
        {"death_date": date(2024, 5, 1)},
        {"valid_to": date(2024, 5, 1)},
    ],
)
def test_no_job_for_a_child_an_elder_or_who_is_not_there(member: dict[str, object]) -> None:
    other = {"person_id": "P2", "birth_date": date(1955, 1, 1)}
    assert not {"job"} & {lever for lever, _ in open_to(sources(member=[member, other]), earned=None)}


def test_the_job_is_the_idle_adults_and_pays_what_peers_earn_at_the_most() -> None:
    changes = open_to(family())
    for size, amount in ((1, 150_000), (2, 300_000)):
        made = changes["job", size].apply(frames_of(family()))
        more = made["income"].join(frames_of(family())["income"], on=["person_id", "month"], how="anti")
        assert set(more["person_id"]) == {"P4"}
        assert more["amount"].to_list() == [amount] * 12
        assert more["month"].to_list() == YEAR.months
    assert changes["raise", 2].amount == WAGE
    assert changes["raise", 1].amount == 200_000


def test_every_column_follows_from_the_changed_records() -> None:
    changes, before = open_to(family()), columns_with()
    job = columns_with(changes["job", 2])
    assert job["income_per_head_12m"] == pytest.approx((100_000 + 300_000) / 6)
    assert (job["earners_12m"], job["workers"]) == (2, 2)
    assert columns_with(changes["raise", 2])["income_per_head_12m"] == pytest.approx(300_000 / 6)
    assert (before["oop_12m"], columns_with(changes["bill", 1])["oop_12m"]) == (6_000, 3_000)
    assert columns_with(changes["bill", 2])["oop_12m"] == 0
    assert (before["health_cover_share"], columns_with(changes["enrol", 1])["health_cover_share"]) != (1.0, 1.0)
    assert columns_with(changes["enrol", 1])["health_cover_share"] == 1.0
    assert (before["has_arrears"], columns_with(changes["arrears", 1])["has_arrears"]) == (1.0, 0.0)
    assert (before["dwelling_safety_grade"], columns_with(changes["house", 1])["dwelling_safety_grade"]) == (3, 0)
    assert columns_with(changes["fees", 1])["school_fees_net"] == 0


def test_age_family_health_and_disability_are_never_changed() -> None:
    before = frames_of(family())
    for change in open_to(family()).values():
        made = change.apply(before)
        for kind in ("member", "disability"):
            assert made[kind].equals(before[kind])
        money = ["oop", "assistance_paid"]
        assert made["medical"].drop(money).equals(before["medical"].drop(money))
        assert made["household"].drop("dwelling_safety").equals(before["household"].drop("dwelling_safety"))
        assert made["schooling"].drop("aid_amount").equals(before["schooling"].drop("aid_amount"))
        assert set(made) == set(before)


def test_a_copy_without_a_change_has_the_columns_of_the_household_and_copies_do_not_mix() -> None:
    somebody = family()
    changes = list(open_to(somebody).values())
    made = combinations_of(changes)
    where = context(somebody, DAY, last_month=YEAR.last)
    built = build_features(copies(frames_of(somebody), "H1", made), where, DAY)
    assert built["household_id"].to_list() == [copy_name(number) for number in range(len(made))]
    own = build_features(somebody, where, DAY)
    assert_frame_equal(built[0].drop("household_id"), own.drop("household_id"), rel_tol=1e-12)
    alone = build_features(copies(frames_of(somebody), "H1", made[7:8]), where, DAY)
    assert_frame_equal(alone.drop("household_id"), built[7].drop("household_id"), rel_tol=1e-12)


def test_combinations_hold_each_lever_once_and_three_at_the_most() -> None:
    made = combinations_of(list(open_to(family()).values()))
    assert made[0] == ()
    assert max(map(len, made)) == 3
    assert all(len({change.lever for change in each}) == len(each) for each in made)
    assert len({frozenset((change.lever, change.size) for change in each) for each in made}) == len(made)


def test_of_what_is_enough_only_the_smallest_is_told() -> None:
    made = combinations_of(list(open_to(family()).values()))
    worth = {"job": 3, "raise": 2, "bill": 1, "enrol": 0, "arrears": 1, "house": 1, "fees": 1}
    for wanted in (1, 2, 3, 4, 5, 6, 8, 20):
        enough = [sum(worth[change.lever] * change.size for change in each) >= wanted for each in made]
        told = smallest(made, enough)
        assert bool(told) == any(enough)
        for place in told:
            assert enough[place]
            size = {change.lever: change.size for change in made[place]}
            for other, each in enumerate(made):
                part = {change.lever: change.size for change in each}
                is_part = part != size and all(size.get(lever, 0) >= grade for lever, grade in part.items())
                assert not (is_part and enough[other])
        if told:
            fewest = min(len(each) for each, won in zip(made, enough, strict=True) if won)
            assert len(made[told[0]]) == fewest
    assert smallest(made, [False] * len(made)) == []


def test_a_change_that_alone_is_enough_makes_none_together_with_others_be_told() -> None:
    made = combinations_of(list(open_to(family()).values()))
    enough = ["arrears" in {change.lever for change in each} for each in made]
    (only,) = smallest(made, enough)
    assert [change.lever for change in made[only]] == ["arrears"]
