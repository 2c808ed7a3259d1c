"""Monthly per-capita household income as the minimum-living rules count it, with how far it can be trusted.

Counted (低保审核确认办法 Art. 13): wages (less what working costs, where a local rule says how much), net business,
farm and property income, pensions, unemployment benefit, maintenance and other transfers, less what the household
pays out (signed records). Not counted: social assistance, and the basic residents' pension while the exclusion is
in force.
"""

from datetime import date
from typing import Final

import polars as pl

from features.income import CODES
from features.records import INCOME_KINDS, INCOME_QUALITIES
from features.windows import Roster, holders, last_months, month_number, numbered, sum_where
from outreach.catalogue import InForce
from outreach.conditions import figure
from outreach.deductions import is_given, share

HISTORY_MONTHS: Final = 24
PARTS: Final = 27_720
"""The least common multiple of 1 to 12: an amount over any period splits into months without a fraction."""

WORKING_AGE: Final = (18, 59)


def counted_income(roster: Roster, rules: InForce, by_person: pl.LazyFrame) -> pl.LazyFrame:
    """One row per household of the roster; ``by_person`` as ``income_by_person`` gives it.

    ``pc_income`` (minor units per month and counted member, rounded; null where no income was ever recorded or the
    source has not reported), ``pc_income_low`` / ``pc_income_high`` (half a sigma either way: sigma grows with the
    share that is not registered and with months not observed; an adult of working age of whom no record tells can
    only raise the upper bound, a pension that may be the excluded one can only lower the lower),
    ``income_months`` observed, and for the triggers: ``income_12m``, ``month_0``, ``month_1``, ``month_2`` (last,
    last but one …), ``before_12m`` (mean of the twelve months before the last two), ``empty_since`` (number of the
    last month covered), ``_last`` (month number of the last report), ``known_since``.
    """
    people = (
        roster.members.lazy()
        .filter("present")
        .select("household_id", "person_id", "counted", "age")
        .join(by_person, on=["household_id", "person_id"], how="full", coalesce=True, nulls_equal=True)
        .join(_pensions_known(roster), on="person_id", how="left")
        .with_columns(pl.col("counted").fill_null(True))
    )
    seen = pl.col("rows").fill_null(0) > 0
    adult = pl.col("age").is_between(*WORKING_AGE) & pl.col("counted")
    sure, maybe = pl.col("pension") == "resident", pl.col("pension").is_null()
    summed = people.group_by("household_id").agg(
        members_counted=(pl.col("counted") & pl.col("person_id").is_not_null()).sum().cast(pl.Int64),
        unseen=(adult & ~seen).sum().cast(pl.Int64),
        farm_or_household=(seen & pl.col("person_id").is_null()).any(),
        amount=pl.col("amount").filter("counted").sum(),
        wages=pl.col("wages").filter("counted").sum(),
        absolute=pl.col("absolute").filter("counted").sum(),
        registered=pl.col("registered").filter("counted").sum(),
        pension_sure=pl.col("pension_part").filter(pl.col("counted") & sure).sum(),
        pension_maybe=pl.col("pension_part").filter(pl.col("counted") & maybe).sum(),
        known_since=pl.col("first").min(),
        empty_since=pl.col("covered_to").max(),
        month_0=pl.col("month_0").sum(),
        month_1=pl.col("month_1").sum(),
        month_2=pl.col("month_2").sum(),
        before=pl.col("before").sum(),
    )
    months = int(rules.settings["income_months"].urban or 12)
    frame = (
        roster.households.lazy()
        .select("household_id", "area_kind")
        .join(summed, on="household_id", how="left")
        .join(last_months(roster, "income").lazy(), on="household_id", how="left")
        .with_columns(_observed(months))
        .with_columns(_per_head(rules))
    )
    return frame.with_columns(*_spread(rules, months)).select(
        "household_id",
        "members_counted",
        "pc_income",
        "pc_income_low",
        "pc_income_high",
        "income_months",
        pl.when(pl.col("income_months") >= 1)
        .then(pl.col("amount") / PARTS / pl.col("income_months") * 12)
        .alias("income_12m"),
        *(pl.col(name) / PARTS for name in ("month_0", "month_1", "month_2")),
        (pl.col("before") / (PARTS * 12)).alias("before_12m"),
        "empty_since",
        "known_since",
        "_last",
    )


