"""Which model serves: promoted, rolled back, challenged by a person, with a reason that the audit log keeps."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from homes import NIGHT, demo_home, done, frame, fresh_copy, xunfang

from engine import registry
from engine.registry import RISKS
from engine.settings import Home
from models.calibration import Platt

RISK = RISKS[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_copy(demo_home(tmp_path_factory), tmp_path_factory.mktemp("serving") / "home")


@pytest.fixture
def other(home: Path) -> str:
    """A second model of the risk, that ranks as the first does and thinks less of every chance."""
    place = Home(home)
    serving = registry.serving_of(place, RISK)
    assert serving is not None
    model = registry.kept_model(place, RISK, serving)
    shyer = replace(model, calibrator=Platt(0.5, -2.0))
    files = {
        registry.METRICS: registry.as_json(registry.metrics_of(place, RISK, serving)),
        registry.TESTED: registry.parquet(registry.rows_tested(place, RISK)),
    }
    return registry.keep(place, RISK, shyer, files, {"seed": 2, "inputs": "", "data": ""})


def noted(home: Path, action: str) -> list[dict]:
    told = done(xunfang("--as", "auditor", "audit", "list", "--home", home, "--json")).json
    return [entry for entry in told["entries"] if entry["action"] == action]


def states(home: Path) -> dict[str, str]:
    told = done(xunfang("models", "list", "--home", home, "--json")).json
    return {row["model_id"]: row["state"] for row in told["models"] if row["risk"] == RISK}


def test_a_person_promotes_and_rolls_back_with_a_reason_that_is_kept(home: Path, other: str) -> None:
    first = registry.serving_of(Home(home), RISK)
    assert states(home)[str(first)] == "serves"
    assert states(home)[other] == "kept"
    refused = xunfang("models", "promote", RISK, other, "--home", home, "--reason", " ")
    assert (refused.code, "--reason is empty" in refused.err) == (2, True)
    told = done(
        xunfang("models", "promote", RISK, other, "--home", home, "--reason", "a trial", "--accept", "--json")
    ).json
    assert (told["model_id"], told["before"]) == (other, first)
    assert states(home) == {str(first): "kept", other: "serves"}
    told = done(xunfang("models", "rollback", RISK, "--home", home, "--reason", "back", "--json")).json
    assert (told["model_id"], told["before"]) == (first, other)
    assert states(home) == {str(first): "serves", other: "kept"}
    assert [len(noted(home, name)) for name in ("model promoted by a person", "model rolled back")] == [1, 1]


def test_a_model_that_its_gates_hold_back_serves_only_if_a_person_takes_it_so(home: Path) -> None:
    place = Home(home)
    serving = str(registry.serving_of(place, RISK))
    worse = registry.metrics_of(place, RISK, serving) | {
        "promotion": {
            "promoted": False,
            "reasons": [{"zh": "未优于", "en": "average precision does not beat chance"}],
        }
    }
    poor = registry.keep(
        place,
        RISK,
        registry.kept_model(place, RISK, serving),
        {registry.METRICS: registry.as_json(worse)},
        {"seed": 3},
    )
    refused = xunfang("models", "promote", RISK, poor, "--home", home, "--reason", "I like it")
    assert refused.code == 2
    assert "does not beat chance" in refused.err
    assert "--accept" in refused.err
    assert registry.serving_of(place, RISK) == serving
    told = done(
        xunfang("models", "promote", RISK, poor, "--home", home, "--reason", "I like it", "--accept", "--json")
    ).json
    assert "average precision does not beat chance" in told["against"]
    done(xunfang("models", "rollback", RISK, "--home", home, "--reason", "enough"))
    assert registry.serving_of(place, RISK) == serving


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("promote", RISK, "000000000000", "--reason", "x"), "there is no model 000000000000"),
        (("challenge", RISK, "../../keys", "--reason", "x"), "there is no model"),
        (("rollback", "emergency", "--reason", "x"), "no model served before"),
        (("promote", "wealth", "000000000000", "--reason", "x"), "wealth"),
    ],
)
def test_mistakes_are_said_and_change_nothing(home: Path, words: tuple[str, ...], said: str) -> None:
    before = states(home)
    run = xunfang("models", *words, "--home", home)
    assert run.code == 2
    assert said in run.err
    assert states(home) == before


def test_two_models_are_compared_on_the_rows_that_both_were_tested_on(home: Path, other: str) -> None:
    first = str(registry.serving_of(Home(home), RISK))
    told = done(xunfang("evaluate", "--home", home, "--model", first, "--model", other, "--json")).json
    rows = registry.rows_tested(Home(home), RISK)
    assert told["rows"] == rows.height
    assert len(told["as_of"]) == rows["as_of"].n_unique() > 1
    assert told["models"][first] == told["models"][other]
    refused = xunfang("evaluate", "--home", home, "--model", first, "--model", "000000000000")
    assert (refused.code, "there is no model 000000000000" in refused.err) == (2, True)


def test_a_challenger_scores_in_the_shadow_and_lists_nobody(home: Path, other: str, tmp_path: Path) -> None:
    done(xunfang("models", "challenge", RISK, other, "--home", home, "--reason", "a month beside the old one"))
    assert states(home)[other] == "challenges"
    done(xunfang("night", "--home", home, "--date", NIGHT))
    manifest = json.loads((home / "nights" / NIGHT / "manifest.json").read_text("utf-8"))
    assert manifest["challengers"] == {RISK: other}
    told = manifest["shadow"][RISK]
    assert told["rank_correlation"] == pytest.approx(1.0)
    assert told["list_stays"] == 1.0
    shadow, served = frame(home, f"shadow_{RISK}"), frame(home, f"scores_{RISK}")
    assert shadow["raw"].equals(served["raw"])
    assert told["challenger_mean"] == pytest.approx(shadow["probability"].mean())
    assert told["challenger_mean"] != pytest.approx(told["mean"], rel=0.01)
    report = (home / "nights" / NIGHT / "report.html").read_text("utf-8")
    assert "Models that score in the shadow and list nobody" in report
    assert f"{told['mean']:.3f} → {told['challenger_mean']:.3f}" in report
    again = done(xunfang("replay", "--home", home, "--date", NIGHT, "--json")).json
    assert again["identical"], again
    done(xunfang("models", "challenge", RISK, "none", "--home", home, "--reason", "seen enough"))
    assert states(home)[other] == "kept"


def test_the_lists_are_the_same_with_and_without_a_challenger(home: Path, tmp_path_factory: pytest.TempPathFactory):
    without = demo_home(tmp_path_factory)
    for name in ("items", "left_out"):
        assert frame(home, name).equals(frame(without, name))
