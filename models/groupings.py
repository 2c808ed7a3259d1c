"""The groups that fairness looks at, as far as records tell them, and what they are called in both languages."""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

Text = Mapping[str, str]

GROUPINGS: Final = {
    "head_sex": ("户主性别", "Sex of the head"),
    "head_age": ("户主年龄", "Age of the head"),
    "area_kind": ("城乡", "Urban and rural"),
    "head_minority": ("户主民族", "Ethnicity of the head"),
    "has_disabled": ("残疾", "Disability"),
    "household_type": ("家庭类型", "Kind of household"),
    "digital_trace": ("数字痕迹", "Digital trace"),
    "is_migrant": ("流动人口", "Migrants"),
}
GROUPS: Final = {
    "unknown": ("未记录", "not recorded"),
    "male": ("男", "male"),
    "female": ("女", "female"),
    "0-14": ("0–14岁", "0 to 14"),
    "15-44": ("15–44岁", "15 to 44"),
    "45-59": ("45–59岁", "45 to 59"),
    "60-79": ("60–79岁", "60 to 79"),
    "80+": ("80岁及以上", "80 and over"),
    "urban": ("城镇", "urban"),
    "rural": ("农村", "rural"),
    "minority": ("少数民族", "minority"),
    "majority": ("汉族", "Han"),
    "disabled": ("有残疾人", "with a disabled member"),
    "not_disabled": ("没有残疾人", "without a disabled member"),
    "migrant": ("有流动人口", "with a migrant"),
    "settled": ("没有流动人口", "without a migrant"),
    "none": ("没有", "none"),
    "low": ("很少", "low"),
    "normal": ("一般", "normal"),
    "lone_elder": ("独居老人", "elder living alone"),
    "elders_only": ("只有老人", "elders only"),
    "skip_generation": ("隔代家庭", "grandparents and grandchildren"),
    "single_parent": ("单亲家庭", "single parent"),
    "with_children": ("有未成年人", "with children"),
    "other": ("其他", "other"),
}
AGES: Final = {"0-14": 14, "15-44": 44, "45-59": 59, "60-79": 79}
"""The last year of life of each band of age; older is ``80+``."""


def groupings(groups: pl.DataFrame, columns: pl.DataFrame | None = None) -> pl.DataFrame:
    """``household_id``, a text column per grouping (null = not recorded), and ``blank_share``.

    ``groups``: as ``features.groups`` makes them. ``columns``: the feature columns of the same day, for the age of
    the head; without it, or without ``head_age`` in it, that grouping is left out.
    """
    found = groups.select(
        "household_id",
        head_sex=pl.col("head_sex").cast(pl.Int64).replace_strict({1: "male", 2: "female"}, default=None),
        area_kind=pl.col("area_kind").cast(pl.String),
        head_minority=_either("head_minority", "minority", "majority"),
        has_disabled=_either("has_disabled", "disabled", "not_disabled"),
        household_type=pl.col("household_type").cast(pl.String),
        digital_trace=pl.col("digital_trace").cast(pl.String),
        is_migrant=_either("is_migrant", "migrant", "settled"),
        blank_share="blank_share",
    )
    if columns is None or "head_age" not in columns.columns:
        return found
    ages = columns.select("household_id", head_age=_band(pl.col("head_age")))
    return found.join(ages, on="household_id", how="left", maintain_order="left")


def called(by: Sequence[str], group: Sequence[str]) -> Text:
    """What a group, or an intersection of two, is called; a code that nobody named is its own name."""
    if not by:
        return {"zh": "全体", "en": "everybody"}
    pairs = [
        (GROUPINGS.get(one, (one, one)), GROUPS.get(each, (each, each)))
        for one, each in zip(by, group, strict=True)
    ]
    return {
        "zh": "，".join(f"{of[0]}：{name[0]}" for of, name in pairs),
        "en": ", ".join(f"{of[1].lower()}: {name[1]}" for of, name in pairs),
    }


def _either(column: str, yes: str, no: str) -> pl.Expr:
    return pl.when(pl.col(column)).then(pl.lit(yes)).when(pl.col(column).not_()).then(pl.lit(no))


def _band(age: pl.Expr) -> pl.Expr:
    band: pl.Expr = pl.when(age.is_not_null()).then(pl.lit("80+"))
    for name, last in reversed(AGES.items()):
        band = pl.when(age <= last).then(pl.lit(name)).otherwise(band)
    return band
