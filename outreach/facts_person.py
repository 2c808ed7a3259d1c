"""Facts of persons that a rule may name, register by register: insurance, schools, work, care, certificates.

Each function gives one row per person whom its register knows, and the values of those whom it does not: nothing
where the bureau has no such register (unknown), else what the register's silence says.
"""

from datetime import date, timedelta
from typing import Final

import polars as pl

from features.sources import Known
from features.windows import month_number

YEAR_DAYS: Final = 365
LONG_AGO: Final = 36_500
"""Days since insured work ended, of somebody of whom no such work is on record."""
COMPULSORY: Final = ("primary", "junior")
Register = tuple[pl.LazyFrame, list[pl.Expr]]


def registers(known: Known) -> list[Register]:
    """All registers of persons: rows by ``person_id`` to be joined, and expressions that fill what they leave."""
    return [_insurance(known), _school(known), _work(known), _care(known), _certificate(known)]


def _silent(known: Known, kind: str, **values: object) -> list[pl.Expr]:
    """What a register says of those whom it holds no row of; null where there is no such register."""
    if not known.has(kind):
        return []
    return [pl.col(name).fill_null(pl.lit(value)) for name, value in values.items()]


def _insurance(known: Known) -> Register:
    """Enrolment: somebody never enrolled here may be so elsewhere, so ``insured_before`` is true or unknown."""
    scheme = pl.col("scheme").cast(pl.String)
    running = pl.col("end").is_null() | (pl.col("end") >= known.as_of)
    basic, pension = scheme.is_in(["medical_employee", "medical_resident"]), scheme.str.starts_with("pension")
    rows = (
        known.frame("enrolment")
        .filter(pl.col("start") <= known.as_of)
        .group_by("person_id")
        .agg(
            insured_medical=(basic & running).any(),
            insured_employee=((scheme == "medical_employee") & running).any(),
            insured_before=basic.any(),
            pension_enrolled=(pension & running).any(),
            date_enrolment=pl.col("start").max(),
        )
    )
    before = pl.when("insured_before").then(pl.lit(value=True)).alias("insured_before")
    nobody = _silent(known, "enrolment", insured_medical=False, insured_employee=False, pension_enrolled=False)
    return rows, [before, *nobody]


def school_year(day: date) -> tuple[int, int]:
    """The school years that count on a day, oldest first: until December last year's roll still does."""
    now = day.year if day.month >= 9 else day.year - 1
    return (now - 1 if day.month >= 9 else now, now)


def _school(known: Known) -> Register:
    oldest, newest = school_year(known.as_of)
    aid = pl.col("aid_amount")
    rows = (
        known.frame("schooling")
        .filter(pl.col("school_year").is_between(oldest, newest))
        .group_by("person_id")
        .agg(pl.struct("school_year", "aid_amount").max_by("school_year").alias("_year"))
        .unnest("_year")
        .select(
            "person_id",
            in_school=pl.lit(value=True),
            student_aid=aid > 0,
            date_schooling=pl.date(pl.col("school_year"), 9, 1),
        )
    )
    return rows, _silent(known, "schooling", in_school=False)


def _work(known: Known) -> Register:
    """Spells of work: ``unemployed`` only where a registration says so; without any spell it is unknown."""
    registered = pl.col("form").cast(pl.String) == "unemployed"
    running = pl.col("end").is_null() | (pl.col("end") >= known.as_of)
    insured = ~registered & pl.col("contributed_until").is_not_null()
    paid = month_number(pl.col("contributed_until")) - month_number(pl.col("start")) + 1
    ended = pl.col("end").filter(insured & ~running).max()
    rows = (
        known.frame("employment")
        .filter(pl.col("start") <= known.as_of)
        .group_by("person_id")
        .agg(
            _jobless=(registered & running).any(),
            _works=(~registered & running).any(),
            contribution_months=paid.filter(insured).clip(lower_bound=0).sum(),
            job_ended_days=(pl.lit(known.as_of) - ended).dt.total_days(),
            date_employment=pl.col("start").max(),
        )
        .with_columns(
            unemployed=pl.when(pl.col("_jobless") & ~pl.col("_works"))
            .then(pl.lit(value=True))
            .when(pl.col("_works") & ~pl.col("_jobless"))
            .then(pl.lit(value=False))
        )
        .drop("_jobless", "_works")
    )
    return rows, _silent(known, "employment", contribution_months=0, job_ended_days=LONG_AGO)


