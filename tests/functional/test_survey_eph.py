"""Argentina's household survey through our records: official figures, the sums, the label and the baseline."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from features.build import build_features
from features.calendar import calendar_of, reporting_counts, with_area
from features.catalog import modelled_names
from features.context import Context
from features.labels import LabelSpec
from features.neighbourhood import medians_of, with_neighbourhood
from features.poverty_label import last_status, outcome_incomes, poverty_label, status_incomes
from features.records import KINDS
from features.sources import Sources
from fixtures.surveys import eph

HALF_YEAR = ("2016T3", "2016T4")
PANEL = ("2016T3", "2017T3")
AS_OF = date(2016, 10, 1)
OFTEN = ("income", "employment", "enrolment")

Delivery = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "eph_argentina_dev"


def raw(folder: Path, waves: tuple[str, ...]) -> dict[str, dict[str, pl.DataFrame]]:
    return {
        wave: {name: pl.read_parquet(folder / file.format(wave=wave)) for name, file in eph.FILES.items()}
        for wave in waves
    }


@pytest.fixture(scope="module")
def half_year(folder: Path) -> dict[str, Delivery]:
    return eph.to_deliveries(raw(folder, HALF_YEAR), HALF_YEAR)


@pytest.fixture(scope="module")
def panel(folder: Path) -> dict[str, Delivery]:
    return eph.to_deliveries(raw(folder, PANEL), PANEL)


def accepted(kind: str, delivery_id: str, frame: pl.DataFrame) -> pl.DataFrame:
    added = {"known_on_assumed": False, "void": False, "seq": 0, "delivery_id": delivery_id}
    return KINDS[kind].validate(frame.with_columns(pl.lit(v).alias(name) for name, v in added.items()), cast=True)


def sources_of(deliveries: dict[str, Delivery]) -> Sources:
    return Sources(
        {
            kind: pl.concat([accepted(kind, wave, found[kind]) for wave, found in deliveries.items()]).lazy()
            for kind in eph.DELIVERED
        }
    )


def roster(delivery: Delivery, kind: str) -> pl.DataFrame:
    """The rows of this wave alone, without those that close an earlier one."""
    return delivery[kind].filter(pl.col("valid_to").is_null())


def household_incomes(delivery: Delivery) -> pl.DataFrame:
    """``household_id, itf`` in pesos, from the income records."""
    homes = roster(delivery, "member").select("person_id", pl.col("household_id").alias("home"))
    return (
        delivery["income"]
        .join(homes, on="person_id", how="left")
        .group_by(pl.coalesce("household_id", "home").alias("household_id"))
        .agg(itf=pl.col("amount").sum() / 100)
    )


@pytest.mark.real
def test_every_row_is_accepted_and_every_person_and_household_is_there_once(
    folder: Path, half_year: dict[str, Delivery]
) -> None:
    for wave, files in raw(folder, HALF_YEAR).items():
        found = half_year[wave]
        for kind, frame in found.items():
            assert accepted(kind, wave, frame).height == frame.height > 0
        assert roster(found, "household").height == files["hogar"].height
        assert roster(found, "member").height == files["individual"].height
        assert roster(found, "member")["person_id"].n_unique() == files["individual"].height
    closed = half_year["2016T4"]["member"].height - roster(half_year["2016T4"], "member").height
    assert closed == half_year["2016T3"]["member"].height == 59_550


@pytest.mark.real
def test_the_official_poverty_figures_of_the_second_half_of_2016(
    folder: Path, half_year: dict[str, Delivery]
) -> None:
    baskets = pl.read_parquet(folder / "basic_baskets_2016T3_T4.parquet").select(
        region=pl.col("codigo").cast(pl.String).str.zfill(2),
        wave=pl.col("periodo").str.replace(".", "T", literal=True),
        food="CBA",
        total="CBT",
    )
    scale = pl.read_parquet(folder / "adult_equivalents.parquet").select(
        sex=pl.col("CH04").cast(pl.Int64),
        age_reported=pl.col("CH06").cast(pl.Int64).clip(lower_bound=0),
        adults="adequi",
    )
    waves = []
    for wave, found in half_year.items():
        needs = (
            roster(found, "member")
            .join(scale, on=["sex", "age_reported"], how="left")
            .group_by("household_id")
            .agg(pl.col("adults").sum(), missing=pl.col("adults").null_count(), persons=pl.len())
        )
        waves.append(
            roster(found, "household")
            .with_columns(wave=pl.lit(wave), region=pl.col("region").str.slice(0, 2))
            .join(baskets, on=["region", "wave"])
            .join(needs, on="household_id")
            .join(household_incomes(found), on="household_id")
        )
    homes = pl.concat(waves)
    assert homes["missing"].sum() == 0
    people = pl.col("weight") * pl.col("persons")
    poor, indigent = (pl.col("itf") < pl.col(line) * pl.col("adults") for line in ("total", "food"))
    rates = homes.select(
        persons=people.filter(poor).sum() / people.sum(),
        indigent=people.filter(indigent).sum() / people.sum(),
        households=pl.col("weight").filter(poor).sum() / pl.col("weight").sum(),
    ).row(0, named=True)
    assert rates["persons"] == pytest.approx(0.3034, abs=5e-5)
    assert rates["indigent"] == pytest.approx(0.0615, abs=5e-5)
    assert rates["households"] == pytest.approx(0.2151, abs=5e-5)


@pytest.mark.real
def test_income_records_sum_to_itf_for_every_household_that_answered(
    folder: Path, half_year: dict[str, Delivery]
) -> None:
    for wave, files in raw(folder, HALF_YEAR).items():
        answered = (
            files["hogar"]
            .filter(pl.col("PONDIH") > 0)
            .select(pl.format("{}-{}", "CODUSU", "NRO_HOGAR").alias("household_id"), "ITF")
        )
        both = answered.join(household_incomes(half_year[wave]), on="household_id", how="full", coalesce=True)
        assert both.height == answered.height
        assert both.filter(pl.col("itf").is_null() | (pl.col("itf") != pl.col("ITF"))).height == 0


@pytest.mark.real
def test_the_remainder_beyond_the_parts_is_another_transfer_of_6_3_percent_of_persons(
    folder: Path, half_year: dict[str, Delivery]
) -> None:
    rest = half_year["2016T3"]["income"].filter((pl.col("record_no") == "P47T") & (pl.col("amount") != 0))
    answered = raw(folder, ("2016T3",))["2016T3"]["individual"].filter(pl.col("PONDIH") > 0).height
    assert rest["kind"].unique().to_list() == ["transfer_other"]
    assert rest.height / answered == pytest.approx(0.063, abs=0.0005)
    assert (rest["amount"] > 0).all()


@pytest.mark.real
def test_the_label_a_year_later_and_the_last_status_are_those_of_the_survey(panel: dict[str, Delivery]) -> None:
    sources = sources_of(panel)
    spec = LabelSpec.from_mapping(eph.settings(PANEL)["home"]["labels"]["relative_poverty"])
    incomes = outcome_incomes(sources, spec, AS_OF, known_by=date(2017, 10, 1))
    label = poverty_label(incomes, spec).filter(pl.col("label").is_not_null())
    assert label.height == 6_360
    assert label["label"].mean() == pytest.approx(0.2182, abs=5e-5)
    assert label["label_known_on"].unique().to_list() == [date(2017, 9, 30)]
    status = last_status(status_incomes(sources, spec, AS_OF), spec)
    levels = dict(label.join(status, on="household_id")["status"].value_counts().rows())
    assert levels == {"not_poor": 4_118, "unknown": 1_144, "poor": 1_098}


@pytest.mark.real
def test_inflation_of_two_fifths_changes_no_modelled_column_and_no_label(panel: dict[str, Delivery]) -> None:
    spec = LabelSpec.from_mapping(eph.settings(PANEL)["home"]["labels"]["relative_poverty"])
    dear = {
        wave: {**found, "income": found["income"].with_columns(amount=pl.col("amount") * 7 // 5)}
        for wave, found in panel.items()
    }
    told = []
    for deliveries in (panel, dear):
        sources = sources_of(deliveries)
        frames = sources.frames
        placed = {kind: with_area(frames[kind], frames["member"], frames["household"]) for kind in OFTEN}
        reported = pl.concat([reporting_counts(kind, rows) for kind, rows in placed.items()])
        built = build_features(sources, Context(calendar_of(reported, AS_OF)), AS_OF)
        whole = with_neighbourhood(built, medians_of(built)).select(modelled_names())
        label = poverty_label(outcome_incomes(sources, spec, AS_OF, known_by=date(2017, 10, 1)), spec)
        told.append((whole, label))
    (before, label), (after, dear_label) = told
    assert before["income_to_median_12m"].null_count() < before.height
    assert_frame_equal(before, after, check_exact=False, rel_tol=0, abs_tol=1e-9)
    assert_frame_equal(label, dear_label)


@pytest.mark.real
def test_the_outcome_is_not_known_before_the_second_wave_is(panel: dict[str, Delivery]) -> None:
    sources = sources_of(panel)
    spec = LabelSpec.from_mapping(eph.settings(PANEL)["home"]["labels"]["relative_poverty"])
    early = poverty_label(outcome_incomes(sources, spec, AS_OF, known_by=date(2017, 9, 29)), spec)
    assert early["label"].null_count() == early.height > 0


@pytest.mark.real
def test_households_that_left_the_sample_are_in_no_later_roster(panel: dict[str, Delivery]) -> None:
    sources = sources_of(panel)
    now = sources.known_by(date(2017, 10, 1)).frame("household")
    valid = now.filter(pl.col("valid_to").is_null() | (pl.col("valid_to") >= date(2017, 10, 1))).collect()
    assert valid.height == valid["household_id"].n_unique() == 18_806
