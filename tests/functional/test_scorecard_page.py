"""The scorecard: short lists of the model beside every other way, through the command."""

from math import ceil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import copy_of, demo_home, done, xunfang

from engine import registry
from engine.scorecard import FIGURES, GROUPS, SUBSETS, WAYS
from engine.scorecardpage import scorecard_page
from engine.settings import Home

WORDS = ("evaluate", "--scorecard", "--json")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("scorecard") / "home")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page") / "scorecard.html"


@pytest.fixture(scope="module")
def told(home: Path, page: Path) -> dict[str, Any]:
    return done(xunfang(*WORDS, "--home", home, "--page", page)).json


def of_risk(told: dict[str, Any], risk: str) -> list[dict[str, Any]]:
    return next(each["rows"] for each in told["risks"] if each["risk"] == risk)


def test_every_way_is_asked_on_every_date_at_every_length(told: dict[str, Any], home: Path) -> None:
    for risk in registry.RISKS:
        rows = of_risk(told, risk)
        days = {str(day) for day in registry.rows_tested(Home(home), risk)["as_of"].unique()}
        assert {row["as_of"] for row in rows} == days
        assert {row["way"] for row in rows} == set(WAYS)
        assert len(rows) == len(days) * len(SUBSETS) * len(told["shares"]) * len(WAYS)


def test_the_model_and_its_baselines_are_those_of_the_experiment(told: dict[str, Any], home: Path) -> None:
    tested = registry.rows_tested(Home(home), "relative_poverty")
    newest = tested.filter(pl.col("as_of") == pl.col("as_of").max())
    for way, column in (("model", "score"), ("logistic", "score_logistic")):
        k = ceil(0.01 * newest.height)
        first = newest.sort(column, descending=True).head(k)
        row = next(
            row
            for row in of_risk(told, "relative_poverty")
            if (row["way"], row["subset"], row["share"]) == (way, "everybody", 0.01)
            and row["as_of"] == str(newest["as_of"][0])
        )
        assert (row["n"], row["k"]) == (newest.height, k)
        assert row["found"] == pytest.approx(first["label"].sum(), abs=1)  # but for ties at the end of the list


def test_what_is_true_is_told_of_a_synthetic_county(told: dict[str, Any]) -> None:
    rows = [row for row in of_risk(told, "relative_poverty") if row["share"] == 0.01]
    assert all(row["verified_per_visit"] is not None for row in rows)
    best = {row["way"]: row["verified_per_visit"] for row in rows if row["subset"] == "everybody"}
    assert best["true_income"] > best["random"]


def test_the_oracle_is_right_far_more_often_than_chance(told: dict[str, Any]) -> None:
    for risk in registry.RISKS:
        rows = [row for row in of_risk(told, risk) if (row["subset"], row["share"]) == ("everybody", 0.01)]
        found = {way: sum(row["found"] for row in rows if row["way"] == way) for way in ("oracle", "random")}
        assert found["oracle"] > 2 * found["random"]


def test_a_home_without_the_truth_tells_nothing_of_it(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    for path in (other / "truth").iterdir():
        path.unlink()
    rows = of_risk(done(xunfang(*WORDS, "--home", other)).json, "emergency")
    assert all(row["verified_per_visit"] is None and row["recall_soon"] is None for row in rows)
    assert not {"true_income", "oracle"} & {row["way"] for row in rows}


def test_groups_are_told_on_demand_and_folded_on_the_page(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "groups.html"
    told = done(xunfang(*WORDS, "--groups", "--home", home, "--page", path)).json
    assert {row["by"] for row in of_risk(told, "relative_poverty")} == {None, *GROUPS}
    assert all(row["n"] >= 8 for row in of_risk(told, "relative_poverty"))
    text = path.read_text("utf-8")
    assert "<details>" in text
    assert "独居老人" in text
    assert "elder living alone" in text


def test_worlds_stand_side_by_side_on_one_page(told: dict[str, Any]) -> None:
    held_back = told["risks"][0] | {"serves": False}
    other = {"risks": [held_back, {"risk": "emergency", "unavailable": "no medical source"}]}
    text = scorecard_page({"worlds": [{"world": "base", **told}, {"world": "no_medical", **other}]}).decode()
    beside = text[text.index("The worlds side by side") : text.index("base: ")]
    assert "no_medical" in beside
    assert beside.count("no_medical") == beside.count("<table>") > 1
    assert "no medical source" in text
    assert text.count("has not passed its gates") == 1


def test_a_folder_of_worlds_is_made_trained_and_scored_by_one_command(tmp_path: Path) -> None:
    worlds = tmp_path / "worlds"
    worlds.mkdir()
    (worlds / "bare.toml").write_text('name = "bare"\nabsent = ["medical", "utility", "kin"]\n', "utf-8")
    words = (*WORDS, "--worlds", worlds, "--people", 1_000, "--home", tmp_path / "homes")
    (bare,) = done(xunfang(*words)).json["worlds"]
    assert bare["world"] == "bare"
    poverty, emergency = bare["risks"]
    assert {row["way"] for row in poverty["rows"]} == set(WAYS)
    assert "unavailable" in emergency
    assert (tmp_path / "homes" / "bare" / "home.toml").exists()


def test_a_folder_without_worlds_is_refused_with_the_way_out(tmp_path: Path) -> None:
    failed = xunfang(*WORDS, "--worlds", tmp_path, "--home", tmp_path / "homes")
    assert failed.code == 2
    assert "no parameter file of a world" in failed.err


def test_the_page_says_it_in_both_languages_and_names_nobody(told: dict[str, Any], page: Path, home: Path) -> None:
    text = page.read_text("utf-8")
    for words in (*WAYS.values(), *SUBSETS.values(), *FIGURES.values()):
        assert words.zh in text
        assert words.en in text
    ids = registry.rows_tested(Home(home), "emergency")["household_id"].to_list()
    assert not any(name in text or name in str(told) for name in ids[:300])