def income_by_person(roster: Roster, rules: InForce) -> pl.LazyFrame:
    """One pass over the income rows: sums by household and person (a null person: the household's own rows).

    Amounts are in ``PARTS`` of a minor unit; ``pension_part`` is what of the pensions can be the basic residents'
    pension, ``draws`` whether a pension was paid within the window.
    """
    oldest = _months_back(roster.as_of, HISTORY_MONTHS)
    rows = (
        numbered(roster, "income").filter(pl.col("month") >= oldest).with_columns(at=month_number(pl.col("month")))
    )
    window = int(rules.settings["income_months"].urban or 12)
    basic = rules.settings["basic_pension"].urban or 0.0
    kind = pl.col("kind").cast(pl.Enum(INCOME_KINDS)).to_physical()
    good = pl.col("quality").cast(pl.Enum(INCOME_QUALITIES)).to_physical() == INCOME_QUALITIES.index("registered")
    owners = holders(roster, "income").lazy().select("_owner", "household_id", "person_id")
    pieces = rows.filter(pl.col("at") <= pl.col("_last")).select(
        "_owner",
        "at",
        "_last",
        "amount",
        "period_months",
        piece=pl.col("amount") * (PARTS // pl.col("period_months")),
        months=_overlap(0, window),
        counts=kind != CODES["assistance"],
        good=good,
        pension=kind == CODES["transfer_pension"],
        wage=kind == CODES["wage"],
        # a single month that was brought in and not paid out
        monthly=(pl.col("period_months") == 1) & (kind < CODES["assistance"]),
    )
    piece, counts, monthly = pl.col("piece"), pl.col("counts"), pl.col("monthly")
    in_window = piece * pl.col("months")
    basic_part = pl.min_horizontal(piece, pl.lit(round(basic * PARTS)))
    ago = pl.col("_last") - pl.col("at")
    return (
        pieces.group_by("_owner")
        .agg(
            rows=counts.sum(),
            amount=sum_where(in_window, counts),
            wages=sum_where(in_window, pl.col("wage") & (pl.col("amount") > 0)),
            absolute=sum_where(in_window.abs(), counts),
            registered=sum_where(in_window.abs(), counts & pl.col("good")),
            draws=(pl.col("pension") & (pl.col("amount") > 0) & (pl.col("months") > 0)).any(),
            pension_part=sum_where(basic_part * pl.col("months"), pl.col("pension")),
            first=pl.when(counts).then(pl.col("at") - pl.col("period_months") + 1).min(),
            covered_to=pl.when(pl.col("amount") > 0).then(pl.col("at") + pl.col("period_months") - 1).max(),
            **{f"month_{back}": sum_where(piece, monthly & (ago == back)) for back in (0, 1, 2)},
            before=sum_where(piece, monthly & (ago >= 2) & (ago < 14)),
        )
        .join(owners, on="_owner")
        .drop("_owner")
    )


def _overlap(start: int, end: int) -> pl.Expr:
    """Months of a record in a window counted back from the last report: ``start`` (0 = last) up to ``end``."""
    newest, oldest = pl.col("_last") - start, pl.col("_last") - end + 1
    last = pl.min_horizontal(pl.col("at"), newest)
    first = pl.max_horizontal(pl.col("at") - pl.col("period_months") + 1, oldest)
    return (last - first + 1).clip(lower_bound=0)


def _months_back(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _pensions_known(roster: Roster) -> pl.LazyFrame:
    """``person_id, pension``: employee or resident where the enrolment register says so; nobody else is here."""
    scheme = pl.col("scheme").cast(pl.String)
    return (
        roster.known.frame("enrolment")
        .filter((pl.col("start") <= roster.as_of) & scheme.is_in(["pension_employee", "pension_resident"]))
        .group_by("person_id")
        .agg(employee=(scheme == "pension_employee").any())
        .select(
            "person_id", pl.when("employee").then(pl.lit("employee")).otherwise(pl.lit("resident")).alias("pension")
        )
    )


def _observed(months: int) -> pl.Expr:
    """Months of the window in which the household was known to the source; null where it never was."""
    start = pl.max_horizontal(pl.col("known_since"), pl.col("_last") - months + 1)
    return pl.when(pl.col("known_since").is_not_null()).then(pl.col("_last") - start + 1).alias("income_months")


def _per_head(rules: InForce) -> list[pl.Expr]:
    shares = PARTS * pl.col("income_months") * pl.col("members_counted")
    known = (pl.col("income_months") >= 1) & (pl.col("members_counted") >= 1)
    excluded = bool(rules.settings["exclude_basic_pension"].urban or 0.0)
    counted = pl.col("amount") - pl.col("pension_sure") * excluded
    if is_given(rules, "work_cost_share"):
        counted -= pl.col("wages") * share(rules, "work_cost_share")
    per_head = counted / shares
    unseen = pl.when(pl.col("farm_or_household")).then(0).otherwise(pl.col("unseen")) / pl.col("members_counted")
    return [
        pl.when(known).then(per_head.round(0)).cast(pl.Int64).alias("pc_income"),
        pl.when(known).then(pl.col("pension_maybe") * excluded / shares).alias("maybe_less"),
        pl.when(known).then(unseen * figure(rules.settings["unseen_adult_income"])).alias("maybe_more"),
    ]


def _spread(rules: InForce, months: int) -> list[pl.Expr]:
    margin = _margin(rules, months, pl.col("pc_income"))
    return [
        (pl.col("pc_income") - margin - pl.col("maybe_less")).alias("pc_income_low"),
        (pl.col("pc_income") + margin + pl.col("maybe_more")).alias("pc_income_high"),
    ]


def _margin(rules: InForce, months: int, amount: pl.Expr) -> pl.Expr:
    """Half a sigma of an amount by how much of it is registered and how many months were observed."""
    said = pl.when(pl.col("absolute") > 0).then(pl.col("registered") / pl.col("absolute")).otherwise(1.0)
    good, poor, sigmas = (
        figure(rules.settings[name]) for name in ("spread_registered", "spread_unregistered", "margin_sigmas")
    )
    relative = (said * good + (1 - said) * poor) * (months / pl.col("income_months")).sqrt()
    return amount.abs() * relative * sigmas


def own_income(roster: Roster, rules: InForce, by_person: pl.LazyFrame) -> pl.LazyFrame:
    """Per household and person of whom the source holds a record: ``own_income`` with its bounds, ``draws``.

    The basic residents' pension is not among it (特困人员认定办法 Art. 6); of a pension that may be another the
    upper bound keeps it.
    """
    months = int(rules.settings["income_months"].urban or 12)
    scheme, part = pl.col("scheme"), pl.col("pension_part")
    sure, maybe = (pl.when(each).then(part).otherwise(0) for each in (scheme == "resident", scheme.is_null()))
    shares = PARTS * pl.col("income_months")
    own = ((pl.col("amount") - sure) / shares).round(0)
    return (
        by_person.filter(pl.col("person_id").is_not_null() & (pl.col("rows") > 0))
        .join(roster.households.lazy().select("household_id", "area_kind"), on="household_id")
        .join(last_months(roster, "income").lazy(), on="household_id", how="left")
        .join(_pensions_known(roster).rename({"pension": "scheme"}), on="person_id", how="left")
        .with_columns(known_since=pl.col("first"))
        .with_columns(_observed(months))
        .with_columns(own_income=pl.when(pl.col("income_months") >= 1).then(own).cast(pl.Int64))
        .with_columns(_margin=_margin(rules, months, pl.col("own_income")))
        .select(
            "household_id",
            "person_id",
            "own_income",
            (pl.col("own_income") - pl.col("_margin") - maybe / shares).alias("own_income_low"),
            (pl.col("own_income") + pl.col("_margin")).alias("own_income_high"),
            "draws",
        )
    )
