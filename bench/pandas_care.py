"""The pandas version of the columns about illness, benefits and insurance."""

import numpy as np
import pandas as pd

from bench.pandas_roster import People, last_months, month_number, owned, share, within, yes
from features.support import FAMILIES, MEANS_TESTED

MONTHS = range(12)
PAID = {
    "db": "has_db",
    "tk": "has_tk",
    "margin": "has_margin_status",
    "disability_benefit": "has_disability_benefit",
    "child_benefit": "has_child_benefit",
    "old_age": "has_old_age_allowance",
    "housing": "has_housing_assistance",
    "education_aid": "has_education_aid",
    "unemployment": "has_unemployment_benefit",
}


def insurance_measures(people: People, table: pd.DataFrame) -> pd.DataFrame:
    """By household: members insured by scheme; zero where the register holds nobody."""
    day = people.given.day
    rows = owned(people, "enrolment", ["scheme", "start", "end"], facts=("age",))
    active = (rows["start"] <= day) & (rows["end"].isna() | (rows["end"] >= day))
    health = rows["scheme"].astype(str).str.startswith("medical")
    lapsed = (rows["end"] < day) & (rows["end"] >= day - pd.DateOffset(months=12))
    flags = pd.DataFrame(
        {
            "health_ever": health,
            "health": active & health,
            "employee": active & (rows["scheme"] == "medical_employee"),
            "private": active & (rows["scheme"] == "medical_private"),
            "pension": active & ~health & (rows["age"] >= 16),
            "lapsed": lapsed & health,
        }
    )
    each = flags.groupby([rows["home"], rows["person"]], sort=False).max()
    each["lapsed"] &= ~each["health"]
    return each.astype(np.int64).groupby("home").sum().reindex(table.index, fill_value=0)


def insurance_columns(table: pd.DataFrame, insured: pd.DataFrame) -> dict[str, pd.Series]:
    members = table["members"]
    return {
        "health_cover_share": share(insured["health"], members),
        "employee_health_share": share(insured["employee"], members),
        "private_health_share": share(insured["private"], members),
        "pension_cover_share": share(insured["pension"], members - table["children"]),
        "health_cover_lapsed_12m": insured["lapsed"],
    }


def medical_measures(people: People, table: pd.DataFrame, insured: pd.DataFrame) -> pd.DataFrame:
    """By household: costs and claims of the year (``known_*`` as told where the source knows a member)."""
    rows = owned(people, "medical", ["event_date", "kind", "serious", "oop", "total", "los_days"])
    age = rows["last"] - month_number(rows["event_date"])
    year, recent = within(age, 12), within(age, 3)
    inpatient = rows["kind"] == "inpatient"
    chronic = rows["kind"].isin(["chronic", "chronic_registration"])
    serious = rows["serious"].fillna(False).astype(bool)
    keys = [rows["home"], rows["person"]]
    sums = pd.DataFrame(
        {
            "oop": rows["oop"].where(year, 0).fillna(0), "oop_3m": rows["oop"].where(recent, 0).fillna(0),
            "billed": rows["total"].where(year & rows["oop"].notna(), 0).fillna(0),
            "priced": year & rows["oop"].notna(),
            "unpriced": year & rows["oop"].isna() & (rows["kind"] != "chronic_registration"),
            "admissions": year & inpatient, "visits": year & rows["kind"].isin(["outpatient", "chronic"]),
            "days": rows["los_days"].where(year & inpatient, 0).fillna(0),
        }
    ).astype(np.int64)  # fmt: skip
    most = pd.DataFrame(
        {"oop_largest": rows["oop"].where(year & inpatient), "chronic_first": age.where(chronic),
         "serious": year & serious, "serious_first": age.where(serious)}
    )  # fmt: skip
    each = sums.groupby(keys, sort=False).sum().join(most.groupby(keys, sort=False).max())
    each["oop_of_one"], each["patients"] = each["oop"], 1
    each["chronic"], each["chronic_new"] = each["chronic_first"].notna(), within(each["chronic_first"], 12)
    each["serious_new"] = within(each["serious_first"], 12)
    by_home = each.groupby("home")
    added = [*sums.columns, "patients", "chronic", "chronic_new", "serious", "serious_new"]
    found = by_home[added].sum().join(by_home[["oop_largest", "oop_of_one"]].max())
    found["admitted_ago"] = age.where(inpatient & (age >= 0)).groupby(rows["home"]).min()
    clinic = rows.assign(ago=age)[rows["kind"].isin(["outpatient", "chronic"]) & year]
    by_month = clinic.groupby(["home", "ago"])["total"].sum().unstack()
    found["clinic_months"], found["heavy_months"] = (by_month > 0).sum(axis=1), (by_month >= 500_00).sum(axis=1)
    found[["clinic_months", "heavy_months"]] = found[["clinic_months", "heavy_months"]].fillna(0)
    found = found.reindex(table.index)
    reported = last_months(people, "medical")["last"].notna()
    for name in (*added, "oop_largest", "clinic_months", "heavy_months"):
        found[f"known_{name}"] = (
            found[name].mask(found[name].isna() & (insured["health_ever"] > 0), 0).where(reported)
        )
    found["known_oop"] = found["known_oop"].mask((found["unpriced"] > 0) & (found["priced"] == 0))
    largest = found["oop_largest"].where(found["known_admissions"] > 0)
    found["dearest"] = largest.mask(found["known_admissions"] == 0, 0)
    return found


