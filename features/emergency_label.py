"""The label emergency_90d: the onset, within 90 days, of a named hardship that was not running at the as-of date.

Four components: catastrophic spending newly crossed (WHO: 40 % of the capacity to pay), the earner lost, a third
month without any income completed, a disaster or accident with loss. A grant of temporary assistance is none: it
measures the office's act and not the household's need.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self

import polars as pl

from features.labels import (
    end_of,
    first_of,
    households_on,
    last_month_over,
    members_on,
    month_index,
    month_number,
    reported_months,
)
from features.poverty_label import SHARES
from features.sources import Known, Sources

HORIZON_DAYS: Final = 90
WHO_SHARE: Final = (2, 5)
"""Catastrophic: out-of-pocket spending above 2/5 of the capacity to pay (WHO 40 %)."""

SILENT_MONTHS: Final = 3
STATUS_MONTHS: Final = 12
"""How far the last status looks back from the as-of date."""

LABOUR: Final = ("wage", "business", "farm", "platform")
NO_MEANS: Final = ("assistance", "transfer_paid", "tax")
"""Kinds whose records do not say that a household has an income of its own."""

LOSS_EVENTS: Final = ("DSR", "ACC")
COMPONENTS: Final = ("earner_lost", "disaster_or_accident", "catastrophic_spending", "no_income")
"""In the order that decides between components of one day."""


@dataclass(frozen=True)
class _Window:
    """The days (as_of, ends], and the months by number: the last one over by ``as_of``, and by ``ends``."""

    as_of: date
    ends: date
    over: int
    last: int

    @classmethod
    def after(cls, as_of: date) -> Self:
        """The window of an as-of date."""
        ends = as_of + timedelta(days=HORIZON_DAYS)
        return cls(as_of, ends, last_month_over(as_of), last_month_over(ends))

    @classmethod
    def before(cls, as_of: date) -> Self:
        """The twelve months up to and including a day."""
        start = first_of(month_number(as_of) - STATUS_MONTHS).replace(day=min(as_of.day, 28))
        return cls(start, as_of, last_month_over(start), last_month_over(as_of))

    def holds(self, column: str) -> pl.Expr:
        """Whether a day lies after the as-of date and within the horizon."""
        return (pl.col(column) > self.as_of) & (pl.col(column) <= self.ends)


def emergency_lacks(sources: Sources, db_line: Mapping[str, int] | None) -> tuple[str, ...]:
    """What the label needs and the bureau does not have; where this is not empty the label is null throughout."""
    lacking = [kind for kind in ("income", "medical", "event") if kind not in sources.frames]
    return (*lacking, *(() if db_line else ("db_line",)))


def emergency_label(
    sources: Sources,
    as_of: date,
    known_by: date,
    db_line: Mapping[str, int] | None,
    reporting: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """``household_id, label (Bool), component, label_from, label_known_on, fold_group`` of a bucket at ``as_of``.

    ``component`` is the one that crossed first, null where the label is not true. ``db_line`` is the monthly
    minimum-living line in minor units by area kind: capacity to pay = income - line × members, over 12 months.

    The label is null where the horizon is not over or not reported by ``known_by``, where the household was gone
    by its end, where no record of the 12 months before tells its income, and throughout where a source or the
    line is lacking (``emergency_lacks``). An unknown component makes the whole label null, in both directions:
    true for the few whom a disaster hit and null for all others would make a blank look like a cause.
    """
    known = sources.known_by(known_by)
    window = _Window.after(as_of)
    members = members_on(known, as_of)
    size = members.group_by("household_id").agg(pl.len().cast(pl.Int64).alias("members"))
    homes = households_on(known, as_of).join(size, on="household_id")
    if emergency_lacks(sources, db_line) or db_line is None:
        return _nothing_known(homes, window)
    incomes = _incomes(known, members, window)
    crossed = pl.concat(
        [
            _earner_lost(known, members, window),
            _disasters(known, members, window),
            _catastrophic(known, homes, members, incomes, window=window, db_line=db_line),
            _no_income(incomes, window),
        ]
    )
    order = pl.col("component").replace_strict({name: n for n, name in enumerate(COMPONENTS)}, return_dtype=pl.Int8)
    first = crossed.sort("household_id", "day", order).unique("household_id", keep="first", maintain_order=True)
    there = members.join(members_on(known, window.ends), on=["person_id", "household_id"], how="semi")
    stayed = households_on(known, window.ends).join(there, on="household_id", how="semi")
    told = incomes.filter(pl.col("records_0") > 0).select(
        "household_id", "income_known_on", pl.lit(value=True).alias("told")
    )
    label = pl.when(pl.col("certain")).then(pl.col("component").is_not_null())
    return (
        _timed(known, homes, window, reporting)
        .join(first.drop("day"), on="household_id", how="left")
        .join(told, on="household_id", how="left")
        .join(stayed.select("household_id", pl.lit(value=True).alias("stayed")), on="household_id", how="left")
        .join(_own_known_on(known, members, window), on="household_id", how="left")
        .with_columns(
            label_known_on=pl.max_horizontal("reported_on", "income_known_on", "own_known_on"),
        )
        .with_columns(
            certain=(pl.col("reported_on") <= known_by).fill_null(value=False)
            & pl.col("stayed").fill_null(value=False)
            & pl.col("told").fill_null(value=False)
        )
        .select(
            "household_id",
            label.alias("label"),
            pl.when(label).then("component").alias("component"),
            pl.lit(as_of + timedelta(days=1)).alias("label_from"),
            "label_known_on",
            "fold_group",
        )
        .sort("household_id")
        .collect(engine="streaming")
    )


def last_emergency(
    sources: Sources, as_of: date, db_line: Mapping[str, int] | None, reporting: pl.DataFrame | None = None
) -> pl.DataFrame:
    """``household_id, status`` of a bucket: hardship in the 12 months up to ``as_of``, by what was known then.

    The components of the label, running or begun: at a month's end spending was catastrophic or a third month
    without income complete (only of months that the area had reported by then), the earner was lost, a disaster or
    accident brought a loss. ``poor`` stands for hardship, ``not_poor`` for none, the levels of every last status;
    ``unknown`` where no record of the 12 months before those tells the income or the area has reported none since,
    and throughout where something is lacking (``emergency_lacks``).
    """
    known = sources.known_by(as_of)
    window = _Window.before(as_of)
    homes = households_on(known, as_of).join(members_on(known, as_of), on="household_id", how="semi")
    if emergency_lacks(sources, db_line) or db_line is None:
        return homes.select("household_id", pl.lit("unknown").alias("status")).sort("household_id").collect()
    members = members_on(known, window.as_of)
    struck = pl.concat([_earner_lost(known, members, window), _disasters(known, members, window)])
    months = reported_months(known, "income", reporting).group_by("area").agg(pl.col("month").max())
    ends = range(window.last - window.over + 1)
    line = pl.col("area_kind").cast(pl.String).replace_strict(dict(db_line), default=None, return_dtype=pl.Int64)
    share, whole = WHO_SHARE

    def in_hardship(k: int) -> pl.Expr:
        capacity = (pl.col(f"income_{k}") - line * pl.col("members") * 12 * SHARES).clip(lower_bound=0)
        catastrophic = (pl.col(f"oop_{k}") * SHARES * whole > capacity * share).fill_null(value=False)
        return (catastrophic | _silent(k)) & (window.over + k <= month_index("month"))

    hardship = pl.any_horizontal(*(in_hardship(k) for k in ends), pl.col("struck")).fill_null(value=False)
    told = ((pl.col("records_0") > 0) & (month_index("month") > window.over)).fill_null(value=False)
    status = (
        pl.when(~told).then(pl.lit("unknown")).when(hardship).then(pl.lit("poor")).otherwise(pl.lit("not_poor"))
    )
    return (
        homes.join(members.group_by("household_id").agg(members=pl.len().cast(pl.Int64)), "household_id", "left")
        .join(months, on="area", how="left")
        .join(_incomes(known, members, window), on="household_id", how="left")
        .join(_spending(known, members, window), on="household_id", how="left")
        .join(struck.select("household_id", struck=True).unique(), on="household_id", how="left")
        .select("household_id", status.alias("status"))
        .sort("household_id")
        .collect(engine="streaming")
    )


def _nothing_known(homes: pl.LazyFrame, window: _Window) -> pl.DataFrame:
    return (
        homes.select(
            "household_id",
            pl.lit(None, pl.Boolean).alias("label"),
            pl.lit(None, pl.String).alias("component"),
            pl.lit(window.as_of + timedelta(days=1)).alias("label_from"),
            pl.lit(None, pl.Date).alias("label_known_on"),
            "fold_group",
        )
        .sort("household_id")
        .collect()
    )


def _of_households(rows: pl.LazyFrame, members: pl.LazyFrame) -> pl.LazyFrame:
    """Records of persons or households, each with its household at the as-of date; the others fall away."""
    of_people = rows.drop("household_id").join(members.select("person_id", "household_id"), on="person_id")
    of_homes = rows.filter(pl.col("household_id").is_not_null())
    return pl.concat([of_people, of_homes.select(of_people.collect_schema().names())])


def _covered(first: int, last: int) -> pl.Expr:
    """How many of the months from ``first`` to ``last`` an income record covers."""
    month = month_index("month")
    start = pl.max_horizontal(month - pl.col("period_months") + 1, pl.lit(first, pl.Int64))
    return (pl.min_horizontal(month, pl.lit(last, pl.Int32)) - start + 1).clip(lower_bound=0).cast(pl.Int64)


def _incomes(known: Known, members: pl.LazyFrame, window: _Window) -> pl.LazyFrame:
    """Per household, for the 12 months up to each month end ``k``: the sum and the records; silence by month."""
    ends = range(window.last - window.over + 1)
    near = pl.col("month").is_between(first_of(window.over - 12), first_of(window.last + 11))
    rows = _of_households(known.frame("income").filter(near), members)
    shares = pl.col("amount") * (SHARES // pl.col("period_months"))
    means = (pl.col("amount") > 0) & ~pl.col("kind").is_in(NO_MEANS)
    sums = [(shares * _covered(window.over + k - 11, window.over + k)).sum().alias(f"income_{k}") for k in ends]
    counts = (_covered(window.over - 11, window.over) > 0).sum().alias("records_0")
    heard = [
        ((_covered(m, m) > 0) & means).any().alias(f"heard_{m - window.over}")
        for m in range(window.over - SILENT_MONTHS + 1, window.last + 1)
    ]
    late = pl.col("known_on").filter(_covered(window.over - 11, window.last) > 0).max().alias("income_known_on")
    return rows.group_by("household_id").agg(*sums, counts, *heard, late)


def _silent(k: int) -> pl.Expr:
    """Whether the month ``k`` after the last one over, and the two before it, hold no income of the household."""
    return ~pl.any_horizontal([f"heard_{k - back}" for back in range(SILENT_MONTHS)])


def _spending(known: Known, members: pl.LazyFrame, window: _Window) -> pl.LazyFrame:
    """Per household, for the 12 months up to each month end ``k`` of a window: what it paid itself for illness."""
    since = first_of(window.over - 11)
    month = month_index("event_date")
    return (
        known.frame("medical")
        .filter((pl.col("event_date") >= since) & (pl.col("event_date") <= window.ends) & (pl.col("oop") > 0))
        .join(members.select("person_id", "household_id"), on="person_id")
        .group_by("household_id")
        .agg(
            pl.col("oop").filter(month.is_between(window.over + k - 11, window.over + k)).sum().alias(f"oop_{k}")
            for k in range(window.last - window.over + 1)
        )
    )


def _no_income(incomes: pl.LazyFrame, window: _Window) -> pl.LazyFrame:
    """The month end that completed a third month without any income, where that was not so at the as-of date."""
    day = pl.coalesce(
        pl.when(_silent(k)).then(pl.lit(end_of(window.over + k))) for k in range(1, window.last - window.over + 1)
    )
    return (
        incomes.filter((pl.col("records_0") > 0) & ~_silent(0))
        .select("household_id", day.alias("day"), pl.lit("no_income").alias("component"))
        .filter(pl.col("day").is_not_null())
    )


def _catastrophic(
    known: Known,
    homes: pl.LazyFrame,
    members: pl.LazyFrame,
    incomes: pl.LazyFrame,
    *,
    window: _Window,
    db_line: Mapping[str, int],
) -> pl.LazyFrame:
    """The day on which 12 months of out-of-pocket spending first exceeded 2/5 of the capacity to pay."""
    back = pl.lit(window.as_of).dt.offset_by("-12mo")
    bills = (
        known.frame("medical")
        .filter((pl.col("event_date") > back) & (pl.col("event_date") <= window.ends) & (pl.col("oop") > 0))
        .join(members.select("person_id", "household_id"), on="person_id")
        .select("household_id", "event_date", "oop")
    )
    month_ends = [end_of(number) for number in range(window.over + 1, window.last + 1)]
    fixed = pl.LazyFrame({"day": [window.as_of, *month_ends]}, schema={"day": pl.Date})
    days = pl.concat(
        [
            bills.filter(window.holds("event_date")).select("household_id", pl.col("event_date").alias("day")),
            bills.select("household_id").unique().join(fixed, how="cross"),
        ]
    ).unique()
    due = pl.col("event_date").is_between(pl.col("day").dt.offset_by("-12mo"), pl.col("day"), closed="right")
    spent = days.join(bills, on="household_id").filter(due).group_by("household_id", "day").agg(pl.col("oop").sum())
    over = month_index("after") - 1 - window.over
    income = pl.coalesce(
        pl.when(pl.col("k") == k).then(pl.col(f"income_{k}")) for k in range(window.last - window.over + 1)
    )
    line = pl.col("area_kind").cast(pl.String).replace_strict(dict(db_line), default=None, return_dtype=pl.Int64)
    capacity = (pl.col("income") - line * pl.col("members") * 12 * SHARES).clip(lower_bound=0)
    share, whole = WHO_SHARE
    crossed = (
        spent.with_columns(after=pl.col("day").dt.offset_by("1d"))
        .with_columns(k=over)
        .join(incomes.filter(pl.col("records_0") > 0), on="household_id")
        .join(homes.select("household_id", "area_kind", "members"), on="household_id")
        .with_columns(income=income)
        .filter(pl.col("oop") * SHARES * whole > capacity * share)
        .select("household_id", "day")
    )
    running = crossed.filter(pl.col("day") == window.as_of)
    return crossed.join(running, on="household_id", how="anti").select(
        "household_id", "day", pl.lit("catastrophic_spending").alias("component")
    )


def _earner_lost(known: Known, members: pl.LazyFrame, window: _Window) -> pl.LazyFrame:
    """Death, detention or disability of level 1-2 of the member with the largest labour income of 12 months."""
    near = pl.col("month").is_between(first_of(window.over - 11), first_of(window.over + 11))
    labour = (
        pl.col("amount") * (SHARES // pl.col("period_months")) * _covered(window.over - 11, window.over)
    ).sum()
    earners = (
        known.frame("income")
        .filter(near & pl.col("kind").is_in(LABOUR))
        .group_by("person_id")
        .agg(labour.alias("labour"))
        .filter(pl.col("labour") > 0)
        .join(members, on="person_id")
        .sort(["household_id", "labour", "person_id"], descending=[False, True, False])
        .unique("household_id", keep="first", maintain_order=True)
        .select("household_id", "person_id", "death_date")
    )
    events = known.frame("event").filter(pl.col("event_code").is_in(["DTH", "JAIL"]))
    severe = known.frame("disability").filter(pl.col("level") <= 2)
    dated = [
        events.select("person_id", pl.col("event_date").alias("day"), pl.col("event_code").alias("cause")),
        severe.select("person_id", pl.col("issued").alias("day"), pl.lit("DIS").alias("cause")),
        earners.select("person_id", pl.col("death_date").alias("day"), pl.lit("DTH").alias("cause")),
    ]
    causes = pl.concat(dated).join(earners.select("person_id", "household_id"), on="person_id")
    running = causes.filter(pl.col("day") <= window.as_of)
    return (
        causes.filter(window.holds("day"))
        .join(running, on=["person_id", "cause"], how="anti")
        .select("household_id", "day", pl.lit("earner_lost").alias("component"))
    )


def _disasters(known: Known, members: pl.LazyFrame, window: _Window) -> pl.LazyFrame:
    """Disasters and accidents of the horizon that brought a loss."""
    hit = pl.col("event_code").is_in(LOSS_EVENTS) & (pl.col("loss") > 0) & window.holds("event_date")
    rows = _of_households(known.frame("event").filter(hit), members)
    return rows.select(
        "household_id", pl.col("event_date").alias("day"), pl.lit("disaster_or_accident").alias("component")
    )


def _timed(known: Known, homes: pl.LazyFrame, window: _Window, reporting: pl.DataFrame | None) -> pl.LazyFrame:
    """The households with ``reported_on``: when the horizon was over and reported by all three sources.

    Income: the area has reported the last whole month. Medical claims and events are too few for that by area:
    the end of the horizon and the source's median lag of the last 12 months.
    """
    months = reported_months(known, "income", reporting)
    income = months.filter(pl.col("month") == first_of(window.last)).select("area", "reported_on")
    back = pl.lit(window.ends).dt.offset_by("-12mo")
    lags = pl.concat(
        [
            known.frame(kind)
            .filter((pl.col("event_date") > back) & (pl.col("event_date") <= window.ends))
            .select((pl.col("known_on") - pl.col("event_date")).dt.total_days().clip(0).median().alias("lag"))
            for kind in ("medical", "event")
        ]
    ).select((pl.lit(window.ends) + pl.duration(days=pl.col("lag").fill_null(0).ceil().max())).alias("others_on"))
    reported = pl.when(pl.col("reported_on").is_not_null()).then(pl.max_horizontal("reported_on", "others_on"))
    return (
        homes.select("household_id", "area", "fold_group")
        .join(income, on="area", how="left")
        .join(lags, how="cross")
        .with_columns(reported_on=reported)
        .select("household_id", "reported_on", "fold_group")
    )


def _own_known_on(known: Known, members: pl.LazyFrame, window: _Window) -> pl.LazyFrame:
    """When the last of a household's own bills, events, certificates and deaths of the horizon became known."""
    bills = known.frame("medical").filter(window.holds("event_date")).select("person_id", "known_on")
    events = known.frame("event").filter(window.holds("event_date")).select("person_id", "household_id", "known_on")
    severe = known.frame("disability").filter(window.holds("issued") & (pl.col("level") <= 2))
    deaths = known.frame("member").filter(window.holds("death_date"))
    of_people = pl.concat([bills, severe.select("person_id", "known_on"), deaths.select("person_id", "known_on")])
    rows = [
        of_people.join(members.select("person_id", "household_id"), on="person_id").select(
            "household_id", "known_on"
        ),
        _of_households(events, members).select("household_id", "known_on"),
    ]
    return pl.concat(rows).group_by("household_id").agg(pl.col("known_on").max().alias("own_known_on"))
