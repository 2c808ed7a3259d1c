"""EU-SILC through our records: the published at-risk-of-poverty rate."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import done, once_per_session, process, xunfang

from features.catalog import FEATURES
from features.labels import LabelSpec
from features.poverty_label import outcome_incomes, with_line
from features.records import KINDS
from features.sources import Sources
from fixtures.surveys import eusilc
from fixtures.surveys.raw import SurveyError

AS_OF = date(2006, 1, 1)


@pytest.fixture(scope="module")
def persons(shared_data: Path) -> pl.DataFrame:
    return pl.read_parquet(shared_data / "eusilc_laeken" / eusilc.FILES["persons"])


@pytest.fixture(scope="module")
def delivered(persons: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return eusilc.to_deliveries({"persons": persons}, AS_OF.year - 1)


def accepted(kind: str, frame: pl.DataFrame) -> pl.DataFrame:
    added = {"known_on_assumed": False, "void": False, "seq": 0, "delivery_id": "eusilc"}
    return KINDS[kind].validate(frame.with_columns(pl.lit(v).alias(name) for name, v in added.items()), cast=True)


@pytest.mark.real
def test_every_row_is_accepted_and_nobody_is_lost(
    persons: pl.DataFrame, delivered: dict[str, pl.DataFrame]
) -> None:
    rows = {kind: accepted(kind, frame).height for kind, frame in delivered.items()}
    assert rows == {kind: frame.height for kind, frame in delivered.items()}
    assert rows["member"] == persons.height == 14_827
    assert rows["household"] == persons["db030"].n_unique() == 6_000


@pytest.mark.real
def test_the_at_risk_of_poverty_rate_is_the_published_one(delivered: dict[str, pl.DataFrame]) -> None:
    sources = Sources({kind: accepted(kind, frame).lazy() for kind, frame in delivered.items()})
    spec = LabelSpec.from_mapping(eusilc.LABEL_SPEC)
    incomes = with_line(outcome_incomes(sources, spec, AS_OF, known_by=AS_OF), spec)
    threshold = incomes["line"].unique().item() * 12 / eusilc.CENTS
    people = pl.col("weight") * pl.col("persons")
    rate = incomes.select(people.filter(pl.col("income") < pl.col("line")).sum() / people.sum()).item()
    assert incomes["income"].null_count() == 0
    assert threshold == pytest.approx(10_859.24, abs=0.005)
    assert rate == pytest.approx(0.144442, abs=5e-7)


@pytest.mark.real
def test_the_records_sum_to_the_surveys_own_equivalised_income(
    persons: pl.DataFrame, delivered: dict[str, pl.DataFrame]
) -> None:
    homes = delivered["member"].select("person_id", pl.col("household_id").alias("home"))
    sums = (
        delivered["income"]
        .join(homes, on="person_id", how="left")
        .group_by(pl.coalesce("household_id", "home").alias("household_id"))
        .agg(pl.col("amount").sum())
    )
    own = persons.group_by(pl.col("db030").cast(pl.String).alias("household_id")).agg(
        cents=((pl.col("eqIncome") * pl.col("eqSS")).first() * eusilc.CENTS).round().cast(pl.Int64)
    )
    both = own.join(sums, on="household_id", how="left")
    assert (both["cents"] != both["amount"]).sum() == 0
    assert both["amount"].null_count() == 0


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> dict[str, Any]:
    with once_per_session(tmp_path_factory, "eusilc-home") as (place, to_be_made):
        if to_be_made:
            done(process("survey", "eusilc", "--from", shared_data / "eusilc_laeken", "--home", place, "--json"))
            done(process("check", "--home", place, "--json"))
            done(process("train", "--home", place))
    told: dict[str, Any] = done(xunfang("evaluate", "--home", place, "--json")).json
    return told


@pytest.mark.real
def test_who_is_poor_this_year_is_told_without_any_column_of_income(figures: dict[str, Any]) -> None:
    poverty = figures["relative_poverty"]
    model = poverty["model"]
    assert poverty["figure"] == "grouped_cv"
    assert model["n"] == 6_000
    assert model["auc"] > 0.75
    assert model["average_precision"] > 0.39
    assert model["log_loss"] < 0.38
    assert poverty["spec"]["kind"] == "same-period"
    assert poverty["spec"]["barred"] == [item.name for item in FEATURES if "income" in item.sources]
    assert "income_rule" not in poverty
    assert poverty["last_status"]["auc"] == 0.5


def test_a_file_of_another_survey_is_refused() -> None:
    with pytest.raises(SurveyError, match="columns are missing: db030"):
        eusilc.to_deliveries({"persons": pl.DataFrame({"age": [1]})}, 2005)
    with pytest.raises(SurveyError, match=r"no frame of eusilc.parquet"):
        eusilc.to_deliveries({}, 2005)
