"""A night is measured against what its models were made from; out of their depth, its lists are held."""

import json
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, done, frame, set_policy, xunfang

from engine.nights import SixNumbers
from engine.report import NightReport, night_page

NEXT = (date.fromisoformat(NIGHT) + timedelta(days=7)).isoformat()
"""In another week: the capacity of this one is planned."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def manifest(home: Path, day: str = NIGHT) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((home / "nights" / day / "manifest.json").read_text("utf-8"))
    return told


def test_an_ordinary_night_is_measured_and_not_held(home: Path) -> None:
    told = manifest(home)
    assert told["held_reason"] is None
    assert set(told["shift"]) == set(told["models"])
    for each in told["shift"].values():
        assert each["score_band"] in ("small", "notable")
        assert 0 <= each["out"] < 0.1
        assert each["sources"] == []


def test_a_model_out_of_its_depth_holds_the_lists_and_not_the_urgent_visits(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    set_policy(other, "shift", "weight_out", 0.000001)
    told = done(xunfang("night", "--home", other, "--date", NEXT, "--json")).json
    assert told["state"] == "held"
    assert "the model is out of its depth" in told["held_reason"]
    assert "模型已超出适用范围" in told["held_reason"]
    listed = frame(other, "items", NEXT).with_columns(pl.col("lane").cast(pl.String))
    urgent = listed.filter(pl.col("lane") == "urgent").height
    with sqlite3.connect(other / "xunfang.db") as database:
        states = dict(
            database.execute(
                "SELECT state, count(*) FROM outreach_item WHERE business_date = ? GROUP BY state", (NEXT,)
            )
        )
    database.close()
    assert states == {"open": urgent, "drafted": listed.height - urgent} if urgent else {"drafted": listed.height}


def test_the_report_says_how_far_and_of_which_source(home: Path) -> None:
    moved = {
        "score_psi": 0.4,
        "score_band": "out",
        "out": 0.35,
        "notable": 0.1,
        "sources": ["medical"],
        "columns": [{"name": "income_to_line_12m", "effect": 0.52, "band": "out"}],
    }
    told = {**manifest(home), "shift": {"emergency": moved}}
    numbers = SixNumbers(1, 0, 1, 1, 0, 0)
    page = night_page(NightReport(told, numbers)).decode("utf-8")
    for said in ("PSI 0.40", "out of depth", "超出范围", "35%", "0.52", "sources that are out of depth"):
        assert said in page
    without = night_page(NightReport({**told, "shift": {}}, numbers)).decode("utf-8")
    assert "out of depth" not in without
