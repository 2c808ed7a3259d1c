"""The scorecard: short lists of the model beside every other way, through the command."""

from math import ceil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import copy_of, demo_home, done, xunfang

from engine import registry
from engine.scorecard import FIGURES, SUBSETS, WAYS
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


def test_a_home_without_the_truth_tells_nothing_of_it(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    for path in (other / "truth").iterdir():
        path.unlink()
    rows = of_risk(done(xunfang(*WORDS, "--home", other)).json, "emergency")
    assert all(row["verified_per_visit"] is None and row["recall_soon"] is None for row in rows)
    assert "true_income" not in {row["way"] for row in rows}


def test_the_page_says_it_in_both_languages_and_names_nobody(told: dict[str, Any], page: Path, home: Path) -> None:
    text = page.read_text("utf-8")
    for words in (*WAYS.values(), *SUBSETS.values(), *FIGURES.values()):
        assert words.zh in text
        assert words.en in text
    ids = registry.rows_tested(Home(home), "emergency")["household_id"].to_list()
    assert not any(name in text or name in str(told) for name in ids[:300])
