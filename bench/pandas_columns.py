"""The same columns as ``features`` makes, in straightforward pandas: what the night's speed is measured against."""

from typing import Any

import numpy as np
import pandas as pd

from bench import pandas_care, pandas_income, pandas_people, pandas_work
from bench.pandas_income import mean_income
from bench.pandas_roster import Inputs, people_of, ratio, yes

KINDS = (
    "wage",
    "business",
    "farm",
    "platform",
    "property",
    "pension",
    "unemployment_benefit",
    "kin_support",
    "other_transfer",
)
COMPARED = ("income_equivalised_12m", "adult_schooling_years_mean", "workers_share")


def pandas_columns(given: Inputs) -> pd.DataFrame:
    """``household_id`` and every column of the catalogue, sorted by household; unknown is NaN."""
    people = people_of(given)
    homes = people.homes
    table = pandas_people.measures(people)
    line = homes["area_kind"].astype(str).map(given.db_line)
    income = pandas_income.income_measures(people, table)
    work = pandas_work.work_measures(people, table)
    insured = pandas_care.insurance_measures(people, table)
    ill = pandas_care.medical_measures(people, table, insured)
    support = pandas_care.benefit_measures(people, table)
    events = pandas_work.event_measures(people, table)
    school = pandas_people.school_measures(people, table)
    found = {
        **pandas_people.household_columns(people, table),
        **pandas_income.income_columns(table, income, line),
        **pandas_income.mix_columns(table, income),
        **pandas_work.work_columns(table, work),
        **pandas_care.medical_columns(table, ill),
        **pandas_people.disability_columns(people, table),
        **pandas_people.school_columns(school),
        **pandas_care.benefit_columns(support),
        **pandas_care.insurance_columns(table, insured),
        **pandas_work.event_columns(events),
        **pandas_people.utility_columns(people, table),
        **_combined(table, income, ill, events, school, support, work, line),
    }
    columns = pd.DataFrame({name: np.asarray(column, dtype=float) for name, column in found.items()})
    columns = columns.assign(**_relative(columns, homes, table["members"]))
    return pd.concat([homes[["household_id"]], columns], axis=1)


def _load(cost: pd.Series, means: pd.Series, high: float) -> pd.Series:
    over = (cost / means).clip(0, high).where(means > 0, high).where(cost > 0, 0.0)
    return over.where(cost.notna() & means.notna())


def _combined(
    table: pd.DataFrame,
    income: pd.DataFrame,
    ill: pd.DataFrame,
    events: pd.DataFrame,
    school: pd.DataFrame,
    support: pd.DataFrame,
    work: pd.DataFrame,
    line: pd.Series,
) -> dict[str, pd.Series]:
    annual, needs = mean_income(income, 12) * 12, line * table["members"] * 12
    capacity, oop, recent = annual - needs, ill["known_oop"], mean_income(income, 3)
    idle = (work["works"] == 0) & (table["working_age"] > 0) & (recent <= 0)
    heavy = _load(oop, capacity, 5)
    return {
        "oop_to_income_12m": _load(oop, annual, 5),
        "oop_to_capacity_12m": heavy,
        "has_catastrophic_who40": yes(heavy >= 0.4, heavy.notna()),
        "largest_admission_to_income": _load(ill["dearest"], annual / 12, 60),
        "income_after_oop_to_line_12m": ratio(annual - oop, needs, -5, 20),
        "event_loss_to_income_12m": _load(events["loss"], annual, 5),
        "school_fees_to_income": _load(school["fees"], annual, 5),
        "benefits_to_income_12m": _load(support["amount"], annual, 5),
        "is_without_work_and_income": yes(idle, work["works"].notna() & recent.notna()),
    }


