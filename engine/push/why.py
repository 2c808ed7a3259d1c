"""Why a household is on a list, what changed, and what to offer: at most four lines, events first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from features.catalog import by_name
from outreach.wording import NOTHING, Currency, Text, day, money, sentence
from outreach.wording_findings import EVENTS, Evidence, event_text, gap_text
from outreach.wording_programmes import HINTS, VERDICTS, checks_at, programme_name
from outreach.wording_reasons import reason

MOST_WHY: Final = 4
MOST_GAPS: Final = 2
MOST_SUGGESTIONS: Final = 4
MOST_CHANGES: Final = 3
ELIGIBLE: Final = ("eligible_likely", "eligible_possible")

Row = Mapping[str, Any]
People = Mapping[str, Text]


@dataclass(frozen=True)
class Why:
    """A line of the answer to "why": what the records say, and what can be checked at the door (may be empty)."""

    said: Text
    check: Text


@dataclass(frozen=True)
class Suggestion:
    """A programme to offer: its name, how sure the records are, for whom, how much, a hint, what to verify."""

    code: str
    name: Text
    verdict: Text
    who: Text
    amount: Text
    hint: Text
    checks: tuple[Text, ...] = ()


def whys(
    findings: Sequence[Row], reasons: Sequence[Row], verdicts: Sequence[Row], persons: People, currency: Currency
) -> tuple[Why, ...]:
    """Events (urgent and heaviest first), then at most two gaps, then the models' reasons; four in all.

    Only what raises priority: a reason that lowers the risk is never said. What several lines ask to be checked is
    asked once.
    """
    events = sorted((r for r in findings if r["code"] in EVENTS), key=_weightiest)
    gaps = sorted((r for r in findings if r["code"].startswith("GAP-")), key=_weightiest)
    said = [_event(row, persons, currency) for row in events]
    said += [_gap(row, verdicts, persons, currency) for row in gaps[:MOST_GAPS]]
    asked: set[Text] = set()
    told = []
    for line in tuple(dict.fromkeys([*said, *_reasons(reasons, currency)]))[:MOST_WHY]:
        told.append(Why(line.said, NOTHING) if line.check in asked else line)
        asked.add(line.check)
    return tuple(told)


def _weightiest(row: Row) -> tuple[bool, float, str, str]:
    return (not row["urgent"], -row["score"], row["code"], row["person_id"] or "")


def _event(row: Row, persons: People, currency: Currency) -> Why:
    said = event_text(row["code"], row["happened_on"], _evidence(row), currency)
    return Why(_about(row, persons, said), EVENTS[row["code"]].check)


def _gap(row: Row, verdicts: Sequence[Row], persons: People, currency: Currency) -> Why:
    programme = row["code"].removeprefix("GAP-")
    found = {(v["programme"], v["person_id"]): str(v["verdict"]) for v in verdicts}
    likely = found.get((programme, row["person_id"])) == "eligible_likely"
    return Why(_about(row, persons, gap_text(programme, likely, _evidence(row), currency)), NOTHING)


def _about(row: Row, persons: People, said: Text) -> Text:
    who = persons.get(row["person_id"] or "")
    return sentence(said if who is None else Text(f"{who.zh}：{said.zh}", f"{who.en}: {said.en}"))


def _evidence(row: Row) -> Evidence:
    found = row.get("evidence") or {}
    return Evidence(found.get("fact"), found.get("value"), found.get("threshold"))


def _reasons(rows: Sequence[Row], currency: Currency) -> list[Why]:
    """One line per concept, the strongest contribution first, whichever risk it belongs to."""
    raising = [row for row in rows if row["contribution"] > 0]
    ordered = sorted(raising, key=lambda row: (-row["contribution"], row["concept"], row["feature"]))
    said: dict[str, Why] = {}
    for row in ordered:
        told = reason(by_name(row["feature"]), row["value"], currency)
        line = Text(f"【{told.heading.zh}】{told.fact.zh}", f"[{told.heading.en}] {told.fact.en}")
        said.setdefault(told.concept, Why(line, told.check))
    return list(said.values())


def suggestions_of(
    verdicts: Sequence[Row], findings: Sequence[Row], persons: People, currency: Currency
) -> tuple[Suggestion, ...]:
    """What to offer: programmes that the household may qualify for and that no stronger one replaces.

    A programme without a gap finding yields to a stronger one (BY to DB) and is not offered. Emergency relief is
    offered first where something urgent has happened. All offers together ask for at most five things to verify.
    """
    missing = {(row["code"].removeprefix("GAP-"), row["person_id"]) for row in findings}
    found = [v for v in verdicts if v["verdict"] in ELIGIBLE and (v["programme"], v["person_id"]) in missing]
    found.sort(key=lambda v: (ELIGIBLE.index(v["verdict"]), -(v["unmet_month"] or 0), v["programme"]))
    offers = [_offer(row, persons, currency) for row in found]
    if any(row["urgent"] for row in findings):
        offers = [o for o in offers if o.code != "LS-E"]
        words = Text("遇到急难，可先行救助", "for the emergency; relief may come first")
        offers.insert(0, Suggestion("LS-E", programme_name("LS-E"), words, NOTHING, NOTHING, NOTHING))
    made = offers[:MOST_SUGGESTIONS]
    return tuple(
        replace(offer, checks=steps)
        for offer, steps in zip(made, checks_at([offer.code for offer in made]), strict=True)
    )


def _offer(row: Row, persons: People, currency: Currency) -> Suggestion:
    amount = NOTHING
    if row["unmet_month"]:
        shown = money(row["unmet_month"], currency)
        amount = Text(f"每月{shown.zh}", f"{shown.en} a month")
    code = row["programme"]
    who = persons.get(row["person_id"] or "", NOTHING)
    return Suggestion(code, programme_name(code), VERDICTS[row["verdict"]], who, amount, HINTS.get(code, NOTHING))


def changes(
    previous: Mapping[str, Row] | None, household: str, findings: Sequence[Row], *, placed: bool = True
) -> Text:
    """What is new, and what is no longer so, since the last list that held the household.

    Nothing where there was no list before. ``placed``: whether its place on that list may be said.
    """
    if previous is None:
        return NOTHING
    row = previous.get(household)
    if row is None:
        return Text("新上名单", "New on the list")
    when = day(row["listed_on"])
    known, now = set(row["codes"]), {r["code"] for r in findings}
    new = [r["code"] for r in sorted(findings, key=_weightiest) if r["code"] not in known]
    gone = [code for code in sorted(known - now) if code in EVENTS or code.startswith("GAP-")]
    since = Text(f"上次在名单：{when.zh}", f"Last listed {when.en}")
    if placed:
        since = Text(f"{since.zh}，第 {row['position']} 位", f"{since.en} as number {row['position']}")
    if not new and not gone:
        return Text(f"{since.zh}；没有新情况", f"{since.en}; nothing new")
    told = [since]
    for codes, zh, en in ((new, "新增", "new"), (gone, "不再有", "no longer")):
        if codes:
            told.append(_listed(Text(zh, en), list(dict.fromkeys(codes))))
    return Text("；", "; ").join(told)


def _listed(what: Text, codes: Sequence[str]) -> Text:
    """The first of what has changed by name, and how many more."""
    named = Text("、", ", ").join(_short(code) for code in codes[:MOST_CHANGES])
    more = len(codes) - MOST_CHANGES
    if more <= 0:
        return Text(f"{what.zh}：{named.zh}", f"{what.en}: {named.en}")
    return Text(f"{what.zh}：{named.zh}等 {len(codes)} 项", f"{what.en}: {named.en} and {more} more")


def _short(code: str) -> Text:
    if code in EVENTS:
        return EVENTS[code].said
    name = programme_name(code.removeprefix("GAP-"))
    return Text(f"可能漏享{name.zh}", f"may be missing {name.en}")
