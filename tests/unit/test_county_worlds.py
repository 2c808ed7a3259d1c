"""Worlds are parameter files; staffing covers the county; arguments out of range are refused."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from fixtures.county.county import County, Part
from fixtures.county.world import World

WORLDS = Path(__file__).parents[2] / "fixtures" / "worlds"
NAMES = ("base", "recession", "no_medical", "mostly_rural", "heavy_leakage")


def world(name: str) -> World:
    return World.from_toml((WORLDS / f"{name}.toml").read_text(encoding="utf-8"))


def made(name: str, people: int = 5_000) -> Part:
    return next(County(people, seed=11, world=world(name)).parts())


@pytest.fixture(scope="module")
def base() -> Part:
    return made("base")


def mean_income(part: Part, first: date, last: date) -> float:
    months = part.truth["month"].filter(pl.col("month").is_between(first, last))
    return float(months["income_per_head"].mean())


def test_five_worlds_can_be_read() -> None:
    assert sorted(path.stem for path in WORLDS.glob("*.toml")) == sorted(NAMES)
    assert world("base") == World()
    assert len({world(name).name for name in NAMES}) == 5


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(ValueError, match="unknown parameters: urbanity"):
        World.from_toml("urbanity = 0.5")


@pytest.mark.parametrize("text", ["urban_share = 1.5", "urban_share = true", 'urban_share = "much"'])
def test_a_value_out_of_bounds_is_refused_with_its_bounds(text: str) -> None:
    with pytest.raises(ValueError, match=r"urban_share must be a number from 0.02 to 0.98"):
        World.from_toml(text)


@pytest.mark.parametrize("text", ['absent = ["household"]', 'absent = ["weather"]', 'absent = "medical"', "= 3"])
def test_a_world_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="world"):
        World.from_toml(text)


def test_where_medical_is_absent_nothing_of_it_is_delivered() -> None:
    part = made("no_medical", 1_000)
    assert "medical" not in part.frames
    assert "medical" not in part.dirt
    assert part.dirt_truth.filter(pl.col("kind") == "medical").is_empty()


def test_a_recession_lowers_incomes_while_it_lasts(base: Part) -> None:
    slump = made("recession")
    before = (date(2021, 1, 1), date(2023, 12, 1))
    during = (date(2024, 6, 1), date(2025, 6, 1))
    assert mean_income(slump, *before) == pytest.approx(mean_income(base, *before), rel=0.01)
    assert mean_income(slump, *during) < 0.93 * mean_income(base, *during)


def test_the_mostly_rural_world_is_rural_and_poorer(base: Part) -> None:
    rural = made("mostly_rural")
    kinds = rural.frames["household"].unique("household_id")["area_kind"]
    assert (kinds == "rural").mean() > 0.65
    year = (date(2025, 1, 1), date(2025, 12, 1))
    assert mean_income(rural, *year) < 0.75 * mean_income(base, *year)


def test_heavy_leakage_puts_more_on_the_roll_by_discretion(base: Part) -> None:
    def leaked(part: Part) -> float:
        rolls = part.truth["month"].filter("in_db")
        return float(rolls["leaked"].mean())

    assert leaked(made("heavy_leakage")) > 1.5 * leaked(base)


@pytest.mark.parametrize(("people", "seed"), [(0, 1), (199, 1), (2_000_000, 1), (1_000, -1)])
def test_impossible_counties_are_refused(people: int, seed: int) -> None:
    with pytest.raises(ValueError, match=r"county has between|seed is"):
        County(people, seed)


def test_staffing_covers_every_household_with_plausible_capacity(base: Part) -> None:
    county = County(5_000, seed=11)
    staff = county.staffing()
    areas = {area["region"]: area["terrain"] for area in staff["area"]}
    regions = base.frames["household"]["region"]
    assert regions.str.len_chars().unique().to_list() == [12]
    assert regions.str.head(9).is_in(list(areas)).all()
    assert set(areas.values()) == {"town", "mountain"}
    covered = {region for worker in staff["caseworker"] for region in worker["areas"]}
    assert covered == set(areas)
    for worker in staff["caseworker"]:
        low, high = (15, 20) if areas[worker["areas"][0]] == "town" else (8, 12)
        assert low <= worker["capacity_week"] <= high


def test_leave_never_empties_a_town() -> None:
    county = County(300_000, seed=2)
    staff = county.staffing()
    away = {entry["caseworker"] for entry in staff["leave"]}
    assert away
    teams: dict[str, list[bool]] = {}
    for worker in staff["caseworker"]:
        teams.setdefault(worker["areas"][0], []).append(worker["id"] in away)
    assert not any(all(gone) for gone in teams.values())
    assert all(entry["to"] - entry["from"] == timedelta(days=9) for entry in staff["leave"])
    assert staff == County(300_000, seed=2).staffing()


def test_the_night_is_the_last_day_of_sixty_months() -> None:
    county = County(1_000, seed=1)
    assert county.begin == date(2021, 1, 1)
    assert county.last_known_on == county.night_on == date(2025, 12, 31)
