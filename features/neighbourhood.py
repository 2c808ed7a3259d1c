"""Columns that need the whole population: income against the contemporary median, and against the neighbours.

A bucket cannot know a median. So a night builds the columns of every bucket, makes one small table of medians of
them all, and adds these columns to each bucket. Levels of income enter the models only here and against the local
line: a model must survive inflation.
"""

from functools import partial
from typing import Final

import polars as pl

from features import relative_kinds, relative_years
from features.feature import Feature, feature
from features.relative import INCOME, relative, to_median
from features.windows import YEAR, ratio, yes

SCALED: Final = (
    "income_per_head_12m",
    "income_equivalised_12m",
    "income_equivalised_6m",
    "income_equivalised_3m",
    "income_root_12m",
    "disposable_equivalised_12m",
    "income_equivalised_1y_before",
    "income_equivalised_2y_before",
    "contribution_base_per_worker",
)
"""Columns of which the person-weighted median of the area kind is needed."""

COMPARED: Final = ("income_equivalised_12m", "adult_schooling_years_mean", "workers_share")
"""Columns of which the median of the other households of the region is needed."""

ENOUGH: Final = 5
"""Other households of the region that must be known before they are a neighbourhood."""

THOUSANDTHS: Final = 1_000
SOCIETAL_LINE: Final = 0.5
"""The societal poverty line taken at half of the median (its fixed part in international dollars is left out)."""

MEDIANS_SCHEMA: Final = {
    "scope": pl.String,
    "key": pl.String,
    "column": pl.String,
    "count": pl.Int64,
    "below": pl.Float64,
    "middle": pl.Float64,
    "above": pl.Float64,
    "median": pl.Float64,
}


def medians_of(columns: pl.DataFrame) -> pl.DataFrame:
    """The small table of medians of the whole population, from the concatenated columns of all buckets.

    One row per ``scope`` (``area_kind`` or ``region``), ``key`` and ``column``: ``count`` of households that know
    it, the middle values ``below, middle, above`` (what leaving one out needs), and ``median`` weighted by persons.
    """
    wanted = dict.fromkeys((*SCALED, *COMPARED))
    tables = [
        _middles(columns, scope, column)
        for column in wanted
        if column in columns.columns
        for scope in ("area_kind", "region")
        if scope == "area_kind" or column in COMPARED
    ]
    if not tables:
        return pl.DataFrame(schema=MEDIANS_SCHEMA)
    return pl.concat(tables).sort("scope", "key", "column")


