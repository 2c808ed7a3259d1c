"""A month's lists and what became of them: hit rates, the way from the list to lasting help, time, unmet need.

The cohort is what was listed in the month; what is known of it grows until the day of the report. A hit is a visit
that verified need among those whose outcome says anything about it: the rate of the lists, and of nobody else
(``models.selective_estimate`` says what the lists miss). Counts of households of 7 and under are null, others are
rounded to 5; a share is null where it rests on so few.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from models.intervals import wilson
from models.selective import need_verified
from outreach.outcomes import RULES

FEW: Final = 7
STEP: Final = 5
KEPT_DAYS: Final = 90
STAGES: Final = ("listed", "contacted", "reached", "verified", "assisted", "kept_known", "kept")
"""From the list to help that lasts. ``kept``: aid was still paid 90 days after it began; ``kept_known``: of so many
this can be told yet."""
WAITS: Final = ("signal_to_visit", "visit_to_aid")
ITEMS: Final = pl.Schema(
    {
        "item_id": pl.Int64,
        "household_id": pl.String,
        "business_date": pl.Date,
        "caseworker_id": pl.String,
        "area": pl.String,
        "lane": pl.String,
        "signal_on": pl.Date,
    }
)
VISITS: Final = pl.Schema(
    {
        "item_id": pl.Int64,
        "visited_on": pl.Date,
        "outcome": pl.String,
        "contact": pl.String,
        "attempt": pl.Int64,
        "minutes": pl.Int64,
        "filled": pl.Int64,
    }
)
PAID: Final = pl.Schema({"household_id": pl.String, "programme": pl.String, "month": pl.Date, "amount": pl.Int64})
NAMED: Final = pl.Schema({"item_id": pl.Int64, "name": pl.String})
UNMET: Final = pl.Schema({"item_id": pl.Int64, "programme": pl.String, "unmet_month": pl.Int64})


def suppressed(count: int) -> int | None:
    """A count of households as reports give it: null for 7 and under, else to the nearest five."""
    return None if count <= FEW else STEP * ((count + STEP // 2) // STEP)


def followed(items: pl.DataFrame, visits: pl.DataFrame, paid: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row per item (``ITEMS``) with its visit, a Boolean for each of ``STAGES``, ``need`` (null: nothing said)
    and ``aid_on``.

    ``visits``: ``VISITS``, one per item. ``paid``: ``PAID``, the months paid to the household or anybody in it.
    Aid began on the day of the visit where it was given there, else on the last day of the first month in which a
    programme was paid that was not paid in the month before the visit.
    """
    met = [code for code, rule in RULES.items() if rule.met]
    given = [code for code, rule in RULES.items() if rule.assisted]
    seen = items.join(visits, on="item_id", how="left", maintain_order="left")
    new = _new_aid(seen, paid)
    late = pl.col("aid_on") + timedelta(days=KEPT_DAYS)
    last = _last_paid(seen, paid)
    return (
        seen.join(new, on="item_id", how="left", maintain_order="left")
        .join(last, on="household_id", how="left", maintain_order="left")
        .with_columns(
            contacted=pl.col("outcome").is_not_null(),
            reached=pl.col("outcome").is_in(met).fill_null(False),
            need=need_verified(pl.col("outcome")),
            aid_on=pl.when(pl.col("outcome").is_in(given)).then("visited_on").otherwise("began"),
        )
        .with_columns(verified=pl.col("need").fill_null(False), assisted=pl.col("aid_on").is_not_null())
        .with_columns(kept_known=pl.col("assisted") & (late <= as_of).fill_null(False))
        .with_columns(kept=pl.col("kept_known") & (pl.col("last_paid").dt.month_end() >= late).fill_null(False))
        .drop("began", "last_paid")
        .sort("item_id")
    )


