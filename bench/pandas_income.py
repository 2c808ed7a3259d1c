"""The pandas version of the columns about income."""

import numpy as np
import pandas as pd

from bench.pandas_people import oecd_scale
from bench.pandas_roster import People, month_number, owned, ratio, share, yes

LABOUR = ["wage", "business", "farm", "platform"]
TRANSFERS = ["property", "transfer_pension", "transfer_unemployment", "transfer_support", "transfer_other"]
PARTS = 27_720
MONTHS = range(12)
YEARS = (1, 2)


def income_measures(people: People, table: pd.DataFrame) -> pd.DataFrame:
    """By household: income by month (0 the last reported), kind and person; NaN where the source knows nobody."""
    columns = ["month", "period_months", "kind", "quality", "amount"]
    rows = owned(people, "income", columns, facts=("age", "relation"))
    rows["person"] = rows["person"].fillna(-1)
    rows["ago"] = rows["last"] - month_number(rows["month"])
    earlier = _years_before(rows)
    rows = rows[rows["ago"] <= rows["unbroken"]]
    rows["oldest"] = np.minimum(rows["ago"] + rows["period_months"] - 1, rows["unbroken"])
    rows["monthly"] = rows["amount"] * (PARTS // rows["period_months"])
    months = (rows["oldest"].clip(upper=11) - rows["ago"].clip(lower=0) + 1).clip(lower=0).astype(np.int64)
    rows["year"] = rows["monthly"] * months
    found = _by_month(rows).join(_by_kind(rows), how="outer").join(_by_home(rows), how="outer")
    return found.join(_by_person(rows), how="outer").join(earlier, how="outer").reindex(table.index)


def _by_month(rows: pd.DataFrame) -> pd.DataFrame:
    own = rows.loc[(rows["kind"] != "assistance") & (rows["oldest"] >= 0), ["home", "ago", "oldest", "monthly"]]
    own = own[own["ago"] < 12]
    first, last = own["ago"].clip(lower=0).astype(np.int64), own["oldest"].clip(upper=11).astype(np.int64)
    work = pd.DataFrame({"home": own["home"], "monthly": own["monthly"], "month": first})
    several = work[last > first]
    spread = several.loc[several.index.repeat((last - first + 1)[last > first])]
    spread["month"] += spread.groupby(level=0).cumcount()
    sums = (
        pd.concat([work[last == first], spread])
        .groupby(["home", "month"])["monthly"]
        .sum()
        .unstack(fill_value=0)
        .reindex(columns=MONTHS, fill_value=0)
    )
    everybody = pd.Index(rows["home"].unique(), name="home")
    return (sums.reindex(everybody, fill_value=0) / PARTS).rename(columns=lambda month: f"m{month}")


def _years_before(rows: pd.DataFrame) -> pd.DataFrame:
    """By home: income of the two years before the last, and their months told of beyond a break of the source."""
    own, homes = rows["kind"] != "assistance", rows["home"]
    monthly = rows["amount"] * (PARTS // rows["period_months"])
    oldest = rows["ago"] + rows["period_months"] - 1
    found = {}
    for year in YEARS:
        months = (oldest.clip(upper=12 * year + 11) - rows["ago"].clip(lower=12 * year) + 1).clip(lower=0).fillna(0)
        found[f"before{year}"] = (monthly * months.astype(np.int64)).where(own, 0).groupby(homes).sum() / PARTS
        beyond = rows.loc[(months > 0) & (rows["ago"] > rows["unbroken"]), ["home", "person", "ago"]].assign(
            months=months
        )
        told = beyond.groupby(["home", "person"]).agg(ago=("ago", "nunique"), months=("months", "max"))
        found[f"told{year}"] = (told["ago"] * told["months"]).clip(upper=12).groupby("home").max()
    return pd.DataFrame(found)


def _by_kind(rows: pd.DataFrame) -> pd.DataFrame:
    sums = rows.groupby(["home", "kind"], observed=False)["year"].sum().unstack(fill_value=0) / PARTS
    found = sums[[*LABOUR, *TRANSFERS, "assistance"]].copy()
    found.columns = found.columns.astype(str)
    found["paid"] = sums["transfer_paid"] + sums["tax"]
    return found


def _by_home(rows: pd.DataFrame) -> pd.DataFrame:
    positive = (rows["kind"] != "assistance") & (rows["year"] > 0)
    declared = rows["quality"].isin(["declared", "imputed"])
    wage = (rows["kind"] == "wage") & (rows["ago"] >= 0) & (rows["monthly"] > 0)
    homes = rows["home"]
    return pd.DataFrame(
        {
            "gross": rows["year"].where(positive, 0).groupby(homes).sum() / PARTS,
            "unregistered": rows["year"].where(positive & declared, 0).groupby(homes).sum() / PARTS,
            "wage_ago": rows["ago"].where(wage).groupby(homes).min(),
            "first_ago": rows["oldest"].groupby(homes).max(),
            "first_ago_head": rows["oldest"].where(rows["relation"] == "head").groupby(homes).max(),
        }
    )


def _by_person(rows: pd.DataFrame) -> pd.DataFrame:
    work = rows[["home", "person"]].assign(
        labour=rows["year"].where(rows["kind"].isin(LABOUR), 0),
        pension=rows["year"].where(rows["kind"] == "transfer_pension", 0),
        age=rows["age"],
        head=rows["relation"] == "head",
    )
    each = work.groupby(["home", "person"], sort=False).agg(
        labour=("labour", "sum"), pension=("pension", "sum"), age=("age", "first"), head=("head", "first")
    )
    each = each.reset_index()
    home, person = each["home"], each["person"] >= 0
    named = each["labour"].where(person)
    return pd.DataFrame(
        {
            "labour": each["labour"].groupby(home).sum() / PARTS,
            "labour_largest": named.groupby(home).max() / PARTS,
            "labour_of_persons": named.groupby(home).sum() / PARTS,
            "labour_head": each["labour"].where(each["head"], 0).groupby(home).sum() / PARTS,
            "earners": (person & (each["labour"] > 0)).groupby(home).sum(),
            "elder_pensioners": (person & (each["pension"] > 0) & (each["age"] >= 60)).groupby(home).sum(),
            "adults_known": (each["age"] >= 18).groupby(home).sum(),
        }
    )


def observed(income: pd.DataFrame, first: str = "first_ago") -> pd.Series:
    months = income[first] + 1
    return months.clip(upper=12).where(months > 0)


def mean_income(income: pd.DataFrame, window: int) -> pd.Series:
    return income[[f"m{month}" for month in range(window)]].sum(axis=1) / observed(income).clip(upper=window)


def year_before(income: pd.DataFrame, year: int) -> pd.Series:
    since = (income["first_ago"] + 1 - 12 * year).clip(0, 12).fillna(0)
    months = (since + income[f"told{year}"].fillna(0)).clip(upper=12)
    return (income[f"before{year}"] / months).where(months > 0)


def income_columns(table: pd.DataFrame, income: pd.DataFrame, line: pd.Series) -> dict[str, pd.Series]:
    """Levels, and change where six months are observed."""
    months, members, scale = observed(income), table["members"], oecd_scale(table)
    by_month = income[[f"m{month}" for month in MONTHS]]
    year, to_line = (
        mean_income(income, 12),
        {w: ratio(mean_income(income, w) / members, line, -1, 20) for w in (3, 12)},
    )
    below = by_month.lt(line * members, axis=0)
    seen = pd.DataFrame({f"m{month}": months > month for month in MONTHS})
    before = {
        "3m": by_month.iloc[:, 3:].sum(axis=1) / (months - 3),
        "1m": by_month.iloc[:, 1:].sum(axis=1) / (months - 1),
    }
    told = months >= 6
    back = sum(by_month[f"m{month}"] * month for month in MONTHS)
    slope = ((months - 1) / 2 * by_month.sum(axis=1) - back) / (months * (months * months - 1) / 12)
    spread = np.sqrt((by_month.sub(year, axis=0).where(seen) ** 2).sum(axis=1) / months)
    some = (by_month > 0) & seen
    running = pd.Series(np.where(some.any(axis=1), some.to_numpy().argmax(axis=1), months), index=income.index)
    total = by_month.sum(axis=1)
    floor = year * 0.6
    return {
        "income_per_head_12m": year / members,
        "income_per_head_3m": mean_income(income, 3) / members,
        "income_equivalised_12m": year / scale,
        "income_equivalised_6m": mean_income(income, 6) / scale,
        "income_equivalised_3m": mean_income(income, 3) / scale,
        **{f"income_equivalised_{n}y_before": year_before(income, n) / scale for n in YEARS},
        "income_root_12m": year / np.sqrt(members),
        "disposable_equivalised_12m": (total + income["assistance"]) / months / scale,
        "income_to_line_12m": to_line[12],
        "income_to_line_3m": to_line[3],
        "gap_to_line_12m": (1 - to_line[12]).clip(0, 2),
        "gap_to_margin_line_12m": (1 - to_line[12] / 1.5).clip(0, 2),
        "months_below_line_share_12m": share((below & seen).sum(axis=1), months).where(line.notna()),
        "income_drop_3m": (1 - by_month.iloc[:, :3].sum(axis=1) / 3 / before["3m"]).clip(-1, 1).where(
            told & (before["3m"] > 0)),
        "income_drop_1m": (1 - by_month["m0"] / before["1m"]).clip(-1, 1).where(told & (before["1m"] > 0)),
        "has_income_collapse": yes((by_month["m0"] <= floor) & (by_month["m1"] <= floor), told & (floor > 0)),
        "income_slope_12m": ratio(slope, year, -1, 1).where(told),
        "income_volatility_12m": ratio(spread, year, 0, 4).where(told),
        "lowest_month_ratio_12m": ratio(by_month.where(seen).min(axis=1), year, -1, 1).where(told),
        "months_without_income_share_12m": share(((by_month <= 0) & seen).sum(axis=1), months),
        "months_without_income_running": running.where(months.notna()),
        "months_since_wage": income["wage_ago"].where(income["wage_ago"] < 12).fillna(months.where(months == 12)),
    }  # fmt: skip


def mix_columns(table: pd.DataFrame, income: pd.DataFrame) -> dict[str, pd.Series]:
    """Where the income comes from, and who brings it in."""
    gross, months = income["gross"], observed(income)
    known, head_months = months.notna(), observed(income, "first_ago_head")
    named = {kind: kind for kind in (*LABOUR, "property")} | {
        "pension": "transfer_pension",
        "unemployment_benefit": "transfer_unemployment",
        "kin_support": "transfer_support",
        "other_transfer": "transfer_other",
    }
    scale = oecd_scale(table)
    found = {f"{name}_equivalised_12m": income[kind] / months / scale for name, kind in named.items()}
    return found | {
        "assistance_share_12m": share(income["assistance"], gross + income["assistance"]),
        "paid_share_12m": share(-income["paid"], gross),
        "unregistered_share_12m": share(income["unregistered"], gross),
        "income_kinds_12m": (income[[*LABOUR, *TRANSFERS]] > 0).sum(axis=1).where(known),
        "earners_12m": income["earners"].where(known),
        "earners_share_12m": share(income["earners"], table["members"]).where(known),
        "largest_earner_share_12m": share(income["labour_largest"], income["labour_of_persons"]),
        "head_earns_12m": yes(income["labour_head"] > 0, head_months.notna()),
        "head_labour_share_12m": share(income["labour_head"], income["labour_of_persons"]),
        "elders_with_pension_share_12m": share(income["elder_pensioners"], table["elders"]).where(known),
        "adults_known_share": share(income["adults_known"], table["adults"]).where(known),
        "income_months_observed": months,
        "head_labour_income_12m": income["labour_head"] / head_months,
        "labour_income_per_earner_12m": (income["labour_of_persons"] / months / income["earners"]).where(
            income["earners"] > 0
        ),
        "labour_income_per_adult_12m": (income["labour"] / months / table["adults"]).where(table["adults"] > 0),
    }