def _middles(columns: pl.DataFrame, scope: str, column: str) -> pl.DataFrame:
    value = pl.col(column)
    rank = pl.int_range(pl.len())
    count = pl.len()
    persons = (pl.col("weight") * pl.col("members") * THOUSANDTHS).round().cast(pl.Int64)
    half = persons.cum_sum() * 2 >= persons.sum()

    def at(index: pl.Expr) -> pl.Expr:
        return value.filter(rank == index).first()

    return (
        columns.lazy()
        .filter(value.is_not_null())
        .select(pl.col(scope).cast(pl.String).alias("key"), "weight", "members", column)
        .sort("key", column)
        .group_by("key", maintain_order=True)
        .agg(
            pl.lit(scope).alias("scope"),
            pl.lit(column).alias("column"),
            count.cast(pl.Int64).alias("count"),
            at((count - 1) // 2 - (count % 2)).alias("below"),
            at((count - 1) // 2).alias("middle"),
            at((count - 1) // 2 + 1).alias("above"),
            value.filter(half & (persons.sum() > 0)).first().alias("median"),
        )
        .select(*MEDIANS_SCHEMA)
        .collect()
        .cast(MEDIANS_SCHEMA)  # type: ignore[arg-type]
    )


def with_neighbourhood(columns: pl.DataFrame, medians: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that need the whole population, those of them whose own columns are there.

    ``columns`` as ``build_features`` returns them (or some of them), ``medians`` of the whole population.
    """
    joined = columns.with_columns(_key_area_kind=pl.col("area_kind").cast(pl.String), _key_region=pl.col("region"))
    for column in SCALED:
        median = medians.filter((pl.col("scope") == "area_kind") & (pl.col("column") == column))
        joined = joined.join(
            median.select(_key_area_kind="key", **{f"_median_{column}": "median"}), on="_key_area_kind", how="left"
        )
    for column in COMPARED:
        middles = medians.filter((pl.col("scope") == "region") & (pl.col("column") == column))
        names = {f"_{name}_{column}": name for name in ("count", "below", "middle", "above")}
        joined = joined.join(middles.select(_key_region="key", **names), on="_key_region", how="left")
    added = [item for item in FEATURES if set(columns_needed(item)) <= set(columns.columns)]
    return joined.select(
        *columns.columns, *(item.expression().cast(pl.Float64).alias(item.name) for item in added)
    ).sort("household_id")


def columns_needed(item: Feature) -> list[str]:
    """The columns of a bucket that a column of the neighbourhood is made from."""
    return sorted(name for name in item.expression().meta.root_names() if not name.startswith("_"))


def others_median(column: str) -> pl.Expr:
    """The median of the region's other households; null where fewer than five of them know the column.

    Leaving a value out moves the middle by at most one place, so three middle values of the region are enough.
    """
    own = pl.col(column)
    count, below, middle, above = (pl.col(f"_{name}_{column}") for name in ("count", "below", "middle", "above"))
    odd = (
        pl.when(own < middle)
        .then((middle + above) / 2)
        .when(own > middle)
        .then((below + middle) / 2)
        .otherwise((below + above) / 2)
    )
    even = pl.when(own <= middle).then(above).otherwise(middle)
    everybody = pl.when(count % 2 == 1).then(middle).otherwise((middle + above) / 2)
    without = pl.when(count % 2 == 1).then(odd).otherwise(even)
    others = count - own.is_not_null().cast(pl.Int64)
    return pl.when(others >= ENOUGH).then(pl.when(own.is_null()).then(everybody).otherwise(without))


burden = partial(feature, sources=("medical", "enrolment", *INCOME), concept="medical_burden", low=0, direction=1)
around = partial(feature, concept="neighbourhood")
around_income = partial(around, sources=INCOME, unit="ratio", low=-1, high=20)


@relative(zh="等值收入与中位数之比（12月）", en="Equivalised income to the median, 12 months", direction=-1)
def income_to_median_12m() -> pl.Expr:
    """Equivalised income of 12 months over its person-weighted median of the area kind.

    Null where the income source knows no member.
    """
    return to_median("income_equivalised_12m")


@relative(zh="等值收入与中位数之比（6月）", en="Equivalised income to the median, 6 months", direction=-1)
def income_to_median_6m() -> pl.Expr:
    """Equivalised income of 6 months over its person-weighted median of the area kind.

    Null where the income source knows no member.
    """
    return to_median("income_equivalised_6m")


@relative(zh="等值收入与中位数之比（3月）", en="Equivalised income to the median, 3 months", direction=-1)
def income_to_median_3m() -> pl.Expr:
    """Equivalised income of 3 months over its person-weighted median of the area kind.

    Null where the income source knows no member.
    """
    return to_median("income_equivalised_3m")


@relative(zh="人均收入与中位数之比", en="Income per head to the median", direction=-1)
def income_per_head_to_median_12m() -> pl.Expr:
    """Income per head of 12 months over its person-weighted median of the area kind.

    Null where the income source knows no member.
    """
    return to_median("income_per_head_12m")


@relative(zh="平方根等值收入与中位数之比", en="Income on the square-root scale to the median", direction=-1)
def income_root_to_median_12m() -> pl.Expr:
    """Income of 12 months on the square-root scale over its person-weighted median of the area kind.

    Null where the income source knows no member.
    """
    return to_median("income_root_12m")


@relative(zh="可支配收入与中位数之比", en="Disposable income to the median", direction=-1)
def disposable_to_median_12m() -> pl.Expr:
    """Equivalised income with assistance of 12 months over its person-weighted median of the area kind.

    Null where the income source knows no member.
    """
    return to_median("disposable_equivalised_12m")


@relative(zh="户主劳动收入与人均中位数之比", en="Head's labour income to the median", direction=-1)
def head_labour_to_median_12m() -> pl.Expr:
    """Labour income of the head over the median income per head of the area kind.

    Null where the income source never knew the head.
    """
    return to_median("head_labour_income_12m", "income_per_head_12m")


@relative(
    zh="每名就业者劳动收入与中位数之比",
    en="Labour income per earner to the median",
    no_direction="the loss of the smaller income raises it, and of the only one makes it null",
)
def labour_per_earner_to_median_12m() -> pl.Expr:
    """Labour income per earner over the median income per head of the area kind.

    Null where nobody earned or the income source knows no member.
    """
    return to_median("labour_income_per_earner_12m", "income_per_head_12m")


@relative(zh="成年人均劳动收入与中位数之比", en="Labour income per adult to the median", direction=-1)
def labour_per_adult_to_median_12m() -> pl.Expr:
    """Labour income per adult over the median income per head of the area kind.

    Null where there is no adult or the income source knows no member.
    """
    return to_median("labour_income_per_adult_12m", "income_per_head_12m")


@feature(
    zh="缴费基数与中位数之比",
    en="Contribution base to the median",
    sources=("employment", "household", "member"),
    concept="work",
    unit="ratio",
    low=0,
    high=20,
)
def contribution_base_to_median() -> pl.Expr:
    """Contribution base per worker over its person-weighted median of the area kind.

    Null where nobody works or no base is recorded.
    """
    return to_median("contribution_base_per_worker")


@burden(zh="灾难性卫生支出（SDG 2025）", en="Catastrophic spending, SDG 2025", unit="0/1", high=1)
def has_catastrophic_sdg2025() -> pl.Expr:
    """1 where out-of-pocket costs of 12 months exceed 40 % of the discretionary budget (SDG 3.8.2 since 2025).

    The budget is income less the societal poverty line, taken at half the median income per head; with nothing
    left of it any cost counts. Null where the medical or the income source knows no member.
    """
    line = pl.col("_median_income_per_head_12m") * SOCIETAL_LINE
    budget = (pl.col("income_per_head_12m") - line) * pl.col("household_size") * YEAR
    cost = pl.col("oop_12m")
    return yes(pl.when(budget.is_not_null()).then((cost > 0) & (cost > 0.4 * budget)))


@burden(zh="人均自付与收入中位数之比", en="Out-of-pocket per head to the median income", unit="ratio", high=20)
def oop_per_head_to_median_12m() -> pl.Expr:
    """Out-of-pocket costs of 12 months per head over a year of the median income per head of the area kind.

    Null where the medical source knows no member.
    """
    year = pl.col("_median_income_per_head_12m") * YEAR * pl.col("household_size")
    return ratio(pl.col("oop_12m"), year, 0, 20)


@around_income(zh="与邻里收入之比", en="Income to the neighbours' median", direction=-1)
def income_to_neighbours_12m() -> pl.Expr:
    """Equivalised income of 12 months over the median of the region's other households.

    Null where the income source knows no member, or fewer than five other households.
    """
    return ratio(pl.col("income_equivalised_12m"), others_median("income_equivalised_12m"), -1, 20)


@around_income(zh="邻里收入水平", en="Neighbours' income to the median")
def neighbours_income_to_median_12m() -> pl.Expr:
    """Median equivalised income of the region's other households over that of the area kind.

    Null where the income source knows fewer than five other households.
    """
    return ratio(others_median("income_equivalised_12m"), pl.col("_median_income_equivalised_12m"), -1, 20)


@around(
    zh="邻里受教育年限", en="Neighbours' schooling", sources=("household", "member"), unit="years", low=0, high=19
)
def neighbours_schooling_years() -> pl.Expr:
    """Median of the mean schooling of adults in the region's other households.

    Null where it is recorded in fewer than five of them.
    """
    return others_median("adult_schooling_years_mean")


@around(
    zh="邻里就业者占比",
    en="Neighbours' workers per member",
    sources=("employment", "household", "member"),
    unit="share",
    low=0,
    high=1,
)
def neighbours_workers_share() -> pl.Expr:
    """Median of workers over members in the region's other households.

    Null where the employment source knows fewer than five of them.
    """
    return others_median("workers_share")


FEATURES: Final = (
    income_to_median_12m,
    income_to_median_6m,
    income_to_median_3m,
    income_per_head_to_median_12m,
    income_root_to_median_12m,
    disposable_to_median_12m,
    *relative_years.FEATURES,
    head_labour_to_median_12m,
    labour_per_earner_to_median_12m,
    labour_per_adult_to_median_12m,
    *relative_kinds.FEATURES,
    contribution_base_to_median,
    has_catastrophic_sdg2025,
    oop_per_head_to_median_12m,
    income_to_neighbours_12m,
    neighbours_income_to_median_12m,
    neighbours_schooling_years,
    neighbours_workers_share,
)