def _care(known: Known) -> Register:
    """Claims of 12 months, per month: what the insurances left of the catalogue's costs, and own payments.

    A claim of which an amount is missing lies between nothing and what was billed; where nothing was billed on
    record, the sum has no upper bound.
    """
    parts = [pl.col(name) for name in ("in_catalogue", "basic_paid", "cii_paid")]
    told = pl.all_horizontal(part.is_not_null() for part in parts)
    left = (parts[0] - parts[1] - parts[2]).clip(lower_bound=0)
    bounds = {
        "eligible_cost": (pl.when(told).then(left).otherwise(0), pl.when(told).then(left).otherwise(_most())),
        "cost_left": (pl.col("oop").fill_null(0), pl.coalesce("oop", _most())),
    }
    aid = pl.col("assistance_paid")
    since = known.as_of - timedelta(days=YEAR_DAYS)
    rows = (
        known.frame("medical")
        .filter(pl.col("event_date").is_between(since, known.as_of, closed="right"))
        .filter(pl.col("kind").cast(pl.String) != "chronic_registration")
        .with_columns(
            expr.alias(f"{name}_{end}")
            for name, pair in bounds.items()
            for end, expr in zip(("low", "high"), pair, strict=True)
        )
        .group_by("person_id")
        .agg(
            *(pl.col(f"{name}_low").sum() / 12 for name in bounds),
            *(_sum_or_open(f"{name}_high") for name in bounds),
            medical_aid=pl.when((aid > 0).any()).then(pl.lit(value=True)).when(~aid.is_null().any()).then(False),
            date_medical=pl.col("event_date").max(),
        )
        .with_columns(pl.col(f"{name}_low").alias(name) for name in bounds)
    )
    if not known.has("medical"):
        return rows, []
    claimed = pl.col("date_medical").is_not_null()
    nothing = [
        pl.when(claimed).then(pl.col(f"{name}{end}")).otherwise(0.0).alias(f"{name}{end}")
        for name in bounds
        for end in ("", "_low", "_high")
    ]
    return rows, [
        *nothing,
        pl.when(claimed).then("medical_aid").otherwise(pl.lit(value=False)).alias("medical_aid"),
    ]


def _most() -> pl.Expr:
    return pl.coalesce("in_catalogue", "total")


def _sum_or_open(name: str) -> pl.Expr:
    """The sum in a group per month of twelve; null where a part has no upper bound."""
    return pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum() / 12).alias(name)


def _certificate(known: Known) -> Register:
    """The newest certificate of each person, where it is in force on the day."""
    in_force = pl.col("expires").is_null() | (pl.col("expires") >= known.as_of)
    kind = pl.col("type").cast(pl.String)
    rows = (
        known.frame("disability")
        .filter(pl.col("issued") <= known.as_of)
        .group_by("person_id")
        .agg(pl.struct("level", "type", "issued", "expires").max_by("issued").alias("newest"))
        .unnest("newest")
        .filter(in_force)
        .select(
            "person_id",
            has_certificate=pl.lit(value=True),
            disability_level="level",
            disability_mental=kind.is_in(["intellectual", "mental"]),
            disability_limb=kind == "limb",
            disability_visual=kind == "visual",
            date_disability="issued",
        )
    )
    kinds = dict.fromkeys(("has_certificate", "disability_mental", "disability_limb", "disability_visual"), False)
    return rows, _silent(known, "disability", **kinds)
