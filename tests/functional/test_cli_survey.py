"""The commands that others call, on the survey of real people: survey, check, train, evaluate, night."""

import json
import shutil
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest
from homes import done, frame, once_per_session, process, xunfang

from fixtures.surveys import eph

FIGURES = {"n", "base_rate", "auc", "average_precision", "log_loss", "precision_at_10pct", "recall_at_10pct"}
NIGHT = "2017-10-01"

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """The survey's home, trained, with its night."""
    with once_per_session(tmp_path_factory, "survey-home") as (place, to_be_made):
        if to_be_made:
            source = shared_data / "eph_argentina_dev"
            words = ("--from", source, "--waves", "2016T3", "2017T3", "--home", place)
            told = done(process("survey", "eph", *words, "--json")).json
            assert told["night_as_of"] == NIGHT
            done(process("check", "--home", place, "--json"))
            done(process("train", "--home", place))
            done(process("night", "--home", place, "--date", NIGHT))
    return place


@pytest.fixture(scope="module")
def figures(home: Path) -> dict[str, Any]:
    told: dict[str, Any] = done(xunfang("evaluate", "--home", home, "--json")).json
    return told


def test_check_counts_every_row_of_the_survey(home: Path) -> None:
    sources = {each["name"]: each for each in done(xunfang("check", "--home", home, "--json")).json["sources"]}
    assert {"household", "member", "income"} <= set(sources)
    for each in sources.values():
        assert each["rows"] == each["accepted"] + each["quarantined"] > 0
        assert each["quarantined"] == 0
    assert "medical" not in sources


def test_the_poverty_of_a_year_later_is_found_beside_its_baselines(figures: dict[str, Any]) -> None:
    poverty = figures["relative_poverty"]
    for name in ("model", "last_status", "income_rule", "random"):
        assert set(poverty[name]) >= FIGURES
        assert poverty[name]["n"] == 6_360
        assert poverty[name]["base_rate"] == pytest.approx(0.2182, abs=5e-5)
    last, model = poverty["last_status"], poverty["model"]
    assert last["auc"] == pytest.approx(0.743, abs=5e-4)
    assert last["average_precision"] == pytest.approx(0.47, abs=5e-3)
    assert model["auc"] >= 0.876
    assert model["average_precision"] >= 0.667
    assert model["log_loss"] <= 0.349
    assert model["precision_at_10pct"] >= 0.76
    assert model["recall_at_10pct"] >= 0.34
    assert model["entry"]["n"] == 4_118
    assert poverty["random"]["auc"] == pytest.approx(0.5, abs=0.03)


def test_the_emergency_says_why_it_is_not_there(figures: dict[str, Any]) -> None:
    emergency = figures["emergency"]
    assert emergency["unavailable"]["en"]
    assert emergency["unavailable"]["zh"]
    assert emergency["promoted"] is False


def test_every_artefact_states_what_the_survey_lacks(home: Path) -> None:
    manifest = json.loads((home / "nights" / NIGHT / "manifest.json").read_text("utf-8"))
    why = manifest["lacks"]
    assert {"medical", "emergency"} <= set(why)
    report = (home / "nights" / NIGHT / "report.html").read_text("utf-8")
    pages = sorted((home / "lists" / NIGHT).glob("*.html"))
    assert pages
    for text in [report, *(page.read_text("utf-8") for page in pages)]:
        assert why["medical"] in text
        assert why["emergency"] in text
    book = fastexcel.read_excel(next((home / "lists" / NIGHT).glob("*.xlsx")))
    about = book.load_sheet(book.sheet_names[2], header_row=None).to_polars()
    assert why["medical"] in " ".join(str(cell) for row in about.rows() for cell in row)
    assert done(xunfang("status", "--home", home, "--json")).json["lacks"] == why


def test_the_survey_s_night_shares_every_household_out_to_its_agglomeration(home: Path) -> None:
    everybody = frame(home, "columns", NIGHT)
    items, left = frame(home, "items", NIGHT), frame(home, "left_out", NIGHT)
    assert everybody.height == 18_806
    assert sorted([*items["household_id"], *left["household_id"]]) == everybody["household_id"].to_list()
    placed = items.join(everybody.select("household_id", "region"), on="household_id")
    assert (placed["caseworker_id"].str.slice(4) == placed["region"].str.slice(2, 2)).all()
    assert "no_caseworker" not in left["reason"].cast(pl.String).to_list()
    assert not list((home / "nights" / NIGHT).glob("scores_emergency*"))


def test_other_quarters_work_by_pointing_at_another_folder(shared_data: Path, tmp_path: Path) -> None:
    source, other = shared_data / "eph_argentina_dev", tmp_path / "files"
    other.mkdir()
    for pattern in eph.FILES.values():
        for wave, name in (("2016T3", "2018T1"), ("2017T3", "2019T1")):
            found = pl.read_parquet(source / pattern.format(wave=wave))
            year, quarter = int(name[:4]), int(name[5])
            dated = [
                pl.lit(value, dtype=found.schema[column]).alias(column)
                for column, value in (("ANO4", year), ("TRIMESTRE", quarter))
                if column in found.columns
            ]
            found.with_columns(dated).write_parquet(other / pattern.format(wave=name))
    home = tmp_path / "home"
    words = ("--from", other, "--waves", "2018T1", "2019T1", "--home", home, "--json")
    assert done(xunfang("survey", "eph", *words)).json["night_as_of"] == "2019-04-01"
    sources = done(xunfang("check", "--home", home, "--json")).json["sources"]
    assert all(each["quarantined"] == 0 for each in sources)
    assert max(each["last_known_on"] for each in sources) == "2019-03-31"
    told = done(xunfang("night", "--home", home, "--date", "2019-04-01", "--json")).json
    assert told["numbers"]["scored"] == 18_806
    assert told["basis"] == "rules_and_income_line"
    again = xunfang("survey", "eph", *words)
    assert again.code == 0
    assert xunfang("survey", "eph", "--from", source, "--waves", "2016T3", "2017T3", "--home", home).code == 2


def test_files_that_pretend_to_be_the_survey_are_refused(shared_data: Path, tmp_path: Path) -> None:
    vietnam = shared_data / "vietnam_lsms_1997"
    for pattern, name in zip(eph.FILES.values(), ("household.parquet", "individual.parquet"), strict=False):
        for wave in ("2016T3", "2017T3"):
            shutil.copy2(vietnam / name, tmp_path / pattern.format(wave=wave))
    run = xunfang("survey", "eph", "--from", tmp_path, "--waves", "2016T3", "2017T3", "--home", tmp_path / "home")
    assert run.code in {2, 3}
    assert "columns are missing" in run.err
    assert "Traceback" not in run.err
    assert not (tmp_path / "home" / "inbox").exists()
