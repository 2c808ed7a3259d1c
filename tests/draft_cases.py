"""Small nights for drafting: households, findings, open work and staff, stating only what matters."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from outreach.candidates import LIKELY_COLUMNS
from outreach.drafting import Draft, draft_lists
from outreach.findings import FINDINGS_SCHEMA
from outreach.policy import Policy
from outreach.sharing import Staff

DAY = date(2025, 6, 9)
POLICY = Policy.from_toml((Path(__file__).parents[1] / "outreach" / "policy.toml").read_text("utf-8"))
KEY = b"a key for tests"
CANDIDATE_SCHEMA = {
    "household_id": pl.String,
    "region": pl.String,
    "area": pl.String,
    "stratum": pl.String,
    "poverty_priority": pl.Float64,
    "emergency_priority": pl.Float64,
    "income_ratio": pl.Float64,
    "unsupported": pl.Boolean,
    "never_applied": pl.Boolean,
    "digital_trace": pl.String,
    "blank_share": pl.Float64,
    **dict.fromkeys(LIKELY_COLUMNS, pl.Float64),
    "floor_group": pl.String,
    "two_go": pl.Boolean,
}
ORDINARY = {
    "region": "990101001001",
    "area": "990101001",
    "stratum": "rural",
    "poverty_priority": 0.1,
    "emergency_priority": 0.01,
    "income_ratio": 2.0,
    "unsupported": True,
    "never_applied": False,
    "digital_trace": "normal",
    "blank_share": 0.0,
}
OPEN_WORK_SCHEMA = {"household_id": pl.String, "state": pl.String, "since": pl.Date, "outcome": pl.String}
Row = Mapping[str, Any]


def households(count: int, start: int = 0, **more: Any) -> list[dict[str, Any]]:
    return [{"household_id": f"H{number:04d}", **more} for number in range(start, start + count)]


def candidates(rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame([{**ORDINARY, **row} for row in rows], schema=CANDIDATE_SCHEMA)


def gap(household: str, **more: Any) -> dict[str, Any]:
    return {
        "household_id": household,
        "code": "GAP-DB",
        "programme": "DB",
        "known_on": DAY,
        "weight": 3.0,
        "score": 3.0,
        **more,
    }


def event(household: str, urgent: bool = False, **more: Any) -> dict[str, Any]:
    said = {
        "code": "EV-DSR" if urgent else "EV-MED6",
        "happened_on": DAY,
        "known_on": DAY,
        "weight": 4.0 if urgent else 3.0,
    }
    return {"household_id": household, "score": 2.0, "urgent": urgent, **said, **more}


def findings(rows: Sequence[Row]) -> pl.DataFrame:
    plain = {"urgent": False, "near_certain": False}
    return pl.DataFrame([{**plain, **row} for row in rows], schema=FINDINGS_SCHEMA)


def staff(
    workers: Mapping[str, int] | None = None,
    areas: Sequence[tuple[str, str]] = (("Ana", "990101001"),),
    leave: Sequence[tuple[str, date, date]] = (),
    planned: int = 0,
) -> Staff:
    given = workers or {"Ana": 25}
    return Staff(
        pl.DataFrame(
            {
                "caseworker_id": list(given),
                "capacity_week": list(given.values()),
                "planned_this_week": [planned] * len(given),
            }
        ),
        pl.DataFrame(list(areas), schema={"caseworker_id": pl.String, "region": pl.String}, orient="row"),
        pl.DataFrame(
            list(leave), schema={"caseworker_id": pl.String, "first": pl.Date, "last": pl.Date}, orient="row"
        ),
    )


def drafted(
    people: Sequence[Row],
    found: Sequence[Row] = (),
    open_work: Sequence[Row] = (),
    team: Staff | None = None,
    policy: Policy = POLICY,
    day: date = DAY,
    key: bytes = KEY,
    **more: Any,
) -> Draft:
    return draft_lists(
        candidates(people),
        findings(found),
        pl.DataFrame(list(open_work), schema=OPEN_WORK_SCHEMA),
        team or staff(),
        policy,
        business_date=day,
        key=key,
        **more,
    )


def lanes(draft: Draft) -> dict[str, int]:
    counted = draft.items["lane"].cast(pl.String).value_counts()
    return dict(sorted(counted.iter_rows()))


def reason(draft: Draft, household: str) -> str:
    return str(draft.left_out.filter(household_id=household)["reason"].item())
