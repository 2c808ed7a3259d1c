"""``xunfang poverty`` on a home: the figures as JSON, as text, and as one page in both languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from homes import demo_home, done, frame, xunfang

from engine.poverty import poverty_page

BY = ("scale", "base", "theta")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def told(home: Path) -> dict[str, Any]:
    answer: dict[str, Any] = done(xunfang("poverty", "--home", home, "--date", "2025-12-31", "--json")).json
    return answer


def everybody(told: dict[str, Any]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[by] for by in BY): row for row in told["figures"] if row["grouping"] == "everybody"}


def test_three_shares_of_the_median_two_bases_and_three_scales_are_told(told: dict[str, Any]) -> None:
    lines = everybody(told)
    assert {scale for scale, _, _ in lines} == {"per_capita", "oecd_modified", "square_root"}
    assert {base for _, base, _ in lines} == {"urban_rural_separate", "national"}
    assert {theta for _, _, theta in lines} == {0.4, 0.5, 0.6}
    assert len(lines) == 18


def test_a_higher_line_has_more_people_below_it_and_every_index_lies_in_its_interval(told: dict[str, Any]) -> None:
    lines = everybody(told)
    for scale, base, theta in lines:
        row = lines[scale, base, theta]
        assert 0 < row["severity"]["value"] < row["gap"]["value"] < row["headcount"]["value"] < 1
        for name in ("headcount", "gap", "severity"):
            assert row[name]["low"] <= row[name]["value"] <= row[name]["high"]
        if theta > 0.4:
            lower = lines[scale, base, round(theta - 0.1, 1)]
            assert lower["headcount"]["value"] < row["headcount"]["value"]
            assert lower["total_gap"] < row["total_gap"]


def test_unknown_incomes_are_counted_and_groups_add_up_to_everybody(told: dict[str, Any]) -> None:
    whole = next(iter(everybody(told).values()))
    assert whole["households"] == told["households"] - told["unknown"]
    own = [row for row in told["figures"] if all(row[by] == told["own"][by] for by in BY)]
    for grouping in ("area_kind", "area"):
        assert sum(row["households"] for row in own if row["grouping"] == grouping) == whole["households"]


def test_help_counts_as_income_unless_it_is_left_out(home: Path, told: dict[str, Any]) -> None:
    without = done(xunfang("poverty", "--home", home, "--date", "2025-12-31", "--before-assistance", "--json")).json
    line = ("per_capita", "urban_rural_separate", 0.4)
    assert everybody(without)[line]["gap"]["value"] > everybody(told)[line]["gap"]["value"]


def test_the_page_loads_nothing_speaks_both_languages_and_hides_small_groups(
    home: Path, told: dict[str, Any], tmp_path: Path
) -> None:
    run = done(xunfang("poverty", "--home", home, "--date", "2025-12-31", "--page", tmp_path / "poverty.html"))
    page = (tmp_path / "poverty.html").read_text("utf-8")
    assert page.encode() == poverty_page(told)
    assert "persons below" in run.out
    assert not re.search(r"(src|href)=", page)
    for words in ("贫困差距", "Severity", "没有官方的相对贫困线", "no official relative-poverty line"):
        assert words in page
    few = [row for row in told["figures"] if row["few"]]
    assert few
    assert {json.dumps(row["headcount"]) for row in few} == {"null"}
    assert "≤ 7" in page or all(row["households"] > 7 for row in few)


def test_figures_name_no_household(home: Path, told: dict[str, Any]) -> None:
    said = json.dumps(told)
    assert not [each for each in frame(home, "columns")["household_id"] if each in said]
