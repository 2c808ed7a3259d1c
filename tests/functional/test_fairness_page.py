"""``xunfang fairness`` on a home: the figures as JSON, as text, and as one page in both languages."""

import re
from pathlib import Path
from typing import Any

import pytest
from homes import demo_home, done, fresh_copy, xunfang

from engine.fairnesspage import fairness_page


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def model(home: Path) -> str:
    """A model of relative poverty that was kept, whether it serves or not."""
    return min(path.parent.name for path in (home / "models" / "relative_poverty").glob("*/tested.parquet"))


@pytest.fixture(scope="module")
def told(home: Path, model: str) -> dict[str, Any]:
    run = xunfang("fairness", "--home", home, "--risk", "relative_poverty", "--model", model, "--json")
    answer: dict[str, Any] = done(run).json
    return answer


def test_every_grouping_of_the_home_is_told_and_no_small_count(
    told: dict[str, Any],
) -> None:
    (risk,) = told["risks"]
    assert risk["gate"]["verdict"] in ("held", "pass", "insufficient")
    assert all(reason["zh"] and reason["en"] for reason in risk["gate"]["reasons"])
    newest = risk["dates"][-1]
    rows = newest["groups"]
    groupings = {row["by"][0] for row in rows if len(row["by"]) == 1}
    assert groupings == {
        *("head_sex", "head_age", "area_kind", "head_minority", "has_disabled", "household_type"),
        *("digital_trace", "is_migrant"),
    }
    assert len({tuple(row["by"]) for row in rows if len(row["by"]) == 2}) == 28
    counts = [row[name] for row in rows for name in ("n", "positives")]
    assert None in counts
    assert all(count is None or (count > 7 and count % 5 == 0) for count in counts)
    few = [row for row in rows if row["few"]]
    assert few
    assert all(row["at"][cut]["recall"] is None and row["mean_rank"] is None for row in few for cut in row["at"])
    assert {each["by"] for each in risk["floors"]} == groupings
    assert {each["floor"] for each in risk["floors"]} == {0.5, 0.8}


def test_figures_lie_in_their_intervals_and_the_whole_is_everybody(told: dict[str, Any]) -> None:
    newest = told["risks"][0]["dates"][-1]
    everybody = newest["groups"][0]
    assert everybody["by"] == []
    assert everybody["at"]["list"]["ratio"]["value"] == everybody["at"]["list"]["ratio"]["high"] == 1
    assert everybody["mean_rank"]["value"] == pytest.approx(0.5)
    lists = [row["at"]["top_20"]["alert_rate"]["value"] for row in newest["groups"] if row["by"] == ["area_kind"]]
    assert min(lists) < everybody["at"]["top_20"]["alert_rate"]["value"] < max(lists)
    for row in newest["groups"]:
        for figure in [row["calibration"], *(row["at"][cut]["recall"] for cut in row["at"])]:
            assert figure is None or figure["low"] <= figure["value"] <= figure["high"]


def test_the_page_loads_nothing_and_speaks_both_languages(
    home: Path, model: str, told: dict[str, Any], tmp_path: Path
) -> None:
    words = ("--risk", "relative_poverty", "--model", model, "--page", tmp_path / "fairness.html")
    run = done(xunfang("fairness", "--home", home, *words))
    page = (tmp_path / "fairness.html").read_text("utf-8")
    assert page.encode() == fairness_page(told)
    assert "sex of the head" in run.out
    assert not re.search(r"(src|href|style)=", page)
    assert page.count("<svg") > 20
    for words_on_it in ("户主性别", "Sex of the head", "证据不足", "insufficient evidence", "what-if"):
        assert words_on_it in page


def test_a_home_without_a_tested_model_says_so_and_an_unknown_risk_is_refused(home: Path, tmp_path: Path) -> None:
    bare = fresh_copy(home, tmp_path / "bare", models=False)
    done(xunfang("check", "--home", bare))
    run = done(xunfang("fairness", "--home", bare, "--page", tmp_path / "none.html", "--json"))
    assert [each["risk"] for each in run.json["risks"]] == ["relative_poverty", "emergency"]
    assert all("Run xunfang train" in each["unavailable"] for each in run.json["risks"])
    assert "Run xunfang train" in (tmp_path / "none.html").read_text("utf-8")
    refused = xunfang("fairness", "--home", bare, "--risk", "floods")
    assert refused.code == 2
    assert "there is no such risk" in refused.err
