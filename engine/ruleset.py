"""Programmes from the command line: what a pack holds, what is wrong with one, and one programme for one household.

A bureau's own packs lie in the home's ``programmes/`` folder, beside those that are shipped.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.errors import NotAllowedError, UsageError
from engine.explain.household import member_text, plain
from engine.explain.records import Records, records_on
from engine.explain.rules import verdict_rows
from engine.send import currency_of
from engine.settings import Home, read_settings
from engine.workplace import Workplace, own_packs, pack_texts
from features.windows import roster_of
from outreach.catalogue import FIRST_DAY, LAST_DAY, Programme, Programmes, Rule, cited
from outreach.conditions import NEAR, OUTCOMES, UNKNOWN, Group, Test
from outreach.eligibility import assess, trace_of
from outreach.packs import PART, checked
from outreach.permissions import Purpose, Role, in_area, may
from outreach.wording import Currency, Text
from outreach.wording_explain import OUTCOMES as SAID
from outreach.wording_programmes import OUTSIDE

UNSOUND: Final = 2
"""Exit code of a check that found something, as for any other mistake in what was given."""


def listed(programmes: Programmes, as_of: date) -> dict[str, Any]:
    """Every programme in force on a day: population, authority, mechanism, unit, limits, basis, in words."""
    rules = programmes.on(as_of)
    return {
        "pack": programmes.pack.id,
        "as_of": as_of.isoformat(),
        "programmes": [_told(rule.programme, as_of) for rule in rules.rules],
        "triggers": len(rules.triggers),
    }


def _told(programme: Programme, as_of: date) -> dict[str, Any]:
    return {
        "code": programme.code,
        "name": plain(Text(programme.zh, programme.en)),
        "layer": programme.layer,
        "unit": programme.unit,
        "population": plain(Text(programme.population_zh, programme.population_en)),
        "authority": list(programme.authority),
        "mechanism": programme.mechanism,
        "judged": not programme.interface,
        "from": None if programme.from_ == FIRST_DAY else programme.from_.isoformat(),
        "to": None if programme.to == LAST_DAY else programme.to.isoformat(),
        "conditions": sum(each.stage == "A" for each in programme.conditions),
        "to_verify": sum(each.stage == "B" for each in programme.conditions),
        "excluded_by": [each.programme for each in programme.exclusions],
        "gives_way_to": list(programme.yields_to),
        "limits": [{"step": each.step, "days": each.days, "kind": each.kind} for each in programme.time_limits],
        "basis": cited(programme.basis, as_of),
    }


def pack_of(place: Workplace) -> Programmes:
    """The pack that the home names; UsageError where it names none."""
    if place.programmes is None:
        raise UsageError("home.toml names no pack of programmes", 'Name one: programmes = "cn-average-2025".')
    return place.programmes


def checked_pack(home: Home | None, path: Path | None) -> dict[str, Any]:
    """What is wrong with a pack and its ancestors: where, what, and the way out; all of it in one pass.

    The pack in a file, with what lies beside it, the home's own and the shipped ones; or the pack that the home
    names. Raises UsageError where neither is given, or a file cannot be read.
    """
    own = {} if home is None else own_packs(home)
    pack: str | None = None
    if path is not None:
        pack, beside = _beside(path)
        texts = pack_texts(own | beside)
    elif home is not None:
        pack, texts = read_settings(home).programmes, pack_texts(own)
    if pack is None:
        raise UsageError("no pack is named", "Name a file, or a home whose home.toml names a pack.")
    found = checked(pack, texts)
    return {
        "pack": pack,
        "sound": not found.problems,
        "problems": [{"where": p.where, "what": p.what, "way_out": p.way_out} for p in found.problems],
    }


def _beside(path: Path) -> tuple[str, dict[str, str]]:
    """The id of the pack in a file, and the texts of its folder by name, so that families and parents are found."""
    if path.suffix != ".toml" or not path.is_file():
        raise UsageError(f"{path}: is no pack of programmes", "Name a file that ends in .toml.")
    name = path.stem.partition(PART)[0]
    texts = {}
    for each in sorted(path.parent.glob("*.toml")):
        try:
            texts[each.stem] = each.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            raise UsageError(f"{each}: cannot be read as a text in UTF-8 ({wrong})", "Save it as UTF-8.") from None
    return name, texts


def explained(
    place: Workplace,
    code: str,
    household: str,
    as_of: date,
    *,
    role: Role,
    areas: Sequence[str],
    purpose: Purpose,
) -> dict[str, Any]:
    """One programme for one household by what was known on a day: every step, for everybody who lives there.

    Who asked is noted first. Raises UsageError for an unknown programme or household, NotAllowedError where the
    role may not see it.
    """
    programmes = pack_of(place)
    rules = programmes.on(as_of)
    rule = next((each for each in rules.rules if each.programme.code == code), None)
    if rule is None:
        known = ", ".join(each.programme.code for each in rules.rules)
        raise UsageError(f"{code}: no such programme in force on {as_of}", f"Those in force are: {known}.")
    household = place.current(household)
    records = records_on(place, household, as_of)
    decision = may(role, "reveal", "private", in_area(_region(records), areas), purpose)
    told = {"purpose": purpose, "programme": code, "as_of": as_of.isoformat(), "households": [household]}
    if not decision.allowed or decision.form != "plain":
        place.log.note("programme refused", "household", told)
        raise NotAllowedError(
            f"xunfang programmes explain: {decision.reason.en} / {decision.reason.zh}",
            "docs/operator.md says which role may do what.",
        )
    entry = place.log.note("programme explained", "household", told)
    return {
        "household": household,
        "as_of": as_of.isoformat(),
        "entry": entry,
        "pack": programmes.pack.id,
        "programme": _told(rule.programme, as_of),
        "message": plain(Text(rule.programme.message_zh, rule.programme.message_en)),
        "verdicts": [] if rule.programme.interface else _verdicts(records, programmes, rule, currency_of(place)),
        "to_verify": [
            {"id": each.id, "words": plain(Text(each.zh, each.en)), "article": cited(each.basis, as_of)}
            for each in rule.programme.conditions
            if each.stage == "B"
        ],
    }


def _region(records: Records) -> str:
    """Where the household lived on the day."""
    roster = roster_of(records.sources.known_by(records.day), records.context)
    return str(roster.households["region"][0])


def _verdicts(records: Records, programmes: Programmes, rule: Rule, currency: Currency) -> list[dict[str, Any]]:
    """Everybody of the household with the verdict, the outcome of each condition, and its steps, in words."""
    code = rule.programme.code
    found = assess(records.sources, records.context, programmes, records.day)
    rows = list(trace_of(found, code, records.household).iter_rows(named=True))
    people = records.people()
    members = people.row(0, named=True)["members"] if people.height else []
    persons = {each["person_id"]: member_text(each) for each in members}
    # those whom the programme is not for have steps and no verdict
    judged = [row | {"verdict": row["verdict"] or "not_eligible"} for row in rows]
    shown = verdict_rows(judged, records, persons, currency)
    told = []
    for row, words in zip(rows, shown, strict=True):
        outside = {"verdict": None, "words": OUTSIDE} if row["verdict"] is None else {}
        told.append(plain(words | outside | {"conditions": _whole(rule, row["trace"])}))
    return told


def _whole(rule: Rule, steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The outcome of each condition as a whole, from its steps: of "any" the best one, of "all" the worst."""
    told = []
    for condition in rule.programme.conditions:
        if condition.id not in rule.tests:
            continue
        levels = iter([OUTCOMES.index(step["outcome"]) for step in steps if step["condition"] == condition.id])
        level = _level(rule.tests[condition.id], levels)
        if level == UNKNOWN and condition.unknown_is_possible:
            level = NEAR
        words = {"words": plain(Text(condition.zh, condition.en)), "said": plain(SAID[OUTCOMES[level]])}
        told.append({"id": condition.id, "outcome": OUTCOMES[level], **words})
    return told


def _level(test: Test, levels: Iterator[int]) -> int:
    if isinstance(test, Group):
        parts = [_level(part, levels) for part in test.tests]
        return min(parts) if test.kind == "all" else max(parts)
    return next(levels)
