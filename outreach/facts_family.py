"""Who is bound by law to support whom, and who can: spouses, children and parents who live together, kin elsewhere.

The register tells relations to the head only: of a "child" it does not say whose. A relation that it leaves open is
read widely, as somebody who may be able to support.
"""

from typing import Final

import polars as pl

from features.sources import Known
from outreach.catalogue import InForce
from outreach.conditions import figure

SUPPORTERS: Final[dict[str, tuple[str, ...]]] = {
    "head": ("spouse", "child", "parent"),
    "spouse": ("head", "child", "parent_in_law"),
    "child": ("head", "spouse", "child_in_law", "grandchild"),
    "child_in_law": ("child", "grandchild"),
    "grandchild": ("child", "child_in_law"),
    "parent": ("parent", "head", "sibling"),
    "parent_in_law": ("parent_in_law", "spouse"),
    "grandparent": ("grandparent", "parent"),
    "sibling": ("parent",),
}
"""Relations to the head of those who owe support to somebody of a relation: the spouse, adult children, parents."""
PARENTS: Final[dict[str, tuple[str, ...]]] = {
    "head": ("parent",),
    "child": ("head", "spouse"),
    "grandchild": ("child", "child_in_law"),
    "sibling": ("parent",),
}
ADULT, OLD, VERY_OLD, BOTH = 18, 60, 70, 2
RELATED: Final = sorted({each for named in SUPPORTERS.values() for each in named})


def with_family(persons: pl.LazyFrame, members: pl.LazyFrame, known: Known, rules: InForce) -> pl.LazyFrame:
    """The persons with ``supporters_able``, ``parents_able``, ``parents_lost``, ``parents_dead`` and their bounds.

    ``persons`` are those who live there, with their facts; ``members`` everybody whom a household has had. Counts
    of parents are of a child's two; where one is neither here nor known dead, the upper bounds are null: unknown.
    """
    relation = pl.col("relation").cast(pl.String)
    told = persons.with_columns(relation=relation, _able=_able(rules), _unfit=_unfit())
    homes = told.group_by("household_id").agg(
        *(_counted(each, "_able", "able") for each in RELATED),
        *(_doubtful(each, "_able", "able") for each in RELATED),
        *(_counted(each, "_unfit", "unfit") for each in RELATED),
        *(_doubtful(each, "_unfit", "unfit") for each in RELATED),
        *((relation == each).sum().cast(pl.Int64).alias(f"{each}_here") for each in RELATED),
    )
    dead = (
        members.filter(pl.col("dead"))
        .with_columns(relation=relation)
        .group_by("household_id")
        .agg((pl.col("relation") == each).sum().cast(pl.Int64).alias(f"{each}_dead") for each in RELATED)
    )
    numbers = [
        f"{each}_{what}" for each in RELATED for what in ("able", "able_maybe", "unfit", "unfit_maybe", "here")
    ]
    gone = [f"{each}_dead" for each in RELATED]
    return (
        told.join(homes, on="household_id", how="left")
        .join(dead, on="household_id", how="left")
        .join(_kin_elsewhere(known, persons), on=["household_id", "person_id"], how="left")
        .with_columns(pl.col(name).fill_null(0) for name in (*gone, "_kin"))
        .with_columns(*_supporters(known), *_parents())
        .drop(*numbers, *gone, "_able", "_unfit", "_kin")
        .with_columns(
            pl.col(f"{name}_low").alias(name) for name in ("parents_able", "parents_lost", "parents_dead")
        )
    )


def _able(rules: InForce) -> pl.Expr:
    """Whether an adult can support (特困人员认定办法 Art. 8 lists who cannot); null where no record tells."""
    poor = pl.col("pc_income") < figure(rules.settings["local_pc_income"])
    exempt = (
        pl.col("paid:TK")
        | (pl.col("paid:DB") & (pl.col("age") >= OLD))
        | (((pl.col("age") >= VERY_OLD) | _severe()) & poor)
        | pl.col("away")
    )
    return (pl.col("age") >= ADULT) & ~exempt


