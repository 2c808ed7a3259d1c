"""The pandas version of the columns about members, the dwelling, school, certificates and utilities."""

import numpy as np
import pandas as pd

from bench.pandas_roster import SCHOOLING_YEARS, People, month_number, owned, ratio, share, within, yes


def measures(people: People) -> pd.DataFrame:
    """Counts of members by household, which other columns need as well."""
    all_members = people.members
    year_ago = people.given.day - pd.DateOffset(months=12)
    here = all_members[all_members["present"]]
    age, home = here["age"], here["home"]
    adult = age >= 18
    migrant = here["is_migrant"].astype(float)
    years = here["education"].map(SCHOOLING_YEARS)
    grown = years.where(adult)
    counted = pd.DataFrame(
        {
            "members": True,
            "6_to_13": age.between(6, 13), "14_to_17": age.between(14, 17),
            "18_to_24": age.between(18, 24), "25_to_59": age.between(25, 59),
            "under_6": age < 6, "children": age < 16, "minors": age < 18,
            "working_age": age.between(16, 59), "below_60": age.between(18, 59), "elders": age >= 60,
            "over_80": age >= 80, "adults": adult, "oecd_adults": age >= 14,
            "migrants": migrant == 1, "migrant_known": migrant.notna(), "adult_ages": age.where(adult, 0),
            "joined": here["valid_from"] > year_ago, "schooling_sum": grown.fillna(0),
            "schooling_known": grown.notna(), "schooling_low": grown < 9, "schooling_senior": grown >= 12,
        },
        index=here.index,
    )  # fmt: skip
    table = counted.astype(np.int64).groupby(home).sum()
    by_home = here.groupby("home")
    table["oldest"], table["youngest"] = by_home["age"].max(), by_home["age"].min()
    table["schooling_max"] = grown.groupby(home).max()
    head = here[here["relation"] == "head"].assign(schooling=years).groupby("home")
    table["head_age"], table["head_marital"] = head["age"].max(), head["marital"].max()
    table["head_schooling"] = head["schooling"].max()
    left = all_members[~all_members["present"] & (all_members["gone_on"] > year_ago)]
    table["left"] = left.groupby("home").size()
    table["left"] = table["left"].fillna(0)
    return table.reindex(people.homes["home"])


def oecd_scale(table: pd.DataFrame) -> pd.Series:
    adults, members = table["oecd_adults"], table["members"]
    children = members - adults
    tenths = (10 + 5 * (adults - 1) + 3 * children).where(adults > 0, 10 + 3 * (children - 1))
    return tenths / 10


def household_columns(people: People, table: pd.DataFrame) -> dict[str, pd.Series]:
    homes = people.homes
    members = table["members"]
    marital = table["head_marital"]
    told = marital.notna() & (marital != 90)
    old_enough = homes["valid_from"] <= people.given.day - pd.DateOffset(months=12)
    return {
        "household_size": members,
        "equivalent_adults": oecd_scale(table),
        "children": table["children"],
        "children_under_6": table["under_6"],
        **{f"members_{band}": table[band] for band in ("6_to_13", "14_to_17", "18_to_24", "25_to_59")},
        "elders": table["elders"],
        "members_80_plus": table["over_80"],
        "working_age_share": share(table["working_age"], members),
        "dependants_per_working_age": ratio(members - table["working_age"], table["working_age"], 0, 20),
        "is_lone_elder": yes((members == 1) & (table["elders"] == 1)),
        "is_elders_only": yes(table["elders"] == members),
        "is_single_parent": yes((table["adults"] == 1) & (table["minors"] > 0)),
        "is_skip_generation": yes((table["minors"] > 0) & (table["elders"] > 0) & (table["below_60"] == 0)),
        "head_age": table["head_age"],
        "oldest_age": table["oldest"],
        "youngest_age": table["youngest"],
        "adult_age_mean": ratio(table["adult_ages"], table["adults"], 18, 130),
        "head_has_partner": yes(marital.isin([20, 21, 22, 23]), told),
        "head_is_widowed": yes(marital == 30, told),
        "head_is_divorced": yes(marital == 40, told),
        "head_never_married": yes(marital == 10, told),
        "migrant_share": share(table["migrants"], table["migrant_known"]),
        "members_joined_12m": table["joined"].where(old_enough),
        "members_left_12m": table["left"].where(old_enough),
        "head_schooling_years": table["head_schooling"],
        "adult_schooling_years_max": table["schooling_max"],
        "adult_schooling_years_mean": ratio(table["schooling_sum"], table["schooling_known"], 0, 19),
        "adults_below_junior_share": share(table["schooling_low"], table["schooling_known"]),
        "adults_senior_share": share(table["schooling_senior"], table["schooling_known"]),
        "members_per_room": ratio(members, homes["rooms"], 0, 20),
        "dwelling_area_per_head": ratio(homes["dwelling_area_m2"], members, 0, 2_000),
        "owns_dwelling": yes(homes["tenure"] == "own", homes["tenure"].notna()),
        "rents_dwelling": yes(homes["tenure"].isin(["rent", "public_rental"]), homes["tenure"].notna()),
        "dwelling_safety_grade": homes["dwelling_safety"].map({"A": 0, "B": 1, "C": 2, "D": 3}).astype(float),
        "has_piped_water": homes["piped_water"].astype(float),
        "has_inside_toilet": homes["inside_toilet"].astype(float),
        "land_per_head": ratio(homes["land_mu"], members, 0, 1_000),
    }


