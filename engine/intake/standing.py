"""How each described source stands: what came, what was set aside, how fresh it is, what has changed since."""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from engine.intake.description import Description, check_secrets
from engine.intake.parse import SCHEMAS
from engine.receipts import FileReceipt, KindFacts, Receipt
from engine.recordstore import RecordStore
from features.records import KINDS

NOTHING_CAME: Final = "no file has matched its patterns yet"


def standing(
    store: RecordStore,
    descriptions: Mapping[str, Description],
    today: date | None,
    environment: Mapping[str, str] = os.environ,
) -> list[dict[str, Any]]:
    """Per described source, ready for JSON: counts and names of columns, rules and codes; never a value or an id.

    Of a kind that several sources feed, months and owners found are those of the whole kind. ``overdue`` counts the
    days beyond the expected refresh (None where the day is unknown, or nothing has come).
    """
    codes = _codes(store, {each.kind for each in descriptions.values()})
    return [_told(store, each, today, codes.get(each.kind, {}), environment) for each in descriptions.values()]


def _told(
    store: RecordStore,
    given: Description,
    today: date | None,
    codes: Mapping[str, Mapping[str, set[str]]],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    came = sorted(
        (each for each in store.receipts if _files(each, given)),
        key=lambda each: (each.delivered_on, each.sequence),
    )
    files = [file for receipt in came for file in _files(receipt, given)]
    facts = [receipt.facts[given.kind] for receipt in came if given.kind in receipt.facts]
    rules: dict[str, int] = {}
    for file in files:
        for rule, rows in file.rules.items():
            rules[rule] = rules.get(rule, 0) + rows
    last = came[-1] if came else None
    age = (today - last.delivered_on).days if last and today else None
    secret = check_secrets(given, environment)
    return {
        "name": given.name,
        "kind": given.kind,
        "department": given.department,
        "rows": sum(file.rows for file in files),
        "accepted": sum(file.accepted for file in files),
        "quarantined": sum(file.quarantined for file in files),
        "rules": dict(sorted(rules.items())),
        "match_rate": _match_rate(facts),
        "last_delivered_on": last.delivered_on.isoformat() if last else None,
        "refresh_days": given.refresh_days,
        "overdue": None if age is None else max(0, age - given.refresh_days),
        "months": _months(facts),
        "not_taken": _not_taken(given, last),
        "changes": _changes(given, came, codes),
        "warnings": [*([] if files else [NOTHING_CAME]), *([secret] if secret else [])],
    }


def _files(receipt: Receipt, given: Description) -> list[FileReceipt]:
    return [file for file in receipt.files if file.source == given.name]


def _match_rate(facts: Sequence[KindFacts]) -> float | None:
    owned = sum(each.rows_with_owner for each in facts)
    return sum(each.rows_matched for each in facts) / owned if owned else None


def _months(facts: Sequence[KindFacts]) -> list[str] | None:
    first = [each.first_month for each in facts if each.first_month]
    last = [each.last_month for each in facts if each.last_month]
    return [f"{min(first):%Y-%m}", f"{max(last):%Y-%m}"] if first and last else None


def _not_taken(given: Description, last: Receipt | None) -> list[str]:
    """The columns of the newest files that the description does not read (months are read by their pattern)."""
    if last is None or given.months is not None:
        return []
    names = [name for file in _files(last, given) for name in file.columns]
    return [name for name in dict.fromkeys(names) if name not in given.needed]


def _changes(
    given: Description, came: Sequence[Receipt], codes: Mapping[str, Mapping[str, set[str]]]
) -> dict[str, Any] | None:
    """What differs between the newest delivery and the one before it; None before there are two."""
    if len(came) < 2:
        return None
    before, now = came[-2:]
    rows = [sum(file.rows for file in _files(each, given)) for each in (before, now)]
    names = [{name for file in _files(each, given) for name in file.columns} for each in (before, now)]
    seen: dict[str, set[str]] = {}
    for receipt in came[:-1]:
        for column, found in codes.get(receipt.delivery_id, {}).items():
            seen.setdefault(column, set()).update(found)
    fresh = {
        column: sorted(found - seen.get(column, set()))
        for column, found in sorted(codes.get(now.delivery_id, {}).items())
        if found - seen.get(column, set())
    }
    return {
        "rows_before": rows[0],
        "rows": rows[1],
        "columns_new": sorted(names[1] - names[0]),
        "columns_gone": sorted(names[0] - names[1]),
        "codes_new": fresh,
    }


def _codes(store: RecordStore, kinds: set[str]) -> dict[str, dict[str, dict[str, set[str]]]]:
    """By kind and delivery: the codes that each column of codes holds."""
    told: dict[str, dict[str, dict[str, set[str]]]] = {}
    for kind in sorted(kinds & set(KINDS) & store.delivered):
        schema = SCHEMAS[kind].create_empty().schema
        for name in (name for name, dtype in schema.items() if isinstance(dtype, pl.Enum)):
            held = store.records(kind).select("delivery_id", pl.col(name).cast(pl.String)).unique()
            for delivery_id, code in held.collect(engine="streaming").drop_nulls().iter_rows():
                by_column = told.setdefault(kind, {}).setdefault(delivery_id, {})
                by_column.setdefault(name, set()).add(code)
    return told