def _new_aid(seen: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """``item_id, began``: programmes that began with or after the visit."""
    visited = seen.filter(pl.col("visited_on").is_not_null()).select("item_id", "household_id", "visited_on")
    months = visited.join(paid, on="household_id").with_columns(
        before=pl.col("month") < pl.col("visited_on").dt.month_start()
    )
    recent = pl.col("month") >= pl.col("visited_on").dt.month_start().dt.offset_by("-1mo")
    old = months.filter(pl.col("before") & recent).select("item_id", "programme").unique()
    return (
        months.filter(~pl.col("before"))
        .join(old, on=["item_id", "programme"], how="anti")
        .group_by("item_id")
        .agg(began=pl.max_horizontal(pl.col("month").min().dt.month_end(), pl.col("visited_on").first()))
        .sort("item_id")
    )


def _last_paid(seen: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    known = paid.join(seen.select("household_id").unique(), on="household_id", how="semi")
    return known.group_by("household_id").agg(last_paid=pl.col("month").max()).sort("household_id")


def funnel(rows: pl.DataFrame, by: str | None = None) -> list[dict[str, Any]]:
    """How many of ``followed`` came to each stage, for all, or by a column (null groups are left out)."""
    if by is None:
        return [{"group": None, **_stages(rows)}]
    known = rows.filter(pl.col(by).is_not_null()).with_columns(pl.col(by).cast(pl.String))
    return [
        {"group": str(group), **_stages(part)} for (group,), part in sorted(known.group_by(by), key=lambda p: p[0])
    ]


def _stages(rows: pl.DataFrame) -> dict[str, int | None]:
    there = {name: int(rows[name].sum()) for name in STAGES if name != "listed"}
    return {"listed": suppressed(rows.height), **{name: suppressed(count) for name, count in there.items()}}


def hits(rows: pl.DataFrame, named: pl.DataFrame | None = None, by: str = "name") -> list[dict[str, Any]]:
    """The hit rate by group: of the visits that say anything about need, how many verified it.

    ``named``: ``NAMED``, the groups of an item, of which it may have several; None: a column of the rows. Each:
    ``group, listed, answered, rate, low, high`` (shares; 95 %, Wilson).
    """
    grouped = rows if named is None else rows.join(named.unique(), on="item_id")
    parts = grouped.filter(pl.col(by).is_not_null()).group_by(pl.col(by).cast(pl.String).alias("group"))
    return [{"group": str(group), **rate(part)} for (group,), part in sorted(parts, key=lambda found: found[0])]


def rate(rows: pl.DataFrame) -> dict[str, Any]:
    """``listed, answered, rate, low, high`` of some rows of ``followed``."""
    answered = rows.filter(pl.col("need").is_not_null())
    found, of = int(answered["need"].sum()), answered.height
    interval = wilson(found, of) if found > FEW else None
    return {
        "listed": suppressed(rows.height),
        "answered": suppressed(of),
        "rate": None if interval is None else round(found / of, 2),
        "low": None if interval is None else round(interval[0], 2),
        "high": None if interval is None else round(interval[1], 2),
    }


def waits(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Days from the signal to the visit, and from the visit to aid: median and nine in ten, null of 7 and under."""
    days = {
        "signal_to_visit": (pl.col("visited_on") - pl.coalesce("signal_on", "business_date")).dt.total_days(),
        "visit_to_aid": (pl.col("aid_on") - pl.col("visited_on")).dt.total_days(),
    }
    told = {}
    for name in WAITS:
        found = rows.select(days[name].alias("days"))["days"].drop_nulls()
        few = found.len() <= FEW
        told[name] = {
            "households": suppressed(found.len()),
            "median": None if few else _whole(found.median()),
            "nine_in_ten": None if few else _whole(found.quantile(0.9, "nearest")),
        }
    return told


def unmet(rows: pl.DataFrame, gaps: pl.DataFrame, paid: pl.DataFrame) -> list[dict[str, Any]]:
    """By programme: households for whom it was missing, the amount a month, to how many it has been paid since.

    ``gaps``: ``UNMET``. Amounts are minor units, null where they rest on 7 known and fewer.
    """
    since = rows.select("item_id", "household_id", "business_date")
    started = paid.join(since, on="household_id").filter(
        pl.col("month") >= pl.col("business_date").dt.month_start()
    )
    started = started.select("item_id", "programme", paid=pl.lit(True)).unique()
    amount = pl.when(pl.col("unmet_month").is_not_null().any()).then(pl.col("unmet_month").sum())
    known = gaps.group_by("item_id", "programme").agg(amount)
    found = known.join(started, on=["item_id", "programme"], how="left").join(
        rows.select("item_id", "verified"), on="item_id"
    )
    told = []
    for (programme,), part in sorted(found.group_by("programme"), key=lambda pair: pair[0]):
        counts = {"verified": int(part["verified"].sum()), "paid_since": int(part["paid"].fill_null(False).sum())}
        told.append(
            {
                "programme": str(programme),
                "households": suppressed(part.height),
                "unmet_month": None if part["unmet_month"].count() <= FEW else int(part["unmet_month"].sum()),
                **{name: suppressed(count) for name, count in counts.items()},
            }
        )
    return told


def burden(rows: pl.DataFrame, fields: int, capacity: Mapping[str, int]) -> dict[str, Any]:
    """What the lists ask of those who visit: their length a night and against the week, cells to fill in, minutes.

    ``fields``: cells to fill in for a household. ``capacity``: visits that a week of each caseworker holds.
    """
    lengths = rows.group_by("caseworker_id", "business_date").len().sort("caseworker_id", "business_date")
    weeks = rows.group_by("caseworker_id", week=pl.col("business_date").dt.truncate("1w")).len()
    full = weeks.with_columns(
        of=pl.col("caseworker_id").replace_strict(dict(capacity), default=None, return_dtype=pl.Int64)
    ).with_columns(share=pl.col("len") / pl.col("of"))
    minutes, filled = rows["minutes"].drop_nulls(), rows["filled"].drop_nulls()
    return {
        "caseworkers": rows["caseworker_id"].n_unique(),
        "list_length_median": _whole(lengths["len"].median()),
        "list_length_most": _whole(lengths["len"].max()),
        "week_of_capacity_median": _share(full["share"].median()),
        "week_of_capacity_most": _share(full["share"].max()),
        "fields": fields,
        "fields_filled_mean": None if filled.len() <= FEW else _tenth(filled.mean()),
        "minutes_recorded": suppressed(minutes.len()),
        "minutes_median": None if minutes.len() <= FEW else _whole(minutes.median()),
    }


def left_off(reasons: Sequence[str]) -> dict[str, int | None]:
    """Items taken off the lists after a night had put them there, by reason."""
    return {reason: suppressed(reasons.count(reason)) for reason in sorted(set(reasons))}


def _whole(value: Any) -> int | None:
    return None if value is None else round(float(value))


def _tenth(value: Any) -> float | None:
    return None if value is None else round(float(value), 1)


def _share(value: Any) -> float | None:
    return None if value is None else round(float(value), 2)
