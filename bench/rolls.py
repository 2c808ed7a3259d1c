"""The people of a block, and what is on rolls about them: members, benefits, events, insurance, school."""

from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

SIZES: Final = ((1, 0.24), (2, 0.30), (3, 0.22), (4, 0.14), (5, 0.07), (6, 0.03))
"""Households by their number of members: 382,000 in a million people."""

EDUCATION: Final = (10, 20, 30, 40, 60, 70, 80, 90)
BORN_BEFORE: Final = date(2026, 1, 1)


def people_of(rng: np.random.Generator, first: int, people: int, regions: list[str]) -> pl.DataFrame:
    """``person_id, household_id, place, age, region``: one row per person, the head of a household first."""
    sizes, chances = zip(*SIZES, strict=True)
    drawn = rng.choice(sizes, people, p=chances)
    home = np.repeat(np.arange(people), drawn)[:people]
    place = np.arange(people) - np.searchsorted(home, home)
    age = np.where(place < 2, rng.integers(22, 90, people), rng.integers(0, 60, people))
    region = pl.Series(regions).gather(rng.integers(0, len(regions), people)[home])
    numbers = pl.Series("n", np.arange(people) + first)
    return pl.DataFrame({"person": numbers, "home": pl.Series(home + first), "place": place, "age": age}).select(
        (pl.lit("p") + pl.col("person").cast(pl.String)).alias("person_id"),
        (pl.lit("h") + pl.col("home").cast(pl.String)).alias("household_id"),
        "place",
        "age",
        region.alias("region"),
    )


