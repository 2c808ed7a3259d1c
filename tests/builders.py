"""Small source records for tests: a text table (or a list of dicts) in, checked frames and ``Sources`` out.

A test states only what matters to it; everything else has a default::

    somebody = sources(
        household="household_id | area_kind\n H1 | urban",
        member="person_id | household_id | birth_date\n P1 | H1 | 1980-05-01",
        income="person_id | month | amount | known_on\n P1 | 2024-01 | 90000 | 2024-02-03",
    )

The first line names columns. An empty cell takes the default, ``-`` is null; a month may be written ``2024-01``.
Where ``known_on`` is not given, a fact was known on the day that it happened (a month: on its last day).
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from features.calendar import calendar_of, reporting_counts, with_area
from features.context import Context
from features.records import HAPPENED, KINDS
from features.sources import Sources

Table = str | Sequence[Mapping[str, Any]]

LONG_AGO = date(2000, 1, 1)
MONTH_KINDS = ("income", "benefit", "utility")
COMMON = {"known_on_assumed": False, "void": False, "seq": 0, "delivery_id": "D1"}
DEFAULTS: dict[str, dict[str, Any]] = {
    "household": {
        "household_id": "H1",
        "region": "990101001001",
        "area_kind": "urban",
        "weight": 1.0,
        "dwelling_id": None,
        "tenure": None,
        "dwelling_area_m2": None,
        "rooms": None,
        "dwelling_safety": None,
        "piped_water": None,
        "inside_toilet": None,
        "land_mu": None,
        "valid_from": LONG_AGO,
        "valid_to": None,
    },
    "member": {
        "person_id": "P1",
        "household_id": "H1",
        "relation": "head",
        "sex": 9,
        "birth_date": date(1980, 1, 1),
        "age_reported": None,
        "marital": None,
        "education": None,
        "ethnicity": None,
        "hukou_type": None,
        "hukou_region": None,
        "is_migrant": None,
        "coresident": None,
        "counted": None,
        "digital_trace": None,
        "death_date": None,
        "valid_from": LONG_AGO,
        "valid_to": None,
    },
    "income": {
        "person_id": None,
        "household_id": None,
        "month": date(2024, 1, 1),
        "period_months": 1,
        "kind": "wage",
        "source_dept": "RS",
        "record_no": "1",
        "amount": 100_000,
        "quality": "registered",
    },
    "employment": {
        "person_id": "P1",
        "start": date(2020, 1, 1),
        "end": None,
        "employer": None,
        "record_no": "1",
        "industry": None,
        "form": "contract",
        "end_reason": None,
        "contribution_base": None,
        "contributed_until": None,
        "hours_week": None,
    },
    "medical": {
        "person_id": "P1",
        "event_id": "M1",
        "event_date": date(2024, 1, 10),
        "kind": "outpatient",
        "icd10": None,
        "serious": None,
        "total": None,
        "in_catalogue": None,
        "basic_paid": None,
        "cii_paid": None,
        "assistance_paid": None,
        "supplementary_paid": None,
        "oop": None,
        "los_days": None,
    },
    "benefit": {
        "person_id": None,
        "household_id": None,
        "programme": "DB",
        "month": date(2024, 1, 1),
        "amount": 50_000,
        "status": "in_payment",
        "authority": None,
        "decision_no": None,
    },
    "event": {
        "person_id": None,
        "household_id": None,
        "event_id": "E1",
        "event_code": "ACC",
        "event_date": date(2024, 1, 10),
        "severity": None,
        "loss": None,
    },
    "enrolment": {
        "person_id": "P1",
        "scheme": "medical_resident",
        "start": date(2020, 1, 1),
        "end": None,
    },
    "disability": {
        "person_id": "P1",
        "issued": date(2020, 1, 1),
        "type": "limb",
        "level": 2,
        "expires": None,
    },
    "schooling": {
        "person_id": "P1",
        "school_year": 2023,
        "stage": "primary",
        "public": None,
        "fee_norm": None,
        "aid_amount": None,
    },
    "kin": {"person_id": "P1", "kin_id": "P2", "relation": "child"},
    "utility": {
        "household_id": "H1",
        "month": date(2024, 1, 1),
        "kind": "electricity",
        "quantity": None,
        "arrears_months": None,
    },
}


SCHEMAS = {kind: KINDS[kind].create_empty().schema for kind in KINDS}


NO_COUNTS = pl.DataFrame(
    schema={"kind": pl.String, "area": pl.String, "month": pl.Date, "known_on": pl.Date, "rows": pl.Int64}
)


def records(kind: str, table: Table = ()) -> pl.DataFrame:
    """A checked frame of one kind from a text table or dicts; columns that are not named take their defaults."""
    schema = SCHEMAS[kind]
    rows = [_filled(kind, row) for row in (_parsed(table, schema) if isinstance(table, str) else table)]
    frame = pl.DataFrame(
        {name: [row[name] for row in rows] for name in schema}, schema=_loose(schema), strict=False
    )
    return KINDS[kind].validate(frame.cast(dict(schema)), cast=True)


def sources(revised: Mapping[str, pl.DataFrame] | None = None, **tables: Table | pl.DataFrame) -> Sources:
    """``Sources`` of the given kinds. Without a household or member table: one household H1 with one person P1."""
    given = {"household": [{}], "member": [{}], **tables}
    frames = {
        kind: table if isinstance(table, pl.DataFrame) else records(kind, table) for kind, table in given.items()
    }
    return Sources({kind: frame.lazy() for kind, frame in frames.items()}, revised or {})


def context(
    somebody: Sources, as_of: date, db_line: Mapping[str, int] | None = None, last_month: date | None = None
) -> Context:
    """The context of these sources on the day; ``last_month`` is what every source is to have reported last.

    No source has had a break: a world of a few records has months without any.
    """
    frames = somebody.frames
    counts = [
        reporting_counts(kind, with_area(frame, frames["member"], frames["household"]))
        for kind, frame in frames.items()
        if kind in HAPPENED and kind not in ("household", "member")
    ]
    calendar = calendar_of(pl.concat([*counts, NO_COUNTS]), as_of)
    if last_month is not None:
        areas = frames["household"].select(pl.col("region").str.slice(0, 9).alias("area")).unique().collect()
        kinds = pl.DataFrame({"kind": list(KINDS)})
        calendar = kinds.join(areas, how="cross").with_columns(last_month=pl.lit(last_month)).sort("kind", "area")
    return Context(calendar.drop("first_month", strict=False), db_line)


def month(text: str) -> date:
    """The first day of a month written ``2024-01``."""
    return date.fromisoformat(f"{text}-01")


def _filled(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(row) - set(SCHEMAS[kind])
    if unknown:
        raise KeyError(f"{kind} has no column {', '.join(sorted(unknown))}")
    full = {**COMMON, **DEFAULTS[kind], **row}
    if kind in ("income", "benefit", "event") and full["person_id"] is None and full["household_id"] is None:
        full["person_id"] = "P1"
    full.setdefault("known_on", _happened(kind, full))
    return full


def _happened(kind: str, row: Mapping[str, Any]) -> date:
    day = row.get(HAPPENED.get(kind, ""), LONG_AGO)
    if kind in MONTH_KINDS:
        return day.replace(day=monthrange(day.year, day.month)[1])
    return day


def _parsed(table: str, schema: Mapping[str, pl.DataType]) -> list[dict[str, Any]]:
    lines = [line for line in table.splitlines() if line.strip()]
    names = [name.strip() for name in lines[0].split("|")]
    rows = []
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != len(names):
            raise ValueError(f"{len(cells)} cells under {len(names)} column names")
        rows.append({name: _value(cell, schema[name]) for name, cell in zip(names, cells, strict=True) if cell})
    return rows


def _value(cell: str, dtype: pl.DataType) -> Any:
    if cell == "-":
        return None
    if dtype == pl.Date:
        return month(cell) if len(cell) == 7 else date.fromisoformat(cell)
    if dtype == pl.Boolean:
        return {"true": True, "false": False}[cell]
    if dtype.is_integer():
        return int(cell)
    return float(cell) if dtype.is_float() else cell


def _loose(schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType | type[pl.DataType]]:
    return {name: pl.String if isinstance(dtype, pl.Enum) else dtype for name, dtype in schema.items()}
