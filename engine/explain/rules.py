"""Parts 3 and 4: what rules found, the trace of every verdict in words, and what to do first."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.explain.records import Records
from outreach.catalogue import Programmes
from outreach.cliffs import CLIFF
from outreach.wording import NOTHING, Currency, Text, day, same
from outreach.wording_casework import source_name
from outreach.wording_explain import ACTIONS, CLASSES, OPERATORS, OUTCOMES, fact_name, fact_value
from outreach.wording_findings import EVENTS, Evidence, cliff_text, event_text, gap_text
from outreach.wording_programmes import VERDICTS, programme_name

Row = Mapping[str, Any]


def classes(findings: Sequence[Row]) -> list[dict[str, Any]]:
    """The classes of what was found, each with its codes; one entry that says so where nothing was."""
    found = {
        name: sorted({row["code"] for row in findings if row["code"].split("-")[0] == name}) for name in CLASSES
    }
    told = [{"class": name, "name": CLASSES[name], "codes": codes} for name, codes in found.items() if codes]
    return told or [{"class": "none", "name": CLASSES["none"], "codes": []}]


def action(item: Row | None, findings: Sequence[Row], conflicts: Sequence[Text]) -> dict[str, Any]:
    """What to do first: nothing where not listed; a visit where something urgent happened; else data that disagree
    are compared before anybody knocks; a benefit that is as good as certain is applied for; else a visit.
    """
    if item is None:
        code = "none"
    elif item["lane"] in ("urgent", "event"):
        code = "visit"
    elif conflicts:
        code = "compare"
    elif any(row["near_certain"] for row in findings):
        code = "accept"
    else:
        code = "visit"
    return {"code": code, "words": ACTIONS[code]}


def finding_rows(
    findings: Sequence[Row], verdicts: Sequence[Row], persons: Mapping[str, Text], currency: Currency
) -> list[dict[str, Any]]:
    """Each finding in words, with the source of its figure and that source's day."""
    likely = {(row["programme"], row["person_id"]) for row in verdicts if row["verdict"] == "eligible_likely"}
    told = []
    for row in findings:
        evidence = row["evidence"] or {}
        figures = Evidence(evidence.get("fact"), evidence.get("value"), evidence.get("threshold"))
        code = row["code"]
        if code in EVENTS:
            words = event_text(code, row["happened_on"], figures, currency)
        elif code.startswith("GAP-"):
            programme = code.removeprefix("GAP-")
            words = gap_text(programme, (programme, row["person_id"]) in likely, figures, currency)
        elif code.startswith(CLIFF):
            words = cliff_text(code.removeprefix(CLIFF), row["programme"], figures, currency)
        else:
            words = same(code)
        source, dated = evidence.get("source"), evidence.get("source_date")
        told.append(
            {
                "code": code,
                "who": persons.get(row["person_id"] or "", NOTHING),
                "words": words,
                "urgent": row["urgent"],
                "weight": row["weight"],
                "source": _source(source),
                "source_date": day(dated) if dated else None,
                "known_on": day(row["known_on"]) if row["known_on"] else None,
            }
        )
    return told


def verdict_rows(
    verdicts: Sequence[Row], records: Records, persons: Mapping[str, Text], currency: Currency
) -> list[dict[str, Any]]:
    """Each programme with its verdict and every step: condition, value, line, source and day, outcome, article."""
    words, names = _conditions(records), _names(records)
    settings = {} if records.programmes is None else _settings(records.programmes)
    return [
        {
            "programme": row["programme"],
            "name": names.get(row["programme"], programme_name(row["programme"])),
            "who": persons.get(row["person_id"] or "", NOTHING),
            "verdict": row["verdict"],
            "words": VERDICTS[row["verdict"]],
            "steps": [_step(row["programme"], step, words | settings, currency) for step in row.get("trace") or ()],
        }
        for row in verdicts
    ]


def _step(programme: str, step: Row, words: Mapping[tuple[str, str], Text], currency: Currency) -> dict[str, Any]:
    fact, known = step["fact"], step["value"] is not None
    spread = known and step["low"] is not None and step["low"] != step["high"]
    between = Text("", "")
    if spread:
        low, high = fact_value(fact, step["low"], currency), fact_value(fact, step["high"], currency)
        between = Text(f"（误差范围 {low.zh} 至 {high.zh}）", f" (margin {low.en} to {high.en})")
    value = fact_value(fact, step["value"], currency) if fact and step["op"] else NOTHING
    looked_at = words.get(("", fact or ""), fact_name(fact))
    colon = Text("：", ": ") if fact and step["op"] else NOTHING
    return {
        "condition": words.get((programme, step["condition"]), same(step["condition"])),
        "id": step["condition"],
        "stage": step["stage"],
        "value": colon.join([looked_at, Text(value.zh + between.zh, value.en + between.en)]),
        "line": _line(step, currency),
        "outcome": step["outcome"],
        "words": OUTCOMES[step["outcome"]],
        "source": _source(step["source"]),
        "source_date": day(step["source_date"]) if step["source_date"] else None,
        "article": step["article"],
    }


def _line(step: Row, currency: Currency) -> Text:
    if step["op"] is None:
        return NOTHING
    limit, op = fact_value(step["fact"], step["threshold"], currency), OPERATORS[step["op"]]
    if step["op"] == "==":
        return limit
    return Text(f"{op.zh} {limit.zh}", f"{op.en} {limit.en}")


def _conditions(records: Records) -> dict[tuple[str, str], Text]:
    """The words of each condition and exclusion in the rules of the day."""
    found = {}
    for rule in () if records.rules is None else records.rules.rules:
        programme = rule.programme
        for condition in programme.conditions:
            found[programme.code, condition.id] = Text(condition.zh, condition.en)
        for exclusion in programme.exclusions:
            found[programme.code, f"no_{exclusion.programme}"] = Text(exclusion.zh, exclusion.en)
    return found


def _names(records: Records) -> dict[str, Text]:
    """The names of the programmes in the rules of the day."""
    rules = () if records.rules is None else records.rules.rules
    return {rule.programme.code: Text(rule.programme.zh, rule.programme.en) for rule in rules}


def _settings(programmes: Programmes) -> dict[tuple[str, str], Text]:
    """The names of the parameters that a condition may look at by themselves."""
    named = (each for pack in programmes.chain for each in pack.parameter if each.zh and each.en)
    return {("", each.name): Text(str(each.zh), str(each.en)) for each in named}


def _source(source: str | None) -> Text:
    """The name of a source, or of several that a figure was made from."""
    return Text(" + ", " + ").join(source_name(each) for each in source.split("+")) if source else NOTHING
