"""Make docs/reference.md from the code: commands, exit codes, settings, policy, and the kinds of source record.

.venv/bin/python docs/tools/reference.py docs/reference.md
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import dataframely as dy
import typer

from engine.cli import app
from engine.errors import KINDS as ERRORS
from engine.errors import XunfangError
from engine.intake.manifest import IDENTITY
from engine.intake.parse import DEFAULTED, DOMAINS, OURS, SCHEMAS
from engine.settings import Home, HomeSettings
from engine.workplace import default_policy
from features.records import KEYS, REQUIRED_KINDS
from outreach.policy import Policy

WRITTEN: Final = "Generated from the code by `docs/tools/reference.py`; a test fails where it is stale."
TYPES: Final = {
    "String": "text",
    "Int64": "whole number",
    "Float64": "number",
    "Bool": "true/false",
    "Date": "date",
}
IDENTITY_COLUMNS: Final = {
    "valid_from": "First day on which this holds",
    "name": "Name, as a visitor says it",
    "phone": "Phone number, as it is dialled",
    "address": "Address, as a visitor finds it",
}
OWN: Final = "id_number"
"""Of the identity kind: filled in by intake itself."""


def reference() -> str:
    """The whole page as Markdown."""
    parts = [
        "# Reference / 参考",
        WRITTEN,
        _commands(),
        _exit_codes(),
        _home(),
        _settings(),
        _policy(),
        _records(),
    ]
    return "\n\n".join(parts) + "\n"


def commands() -> dict[str, Any]:
    """Every command of the command line by its words, such as ``survey eph``."""
    return dict(_walked(typer.main.get_command(app), ()))


def _walked(command: Any, words: tuple[str, ...]) -> Iterable[tuple[str, Any]]:
    below = getattr(command, "commands", {})
    if words and (not below or command.invoke_without_command):
        yield " ".join(words), command
    for name, each in below.items():
        yield from _walked(each, (*words, name))


def _commands() -> str:
    parts = ["## Commands"]
    for words, command in commands().items():
        said = " ".join((command.help or "").split())
        meaning, _, example = said.partition("Example: ")
        rows = [_option(each) for each in command.params if each.name != "help"]
        parts.append(f"### `xunfang {words}`\n\n{meaning.strip()}\n\nExample: `{example.strip()}`")
        if rows:
            parts.append(_table(["option", "default", "meaning"], rows))
    return "\n\n".join(parts)


def _option(option: Any) -> list[str]:
    names = ", ".join(f"`{name}`" for name in option.opts)
    default = option.default
    shown = (
        "" if default is None or default is False or callable(default) or "UNSET" in repr(default) else str(default)
    )
    needed = "needed" if option.required else shown
    environment = f" (or the environment variable `{option.envvar}`)" if getattr(option, "envvar", None) else ""
    return [names, needed, (getattr(option, "help", None) or "").strip() + environment]


def _exit_codes() -> str:
    meanings = {0: "done", 1: XunfangError.meaning}
    for kind in ERRORS:
        meanings.setdefault(kind.exit_code, kind.meaning)
    rows = [[f"`{code}`", meaning] for code, meaning in sorted(meanings.items())]
    return "## Exit codes\n\n" + _table(["code", "meaning"], rows)


def _home() -> str:
    paths = Home(Path("home"))
    named = [(name, each) for name, each in vars(Home).items() if isinstance(each, property)]
    rows = [[f"`{getattr(paths, name).name}`", _line(each.__doc__)] for name, each in named]
    return "## The home folder\n\n" + _table(["name", "what it holds"], rows)


def _settings() -> str:
    rows = [
        [f"`{name}`", _value(field.default), field.description or ""]
        for name, field in HomeSettings.model_fields.items()
    ]
    return "## Settings: `home.toml`\n\n" + _table(["setting", "default", "meaning"], rows)


def _policy() -> str:
    policy = Policy.from_toml(default_policy())
    values = policy.model_dump(exclude={"why", "text"})
    rows = []
    for place, why in policy.why.items():
        section, name = place.split(".", 1)
        rows.append([f"`{place}`", _value(values[section][name]), why])
    return "## Policy: `policy.toml`\n\n" + _table(["value", "default", "why"], rows)


def _records() -> str:
    head = (
        "## Source records\n\n"
        "One section per kind. A file of a kind carries these columns, by these names, in any order. "
        f"`{'`, `'.join(DEFAULTED)}` may be left out (the day of delivery, false, 0); `{'`, `'.join(OURS)}` are "
        "intake's own and may not be delivered. Columns marked ⚿ hold the department's raw numbers: intake turns "
        "them into pseudonyms. *Blank* says whether a value may be missing: a blank means unknown, never zero. "
        "Dates are `YYYY-MM-DD`, true and false are `true` and `false`, money is whole minor units (fen)."
    )
    return "\n\n".join([head, *(_kind(kind, schema) for kind, schema in SCHEMAS.items())])


def _kind(kind: str, schema: type[dy.Schema]) -> str:
    delivered = [name for name in schema.columns() if name not in (*OURS, OWN)]
    own = [name for name in delivered if name not in DEFAULTED]
    rows = [_column(kind, name, schema.columns()[name]) for name in [*own, *DEFAULTED]]
    needed = " **Required.**" if kind in REQUIRED_KINDS else ""
    key = ", ".join(f"`{name}`" for name in KEYS.get(kind, ("person_id", "household_id", "valid_from")))
    rules = [f"- `{name}`: {text}" for name, text in _rules(schema)]
    kept = f"Beyond the types and bounds:\n\n{chr(10).join(rules)}" if rules else ""
    parts = [f"### `{kind}`", f"{_line(schema.__doc__)}{needed} Key: {key}."]
    return "\n\n".join(
        [*parts, _table(["column", "type", "blank", "allowed", "meaning"], rows), *filter(None, [kept])]
    )


def _column(kind: str, name: str, column: dy.Column) -> list[str]:
    mark = " ⚿" if name in DOMAINS else ""
    written = "code" if isinstance(column, dy.Enum) else TYPES[type(column).__name__]
    meaning = IDENTITY_COLUMNS.get(name, "") if kind == IDENTITY else ""
    blank = "yes" if column.nullable or name in DEFAULTED else "no"
    return [f"`{name}`{mark}", written, blank, _allowed(column), meaning or column.description or ""]


def _allowed(column: dy.Column) -> str:
    codes = getattr(column, "categories", None) or getattr(column, "is_in", None)
    if codes:
        return ", ".join(f"`{code}`" for code in codes)
    low, high = getattr(column, "min", None), getattr(column, "max", None)
    if low is not None or high is not None:
        return f"{'' if low is None else f'{low:,g}'} … {'' if high is None else f'{high:,g}'}".strip()
    pattern = getattr(column, "regex", None)
    return f"`{pattern}`" if pattern else ""


def _rules(schema: type[dy.Schema]) -> list[tuple[str, str]]:
    found = {}
    for each in reversed(schema.__mro__):
        for name, value in vars(each).items():
            made = getattr(value, "validation_fn", None)
            if made is not None:
                found[name] = _line(made.__doc__)
    return list(found.items())


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, dict):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    return "none" if value is None else f"`{value}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), "utf-8")