def _severe() -> pl.Expr:
    level = pl.col("disability_level")
    return pl.col("has_certificate") & ((level <= 2) | (pl.col("disability_mental") & (level <= 3)))


def _unfit() -> pl.Expr:
    """Whether a parent cannot look after a child (民发〔2019〕62号): severe disability, serious illness, away."""
    level = pl.col("disability_level")
    disabled = pl.col("has_certificate") & ((level <= 2) | (pl.col("disability_mental") & (level <= 4)))
    return disabled | pl.col("serious_illness") | pl.col("away")


def _counted(relation: str, flag: str, name: str) -> pl.Expr:
    return ((pl.col("relation") == relation) & pl.col(flag)).sum().cast(pl.Int64).alias(f"{relation}_{name}")


def _doubtful(relation: str, flag: str, name: str) -> pl.Expr:
    unknown = (pl.col("relation") == relation) & pl.col(flag).is_null()
    return unknown.sum().cast(pl.Int64).alias(f"{relation}_{name}_maybe")


def _over(groups: dict[str, tuple[str, ...]], name: str) -> pl.Expr:
    """The sum of a household's number over the relations that matter to a person; null for other relations."""
    chosen: pl.Expr = pl.lit(None, dtype=pl.Int64)
    for mine, others in groups.items():
        total = pl.sum_horizontal(pl.col(f"{other}_{name}") for other in others)
        chosen = pl.when(pl.col("relation") == mine).then(total).otherwise(chosen)
    return chosen


def _supporters(known: Known) -> list[pl.Expr]:
    """Those at home, and kin elsewhere whose duty the register holds; without it there may be one more."""
    same = pl.col("relation").is_in([mine for mine, others in SUPPORTERS.items() if mine in others])
    self_able = (same & pl.col("_able").fill_null(False)).cast(pl.Int64)
    self_maybe = (same & pl.col("_able").is_null()).cast(pl.Int64)
    unrelated = ~pl.col("relation").is_in(list(SUPPORTERS))
    beyond = unrelated.cast(pl.Int64) + (0 if known.has("kin") else 1)
    low = _over(SUPPORTERS, "able").fill_null(0) - self_able + pl.col("_kin")
    high = low + _over(SUPPORTERS, "able_maybe").fill_null(0) - self_maybe + beyond
    return [
        low.alias("supporters_able"),
        low.alias("supporters_able_low"),
        high.alias("supporters_able_high"),
    ]


def _parents() -> list[pl.Expr]:
    here, dead = (_over(PARENTS, name).clip(upper_bound=BOTH) for name in ("here", "dead"))
    dead = pl.min_horizontal(dead, BOTH - here)
    unfit, doubt = _over(PARENTS, "unfit"), _over(PARENTS, "unfit_maybe")
    unfit = pl.min_horizontal(unfit, here)
    doubt = pl.min_horizontal(doubt, here - unfit)
    accounted = here + dead == BOTH

    def bounds(name: str, low: pl.Expr, high: pl.Expr) -> list[pl.Expr]:
        return [low.fill_null(0).alias(f"{name}_low"), pl.when(accounted).then(high).alias(f"{name}_high")]

    return [
        *bounds("parents_dead", dead, dead),
        *bounds("parents_lost", dead + unfit, dead + unfit + doubt),
        *bounds("parents_able", here - unfit - doubt, here - unfit),
    ]


def _kin_elsewhere(known: Known, persons: pl.LazyFrame) -> pl.LazyFrame:
    """``household_id, person_id, _kin``: people elsewhere who owe the person support, by the register of kin."""
    homes = persons.select("household_id", "person_id")
    return (
        known.frame("kin")
        .select("person_id", "kin_id")
        .join(homes, on="person_id", how="inner")
        .join(homes, left_on=["household_id", "kin_id"], right_on=["household_id", "person_id"], how="anti")
        .group_by("household_id", "person_id")
        .agg(_kin=pl.len().cast(pl.Int64))
    )
