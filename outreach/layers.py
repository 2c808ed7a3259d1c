"""Layer × category: how deep each household's hardship is, of which kinds, and how often somebody should come.

``codelists`` holds the codes. A depth that an office has recognised (a status in payment) stands, whatever the
rules say beside it; else the rules' verdicts tell, likely or possible. Unknown stays unknown: where a deeper depth
cannot be ruled out the household is ``UN``, with what it is at least. So a blank never lowers a depth or a grade:
it leaves it, deepens it, or makes it untold; and a kind that no record tells any more is listed as open.

The grade follows from what the records tell (all proposals): the closest for something urgent, a child whom no
parent can look after, a severely disabled person among people none of whom is of working age; the next for the two
deepest depths (recognised, or by the rules), severe disability or serious illness at home, elders living alone, a
heavy event that has not faded.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import polars as pl

from outreach.codelists import DEPTHS, GRADES, KINDS, OF_FINDING, ORDER, SAID, UNTOLD
from outreach.conditions import FAIL, NEAR, PASS, UNKNOWN
from outreach.eligibility import Verdicts
from outreach.facts import Rows
from outreach.trigger_table import TRIGGERS
from outreach.vocabulary import PAID

HEAVY: Final = 3.0
"""The weight from which an event alone is hardship, and calls for a visit every month."""
OFTEN_LATE: Final = ("EV-INC1",)
"""Events that are mostly a late report, and no hardship alone (as in the policy's event lane)."""
DEEPEST: Final = ("TK", "DB")
ADULT, OLD = 18, 60
HOME, KIND = "_home", "_kind"
LAYERS_SCHEMA: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "household_id": pl.String,
    "layer": pl.Enum(tuple(DEPTHS)),
    "basis": pl.Enum(("recognised", "likely", "possible", "event", "none", "unknown")),
    "at_least": pl.Enum(ORDER),
    "deeper": pl.Enum(DEEPEST),
    "because": pl.List(pl.String),
    "kinds": pl.List(pl.String),
    "kinds_because": pl.List(pl.String),
    "kinds_open": pl.List(pl.String),
    "grade": pl.Enum(tuple(GRADES)),
    "grade_at_least": pl.Enum(tuple(GRADES)),
    "grade_because": pl.List(pl.String),
}
"""``layer``: exactly one of ``codelists.DEPTHS``. ``basis``: recognised (a status in payment), likely or possible
(the rules' verdict), event (something heavy has struck, or relief was paid this year), none, unknown. ``at_least``:
the deepest that is told (null: nothing is). ``deeper``: which of ``DEEPEST`` the rules hold likely beyond the
recognised depth, else null. ``kinds``: of ``codelists.KINDS`` in their order, never empty; ``kinds_because``: their
reasons, each of one kind (``kind_of``); ``kinds_open``: those that a blank leaves open. ``grade``: of
``codelists.GRADES``; ``grade_at_least``: what it is at least. Reasons are names of facts, codes of findings,
``paid:<code>`` or ``verdict:<code>``: no value and no id."""

LEVEL_OF: Final = {
    "eligible_likely": PASS,
    "in_payment": PASS,
    "eligible_possible": NEAR,
    "insufficient_data": UNKNOWN,
    "not_eligible": FAIL,
}


def layers_of(found: Verdicts, only: pl.DataFrame | None = None) -> pl.DataFrame:
    """``LAYERS_SCHEMA`` of every household of a bucket (``only``: of those in this frame), sorted by household."""
    if only is not None:
        found = _of_those(found, only)
    homes = _told(found)
    kinds = _kinds(found, homes)
    classified = pl.concat([graded(deepened(homes)), kinds.drop("household_id")], how="horizontal")
    return classified.with_columns(
        pl.col("kinds").fill_null([UNTOLD]),
        pl.col("kinds_because", "kinds_open").fill_null([]),
    ).select(pl.col(name).cast(kind) for name, kind in LAYERS_SCHEMA.items())


