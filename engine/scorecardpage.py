"""The page of the scorecard: worlds side by side, then every table of each home, in Chinese and English."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.files import write_bytes
from engine.html import page
from engine.report import shown
from engine.scorecard import FIGURES, GROUPS, SUBSETS, WAYS
from outreach.bands import RISKS
from outreach.wording import Text
from outreach.wording_selective import GROUPINGS, named

Row = Mapping[str, Any]
Told = Mapping[str, Any]
Line = list[tuple[str | Text, str]]
TITLE: Final = Text("名单成绩单", "The scorecard of lists")
LIST, WAY, COUNT = Text("名单", "List"), Text("怎么选", "Chosen by"), Text("户数", "Households")
GROUP: Final = Text("分组", "Group")
BESIDE: Final = Text("各个世界并列", "The worlds side by side")
BESIDE_CELL: Final = Text(
    "每格：名单中记录为困难的比例（95%区间）；其中真正困难的比例。",
    "Each cell: of the listed, how many are in need by the records (95 % interval); how many are truly in need.",
)
LACKING: Final = Text("没有可比的模型", "No model to compare")
NOT_SERVING: Final = Text(
    "这一模型没有通过上线条件，没有在用；仍列出它的成绩。",
    "This model has not passed its gates and does not serve; its lists are told all the same.",
)
HEADLINE: Final = ("unsupported", "entry")
LONGEST: Final = 0.01
"""The list that is told of groups: shorter ones hold too few of them."""
NOTES: Final = (
    Text(
        "每一行：从可以上名单的家庭里，按这一办法取最前面的若干户。小字是95%区间（Wilson）。",
        "Each row: of the households that could be listed, the first few by this way; 95 % intervals (Wilson).",
    ),
    Text(
        "每个日期分别列出，不取平均；模型没有见过这些结果。",
        "Every date by itself, none averaged; the model had not seen these outcomes.",
    ),
    Text(
        "困难是记录里的结果；“核实”和“突发”只有合成县知道。",
        "Need is the outcome in the records; “verified” and “sudden” are known of a synthetic county alone.",
    ),
    Text(
        "分组只列最长的名单；每组各排各的名单。不足八户的不列。",
        "Groups are told at the longest list only, each with a list of its own; fewer than eight are left out.",
    ),
)


class Table(NamedTuple):
    """A table: its heading, the names of its columns, how many of them name the row, and rows of cells.

    A cell is what stands large and what stands small below it; ``folded``: closed until somebody opens it.
    """

    name: Text
    columns: list[Text]
    heads: int
    rows: list[Line]
    folded: bool = False


def write_page(told: Told, path: Path) -> None:
    """The scorecard of a home, or of several worlds (``worlds``), as one self-contained page."""
    write_bytes(path, scorecard_page(told))


def scorecard_page(told: Told) -> bytes:
    """The page of ``scorecard.figures``, or of ``worlds``: a list of ``world`` with the same figures."""
    worlds: Sequence[Told] = told.get("worlds", [told])
    sections = [_beside(worlds)] if len(worlds) > 1 else []
    sections += [section for each in worlds for section in _of_home(each)]
    return page("scorecard.html.j2", title=TITLE, sections=sections, notes=NOTES)


def _beside(worlds: Sequence[Told]) -> tuple[Text, Text | None, list[Table]]:
    tables = []
    for risk, name in RISKS.items():
        told = {each["world"]: _rows(each, risk) for each in worlds}
        days = sorted({row["as_of"] for rows in told.values() for row in rows}, reverse=True)
        for day in days:
            for subset, text in SUBSETS.items():
                title = Text(f"{name.zh}，{day}，{text.zh}", f"{name.en}, {day}, {text.en}")
                here = {
                    world: {(row["share"], row["way"]): row for row in rows if _is(row, day, subset)}
                    for world, rows in told.items()
                }
                keys = dict.fromkeys(key for rows in here.values() for key in rows)
                columns = [LIST, WAY, *(Text(world, world) for world in told)]
                lines: list[Line] = []
                for share, way in keys:
                    pairs = [_pair(found.get((share, way))) for found in here.values()]
                    lines.append([(f"{share:.1%}", ""), (WAYS[way], ""), *pairs])
                tables.append(Table(title, columns, 2, lines))
    return BESIDE, BESIDE_CELL, tables


def _pair(row: Row | None) -> tuple[str, str]:
    """What the records say of a list, and beside the interval what is true."""
    if row is None:
        return "–", ""
    value, interval = _cell(row, "precision")
    truly = row["verified_per_visit"]
    return f"{value} · {'–' if truly is None else f'{truly:.0%}'}", interval


def _of_home(told: Told) -> Iterator[tuple[Text, Text | None, list[Table]]]:
    """A section for each risk: a table for each date and population, and its groups folded below."""
    world = told.get("world")
    for each in told["risks"]:
        name = RISKS[each["risk"]]
        if world is not None:
            name = Text(f"{world}：{name.zh}", f"{world}: {name.en}")
        if "unavailable" in each:
            yield name, Text(LACKING.zh, each["unavailable"]), []
            continue
        days = sorted({row["as_of"] for row in each["rows"]}, reverse=True)
        tables = [table for day in days for subset in SUBSETS for table in _on(each["rows"], day, subset)]
        yield name, None if each["serves"] else NOT_SERVING, tables


def _on(rows: Sequence[Row], day: str, subset: str) -> Iterator[Table]:
    text = SUBSETS[subset]
    title = Text(f"{day}，{text.zh}", f"{day}, {text.en}")
    columns = [LIST, WAY, COUNT, *FIGURES.values()]
    lines: list[Line] = [
        [(f"{row['share']:.1%}", ""), (WAYS[row["way"]], ""), (shown(row["k"]), ""), *_cells(row)]
        for row in rows
        if _is(row, day, subset)
    ]
    yield Table(title, columns, 2, lines)
    for by in GROUPS:
        found = [row for row in rows if _is(row, day, subset, by) and row["share"] == LONGEST]
        if found and subset in HEADLINE:
            lines = [
                [
                    (named(by, row["group"] or "unknown"), ""),
                    (WAYS[row["way"]], ""),
                    (shown(row["k"]), ""),
                    *_cells(row),
                ]
                for row in found
            ]
            heading = Text(f"{title.zh}：{GROUPINGS[by].zh}", f"{title.en}: {GROUPINGS[by].en}")
            yield Table(heading, [GROUP, *columns[1:]], 2, lines, folded=True)


def _rows(told: Told, risk: str) -> Sequence[Row]:
    found: Sequence[Row] = next(each for each in told["risks"] if each["risk"] == risk).get("rows", ())
    return found


def _is(row: Row, day: str, subset: str, by: str | None = None) -> bool:
    return bool(row["as_of"] == day and row["subset"] == subset and row["by"] == by)


def _cells(row: Row) -> Line:
    return [_cell(row, name) for name in FIGURES]


def _cell(row: Row, name: str) -> tuple[str, str]:
    value, interval = row[name], row.get(f"{name}_interval")
    if value is None:
        return "–", ""
    if name == "lift":
        return f"{value:.1f}", ""
    return f"{value:.0%}", "" if interval is None else f"{interval[0]:.0%}–{interval[1]:.0%}"
