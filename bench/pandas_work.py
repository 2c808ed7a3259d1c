"""The pandas version of the columns about work and life events."""

import numpy as np
import pandas as pd

from bench.pandas_roster import People, month_number, number_of, owned, ratio, share, yes
from features.events import HALF_LIVES, ONE

FORMS = {"contract": "contract", "dispatch": "dispatch", "informal": "informal", "self": "self_employed",
         "employer": "employer", "platform": "platform_worker", "farm": "farm_worker",
         "public_service_post": "public_service_post"}  # fmt: skip
INDUSTRIES = {
    "manufacturing": ["C"],
    "construction": ["E"],
    "residents_services": ["O"],
    "public_sector": ["P", "Q", "S"],
}
EVENTS = {"DTH": "death", "JAIL": "detention", "LOST": "parent_lost", "EDU1": "dropout", "DSR": "disaster",
          "ACC": "accident", "HSE": "housing_event", "DIV": "family_break", "CHD": "unguarded_child",
          "BIZ": "business_closed", "CALL": "hotline"}  # fmt: skip


def work_measures(people: People, table: pd.DataFrame) -> pd.DataFrame:
    """By household: workers by form and industry, hours, what ended; NaN where the source held no spell."""
    day = people.given.day
    columns = ["start", "end", "form", "industry", "contribution_base", "contributed_until", "hours_week"]
    rows = owned(people, "employment", columns, facts=("relation",))
    jobless = rows["form"] == "unemployed"
    still = (rows["start"] <= day) & (rows["end"].isna() | (rows["end"] >= day))
    works = still & ~jobless
    paid = month_number(rows["contributed_until"])
    start = month_number(rows["start"])
    tenths = (rows["hours_week"] * 10).round()
    flags = {f"in_{form}": works & (rows["form"] == form) for form in FORMS}
    flags |= {f"in_{name}": works & rows["industry"].isin(codes) for name, codes in INDUSTRIES.items()}
    flags |= {
        "in_industry": works & rows["industry"].notna(),
        "works": works,
        "jobless": still & jobless,
        "newly": jobless & (rows["start"] <= day) & (rows["start"] > day - pd.DateOffset(months=3)),
        "hours_known": works & tenths.notna(),
        "head": rows["relation"] == "head",
    }
    ended = ~jobless & (rows["end"] < day) & (rows["end"] >= day - pd.DateOffset(months=12))
    sums = {"jobs": works, "ended": ended, "tenths": tenths.where(works, 0).fillna(0),
            "base": rows["contribution_base"].where(works, 0).fillna(0)}  # fmt: skip
    others = {"paid_months": paid - start + 1, "tenure": (number_of(day) - start).where(works)}
    keys = [rows["home"], rows["person"]]
    each = pd.DataFrame(flags | others).groupby(keys, sort=False).max()
    each = each.join(pd.DataFrame(sums).astype(np.int64).groupby(keys, sort=False).sum())
    each["paid_ago"] = (rows["last"] - paid).groupby(keys, sort=False).min()
    return _by_home(each.reset_index(), list(flags)).reindex(table.index)


def _by_home(each: pd.DataFrame, flags: list[str]) -> pd.DataFrame:
    head, works, ago = each["head"], each["works"], each["paid_ago"]
    each["jobless"] &= ~works
    each["newly"] &= ~works
    each["part_time"] = works & each["hours_known"] & (each["tenths"] < 350)
    each["contributor"] = ago <= 1
    each["broken"] = (ago >= 2) & (ago < 12) & (each["paid_months"] >= 6)
    for name in ("works", "jobless", "in_contract"):
        each[f"head_{name}"] = head & each[name]
    each["head_tenths"] = each["tenths"].where(head & each["hours_known"])
    each["head_tenure"] = each["tenure"].where(head)
    by_home = each.groupby("home")
    counted = [*flags, "jobs", "ended", "tenths", "base", "part_time", "contributor", "broken"]
    table = by_home[counted].sum()
    heads = ["head_works", "head_jobless", "head_in_contract", "head_tenths", "head_tenure"]
    table[heads] = by_home[heads].max()
    table["paid_ago"] = by_home["paid_ago"].min()
    return table


def work_columns(table: pd.DataFrame, work: pd.DataFrame) -> dict[str, pd.Series]:
    known = work["works"].notna()
    workers, jobless, members, of_age = work["works"], work["jobless"], table["members"], table["working_age"]
    head_known = work["head"] > 0
    hours = work["tenths"] / 10
    found = {f"{name}_share": share(work[f"in_{form}"], workers) for form, name in FORMS.items()}
    found |= {f"{name}_share": share(work[f"in_{name}"], work["in_industry"]) for name in INDUSTRIES}
    return found | {
        "workers": workers,
        "workers_per_working_age": ratio(workers, of_age, 0, 5),
        "workers_share": share(workers, members),
        "is_zero_employment": yes((workers == 0) & (of_age > 0), known),
        "unemployed": jobless,
        "unemployed_share": share(jobless, jobless + workers),
        "head_works": work["head_works"].astype(float).where(head_known),
        "head_is_unemployed": work["head_jobless"].astype(float).where(head_known),
        "head_has_contract": work["head_in_contract"].astype(float).where(head_known),
        "head_tenure_12m": work["head_tenure"].clip(0, 12),
        "head_hours_week": (work["head_tenths"] / 10).clip(0, 168),
        "hours_week_per_worker": ratio(hours, work["hours_known"], 0, 168),
        "hours_week_per_member": ratio(hours, members, 0, 168).where(work["hours_known"] > 0),
        "part_time_share": share(work["part_time"], work["hours_known"]),
        "jobs_per_worker": ratio(work["jobs"], workers, 0, 10),
        "spells_ended_12m": work["ended"],
        "newly_unemployed_3m": work["newly"],
        "contribution_breaks": work["broken"],
        "months_since_contribution": work["paid_ago"].clip(0, 12),
        "contributors_per_working_age": ratio(work["contributor"], of_age, 0, 5),
        "contribution_base_per_worker": (work["base"] / workers).where((workers > 0) & (work["base"] > 0)),
    }


def event_measures(people: People, table: pd.DataFrame) -> pd.DataFrame:
    """By household: decayed weights by code in units of 2^-20, number, loss; zero where there is no event."""
    rows = owned(people, "event", ["event_code", "event_date", "severity", "loss"], gone=True)
    rows["days"] = (people.given.day - rows["event_date"]).dt.days
    rows = rows[rows["days"].between(0, 365)]
    half_life = rows["event_code"].map({code: life for code, (_, life) in HALF_LIVES.items()})
    decay = (ONE * 2.0 ** (-rows["days"] / half_life)).round()
    weight = rows["event_code"].map({code: weight for code, (weight, _) in HALF_LIVES.items()})
    rows["score"], rows["severe"] = decay * weight, rows["severity"] >= 2
    for code in EVENTS:
        rows[code] = decay.where(rows["event_code"] == code, 0)
    by_home = rows.groupby("home")
    found = by_home[["score", "severe", "loss", *EVENTS]].sum()
    found["events"] = by_home.size()
    found = found.reindex(table.index, fill_value=0)
    found["days"] = by_home["days"].min()
    return found


def event_columns(events: pd.DataFrame) -> dict[str, pd.Series]:
    return {f"{name}_decayed": events[code] / ONE for code, name in EVENTS.items()} | {
        "event_score": (events["score"] / ONE).clip(0, 400),
        "events_12m": events["events"],
        "severe_events_12m": events["severe"],
        "days_since_event": events["days"],
    }
