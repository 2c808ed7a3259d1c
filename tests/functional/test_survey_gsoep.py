"""The German panel through our records: the label of next year, the last status, visits, and who is found."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import done, once_per_session, process, xunfang

from engine.learning import examples_of_risk
from engine.settings import Home
from engine.workplace import Workplace
from features.catalog import FEATURES
from features.labels import GERMAN, LabelSpec
from features.poverty_label import last_status, outcome_incomes, poverty_label, status_incomes
from features.records import KINDS
from features.sources import Sources
from fixtures.surveys import gsoep
from fixtures.surveys.raw import SurveyError
from models.calibration import log_loss
from models.experiment import model_features
from models.risk import matrix
from models.training import Settings, cross_fitted, train

YEARS = range(1984, 1988)

Delivery = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def persons(shared_data: Path) -> pl.DataFrame:
    return pl.read_parquet(shared_data / "gsoep_health_1984_1995" / gsoep.FILES["persons"])


@pytest.fixture(scope="module")
def panel(persons: pl.DataFrame) -> dict[str, Delivery]:
    return gsoep.to_deliveries({"persons": persons}, gsoep.waves_from(1984, 1988))


def accepted(kind: str, delivery_id: str, frame: pl.DataFrame) -> pl.DataFrame:
    added = {"known_on_assumed": False, "void": False, "seq": 0, "delivery_id": delivery_id}
    return KINDS[kind].validate(frame.with_columns(pl.lit(v).alias(name) for name, v in added.items()), cast=True)


def sources_of(deliveries: dict[str, Delivery]) -> Sources:
    return Sources(
        {
            kind: pl.concat([accepted(kind, wave, found[kind]) for wave, found in deliveries.items()]).lazy()
            for kind in gsoep.DELIVERED
        }
    )


@pytest.mark.real
def test_the_pairs_of_years_and_their_base_rate_are_the_published_ones(panel: dict[str, Delivery]) -> None:
    sources = sources_of(panel)
    parts = []
    for year in YEARS:
        as_of = date(year, 7, 1)
        label = poverty_label(outcome_incomes(sources, GERMAN, as_of, known_by=date(1988, 7, 1)), GERMAN)
        status = last_status(status_incomes(sources, GERMAN, as_of), GERMAN)
        parts.append(label.filter(pl.col("label").is_not_null()).join(status, on="household_id"))
    pairs = pl.concat(parts)
    assert pairs.height == 11_862
    assert pairs["label"].mean() == pytest.approx(0.128, abs=5e-4)
    assert dict(pairs["status"].value_counts().rows()) == {"not_poor": 10_430, "poor": 1_432}


@pytest.mark.real
def test_every_row_is_accepted_and_every_visit_is_an_event_of_its_months(
    persons: pl.DataFrame, panel: dict[str, Delivery]
) -> None:
    for wave, found in panel.items():
        for kind, frame in found.items():
            assert accepted(kind, wave, frame).height == frame.height > 0
        year = persons.filter(pl.col("year") == int(wave[:4]))
        visits = (
            found["medical"].group_by("kind").agg(pl.len(), pl.col("event_date").min(), pl.col("total").count())
        )
        told = {kind: (number, first, billed) for kind, number, first, billed in visits.rows()}
        assert told["outpatient"][0] == year["docvis"].sum()
        assert told["outpatient"][1] == date(int(wave[:4]), 4, 1)
        assert told["inpatient"][0] == year["hospvis"].sum()
        assert told["outpatient"][2] == told["inpatient"][2] == 0
        assert (found["medical"]["event_date"] <= found["medical"]["known_on"]).all()
        assert found["income"]["amount"].sum() == (year["hhinc"] * 100).round().cast(pl.Int64).sum()


def test_files_and_years_that_are_none_of_the_panel_are_refused() -> None:
    with pytest.raises(SurveyError, match="columns are missing: id"):
        gsoep.to_deliveries({"persons": pl.DataFrame({"age": [1]})}, gsoep.waves_from(1984, 1985))
    with pytest.raises(SurveyError, match=r"no frame of health.parquet"):
        gsoep.to_deliveries({}, gsoep.waves_from(1984, 1985))
    with pytest.raises(SurveyError, match="two years of the extract"):
        gsoep.waves_from(1984, 1989)


def test_the_label_of_the_home_is_the_german_one() -> None:
    assert LabelSpec.from_mapping(gsoep.settings()["home"]["labels"]["relative_poverty"]) == GERMAN


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    with once_per_session(tmp_path_factory, "gsoep-home") as (place, to_be_made):
        if to_be_made:
            source = shared_data / "gsoep_health_1984_1995"
            done(process("survey", "gsoep", "--from", source, "--home", place, "--json"))
            done(process("check", "--home", place, "--json"))
            done(process("train", "--home", place))
    return place


@pytest.fixture(scope="module")
def figures(home: Path) -> dict[str, Any]:
    told: dict[str, Any] = done(xunfang("evaluate", "--home", home, "--json")).json
    return told


@pytest.mark.real
def test_next_year_s_poverty_is_found_of_persons_whom_the_model_has_not_seen(figures: dict[str, Any]) -> None:
    grouped = figures["relative_poverty"]["grouped_cv"]
    model, last = grouped["model"], grouped["last_status"]
    assert (model["n"], model["entry"]["n"]) == (11_862, 10_430)
    assert last["auc"] == pytest.approx(0.797, abs=5e-4)
    assert last["average_precision"] == pytest.approx(0.478, abs=5e-4)
    assert model["auc"] > 0.906
    assert model["average_precision"] > 0.678
    assert model["log_loss"] < 0.224
    assert model["entry"]["auc"] > 0.800
    assert model["entry"]["average_precision"] > 0.230
    assert model["entry"]["log_loss"] < 0.174


@pytest.mark.real
def test_the_headline_figure_is_of_a_later_year_under_the_embargo(figures: dict[str, Any]) -> None:
    poverty = figures["relative_poverty"]
    assert poverty["figure"] == "temporal"
    assert poverty["as_of"] == {
        "train": ["1984-07-01", "1985-07-01"],
        "calibration": "1986-07-01",
        "test": "1987-07-01",
    }
    assert poverty["model"]["n"] == 3_265
    assert poverty["model"]["log_loss"] < 0.231
    assert poverty["model"]["log_loss"] < 1.10 * poverty["grouped_cv"]["model"]["log_loss"]
    assert poverty["model"]["log_loss"] < poverty["last_status"]["log_loss"]


@pytest.mark.real
def test_what_one_pair_of_years_taught_stays_calibrated_on_the_last_one(home: Path) -> None:
    learner = Workplace.open(Home(home), seed=1, threads=1).learner()
    rows = examples_of_risk(learner, "relative_poverty", learner.population.columns)
    years = {year: rows.filter(pl.col("as_of") == date(year, 7, 1)) for year in (1986, 1987)}
    known = {year: part.filter(pl.col("label").is_not_null()) for year, part in years.items()}
    features = model_features(FEATURES, learner.spec())
    _, _, inside = cross_fitted(known[1986], features, seed=1, threads=1, settings=Settings())
    model = train(known[1986], features, risk="relative_poverty", seed=1, spec=learner.spec().to_mapping())
    later = model.calibrator.probability(model.raw(matrix(known[1987], model.feature_names), 1))
    losses = {
        year: log_loss(known[year]["label"].to_numpy(), given) for year, given in ((1986, inside), (1987, later))
    }
    assert losses[1987] < 1.10 * losses[1986]
    assert later.mean() == pytest.approx(known[1987]["label"].mean(), rel=0.10)
