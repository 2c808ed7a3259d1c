"""A synthetic population for measuring: 24 months of records of every kind that columns read, by seeded blocks.

Only the shapes matter here (rows a person, kinds, gaps, corrections, late knowledge), not what they mean: for a
population that can be learnt from there is ``fixtures/county``.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from bench.rolls import people_of, rolls_of
from features.records import KEYS, KINDS

FIRST_MONTH: Final = date(2024, 1, 1)
MONTHS: Final = 24
AS_OF: Final = date(2025, 12, 31)
"""The night that is measured: what became known later is in the store and must be cut away."""
DELIVERED_ON: Final = date(2026, 2, 28)
BLOCK: Final = 50_000
"""People whose records are made together."""

MAIN_KINDS: Final = ("wage", "business", "farm", "platform", "transfer_pension")
SIDE_KINDS: Final = ("property", "transfer_other", "transfer_support", "transfer_unemployment", "tax", "farm")
CORRECTED, WITHDRAWN, LATE = 0.01, 0.002, 0.02
CARRIED: Final = ("known_on_assumed", "delivery_id")

Ints = npt.NDArray[np.int64]


def parts(people: int, seed: int) -> Iterator[dict[str, pl.DataFrame]]:
    """The frames of one block after the other, in delivery form; the same arguments give the same rows."""
    for number, first in enumerate(range(0, people, BLOCK)):
        rng = np.random.default_rng(np.random.SeedSequence([seed, number]))
        yield _block(rng, first, min(BLOCK, people - first))


def staffing(people: int) -> dict[str, list[dict[str, Any]]]:
    """Areas and caseworkers for caseworkers.toml: one of them for every 4,500 people."""
    towns = sorted({region[:9] for number in range(-(-people // BLOCK)) for region in regions_of(number * BLOCK)})
    areas = [
        {"region": town, "name_zh": f"镇{town[4:]}", "name_en": f"Town {town[4:]}", "terrain": "town"}
        for town in towns
    ]
    workers = [
        {
            "id": f"w{number:04d}",
            "name_zh": "甲",
            "name_en": f"Worker {number}",
            "areas": [towns[number % len(towns)]],
            "capacity_week": 15,
        }
        for number in range(max(len(towns), people // 4_500))
    ]
    return {"area": areas, "caseworker": workers}


def regions_of(first: int) -> list[str]:
    """The twelve-digit codes of the fifty villages of a block: five towns of ten."""
    return [
        f"99{first // BLOCK + 1:04d}{town:03d}{village:03d}" for town in range(1, 6) for village in range(1, 11)
    ]


def _block(rng: np.random.Generator, first: int, people: int) -> dict[str, pl.DataFrame]:
    who = people_of(rng, first, people, regions_of(first))
    frames = rolls_of(rng, who)
    frames |= {
        "income": _revised(rng, _income(rng, who), "amount", "record_no"),
        "employment": _employment(rng, who),
        "medical": _revised(rng, _medical(rng, who), "oop", "event_id"),
        "utility": _utility(rng, who),
    }
    return {kind: _delivered(kind, frame) for kind, frame in frames.items()}


def _income(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    """A main income for most adults, with months that are missing, and a second one for every third."""
    adults = who.filter(pl.col("age") >= 18)
    main = adults.filter(pl.Series(rng.random(adults.height) < 0.93))
    side = adults.filter(pl.Series(rng.random(adults.height) < 0.36))
    return pl.concat([_stream(rng, main, MAIN_KINDS, 0.94), _stream(rng, side, SIDE_KINDS, 0.97)])


def _stream(rng: np.random.Generator, earners: pl.DataFrame, kinds: tuple[str, ...], kept: float) -> pl.DataFrame:
    count = earners.height
    own = rng.integers(0, len(kinds), count)
    pension = np.where(earners["age"].to_numpy() >= 60, 4, own) if kinds is MAIN_KINDS else own
    level = rng.lognormal(12.6, 0.6, count) * np.where(pension == 4, 0.3, 1.0)
    stops = np.where(rng.random(count) < 0.08, rng.integers(0, MONTHS, count), MONTHS)
    person, month = np.divmod(np.arange(count * MONTHS), MONTHS)
    there = (rng.random(len(person)) < kept) & (month < stops[person])
    person, month = person[there], month[there]
    names = np.array(kinds)[pension]
    sign = np.where(names[person] == "tax", -0.1, 1.0)
    return pl.DataFrame(
        {
            "person_id": earners["person_id"].gather(person),
            "month": _month(month),
            "period_months": pl.Series(np.where(names[person] == "farm", 3, 1)),
            "kind": pl.Series(names).gather(person),
            "source_dept": pl.Series(np.where(pension == 4, "RS", "XZ")).gather(person),
            "record_no": (pl.Series(person) * 100 + pl.Series(month)).cast(pl.String),
            "amount": (level[person] * rng.normal(1, 0.15, len(person)) * sign).astype(np.int64),
            "quality": pl.Series(("registered", "contribution_base", "declared", "imputed")).gather(
                rng.choice(4, len(person), p=[0.8, 0.1, 0.07, 0.03])
            ),
            "known_on": _month(month + 1) + _days(rng, len(person), 5, 45),
        }
    ).with_columns(household_id=pl.lit(None, pl.String))


def _employment(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    """Three spells an adult, the last of them open for two in three."""
    adults = who.filter(pl.col("age") >= 18)["person_id"]
    person, spell = np.divmod(np.arange(len(adults) * 3), 3)
    count = len(person)
    start = (
        np.array(date(2016, 1, 1), "datetime64[D]").astype(np.int64) + spell * 1_100 + rng.integers(0, 900, count)
    )
    length = rng.integers(90, 1_000, count)
    last = spell == 2
    open_now = last & (rng.random(count) < 0.67)
    end = np.minimum(start + length, np.array(AS_OF, "datetime64[D]").astype(np.int64))
    paid = np.where(open_now, np.array(date(2025, 11, 1), "datetime64[D]").astype(np.int64), end)
    registered = rng.random(count) < 0.7
    forms = ("contract", "dispatch", "informal", "self", "employer", "platform", "farm", "unemployed")
    ended = pl.Series(end).cast(pl.Int32).cast(pl.Date)
    frame = pl.DataFrame(
        {
            "person_id": adults.gather(person),
            "start": pl.Series(start).cast(pl.Int32).cast(pl.Date),
            "employer": (pl.Series(rng.integers(0, 4_000, count))).cast(pl.String),
            "record_no": pl.Series(np.arange(count)).cast(pl.String),
            "industry": pl.Series(tuple("ACEFGHOPQS")).gather(rng.integers(0, 10, count)),
            "form": pl.Series(forms).gather(rng.integers(0, len(forms), count)),
            "contribution_base": rng.integers(300_000, 1_500_000, count),
            "hours_week": rng.choice([20.0, 40.0, 44.0, 60.0], count),
            "known_on": pl.Series(start).cast(pl.Int32).cast(pl.Date) + _days(rng, count, 10, 60),
            "open_": open_now,
            "registered_": registered,
        }
    )
    until = pl.Series(paid).cast(pl.Int32).cast(pl.Date).dt.truncate("1mo")
    return frame.with_columns(
        end=pl.when(~pl.col("open_")).then(ended),
        contributed_until=pl.when("registered_").then(pl.max_horizontal(until, pl.col("start").dt.truncate("1mo"))),
        contribution_base=pl.when("registered_").then("contribution_base"),
    )


def _medical(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    """Four claims a person-year, unevenly shared."""
    need = rng.gamma(0.7, 1 / 0.7, who.height)
    person = np.repeat(np.arange(who.height), rng.poisson(need * 8))
    count = len(person)
    kinds = ("outpatient", "pharmacy", "chronic", "inpatient", "chronic_registration")
    kind = rng.choice(5, count, p=[0.6, 0.2, 0.14, 0.05, 0.01])
    total = (rng.lognormal(9.4, 1.0, count) * np.where(kind == 3, 40, 1)).astype(np.int64)
    day = pl.Series(rng.integers(0, 730, count))
    happened = pl.Series([FIRST_MONTH]).gather(np.zeros(count, dtype=np.int64)) + (day * 86_400_000).cast(
        pl.Duration("ms")
    )
    return pl.DataFrame(
        {
            "person_id": who["person_id"].gather(person),
            "event_id": pl.Series(np.arange(count)).cast(pl.String),
            "event_date": happened,
            "kind": pl.Series(kinds).gather(kind),
            "icd10": pl.Series(("J06", "I10", "E11", "C34", "M54")).gather(rng.integers(0, 5, count)),
            "serious": pl.Series(rng.random(count) < 0.01),
            "total": total,
            "in_catalogue": (total * 0.9).astype(np.int64),
            "basic_paid": (total * 0.6).astype(np.int64),
            "oop": pl.Series((total * 0.3).astype(np.int64)).set(pl.Series(np.arange(count) % 20 == 0), None),
            "los_days": pl.Series(np.where(kind == 3, rng.integers(1, 30, count), 0)),
            "known_on": happened + _days(rng, count, 5, 26),
        }
    )


def _utility(rng: np.random.Generator, who: pl.DataFrame) -> pl.DataFrame:
    """Electricity by month of four households in ten."""
    homes = who["household_id"].unique(maintain_order=True)
    homes = homes.filter(pl.Series(rng.random(len(homes)) < 0.4))
    home, month = np.divmod(np.arange(len(homes) * MONTHS), MONTHS)
    return pl.DataFrame(
        {
            "household_id": homes.gather(home),
            "month": _month(month),
            "kind": pl.repeat("electricity", len(home), eager=True),
            "quantity": np.round(rng.lognormal(5, 0.4, len(home)), 1),
            "arrears_months": pl.Series(rng.choice(4, len(home), p=[0.96, 0.02, 0.01, 0.01])),
            "known_on": _month(month + 1) + _days(rng, len(home), 3, 14),
        }
    )


def _revised(rng: np.random.Generator, frame: pl.DataFrame, amount: str, number: str) -> pl.DataFrame:
    """First versions that are corrected later, and records that are withdrawn later."""
    drawn = pl.Series("drawn", rng.random(frame.height))
    later = pl.col("known_on") + _days(rng, frame.height, 20, 120)
    marked = frame.with_columns(drawn, later_=later, void=pl.lit(value=False))
    second = marked.filter(pl.col("drawn") < CORRECTED).with_columns(pl.col(amount) // 2, known_on="later_")
    ghost = marked.filter(pl.col("drawn") > 1 - WITHDRAWN).with_columns(
        (pl.lit("9") + pl.col(number)).alias(number)
    )
    gone = ghost.with_columns(void=pl.lit(value=True), known_on="later_")
    return pl.concat([marked, second, ghost, gone]).drop("drawn", "later_")


def _delivered(kind: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The columns and types of the kind, only what was known on the day of the delivery, in no special order."""
    schema = KINDS[kind].create_empty().schema
    frame = frame.with_columns(seq=pl.lit(0, pl.Int64))
    if "void" not in frame.columns:
        frame = frame.with_columns(void=pl.lit(value=False))
    names = [name for name in schema if name not in CARRIED]
    lacking = [pl.lit(None).alias(name) for name in names if name not in frame.columns]
    shaped = frame.with_columns(lacking).select(pl.col(name).cast(schema[name]) for name in names)
    return shaped.filter(pl.col("known_on") <= DELIVERED_ON).sort(*KEYS[kind], "known_on", "void")


def _month(number: Ints) -> pl.Series:
    first = (FIRST_MONTH.year - 1970) * 12 + FIRST_MONTH.month - 1
    return pl.Series((np.asarray(number) + first).astype("datetime64[M]").astype("datetime64[D]"))


def _days(rng: np.random.Generator, count: int, low: int, high: int) -> pl.Series:
    late = (rng.random(count) < LATE) * rng.integers(30, 180, count)
    return pl.Series((rng.integers(low, high + 1, count) + late) * 86_400_000).cast(pl.Duration("ms"))
