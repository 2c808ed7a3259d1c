"""The straightforward pandas version, first part: what was known, who lives where, what has been reported.

Written as a good pandas user would: whole columns, one merge on the person's id per source, groups by integers, no
loops or ``apply`` over rows. Unknown is NaN.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from features.records import HAPPENED, KEYS, KINDS

Read = Callable[[str, list[str]], pd.DataFrame]
"""The named columns of all versions of a kind; dates as datetime64, enums as categories."""

MEMBER: Final = [
    "person_id", "household_id", "relation", "birth_date", "age_reported", "marital", "education", "is_migrant",
    "death_date", "valid_from", "valid_to",
]  # fmt: skip
HOUSEHOLD: Final = [
    "household_id", "region", "area_kind", "weight", "tenure", "dwelling_area_m2", "rooms", "dwelling_safety",
    "piped_water", "inside_toilet", "land_mu", "valid_from", "valid_to",
]  # fmt: skip
SCHOOLING_YEARS: Final = {10: 19, 20: 16, 30: 15, 40: 12, 60: 12, 70: 9, 80: 6, 90: 0}


@dataclass(frozen=True)
class Inputs:
    """Records, the keys of which there are several versions, the reporting calendar, the local line, the day."""

    read: Read
    revised: Mapping[str, pd.DataFrame]
    calendar: pd.DataFrame
    db_line: Mapping[str, int]
    as_of: date

    @property
    def day(self) -> pd.Timestamp:
        return pd.Timestamp(self.as_of)


@dataclass(frozen=True)
class People:
    """``homes``: one row per household, numbered from 0; ``members``: one row per person and household."""

    given: Inputs
    homes: pd.DataFrame
    members: pd.DataFrame


def known(given: Inputs, kind: str, columns: list[str]) -> pd.DataFrame:
    """The newest version of each record known on the day, withdrawn ones gone."""
    key = list(KEYS[kind])
    names = list(dict.fromkeys([*columns, *key, HAPPENED.get(kind, "known_on"), "known_on", "seq", "void"]))
    rows = given.read(kind, names)
    rows = rows[rows["known_on"] <= given.day]
    again = given.revised[kind]
    if len(again):
        owner = next(name for name in key if again[name].notna().any())
        several = rows[owner].isin(again[owner].unique())
        newest = rows[several].sort_values(["known_on", "seq"]).drop_duplicates(key, keep="last")
        rows = pd.concat([rows[~several], newest])
    return rows.loc[~rows["void"], columns]


def people_of(given: Inputs) -> People:
    """Households valid on the day with a living member, and everybody who has begun to live there."""
    day = given.day
    member = known(given, "member", MEMBER)
    member = member[member["valid_from"] <= day]
    member = member.sort_values("valid_from").drop_duplicates(["person_id", "household_id"], keep="last")
    dead = member["death_date"] <= day
    member["present"] = ~dead & (member["valid_to"].isna() | (member["valid_to"] >= day))
    member["age"] = age_on(member, day)
    member["gone_on"] = member[["death_date", "valid_to"]].min(axis=1).where(~member["present"])
    home = known(given, "household", HOUSEHOLD)
    home = home[(home["valid_from"] <= day) & (home["valid_to"].isna() | (home["valid_to"] >= day))]
    home = home.sort_values("valid_from").drop_duplicates("household_id", keep="last")
    lived_in = member.loc[member["present"], "household_id"].unique()
    home = home[home["household_id"].isin(lived_in)].sort_values("household_id").reset_index(drop=True)
    home["area"] = home["region"].str[:9]
    home["home"] = np.arange(len(home))
    member = member.merge(home[["household_id", "home"]], on="household_id").reset_index(drop=True)
    member["person"] = pd.factorize(member["person_id"])[0]
    return People(given, home, member)


def age_on(member: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    born = member["birth_date"]
    ahead = (born.dt.month > day.month) | ((born.dt.month == day.month) & (born.dt.day > day.day))
    return (day.year - born.dt.year - ahead).where(born.notna(), member["age_reported"])


def month_number(days: pd.Series) -> pd.Series:
    return days.dt.year * 12 + days.dt.month


def number_of(day: pd.Timestamp) -> int:
    return int(day.year * 12 + day.month)


def last_months(people: People, kind: str) -> pd.DataFrame:
    """By household: number of the last month reported for its area, and the months from the first to it."""
    calendar = people.given.calendar
    calendar = calendar[calendar["kind"] == kind]
    last = month_number(calendar["last_month"])
    table = pd.DataFrame(
        {"area": calendar["area"], "last": last, "unbroken": last - month_number(calendar["first_month"])}
    )
    return people.homes[["area"]].merge(table, on="area", how="left")[["last", "unbroken"]]


def owned(
    people: People, kind: str, columns: list[str], *, facts: tuple[str, ...] = (), gone: bool = False
) -> pd.DataFrame:
    """Records with the household where their person lives (or whose they are), its last month and ``facts``."""
    ids = [name for name in ("person_id", "household_id") if name in KINDS[kind].column_names()]
    rows = known(people.given, kind, [*ids, *columns])
    parts = []
    if "person_id" in ids:
        members = people.members if gone else people.members[people.members["present"]]
        there = members[["person_id", "home", "person", "gone_on", *facts]]
        mine = rows.drop(columns="household_id", errors="ignore").merge(there, on="person_id")
        if gone:
            mine = mine[mine["gone_on"].isna() | (mine[HAPPENED[kind]] <= mine["gone_on"])]
        parts.append(mine.drop(columns=["person_id", "gone_on"]))
    if "household_id" in ids:
        own = rows.merge(people.homes[["household_id", "home"]], on="household_id")
        parts.append(own.drop(columns=ids))
    together = parts[0] if len(parts) == 1 or not len(parts[1]) else pd.concat(parts, ignore_index=True)
    months = last_months(people, kind)
    together["last"] = months["last"].to_numpy()[together["home"].to_numpy()]
    together["unbroken"] = months["unbroken"].to_numpy()[together["home"].to_numpy()]
    return together


def ratio(part: pd.Series, whole: pd.Series, low: float, high: float) -> pd.Series:
    return (part / whole.where(whole > 0)).clip(low, high)


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return ratio(part, whole, 0, 1)


def yes(condition: pd.Series, where: pd.Series | None = None) -> pd.Series:
    return condition.astype(float) if where is None else condition.astype(float).where(where)


def within(age: pd.Series, months: int) -> pd.Series:
    return (age >= 0) & (age < months)
