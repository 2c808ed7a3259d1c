"""``xunfang card`` on a home: a kept model as JSON, as text, and as one page in both languages."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import SEED, demo_home, done, fresh_copy, xunfang

from engine import registry
from engine.settings import Home
from models.explained_sample import CONTRIBUTION
from models.risk import FACTS_FILE, TEXT_FILE

RISK = "relative_poverty"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def model(home: Path) -> str:
    """A model of relative poverty that was kept, whether it serves or not."""
    return registry.ids(Home(home), RISK)[0]


@pytest.fixture(scope="module")
def page(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("card") / "card.html"


@pytest.fixture(scope="module")
def told(home: Path, model: str, page: Path) -> dict[str, Any]:
    run = xunfang("card", RISK, "--home", home, "--model", model, "--page", page, "--json")
    answer: dict[str, Any] = done(run).json
    return answer


def kept_again(home: Path, model_id: str, frame: pl.DataFrame | None, seed: int = SEED) -> str:
    """The same model in a whole folder of its own, with another explained sample or none."""
    place = Home(home)
    folder = home / "models" / RISK / model_id
    left_out = (registry.MANIFEST, registry.EXPLAINED, TEXT_FILE, FACTS_FILE)
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in left_out}
    if frame is not None:
        files[registry.EXPLAINED] = registry.parquet(frame)
    return registry.keep(place, RISK, registry.kept_model(place, RISK, model_id), files, {"seed": seed})


def counts(told: Any) -> list[Any]:
    """Every count of households in what is told."""
    if isinstance(told, dict):
        own = [value for name, value in told.items() if name in ("n", "positives", "examples", "labelled")]
        return own + [each for value in told.values() for each in counts(value)]
    return [each for value in told for each in counts(value)] if isinstance(told, list) else []


def test_the_card_tells_every_date_every_candidate_and_the_calibration_of_every_part(told: dict[str, Any]) -> None:
    days = [each["as_of"] for each in told["calibration"]["dates"]]
    assert days == sorted(told["tested"]["by_date"])
    for figures in (*told["tested"]["by_date"].values(), told["tested"]["mean"]):
        assert {"model", "last_status", "income_rule", "best_feature", "logistic", "random"} <= set(figures)
    newest = told["calibration"]["dates"][-1]["everybody"]
    assert newest["enough"]
    assert newest["log_loss"]["value"] == pytest.approx(told["tested"]["by_date"][days[-1]]["model"]["log_loss"])
    assert newest["brier"]["value"] == pytest.approx(told["tested"]["by_date"][days[-1]]["model"]["brier"])
    by = {row["by"] for row in told["calibration"]["groups"]}
    assert {"area_kind", "head_sex", "household_type"} <= by
    assert {row["enough"] for row in told["calibration"]["groups"]} == {True, False}
    assert told["calibration"]["beats_status"]["better"] is True
    assert len(told["moves"]["columns"]) == 15
    assert told["drift"]["columns"] == told["training"]["columns"]
    assert all(count is None or (count > 7 and count % 5 == 0) for count in counts(told))


def test_the_page_is_one_file_in_both_languages_with_its_figures_drawn(told: dict[str, Any], page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.rstrip().endswith("</html>")
    assert not re.search(r"(src|style)=|href=\"[^#]|<script|<image", text)
    assert text.count("<figure>") >= 3 + 1 + 3 + 1
    for words in (
        "模型说明卡",
        "Model card",
        "never the sole ground",
        "不得公示",
        "证据不足",
        "insufficient evidence",
    ):
        assert words in text
    for words in ("What it adds to the score", "对得分的影响", "合在一起作用最大的两列", "What came to pass"):
        assert words in text
    for name in ("zh", "en"):
        assert told["moves"]["columns"][0][name] in text
    assert all(reason["en"] in text.replace("&#39;", "'") for reason in told["promotion"]["reasons"])


def test_the_card_of_the_same_model_is_the_same_bytes_again(
    home: Path, model: str, told: dict[str, Any], page: Path, tmp_path: Path
) -> None:
    run = done(xunfang("card", RISK, "--home", home, "--model", model, "--page", tmp_path / "again.html"))
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()
    assert "moved most by" in run.out


def test_a_sample_that_does_not_add_up_makes_no_card_and_a_model_without_one_says_so(
    home: Path, model: str, tmp_path: Path
) -> None:
    copy = fresh_copy(home, tmp_path / "home")
    done(xunfang("check", "--home", copy))
    frame = registry.rows_explained(Home(copy), RISK, model)
    assert frame is not None
    first = next(name for name in frame.columns if name.startswith(CONTRIBUTION))
    altered = kept_again(copy, model, frame.with_columns(pl.col(first) + 1e-6))
    refused = xunfang("card", RISK, "--home", copy, "--model", altered, "--page", tmp_path / "none.html")
    assert (refused.code, "do not add to the raw score" in refused.err) == (9, True)
    assert not (tmp_path / "none.html").exists()
    without = kept_again(copy, model, None)
    run = done(xunfang("card", RISK, "--home", copy, "--model", without, "--page", tmp_path / "old.html", "--json"))
    assert (run.json["moves"], run.json["stability"]) == (None, None)
    assert "train to have it" in (tmp_path / "old.html").read_text("utf-8")
    twin = kept_again(copy, model, frame, seed=SEED + 1)
    for each in (model, twin):
        registry.set_serving(Home(copy), RISK, each)
    stayed = done(xunfang("card", RISK, "--home", copy, "--json")).json
    assert (stayed["model_id"], stayed["serves"], stayed["stability"]["before"]) == (twin, True, model)
    assert {stayed["stability"][name] for name in ("same_first", "overlap", "list_stays")} == {1.0}
    assert stayed["stability"]["rank_correlation"] == pytest.approx(1.0)


def test_a_model_that_is_not_kept_is_refused(home: Path) -> None:
    refused = xunfang("card", RISK, "--home", home, "--model", "0123456789ab")
    assert (refused.code, "there is no model 0123456789ab" in refused.err) == (2, True)


def test_an_erasure_reaches_the_rows_in_a_model_s_folder_and_its_card_is_still_made(
    home: Path, model: str, tmp_path: Path
) -> None:
    copy = fresh_copy(home, tmp_path / "home")
    done(xunfang("check", "--home", copy))
    before = registry.households_kept(Home(copy), RISK, model)
    household = next(iter(set.intersection(*(set(frame["household_id"]) for frame in before.values()))))
    gone = done(xunfang("rights", "erase", "--home", copy, "--household", household, "--json")).json
    after = registry.households_kept(Home(copy), RISK, model)
    for name in (registry.TESTED, registry.EXPLAINED):
        assert household not in set(after[name]["household_id"])
        assert after[name].equals(before[name].filter(pl.col("household_id") != household))
    assert gone["model_rows"] >= 2
    made = done(xunfang("card", RISK, "--home", copy, "--model", model, "--page", tmp_path / "card.html", "--json"))
    assert made.json["moves"] is not None
    assert household not in (tmp_path / "card.html").read_text("utf-8")