def rolls_of(rng: np.random.Generator, who: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The frames of the rolls by kind, with whatever columns they fill."""
    homes = who.filter(pl.col("place") == 0)
    return {
        "household": _households(rng, homes),
        "member": _members(rng, who),
        "benefit": pl.concat([_benefits(rng, homes, "DB", 0.06), _benefits(rng, homes, "BY", 0.03),
                              _benefits(rng, homes, "LS-E", 0.01)]),
        "event": _events(rng, who),
        "enrolment": _enrolments(rng, who),
        "disability": _certificates(rng, who),
        "schooling": _schooling(rng, who),
    }  # fmt: skip


def _households(rng: np.random.Generator, homes: pl.DataFrame) -> pl.DataFrame:
    count = homes.height
    return homes.select("household_id", "region").with_columns(
        area_kind=pl.Series(np.where(rng.random(count) < 0.5, "urban", "rural")),
        weight=pl.lit(1.0),
        tenure=pl.Series(("own", "rent", "other")).gather(rng.choice(3, count, p=[0.7, 0.2, 0.1])),
        dwelling_area_m2=pl.Series(np.round(rng.uniform(30, 160, count), 1)),
        rooms=pl.Series(rng.integers(1, 7, count)),
        dwelling_safety=pl.Series(("A", "B", "C", "D")).gather(rng.choice(4, count, p=[0.8, 0.15, 0.04, 0.01])),
        piped_water=pl.Series(rng.random(count) < 0.9),
        inside_toilet=pl.Series(rng.random(count) < 0.8),
        land_mu=pl.Series(np.round(rng.gamma(1, 2, count), 1)),
        valid_from=pl.lit(date(2020, 1, 1)),
        known_on=pl.lit(date(2020, 2, 1)),
    )  # fmt: skip


def _members(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    count = who.height
    place = who["place"].to_numpy()
    relation = np.select([place == 0, place == 1], ["head", "spouse"], "child")
    born = _dated(BORN_BEFORE, -(who["age"].to_numpy() * 365.25 + rng.integers(0, 365, count)).astype(np.int64))
    died = rng.random(count) < 0.01
    day = _dated(date(2024, 1, 1), rng.integers(0, 700, count))
    joined = np.where(who["age"].to_numpy() < 6, 0, rng.random(count) < 0.02)
    since = pl.Series(np.where(joined, np.datetime64("2025-06-01"), np.datetime64("2020-01-01"))).cast(pl.Date)
    begun = pl.select(pl.max_horizontal(since, born)).to_series()
    return who.select("person_id", "household_id", relation=pl.Series(relation)).with_columns(
        sex=pl.Series(rng.integers(1, 3, count)),
        birth_date=born,
        marital=pl.Series(rng.choice([10, 20, 30, 40, 90], count, p=[0.25, 0.55, 0.1, 0.05, 0.05])),
        education=pl.Series(EDUCATION).gather(rng.integers(0, len(EDUCATION), count)),
        is_migrant=pl.Series(rng.random(count) < 0.1),
        hukou_region=who["region"],
        coresident=pl.lit(value=True),
        digital_trace=pl.Series(("none", "low", "normal")).gather(rng.choice(3, count, p=[0.1, 0.2, 0.7])),
        death_date=pl.select(
            pl.when(pl.Series(died & (place > 0))).then(pl.max_horizontal(day, begun))
        ).to_series(),
        valid_from=begun,
        known_on=begun + timedelta(days=30),
    )


def _benefits(rng: np.random.Generator, homes: pl.DataFrame, programme: str, share: float) -> pl.DataFrame:
    """Payments by month to a share of the households, some of which end, after a refusal for some."""
    chosen = homes["household_id"].filter(pl.Series(rng.random(homes.height) < share))
    home, month = np.divmod(np.arange(len(chosen) * 24), 24)
    ends = np.where(rng.random(len(chosen)) < 0.2, rng.integers(1, 24, len(chosen)), 24)
    kept = month <= ends[home]
    if programme.startswith("LS"):
        kept &= month == 20
    home, month = home[kept], month[kept]
    status = np.where((month == ends[home]) & (rng.random(len(home)) < 0.3), "refused", "in_payment")
    first = pl.Series((month + 54 * 12).astype("datetime64[M]").astype("datetime64[D]"))
    return pl.DataFrame(
        {
            "household_id": chosen.gather(home),
            "programme": pl.repeat(programme, len(home), eager=True),
            "month": first,
            "amount": pl.Series(rng.integers(20_000, 90_000, len(home))),
            "status": pl.Series(status),
            "known_on": first.dt.month_end() + timedelta(days=5),
        }
    )


def _events(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    codes = ("DTH", "JAIL", "LOST", "EDU1", "DSR", "ACC", "HSE", "DIV", "CHD", "BIZ", "CALL")
    chosen = who.filter(pl.Series(rng.random(who.height) < 0.02))
    count = chosen.height
    day = _dated(date(2024, 1, 1), rng.integers(0, 730, count))
    return pl.DataFrame(
        {
            "person_id": chosen["person_id"],
            "event_id": "e" + chosen["person_id"],
            "event_code": pl.Series(codes).gather(rng.integers(0, len(codes), count)),
            "event_date": day,
            "severity": pl.Series(rng.integers(0, 4, count)),
            "loss": pl.Series(rng.integers(0, 2_000_000, count)),
            "known_on": day + timedelta(days=9),
        }
    )


def _enrolments(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    count = who.height
    health = rng.choice(["medical_resident", "medical_employee"], count, p=[0.7, 0.3])
    pension = np.where(health == "medical_employee", "pension_employee", "pension_resident")
    ends = _dated(date(2024, 6, 30), rng.integers(0, 540, count))
    ended = pl.select(pl.when(pl.Series(rng.random(count) < 0.05)).then(ends)).to_series()
    begun = pl.lit(date(2022, 1, 1))
    people = who.select("person_id")
    insured = people.with_columns(scheme=pl.Series(health), start=begun, end=ended)
    adults = people.with_columns(scheme=pl.Series(pension), start=begun, end=pl.lit(None, pl.Date)).filter(
        who["age"] >= 16
    )
    return pl.concat([insured, adults]).with_columns(known_on=pl.lit(date(2022, 1, 20)))


def _certificates(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    chosen = who.filter(pl.Series(rng.random(who.height) < 0.03))["person_id"]
    issued = _dated(date(2022, 1, 1), rng.integers(0, 1_450, len(chosen)))
    return pl.DataFrame(
        {
            "person_id": chosen,
            "issued": issued,
            "type": pl.Series(("visual", "hearing", "limb", "mental")).gather(rng.integers(0, 4, len(chosen))),
            "level": pl.Series(rng.integers(1, 5, len(chosen))),
            "expires": issued.dt.offset_by("10y"),
            "known_on": issued + timedelta(days=10),
        }
    )


def _schooling(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    pupils = who.filter(pl.col("age").is_between(6, 22)).select("person_id", "age")
    years = [pupils.with_columns(school_year=pl.lit(year, pl.Int64)) for year in (2024, 2025)]
    rows = pl.concat([each.filter(pl.Series(rng.random(each.height) < 0.95)) for each in years])
    stage = pl.when(pl.col("age") < 13).then(pl.lit("primary")).when(pl.col("age") < 16).then(pl.lit("junior"))
    return rows.with_columns(
        stage=stage.when(pl.col("age") < 19).then(pl.lit("senior")).otherwise(pl.lit("higher")),
        public=pl.lit(value=True),
        fee_norm=pl.when(pl.col("age") < 16).then(0).otherwise(500_000),
        aid_amount=pl.Series(rng.choice([0, 100_000], rows.height)),
        known_on=pl.date(pl.col("school_year"), 10, 1),
    )


def _dated(base: date, days: np.ndarray) -> pl.Series:
    start = np.datetime64(base).astype("datetime64[D]").astype(np.int64)
    return pl.Series((np.asarray(days) + start).astype(np.int32)).cast(pl.Date)