def disability_columns(people: People, table: pd.DataFrame) -> dict[str, pd.Series]:
    day = people.given.day
    rows = owned(people, "disability", ["issued", "expires", "level"], facts=("age",))
    rows = rows[(rows["issued"] <= day) & (rows["expires"].isna() | (rows["expires"] >= day))]
    rows["severe"] = rows["level"] <= 2
    rows["new"] = rows["severe"] & (rows["issued"] > day - pd.DateOffset(months=12))
    rows["working"] = rows["age"].between(16, 59)
    holders = rows.groupby(["home", "person"])[["severe", "new", "working"]].max().assign(holders=True)
    counts = holders.astype(np.int64).groupby("home").sum().reindex(table.index, fill_value=0)
    return {
        "disabled_members": counts["holders"],
        "severely_disabled_members": counts["severe"],
        "disabled_share": share(counts["holders"], table["members"]),
        "disabled_of_working_age_share": share(counts["working"], table["working_age"]),
        "new_severe_disability_12m": counts["new"],
    }


def school_measures(people: People, table: pd.DataFrame) -> pd.DataFrame:
    day = people.given.day
    due = day.year - (0 if day.month == 12 else 1)
    rows = owned(people, "schooling", ["school_year", "stage", "fee_norm", "aid_amount"], facts=("age",))
    current = rows["school_year"] >= due
    rows["at_school"] = current
    rows["last_year"] = rows["school_year"] == due - 1
    rows["beyond"] = current & rows["stage"].isin(["senior", "vocational", "higher"])
    rows["higher"] = current & (rows["stage"] == "higher")
    rows["fees"] = (rows["fee_norm"] - rows["aid_amount"].fillna(0)).where(current)
    names = ["at_school", "last_year", "beyond", "higher", "fees", "age"]
    pupils = rows.groupby(["home", "person"])[names].max()
    of_age = pupils["age"].between(6, 15)
    pupils["missing"] = of_age & pupils["last_year"] & ~pupils["at_school"]
    pupils["fees"] = pupils["fees"].where(pupils["fees"] > 0, 0)
    names = ["at_school", "beyond", "higher", "missing", "fees"]
    return pupils[names].astype(np.int64).groupby("home").sum().reindex(table.index, fill_value=0)


def school_columns(school: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "members_at_school": school["at_school"],
        "students_beyond_compulsory": school["beyond"],
        "students_in_higher_education": school["higher"],
        "children_out_of_school": school["missing"],
        "school_fees_net": school["fees"],
    }


def utility_columns(people: People, table: pd.DataFrame) -> dict[str, pd.Series]:
    rows = owned(people, "utility", ["month", "kind", "quantity", "arrears_months"])
    age = rows["last"] - month_number(rows["month"])
    power = (rows["kind"] == "electricity") & rows["quantity"].notna()
    used = (rows["quantity"] * 1_000).round()
    recent, before = power & within(age, 3), power & within(age, 12) & (age >= 3)
    rows["arrears"] = rows["arrears_months"].where(within(age, 3))
    rows["recent"], rows["before"] = used.where(recent, 0), used.where(before, 0)
    rows["recent_months"], rows["before_months"] = recent, before
    by_home = rows.groupby("home")
    sums = by_home[["recent", "recent_months", "before", "before_months"]].sum().reindex(table.index)
    arrears = by_home["arrears"].max().reindex(table.index)
    usual, now = sums["before"] / sums["before_months"], sums["recent"] / sums["recent_months"]
    recorded = (sums["recent_months"] > 0) & (sums["before"] > 0)
    return {
        "arrears_months_3m": arrears.clip(0, 120),
        "has_arrears": yes(arrears >= 2, arrears.notna()),
        "electricity_drop_3m": (1 - now / usual).clip(-1, 1).where(recorded),
    }
