"""A commented starting description from one sample file. What is written holds names of columns, never a value."""

import json
import re
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.errors import SourceError, UsageError
from engine.files import write_text
from engine.intake.description import Description, our_columns, read_description, required
from engine.intake.guess import Guess, guesses, quoted
from engine.intake.mapping import month_headers
from engine.intake.parse import DEFAULTED, SCHEMAS
from engine.intake.read import blocks
from engine.intake.shape import SEPARATORS, Shape, format_of, text_shape
from engine.settings import Home

ROWS: Final = 5_000
MONTH_HEADERS: Final = ("YYYY年M月", "YYYY-MM", "YYYYMM", "YYYY/M", "M月")
FEWEST_MONTHS: Final = 3
A_VALUE: Final = r"[0-9]{11}|[0-9]{17}[0-9Xx]|[0-9]{8}|[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
"""Where a header has such a cell, it is no header: the file begins with somebody's row."""


def describe_sample(home: Home, sample: Path, kind: str) -> dict[str, Any]:
    """Write ``sources/<kind>.toml`` (or ``<kind>-2.toml`` …) from a sample; tells what was found and what was not.

    Raises UsageError for an unknown kind or no file, SourceError where the file cannot be read or has no header.
    """
    if kind not in SCHEMAS:
        raise UsageError(f"--kind {kind}: there is no such kind", f"The kinds are: {', '.join(SCHEMAS)}.")
    if not sample.is_file():
        raise UsageError(f"--sample {sample}: there is no such file", "Mend the path.")
    shape, shape_lines = _shape(sample)
    frame = _looked_at(sample, shape)
    shipped = read_description(Path(str(files("engine.intake") / "sources" / f"{kind}.toml")))
    wide = _wide(frame.columns) if "month" in our_columns(kind) else None
    months = month_headers(wide, tuple(frame.columns)) if wide else {}
    found = guesses(kind, frame.drop(list(months)), shipped.columns)
    unused = [name for name in frame.columns if name not in {*months, *(each.source for each in found.values())}]
    lines, missing = _columns(kind, shipped, found, wide)
    parts = [_head(shipped, sample), shape_lines, _months(kind, wide, len(months)), lines, _unused(unused)]
    path = _free(home, kind)
    write_text(path, "\n".join(filter(None, parts)) + "\n")
    return {
        "written": str(path),
        "columns_found": list(found),
        "still_to_fill_in": missing,
        "columns_not_used": unused,
        "next": f"read it, mend what says CHECK, then: xunfang check --home {home.root}",
    }


def _shape(sample: Path) -> tuple[Shape, str]:
    """The shape of the sample, and the section of the description that says it."""
    form = format_of(sample, Shape())
    if form not in ("csv", "tsv"):
        return Shape(format=form), f'[shape]\nformat = "{form}"\n'
    told = text_shape(sample, Shape())
    with sample.open("rb") as file:
        lines = file.read(2**16).decode(told.encoding, "replace").removeprefix("\ufeff").splitlines()[:5]
    best = max(SEPARATORS, key=lambda each: max((line.count(each) for line in lines), default=0))
    separator = best if any(best in line for line in lines) else told.separator
    most = max((line.count(separator) for line in lines), default=0)
    header = next((place for place, line in enumerate(lines, start=1) if line.count(separator) == most), 1)
    encoding = "utf-16" if told.encoding.startswith("utf-16") else told.encoding
    shape = Shape(format=None, encoding=encoding, separator=separator, header_row=header)  # type: ignore[arg-type]
    said = f"[shape]\nencoding = {quoted(encoding)}\nseparator = {json.dumps(separator)}\nheader_row = {header}\n"
    return shape, said


def _looked_at(sample: Path, shape: Shape) -> pl.DataFrame:
    """The first rows of the sample as text; SourceError where its first row is no header."""
    parts = [block.frame.drop("row_") for block in islice(blocks(sample, whole=True, shape=shape), 1)]
    if not parts:
        raise SourceError(f"{sample.name}: holds no row", "Take a sample with a header and some rows.")
    frame = parts[0].head(ROWS).select(pl.all().cast(pl.String).str.strip_chars().replace("", None))
    for place, name in enumerate(frame.columns, start=1):
        if re.fullmatch(A_VALUE, name.strip()) or (frame[name] == name).any():
            raise SourceError(
                f"{sample.name}: its first row is no header (column {place} holds a value there)",
                "Put a row with the names of the columns above it: a description goes by names.",
            )
    return frame


def _wide(names: list[str]) -> str | None:
    """How the headers of months beside each other are written, where there are some."""
    counts = {each: len(month_headers(each, tuple(names))) for each in MONTH_HEADERS}
    return next((each for each, count in counts.items() if count >= FEWEST_MONTHS), None)


def _head(shipped: Description, sample: Path) -> str:
    said = {
        name: getattr(shipped, name)
        for name in (
            *("kind", "department", "title_zh", "title_en", "purpose_zh", "purpose_en", "basis_zh", "basis_en"),
            *("refresh_days", "sensitivity"),
        )
    }
    lines = [
        "# A starting point, guessed from the names of a sample's columns and from what its values look like.",
        "# Read every line; CHECK marks what could not be guessed. No value of the sample is in this file.",
        *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in said.items()),
        "# assumed_lag_days = 30             # for a first load of history, together with:",
        "# first_load_until = 2025-12-31",
        "",
        "[from]",
        '# folder = "*"                      # pattern of the delivery folder\'s name in inbox/',
        f"files = [{quoted('*' + ''.join(sample.suffixes))}]    # CHECK: pattern of the files' names",
        "",
    ]
    return "\n".join(lines)


def _months(kind: str, wide: str | None, count: int) -> str:
    if wide is None:
        return ""
    value = "quantity" if kind == "utility" else "amount"
    year = "" if "YYYY" in wide else '\nyear = "年度"                       # CHECK: the column that holds the year'
    said = f"columns = {quoted(wide)}    # {count} columns of the sample"
    return f'[months]\n{said}{year}\nmonth = "month"\nvalue = "{value}"\n'


def _columns(kind: str, shipped: Description, found: dict[str, Guess], wide: str | None) -> tuple[str, list[str]]:
    """The section of columns, and which required ones are still missing."""
    lines, missing = ["[columns]"], []
    value = "quantity" if kind == "utility" else "amount"
    for name in our_columns(kind):
        fixed = shipped.columns.get(name)
        if wide is not None and name == "month":
            continue
        if wide is not None and name == value:
            unit = 'unit = "yuan"' if value == "amount" else 'decimal = "."'
            lines.append(f"{name} = {{ {unit} }}    # CHECK")
        elif name in found:
            lines.append(f"{name} = {found[name].entry}    # {found[name].remark}")
        elif fixed is not None and fixed.value is not None:
            lines.append(f"{name} = {{ value = {json.dumps(fixed.value)} }}    # CHECK: the same for every row")
        elif required(kind, name) and name not in DEFAULTED:
            lines.append(f'# {name} = ""    # CHECK: required, and not found')
            missing.append(name)
        else:
            lines.append(f'# {name} = ""')
    return "\n".join(lines) + "\n", missing


def _unused(names: list[str]) -> str:
    if not names:
        return ""
    return "# Columns of the sample that are not taken:\n" + "\n".join(f"#   {quoted(name)}" for name in names)


def _free(home: Home, kind: str) -> Path:
    names = (
        home.sources / (f"{kind}.toml" if number == 1 else f"{kind}-{number}.toml") for number in range(1, 1_000)
    )
    return next(path for path in names if not path.exists())