def medical_columns(table: pd.DataFrame, ill: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "oop_12m": ill["known_oop"],
        "oop_recent_share": share(ill["oop_3m"], ill["oop"]),
        "oop_of_billed_share_12m": share(ill["oop"], ill["billed"]),
        "oop_of_one_share_12m": share(ill["oop_of_one"], ill["oop"]),
        "admissions_12m": ill["known_admissions"],
        "clinic_visits_12m": ill["known_visits"],
        "inpatient_days_12m": ill["known_days"],
        "months_since_admission": ill["admitted_ago"].where(ill["admitted_ago"] < 12),
        "chronic_members": ill["known_chronic"],
        "new_chronic_12m": ill["known_chronic_new"],
        "serious_members_12m": ill["known_serious"],
        "new_serious_12m": ill["known_serious_new"],
        "patients_share": share(ill["known_patients"], table["members"]),
        "heavy_outpatient_months_12m": ill["known_heavy_months"],
        "outpatient_months_12m": ill["known_clinic_months"],
    }


def benefit_measures(people: People, table: pd.DataFrame) -> pd.DataFrame:
    """By household: programmes in payment by family, exits, refusals, relief; NaN where nothing is reported."""
    rows = owned(people, "benefit", ["programme", "month", "amount", "status"])
    age = rows["last"] - month_number(rows["month"])
    paid = rows["status"] == "in_payment"
    year = paid & within(age, 12)
    work = rows[["home", "programme"]].assign(
        paid_ago=age.where(paid), refused_ago=age.where(rows["status"] == "refused"), months=year,
        amount=rows["amount"].where(year, 0),
    )  # fmt: skip
    each = work.groupby(["home", "programme"]).agg(
        {"paid_ago": "min", "refused_ago": "min", "months": "sum", "amount": "sum"}
    )
    each = each.reset_index()
    now, tested = each["paid_ago"] <= 0, each["programme"].isin(MEANS_TESTED)
    ended = (each["paid_ago"] >= 1) & (each["paid_ago"] < 12)
    refused = within(each["refused_ago"], 12)
    for family, codes in FAMILIES.items():
        each[family] = now & each["programme"].isin(codes)
    each["programmes"], each["exits"], each["refusals"] = now, ended & tested, refused
    each["ran_out"] = ended & (each["programme"] == "SY")
    each["relief"] = each["months"].where(each["programme"].str.startswith("LS"), 0)
    each["exit_ago"] = each["paid_ago"].where(ended & tested)
    each["supported"] = each["months"].where(tested)
    by_home = each.groupby("home")
    counts = by_home[[*FAMILIES, "programmes", "exits", "refusals", "ran_out", "relief", "amount"]].sum()
    found = counts.reindex(table.index, fill_value=0)
    found["exit_ago"] = by_home["exit_ago"].min()
    found["supported"] = by_home["supported"].max().reindex(table.index, fill_value=0)
    found["supported"] = found["supported"].fillna(0)
    reported = last_months(people, "benefit")["last"].notna()
    return found.where(reported)


def benefit_columns(support: pd.DataFrame) -> dict[str, pd.Series]:
    reported = support["programmes"].notna()
    return {name: yes(support[family] > 0, reported) for family, name in PAID.items()} | {
        "programmes_in_payment": support["programmes"],
        "months_supported_12m": support["supported"].clip(0, 60),
        "temporary_relief_12m": support["relief"].clip(0, 60),
        "exits_12m": support["exits"],
        "months_since_exit": support["exit_ago"],
        "unemployment_benefit_ended_12m": yes(support["ran_out"] > 0, reported),
        "refusals_12m": support["refusals"],
    }
