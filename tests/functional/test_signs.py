"""``xunfang signs`` on a home: records made worse, and nobody falls by the poverty model."""

from pathlib import Path
from typing import Any

import pytest
from homes import demo_home, done, fresh_copy, xunfang

LOSSES = {"wage_lost", "visit_billed", "admission_billed", "arrears_added"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def test_nobody_falls_by_the_poverty_model_and_no_household_is_named(home: Path) -> None:
    run = done(xunfang("signs", "--home", home, "--sample", 120, "--json"))
    told: dict[str, Any] = run.json
    assert told["risks"]
    poverty = told["risks"].get("relative_poverty")
    if poverty is not None:
        assert poverty["bound"]
        assert poverty["violations"] == 0
        assert not any(each["columns"] for each in poverty["losses"].values())
    for risk in told["risks"].values():
        assert set(risk["losses"]) == LOSSES
        assert all(0 < each["households"] <= 120 for each in risk["losses"].values())
        assert sum(each["rose"] for each in risk["losses"].values()) > 0
    assert "household_id" not in run.out


def test_without_a_model_that_serves_the_way_out_is_told(home: Path, tmp_path: Path) -> None:
    run = xunfang("signs", "--home", fresh_copy(home, tmp_path / "home", models=False))
    assert run.code == 5
    assert "xunfang train" in run.err
