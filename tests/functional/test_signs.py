"""``xunfang signs`` on a home: records made worse, and nobody falls by the poverty model."""

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tomli_w
from homes import copy_of, demo_home, done, xunfang

from engine import learning, registry, serving
from engine.settings import Home
from engine.workplace import Workplace
from features.feature import Feature
from features.labels import LabelSpec
from models.experiment import Experiment, model_features
from models.promotion import Promotion
from models.risk import RiskModel
from models.training import Settings

LOSSES = {"wage_lost", "visit_billed", "admission_billed", "arrears_added", "quarter_unpaid"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def test_nobody_falls_by_the_poverty_model_and_no_household_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, score = set(), RiskModel.score

    def noted(*given: Any) -> pl.DataFrame:
        threads.add(given[-1])
        return score(*given)

    monkeypatch.setattr(RiskModel, "score", noted)
    run = done(xunfang("signs", "--home", home, "--sample", 120, "--threads", 3, "--json"))
    assert threads == {3}
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
        assert all(each["moved"] > 0 for each in risk["losses"].values())
        assert sum(each["rose"] for each in risk["losses"].values()) > 0
    assert "household_id" not in run.out


def test_without_a_model_that_serves_the_way_out_is_told(home: Path, tmp_path: Path) -> None:
    copy = copy_of(home, tmp_path / "home")
    shutil.rmtree(copy / "models")
    run = xunfang("signs", "--home", copy)
    assert run.code == 5
    assert "xunfang train" in run.err


def test_a_training_tries_the_losses_and_tells_them_with_the_model(home: Path) -> None:
    metrics = registry.metrics_of(Home(home), "relative_poverty", registry.ids(Home(home), "relative_poverty")[0])
    gate = metrics["signs_gate"]
    assert (gate["verdict"], gate["violations"], gate["sample"]) == ("pass", 0, 500)
    assert set(gate["losses"]) == LOSSES
    assert all(0 < each["moved"] <= each["households"] <= 500 for each in gate["losses"].values())
    onset = registry.metrics_of(Home(home), "emergency", registry.ids(Home(home), "emergency")[0])
    assert "signs_gate" not in onset


def test_a_training_does_not_promote_a_model_that_falls(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its directions are turned round; the figures of its experiment are given, and are good."""

    def turned(features: Sequence[Feature], spec: LabelSpec | None) -> tuple[Feature, ...]:
        return tuple(replace(each, direction=-each.direction) for each in model_features(features, spec))

    passed = Promotion(promoted=True, reasons=())
    good = Experiment(
        "relative_poverty",
        None,
        rows={},
        candidates={"model": {"entry": {}, "unsupported": {}}},
        promotion=passed,
        settings=Settings(30),
    )
    copy = copy_of(home, tmp_path / "home")
    place = Workplace.open(Home(copy), seed=1)
    before = registry.serving_of(place.home, "relative_poverty")
    newest = date.fromisoformat(registry.metrics_of(place.home, "relative_poverty", str(before))["as_of"]["test"])
    monkeypatch.setattr(learning, "RISKS", ("relative_poverty",))
    monkeypatch.setattr(learning, "model_features", turned)
    monkeypatch.setattr(learning, "experiment_of", lambda *_: good)
    monkeypatch.setattr(learning, "as_of_dates", lambda *_: (newest,))
    told = learning.learn(place.learner(), promote=True)["relative_poverty"]
    assert told["signs_gate"]["verdict"] == "held"
    assert told["signs_gate"]["violations"] > 100
    assert not told["promoted"]
    assert registry.serving_of(place.home, "relative_poverty") == before
    listed = {each["model_id"]: each["held_back"] for each in serving.listed(place.home)["models"]}
    assert listed[told["model_id"]] == told["signs_gate"]["reasons"]


def test_a_policy_may_have_falls_only_told(home: Path, tmp_path: Path) -> None:
    copy = copy_of(home, tmp_path / "home")
    assert Workplace.open(Home(copy)).learner().falling
    policy = tomllib.loads((copy / "policy.toml").read_text("utf-8"))
    policy["promotion"] |= {"falling": {"value": "tell", "why": "x"}, "signs_sample": {"value": 7, "why": "x"}}
    (copy / "policy.toml").write_text(tomli_w.dumps(policy), "utf-8")
    learner = Workplace.open(Home(copy)).learner()
    assert (learner.falling, learner.signs_sample) == (False, 7)