def _relative(columns: pd.DataFrame, homes: pd.DataFrame, members: pd.Series) -> dict[str, pd.Series]:
    """Against the person-weighted median of the area kind, and against the region's other households."""
    kind = homes["area_kind"].astype(str)
    persons = (homes["weight"] * members * 1_000).round()

    def median(column: str) -> pd.Series:
        frame = pd.DataFrame({"kind": kind, "value": columns[column], "persons": persons}).dropna()
        frame = frame.sort_values("value")
        by_kind = frame.groupby("kind")["persons"]
        half = by_kind.cumsum() * 2 >= by_kind.transform("sum")
        return kind.map(frame[half].groupby("kind")["value"].first())

    def to_median(column: str, of: str | None = None) -> pd.Series:
        return ratio(columns[column], median(of or column), -1, 20)

    named = ("12m", "1y_before", "2y_before")
    years = pd.DataFrame({name: to_median(f"income_equivalised_{name}") for name in named})
    several = years.notna().sum(axis=1) >= 2
    line = median("income_per_head_12m")
    size, oop = columns["household_size"], columns["oop_12m"]
    budget = (columns["income_per_head_12m"] - line * 0.5) * size * 12
    others = {column: _others_median(homes["region"], columns[column]) for column in COMPARED}
    around = others["income_equivalised_12m"]
    return {
        "income_to_median_12m": to_median("income_equivalised_12m"),
        "income_to_median_6m": to_median("income_equivalised_6m"),
        "income_to_median_3m": to_median("income_equivalised_3m"),
        "income_per_head_to_median_12m": to_median("income_per_head_12m"),
        "income_root_to_median_12m": to_median("income_root_12m"),
        "disposable_to_median_12m": to_median("disposable_equivalised_12m"),
        "income_to_median_1y_before": years["1y_before"],
        "income_to_median_2y_before": years["2y_before"],
        "income_to_median_mean_3y": years.mean(axis=1).where(several),
        "income_to_median_lowest_3y": years.min(axis=1).where(several),
        "income_to_median_change_1y": years["12m"] - years["1y_before"],
        "head_labour_to_median_12m": to_median("head_labour_income_12m", "income_per_head_12m"),
        "labour_per_earner_to_median_12m": to_median("labour_income_per_earner_12m", "income_per_head_12m"),
        "labour_per_adult_to_median_12m": to_median("labour_income_per_adult_12m", "income_per_head_12m"),
        **{
            f"{kind}_to_median_12m": to_median(f"{kind}_equivalised_12m", "income_equivalised_12m")
            for kind in KINDS
        },
        "contribution_base_to_median": to_median("contribution_base_per_worker"),
        "has_catastrophic_sdg2025": yes((oop > 0) & (oop > 0.4 * budget), budget.notna() & oop.notna()),
        "oop_per_head_to_median_12m": ratio(oop, line * 12 * size, 0, 20),
        "income_to_neighbours_12m": ratio(columns["income_equivalised_12m"], around, -1, 20),
        "neighbours_income_to_median_12m": ratio(around, median("income_equivalised_12m"), -1, 20),
        "neighbours_schooling_years": others["adult_schooling_years_mean"],
        "neighbours_workers_share": others["workers_share"],
    }


def _others_median(region: pd.Series, value: pd.Series) -> pd.Series:
    """The median of the region's other households, where five of them know the column."""
    frame = pd.DataFrame({"region": region, "value": value})
    ordered = frame.dropna().sort_values(["region", "value"])
    ranks = ordered.groupby("region").cumcount()
    counts = ordered.groupby("region").size()
    starts = frame["region"].map(counts.cumsum() - counts)
    count, rank = frame["region"].map(counts), ranks.reindex(frame.index)
    others = count - rank.notna()
    rank = rank.fillna(np.inf)
    enough = others >= 5
    sorted_values = ordered["value"].to_numpy()

    def at(place: pd.Series) -> Any:
        index = (starts + place + (place >= rank))[enough].astype(np.int64)
        return sorted_values[index.to_numpy()]

    middle = pd.Series(np.nan, index=frame.index)
    middle[enough] = (at((others - 1) // 2) + at(others // 2)) / 2
    return middle
