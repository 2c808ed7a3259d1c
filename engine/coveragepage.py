"""Coverage as one self-contained page, in Chinese and English: it stands on a phone and prints on A4."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.files import write_bytes
from engine.html import page
from outreach import wording_coverage as words
from outreach.codelists import DEPTHS, KINDS
from outreach.coverage import LACKING, MEASURES
from outreach.wording import Currency, Text, day, money
from outreach.wording_package import AUTHORITIES, MECHANISMS
from outreach.wording_programmes import programme_name

HIDDEN: Final = "–"


def write_page(told: Mapping[str, Any], path: Path, currency: Currency) -> None:
    """Write what ``engine.coverage.figures`` told as a page."""
    write_bytes(path, coverage_page(told, currency))


def coverage_page(told: Mapping[str, Any], currency: Currency) -> bytes:
    """The cube for people: every count with what it is of; what is withheld is a dash."""
    judged = [each for each in told["programmes"] if each["judged_by_records"]]
    return page(
        "coverage.html.j2",
        title=words.LABELS["title"],
        label=words.LABELS,
        when=day(date.fromisoformat(told["business_date"])),
        told=told,
        shown=shown,
        counts=[words.LABELS[name] for name in MEASURES],
        mechanisms=[
            (MECHANISMS[each["mechanism"]], counts_of(each), lacking(each["unmet"], currency))
            for each in told["mechanisms"]
        ],
        authorities=[
            (AUTHORITIES[each["authority"]], counts_of(each), lacking(each["unmet"], currency))
            for each in told["authorities"]
            if _any(each)
        ],
        cube=[
            (name, [_cell(each, currency) for each in judged if each["mechanism"] == code and _any(each)])
            for code, name in MECHANISMS.items()
        ],
        few=[programme_name(each["code"]) for each in judged if not _any(each)],
        elsewhere=[programme_name(each["code"]) for each in told["programmes"] if not each["judged_by_records"]],
        areas=_areas(told, judged),
        layers=None if told["layers"] is None else _layers(told["layers"]),
        depths=[(words.SHORT[code], each.said) for code, each in DEPTHS.items()],
        notes=words.NOTES,
    )


def _any(row: Mapping[str, Any]) -> bool:
    return any(row[name] is not None for name in MEASURES)


def shown(count: int | None) -> str:
    """A count as people read it."""
    return HIDDEN if count is None else f"{count:,}"


def counts_of(row: Mapping[str, Any]) -> list[str]:
    """The counts of a row in the order of the columns."""
    return [shown(row[name]) for name in MEASURES]


def lacking(unmet: Mapping[str, int | None], currency: Currency) -> Text | None:
    """What is missing a month, from those who lack it to those who may; None where no amount is told."""
    if all(unmet[name] is None for name in LACKING):
        return None
    least = sum(unmet[name] or 0 for name in LACKING)
    low = money(least, currency)
    if not unmet["possible"]:
        return low
    high = money(least + unmet["possible"], currency)
    return Text(f"{low.zh}至{high.zh}", f"{low.en} to {high.en}")


def coverage_of(row: Mapping[str, Any]) -> str:
    """The range of the coverage; nothing where it is not told."""
    if row["coverage"] is None:
        return ""
    low, high = (round(100 * row["coverage"][end]) for end in ("low", "high"))
    return f"{low}%" if low == high else f"{low}–{high}%"


def _cell(row: Mapping[str, Any], currency: Currency) -> dict[str, Any]:
    label = words.LABELS
    return {
        "code": row["code"],
        "name": programme_name(row["code"]),
        "population": Text(row["population"]["zh"], row["population"]["en"]),
        "authority": Text(" · ", " · ").join(AUTHORITIES[code] for code in row["authority"]),
        "unit": words.UNITS[row["unit"]],
        "judged": "" if row["judged"] is None else shown(row["judged"]),
        "notes": [label["not_asked"]] * (not row["asked_for"]) + [label["outside"]] * row["holders_outside"],
        "counts": counts_of(row),
        "coverage": coverage_of(row),
        "unmet": lacking(row["unmet"], currency),
    }


def _areas(told: Mapping[str, Any], judged: Sequence[Mapping[str, Any]]) -> list[tuple[Text, list[Any]]]:
    """Of each programme with a count told in some township: the township and its counts and share."""
    names = {each["area"]: Text(each["zh"], each["en"]) for each in told["areas"]}
    tables = []
    for programme in judged:
        rows = [
            (
                names[each["area"]],
                [
                    *(shown(each[name]) for name in MEASURES),
                    "" if each["share"] is None else f"{each['share']:.0%}",
                ],
            )
            for each in programme.get("areas", ())
            if _any(each)
        ]
        if rows:
            tables.append((programme_name(programme["code"]), rows))
    return tables


def _layers(told: Mapping[str, Any]) -> dict[str, Any]:
    """Needs down, layers across: a phone is narrow."""
    return {
        "heads": [words.SHORT[each["code"]] for each in told["rows"]],
        "totals": [shown(each["households"]) for each in told["rows"]],
        "rows": [
            (KINDS[each["code"]].said, [shown(row[place]) for row in told["cells"]], shown(each["mentions"]))
            for place, each in enumerate(told["columns"])
        ],
    }