def _of_those(found: Verdicts, only: pl.DataFrame) -> Verdicts:
    def kept(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.join(only.select("household_id"), on="household_id", how="semi", maintain_order="left")

    rows = Rows(kept(found.facts.households), kept(found.facts.persons))
    return replace(found, verdicts=kept(found.verdicts), findings=kept(found.findings), facts=rows)


def deepened(homes: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``layer, basis, at_least, deeper, because``.

    Needs ``paid_<code>`` (Boolean or null) and ``level_<code>`` (``conditions.OUTCOMES``) of each of
    ``codelists.SAID``, and ``other`` (Boolean or null): hardship that no programme names.
    """
    known = pl.all_horizontal(pl.col(f"paid_{code}").is_not_null() for code in SAID)
    recognised = pl.coalesce(pl.when(f"paid_{code}").then(pl.lit(code)) for code in SAID)
    nothing = pl.when(pl.col("other").is_null()).then(pl.lit(UNTOLD)).otherwise(pl.lit("NO"))
    told = pl.when("other").then(pl.lit("OT")).otherwise(nothing)
    for code in reversed(SAID):
        level = pl.col(f"level_{code}")
        open_ = (level == UNKNOWN) | ~known
        told = pl.when(level >= NEAR).then(pl.lit(code)).when(open_).then(pl.lit(UNTOLD)).otherwise(told)
    least = pl.coalesce(
        *(pl.when(pl.col(f"level_{code}") >= NEAR).then(pl.lit(code)) for code in SAID),
        pl.when("other").then(pl.lit("OT")),
    )
    likely = pl.coalesce(pl.when(pl.col(f"level_{code}") == PASS).then(pl.lit(code)) for code in DEEPEST)
    rows = homes.with_columns(_is=recognised, _likely=likely, layer=pl.coalesce(recognised, told)).with_columns(
        at_least=pl.coalesce("_is", pl.when(pl.col("layer") == UNTOLD).then(least).otherwise("layer")),
    )
    depth = {code: place for place, code in enumerate(SAID)}
    beyond = pl.col("_likely").replace_strict(depth, return_dtype=pl.Int8) < pl.col("_is").replace_strict(
        depth, return_dtype=pl.Int8
    )
    basis = (
        pl.when(pl.col("_is").is_not_null())
        .then(pl.lit("recognised"))
        .when(pl.col("layer") == UNTOLD)
        .then(pl.lit("unknown"))
        .when(pl.col("layer") == "OT")
        .then(pl.lit("event"))
        .when(pl.col("layer") == "NO")
        .then(pl.lit("none"))
        .when(pl.any_horizontal((pl.col("layer") == c) & (pl.col(f"level_{c}") == PASS) for c in SAID))
        .then(pl.lit("likely"))
        .otherwise(pl.lit("possible"))
    )
    by_rule = pl.col("at_least").is_in(SAID)
    because = (
        pl.when(pl.col("_is").is_not_null())
        .then(pl.concat_list(pl.lit("paid:") + pl.col("_is")))
        .when(by_rule)
        .then(pl.concat_list(pl.lit("verdict:") + pl.col("at_least")))
        .when(pl.col("at_least") == "OT")
        .then("other_because")
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
    )
    return rows.with_columns(
        basis=basis, deeper=pl.when(beyond).then("_likely"), because=because.fill_null([])
    ).drop("_is", "_likely")


FIRST: Final = ("urgent", "child_alone", "helpless")
SECOND: Final = ("severe_at_home", "serious_at_home", "elders_alone", "child_left", "heavy")
"""Signals (Boolean or null) of the first and of the second grade; the depth is one of the second as well."""


def graded(homes: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``grade, grade_at_least, grade_because``.

    Needs what ``deepened`` gives and takes, the signals ``FIRST`` and ``SECOND``, ``urgent_because``,
    ``heavy_because``.
    """
    told = pl.col("at_least").is_in(DEEPEST).fill_null(value=False) | pl.col("deeper").is_not_null()
    open_ = (pl.col("layer") == UNTOLD) | pl.any_horizontal(pl.col(f"level_{code}") == UNKNOWN for code in DEEPEST)
    deep = pl.when(told).then(told).when(open_).then(None).otherwise(pl.lit(value=False))
    first = pl.any_horizontal(FIRST)
    second = pl.any_horizontal(*SECOND, deep)
    grade = (
        pl.when(first)
        .then(pl.lit("G1"))
        .when(first.is_null())
        .then(pl.lit(UNTOLD))
        .when(second)
        .then(pl.lit("G2"))
        .when(second.is_null())
        .then(pl.lit(UNTOLD))
        .otherwise(pl.lit("G3"))
    )
    least = pl.when(first).then(pl.lit("G1")).when(second).then(pl.lit("G2")).otherwise(pl.lit("G3"))
    plain = {
        name: pl.when(name).then(pl.lit(name)) for name in (*FIRST, *SECOND) if name not in ("urgent", "heavy")
    }
    closest = pl.concat_list("urgent_because", *(plain[name] for name in FIRST if name in plain))
    next_ = pl.concat_list(
        pl.when(deep).then("because").otherwise(pl.lit([], dtype=pl.List(pl.String))),
        pl.lit("verdict:") + pl.col("deeper"),
        *(plain[name] for name in SECOND if name in plain),
        "heavy_because",
    )
    return homes.with_columns(grade=grade, grade_at_least=least).with_columns(
        grade_because=pl.when(pl.col("grade_at_least") == "G1")
        .then(closest)
        .when(pl.col("grade_at_least") == "G2")
        .then(next_)
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
        .list.drop_nulls()
        .list.unique(maintain_order=True)
    )


def _told(found: Verdicts) -> pl.DataFrame:
    """One row per household: statuses, levels of the rules and the signals of the grades, null where untold."""
    facts = found.facts
    events = found.findings.filter(pl.col("code").str.starts_with("EV-"))
    heavy = (pl.col("weight") >= HEAVY) & ~pl.col("code").is_in(OFTEN_LATE)
    struck = [
        events.filter(which).group_by("household_id").agg(pl.col("code").unique().sort().alias(f"{name}_because"))
        for name, which in (("urgent", pl.col("urgent")), ("heavy", heavy))
    ]
    homes = (
        facts.households.select(
            "household_id",
            *(pl.col(f"paid:{code}").alias(f"paid_{code}") for code in SAID),
            *(
                "severe_at_home",
                "serious_at_home",
                "pc_income",
                "medical_cost",
                "relief_this_year",
                "hardship_event",
            ),
        )
        .join(_levels(found.verdicts), on="household_id", how="left", maintain_order="left")
        .join(_people(facts.persons), on="household_id", how="left", maintain_order="left")
        .join(struck[0], on="household_id", how="left", maintain_order="left")
        .join(struck[1], on="household_id", how="left", maintain_order="left")
        .with_columns(pl.col("^level_.*$").fill_null(FAIL), pl.col("urgent_because", "heavy_because").fill_null([]))
    )
    quiet = _quiet(found)
    urgent, struck_hard = (pl.col(f"{name}_because").list.len() > 0 for name in ("urgent", "heavy"))
    relief = pl.col("relief_this_year")
    return homes.with_columns(
        urgent=pl.when(urgent | quiet).then(urgent),
        heavy=pl.when(struck_hard | quiet).then(struck_hard),
    ).with_columns(
        other=pl.any_horizontal("heavy", relief, "hardship_event"),
        other_because=pl.concat_list(
            "heavy_because",
            pl.when(relief).then(pl.lit("relief_this_year")),
            pl.when("hardship_event").then(pl.lit("hardship_event")),
        ).list.drop_nulls(),
    )


def _quiet(found: Verdicts) -> pl.Expr:
    """Whether no heavy event on record means that none was seen: its sources are delivered, its income is known."""
    heavy = [trigger.code for trigger in found.rules.triggers if trigger.weight >= HEAVY]
    kinds = sorted({kind for code in heavy for kind in TRIGGERS[code].sources})
    if not found.delivered.issuperset(kinds):
        return pl.lit(value=False)
    return pl.col("pc_income").is_not_null() | (pl.col("medical_cost") == 0).fill_null(value=False)


def _levels(verdicts: pl.DataFrame) -> pl.DataFrame:
    """``household_id, level_<code>``: the best that the rules say of anybody in it, unknown above no."""
    level = pl.col("verdict").cast(pl.String).replace_strict(LEVEL_OF, return_dtype=pl.Int8)
    chosen = verdicts.lazy().filter(pl.col("programme").is_in(SAID)).with_columns(level=level)
    best = [
        pl.col("level").filter(pl.col("programme") == code).max().fill_null(FAIL).alias(f"level_{code}")
        for code in SAID
    ]
    return chosen.group_by("household_id").agg(best).collect()


def _people(persons: pl.DataFrame) -> pl.DataFrame:
    """Who lives there, of the signals: a child without a parent who can, elders alone, severe disability alone."""
    age, low, high = pl.col("age"), pl.col("parents_able_low"), pl.col("parents_able_high")
    # without an age nobody knows whether it is a child
    child = pl.when(age >= ADULT).then(pl.lit(value=False)).when(low > 0).then(pl.lit(value=False))
    alone = child.when((high == 0) & age.is_not_null()).then(pl.lit(value=True))
    left = child.when(age.is_not_null() & high.is_null()).then(pl.lit(value=True))
    severe = pl.col("has_certificate") & (pl.col("disability_level") <= 2)
    working = (age >= ADULT) & (age < OLD)
    rows = persons.lazy().select(
        "household_id",
        _alone=alone,
        _left=left.when((high == 0) & age.is_not_null()).then(pl.lit(value=False)),
        _severe=severe,
        _working=working,
        _old=age >= OLD,
        disabled=pl.col("has_certificate"),
        jobless=pl.col("unemployed"),
    )
    some = {name: pl.col(name).any(ignore_nulls=False) for name in ("_alone", "_left", "_severe", "_working")}
    homes = rows.group_by("household_id").agg(
        child_alone=some["_alone"],
        child_left=some["_left"],
        helpless=~some["_working"] & some["_severe"],
        elders_alone=pl.col("_old").all(ignore_nulls=False),
        disabled=pl.col("disabled").any(ignore_nulls=False),
        jobless=pl.col("jobless").any(ignore_nulls=True),
    )
    return homes.collect()


OF_FACT: Final = {
    "serious_at_home": "ILL",
    "disabled": "DIS",
    "child_alone": "CARE",
    "child_left": "CARE",
    "helpless": "CARE",
    "elders_alone": "CARE",
    "jobless": "JOB",
    "dwelling_unsafe": "HSE",
    "disaster_12m": "DSR",
    "hardship_event": "FAM",
    **{f"paid_{code}": "INC" for code in ("DB", "BY", "FP")},
}
"""The kind of hardship that a fact of the household speaks of."""


def kind_of(reason: str) -> str:
    """The kind of hardship that a reason of ``kinds_because`` speaks of."""
    return {**OF_FINDING, **OF_FACT}[reason.replace(PAID, "paid_")]


def _kinds(found: Verdicts, homes: pl.DataFrame) -> pl.DataFrame:
    """``kinds, kinds_because, kinds_open`` of the households of ``homes``, in their order.

    Rows are sorted by the places of households and kinds, which is several times as fast as by their names.
    """
    more = found.facts.households.select("household_id", "dwelling_unsafe", "disaster_12m")
    facts = homes.join(more, on="household_id", how="left", maintain_order="left").with_row_index(HOME)
    places = facts.select("household_id", HOME)
    long = facts.unpivot(on=list(OF_FACT), index=HOME, variable_name="because", value_name="true")
    of_fact = long.with_columns(
        pl.col("because").replace_strict(_placed(OF_FACT), return_dtype=pl.UInt8).alias(KIND)
    )
    of_finding = (
        found.findings.lazy()
        .select("household_id", because="code")
        .filter(pl.col("because").is_in(list(OF_FINDING)))
        .join(places.lazy(), on="household_id")
        .select(
            HOME,
            "because",
            pl.col("because").replace_strict(_placed(OF_FINDING), return_dtype=pl.UInt8).alias(KIND),
        )
        .unique()
        .collect()
    )
    true = of_fact.filter("true").select(HOME, pl.col("because").str.replace("^paid_", PAID), KIND)
    told = pl.concat([true, of_finding]).sort(HOME, KIND, "because")
    first = pl.struct(HOME, KIND) != pl.struct(HOME, KIND).shift()
    blank = pl.concat([of_fact.filter(pl.col("true").is_null()).select(HOME, KIND), _open(found, places)]).unique()
    opened = blank.join(told.select(HOME, KIND), on=[HOME, KIND], how="anti").sort(HOME, KIND)
    lists = [
        told.filter(first.fill_null(value=True)).group_by(HOME, maintain_order=True).agg(kinds=_named()),
        told.group_by(HOME, maintain_order=True).agg(kinds_because="because"),
        opened.group_by(HOME, maintain_order=True).agg(kinds_open=_named()),
    ]
    for frame in lists:
        places = places.join(frame, on=HOME, how="left", maintain_order="left")
    return places.drop(HOME)


def _placed(of: Mapping[str, str]) -> dict[str, int]:
    place = {kind: number for number, kind in enumerate(KINDS)}
    return {name: place[kind] for name, kind in of.items()}


def _named() -> pl.Expr:
    return pl.col(KIND).replace_strict(dict(enumerate(KINDS)), return_dtype=pl.String)


def _open(found: Verdicts, places: pl.DataFrame) -> pl.DataFrame:
    """Household and kind left open by a blank: a rule that cannot be judged, a trigger without its sources."""
    rules = {code.removeprefix("GAP-"): kind for code, kind in OF_FINDING.items() if code.startswith("GAP-")}
    unjudged = (
        found.verdicts.lazy()
        .filter((pl.col("verdict").cast(pl.String) == "insufficient_data") & pl.col("programme").is_in(list(rules)))
        .join(places.lazy(), on="household_id")
        .select(HOME, pl.col("programme").replace_strict(_placed(rules), return_dtype=pl.UInt8).alias(KIND))
        .unique()
        .collect()
    )
    unheard = {
        trigger.code: OF_FINDING[trigger.code]
        for trigger in found.rules.triggers
        if trigger.code in OF_FINDING and not found.delivered.issuperset(TRIGGERS[trigger.code].sources)
    }
    untold = pl.DataFrame({KIND: sorted(set(_placed(unheard).values()))}, schema={KIND: pl.UInt8})
    return pl.concat([unjudged, places.select(HOME).join(untold, how="cross")])
