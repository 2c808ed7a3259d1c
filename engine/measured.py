"""Every finding code measured against what is really so in a synthetic county: precision, recall, why it misses.

The truth is what the generator wrote down when it made the county (``truth/`` of a trial home): who was left
without a payment, which payment was wrong, what befell whom. Nothing here is stored, and no id leaves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import polars as pl

from engine.errors import UsageError
from engine.latent import errors_and_events
from engine.population import Population, Progress, silent
from engine.workplace import Workplace
from features.records import HAPPENED
from features.sources import Sources
from outreach.catalogue import InForce
from outreach.cliffs import CLIFF
from outreach.duplicates import settled
from outreach.findings import FINDINGS_SCHEMA
from outreach.wording_measured import UNMEASURED, WHY
from outreach.wording_reviews import REVIEWS

Since = Literal["now", "year", "window"]
Figures = dict[str, Any]

HINDSIGHT: Final = timedelta(days=180)
"""The latest record comes in half a year after it happened: so far back lies the day, where none is given."""
RECENT, NEAR_DAYS, LEAST_DAYS = 150, 62, 61
"""Events of so many days are measured; told right is one within two months; those of the last two may not be heard
of yet."""
MOVED: Final = "moved"


@dataclass(frozen=True)
class Yardstick:
    """Which entries of the truth a code means, of whom, when they count, and what its rule reads.

    ``ran``: whole months after which a register can have shown it.
    """

    truth: tuple[str, ...]
    of: Literal["person", "household"]
    sources: tuple[str, ...]
    since: Since = "now"
    maybe: tuple[str, ...] = ()
    ran: int = 2


def _person(truth: str, *sources: str, since: Since = "now", maybe: tuple[str, ...] = ()) -> Yardstick:
    return Yardstick((truth,), "person", ("member", *sources), since, maybe)


def _home(truth: str, *sources: str, since: Since = "now", ran: int = 2) -> Yardstick:
    return Yardstick((truth,), "household", ("member", *sources), since, (), ran)


YARDSTICKS: Final[Mapping[str, Yardstick]] = {
    "GAP-CJ-S": _person("GAP-CJ-S", "benefit", "disability"),
    "GAP-CJ-H": _person("GAP-CJ-H", "benefit", "disability"),
    "GAP-GL": _person("GAP-GL", "benefit"),
    "GAP-YL-ZJ": _person("GAP-YL", "benefit", "medical", since="year"),
    "GAP-YB": _person("GAP-YB", "enrolment", maybe=("GAP-YB never",)),
    "GAP-DB": _home("GAP-DB", "benefit", "income"),
    "GAP-BY": _home("GAP-BY", "benefit", "income"),
    "GAP-GX": _home("GAP-GX", "benefit", "income", "medical"),
    "GAP-TK": _person("GAP-TK", "benefit", "income", "kin"),
    "GAP-LS-E": _home("GAP-LS-E", "benefit", "event", since="window"),
    "GAP-LS-Z": _home("GAP-LS-Z", "benefit", "medical", since="window"),
    "GAP-SY": _person("GAP-SY", "benefit", "employment", since="window"),
    "DUP-01": _home("DUP-01", "benefit", since="year"),
    "DUP-02": _home("DUP-02", "benefit", since="year"),
    "DUP-03": _home("DUP-03", "benefit", since="year"),
    "DUP-06": _person("DUP-06", "benefit", since="year"),
    "DUP-11": _person("DUP-11", "benefit", "employment", since="year"),
    "DUP-12": _person("DUP-12", "enrolment", since="year"),
    "DUP-14": _person("DUP-14", "benefit", since="year"),
    "DUP-16": _person("DUP-16", "benefit"),
    "MIS-01": _home("MIS-01", "benefit", "kin"),
    "MIS-02": _home("MIS-02", "benefit", "income"),
    "MIS-03": _home("MIS-03", "benefit", "income"),
    "MIS-06": _home("MIS-06", "benefit", "disability"),
    "MIS-07": _home("MIS-07", "benefit", ran=3),
}
"""Codes of gaps and reviews that the truth lists."""
EVENTS_OF_HOMES: Final = ("JOB2", "INC1", "MED4", "MED5", "EXIT", "REJ", "DSR")
EVENTS_OF_PERSONS: Final = ("DTH", "JAIL", "LOST", "DIV", "CHD", "ACC", "DIS", "JOB1", "JOB3", "MED6", "INS")
OF_THE_DEAD: Final = ("DUP-14",)
DUE: Final = {"benefit": 0, "medical": 0, "utility": 0, "income": 60}
"""Kinds that come in batches: what is due are months that ended so many days before the month of the day."""


def every_code(rules: InForce) -> list[str]:
    """All codes that a finding can carry: gaps of the programmes in force, cliffs, reviews, events."""
    gaps = {f"GAP-{rule.programme.code}" for rule in rules.rules if rule.programme.gap}
    cliffs = {f"{CLIFF}{rule.programme.code}" for rule in rules.rules if rule.programme.next_lower is not None}
    return [*sorted(gaps), *sorted(cliffs), *REVIEWS, *sorted(trigger.code for trigger in rules.triggers)]


def figures(place: Workplace, as_of: date | None = None, progress: Progress = silent) -> Figures:
    """``as_of`` and ``rows``, one per code (``measured``), of a trial home.

    Raises UsageError on a home without a truth, as every real home is.
    """
    truth = errors_and_events(place)
    if truth is None:
        raise UsageError(
            f"{place.home.root}: what is really so is not known here",
            "Findings are measured on a synthetic county only: make one with xunfang demo.",
        )
    place.take_in(progress).raise_refused()
    population = place.population(progress)
    return measured(population, *truth, as_of or day_before(population.store.known_until()))


def day_before(known_until: date) -> date:
    """The last end of a month that lies half a year and more before the newest record."""
    return (known_until - HINDSIGHT + timedelta(days=1)).replace(day=1) - timedelta(days=1)


def measured(population: Population, errors: pl.DataFrame, events: pl.DataFrame, as_of: date) -> Figures:
    """Every code on a day: ``code, so, told, right, found``, the shares, the same ``complete``, and ``may``.

    ``so``: what the truth lists, where it has run for two whole months and goes on, or was so within the year (an
    event: 61 to 150 days ago), so that a register can have shown it. ``told``: found as certain or probable,
    ``may``: found as merely possible. ``right``: of those told, that are listed for the day or the month before.
    ``found``: of those so, that are told; ``found_or_may``: or told as possible. Complete are households of which
    nothing that the rule reads came in later, or was changed later, though it had happened and was due by the day.
    ``why``: why a code misses, or why it has no figures.
    """
    parts = population.verdicts(as_of)
    empty = pl.DataFrame(schema=FINDINGS_SCHEMA)
    found = pl.concat([empty, *(part.findings for part in parts)])
    told = pl.concat([found, settled(part.reviews for part in parts)])
    seen = population.mapped("records", lambda bucket: _late(bucket, as_of))
    late, living = (pl.concat(frames) for frames in zip(*seen, strict=True))
    rules = population.programmes.on(as_of) if population.programmes is not None else None
    assert rules is not None
    near_certain = {f"GAP-{rule.programme.code}" for rule in rules.rules if rule.programme.near_certain}
    rows = []
    for code in every_code(rules):
        mine = told.filter(pl.col("code") == code)
        if code.removeprefix("EV-") in (*EVENTS_OF_HOMES, *EVENTS_OF_PERSONS):
            rows.append(_event(code, mine, events, late, as_of))
        elif code in YARDSTICKS:
            rows.append(_state(code, mine, errors, (late, living), as_of, certain=code in near_certain))
        else:
            rows.append({"code": code, "told": mine.height, "why": UNMEASURED[code]})
    return {"as_of": as_of.isoformat(), "rows": [_worded(row) for row in rows]}


def _worded(row: Figures) -> Figures:
    why = row.get("why") or WHY.get(row["code"])
    return {**row, "why": None if why is None else {"zh": why.zh, "en": why.en}}


def _state(
    code: str,
    told: pl.DataFrame,
    errors: pl.DataFrame,
    seen: tuple[pl.DataFrame, pl.DataFrame],
    as_of: date,
    *,
    certain: bool,
) -> Figures:
    """A code that is so for a time: a gap, a duplicate, a misplacement."""
    yard, (late, living) = YARDSTICKS[code], seen
    key = f"{yard.of}_id"
    month = as_of.replace(day=1)
    before = _months(month, 1)
    listed = errors.filter(pl.col("code").is_in(yard.truth))
    if yard.of == "person" and code not in OF_THE_DEAD:
        listed = listed.join(living, on="person_id", how="semi")
    runs = {
        "now": (pl.col("from_month") <= _months(month, yard.ran)) & (pl.col("to_month") > month),
        "year": (pl.col("from_month") <= before) & (pl.col("to_month") >= _months(month, 11)),
        "window": pl.col("from_month").is_between(before, month),
    }
    true = {
        "now": (pl.col("from_month") <= month) & (pl.col("to_month") >= before),
        "year": (pl.col("from_month") <= month) & (pl.col("to_month") >= _months(month, 13)),
        "window": (pl.col("from_month") <= month) & (pl.col("to_month") >= _months(month, 3)),
    }
    so = _ids(listed.filter(runs[yard.since]), key)
    really = _ids(listed.filter(true[yard.since]), key)
    gap = code.startswith("GAP")
    sure = pl.col("near_certain") if certain else (pl.col("score") >= pl.col("weight")) | (not gap)
    strong = _ids(told.filter(sure), key)
    weak = _ids(told.filter(~sure), key) - strong
    wide = really | _ids(errors.filter(pl.col("code").is_in(yard.maybe) & true["now"]), key)
    whole = _complete(late, yard)
    return {
        "code": code,
        **_shares(so, strong, really),
        "found_or_may": len(so & (strong | weak)),
        "complete": _shares(so - whole, strong - whole, really),
        **({"may": len(weak), "may_right": len(weak & wide)} if gap else {}),
    }


def _months(month: date, back: int) -> date:
    number = month.year * 12 + month.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def _ids(frame: pl.DataFrame, key: str) -> set[str]:
    return set(frame[key].drop_nulls())


def _shares(so: set[str], told: set[str], really: set[str]) -> Figures:
    right, found = len(told & really), len(so & told)
    return {
        "so": len(so),
        "told": len(told),
        "right": right,
        "found": found,
        "precision": right / len(told) if told else None,
        "recall": found / len(so) if so else None,
    }


def _event(code: str, told: pl.DataFrame, events: pl.DataFrame, late: pl.DataFrame, as_of: date) -> Figures:
    """A code that happens: an event of the truth and one that is told are the same within two months."""
    of_home = code.removeprefix("EV-") in EVENTS_OF_HOMES
    key = "household_id" if of_home else "person_id"
    recent = as_of - timedelta(days=RECENT)
    mine = told.filter(pl.col("happened_on") > recent).select(id=key, told_on="happened_on")
    listed = events.filter(pl.col("code") == code).select(id=key, really_on="happened_on")
    both = mine.join(listed, on="id").filter(
        (pl.col("told_on") - pl.col("really_on")).dt.total_days().abs() <= NEAR_DAYS
    )
    due = as_of - timedelta(days=LEAST_DAYS)
    so = _ids(listed.filter(pl.col("really_on").is_between(recent, due)), "id")
    heard, really = _ids(mine, "id"), _ids(both, "id")
    matched = _ids(both.filter(pl.col("really_on").is_between(recent, due)), "id")
    whole = _complete(late, Yardstick((), "household" if of_home else "person", ("member", *SOURCES.get(code, ()))))
    return {
        "code": code,
        **_shares(so, heard, really),
        "found": len(so & matched),
        "recall": len(so & matched) / len(so) if so else None,
        "complete": _shares(so - whole, heard - whole, really),
    }


SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "EV-JOB1": ("employment",),
    "EV-JOB3": ("employment", "benefit"),
    "EV-MED4": ("medical",),
    "EV-MED5": ("medical",),
    "EV-MED6": ("medical",),
    "EV-DIS": ("disability",),
    "EV-INS": ("enrolment",),
    "EV-EXIT": ("benefit",),
    "EV-REJ": ("benefit",),
}
"""Registers that tell of an event, besides members and life events."""


def _complete(late: pl.DataFrame, yard: Yardstick) -> set[str]:
    """The ids of those of whom something came in late that the rule reads."""
    kinds = {*yard.sources, "event"} if not yard.truth else set(yard.sources)
    kinds |= {MOVED} if yard.since == "year" else set()
    return _ids(late.filter(pl.col("kind").is_in(sorted(kinds))), f"{yard.of}_id")


def _late(bucket: Sources, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``kind, household_id, person_id`` of everybody with a record that came in late; and who really lives there.

    A record that says when something ended counts from that day.
    """
    month = as_of.replace(day=1)
    member = bucket.frames["member"]
    homes = member.select("person_id", "household_id").unique()
    parts = []
    for kind, column in HAPPENED.items():
        if kind not in bucket.frames:
            continue
        frame = bucket.frames[kind]
        due = month - timedelta(days=DUE[kind] + 1) if kind in DUE else as_of
        happened = pl.coalesce(pl.col("^(valid_to|end)$"), column)
        names = frame.collect_schema().names()
        ids = [name for name in ("person_id", "household_id") if name in names]
        rows = frame.filter((pl.col("known_on") > as_of) & (happened <= due)).select(ids)
        own = rows.join(homes, on=ids[0], how="inner") if ids == ["person_id"] else rows
        if "household_id" in ids and "person_id" in ids:
            owner = homes.rename({"household_id": "home"})
            own = rows.join(owner, on="person_id", how="left").select(
                household_id=pl.coalesce("household_id", "home")
            )
        everybody = own.select("household_id").unique().join(homes, on="household_id", how="left")
        parts.append(everybody.select(pl.lit(kind).alias("kind"), "household_id", "person_id"))
    lives = (pl.col("valid_from") <= as_of) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= as_of))
    alive = pl.col("death_date").is_null() | (pl.col("death_date") > as_of)
    members = bucket.known_by(date.max).frame("member")
    newest = members.filter(lives & alive).select("person_id").unique()
    left = members.filter(pl.col("valid_to").is_between(_months(month, 14), as_of)).select(
        "person_id", "household_id"
    )
    elsewhere = left.join(members.filter(lives), on="person_id").filter(
        pl.col("household_id") != pl.col("household_id_right")
    )
    moved = elsewhere.select(
        pl.lit(MOVED).alias("kind"), pl.col("household_id_right").alias("household_id"), "person_id"
    )
    return pl.concat([*parts, moved]).unique().collect(), newest.collect()
