"""A pack of programmes from its texts: parsed, joined to its ancestors, and checked as a whole.

A pack is one text, or one with others beside it for families of programmes: ``cn-national`` and
``cn-national+basic`` are one pack.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from outreach.catalogue import Benefit, PackError, PackFile, PackPart, Parameter, Programmes
from outreach.pack_check import check
from outreach.pack_problem import Problem

PART: Final = "+"
ENTRIES: Final = ("benefit", "parameter", "programme", "trigger")


@dataclass(frozen=True)
class Checked:
    """A pack with what is wrong with it; ``programmes`` is None where a text could not be read at all."""

    programmes: Programmes | None
    problems: tuple[Problem, ...]


def load(pack: str, texts: Mapping[str, str]) -> Programmes:
    """The pack of this id with its ancestors, from TOML texts by pack id (``ID`` and ``ID+FAMILY``).

    Raises ``PackError`` with every problem, naming pack and entry: text that is no TOML, an unknown key, parent,
    fact, parameter or programme, a ring of parents, of programmes that give way or of such that need each other,
    overlapping periods, a missing citation, units that do not compare, a value out of bounds, a rule that nobody
    can meet, a trigger that nothing computes.
    """
    found = checked(pack, texts)
    if found.problems or found.programmes is None:
        raise PackError("; ".join(str(problem) for problem in found.problems))
    return found.programmes


def checked(pack: str, texts: Mapping[str, str]) -> Checked:
    """The pack and all that is wrong with it in one pass: an entry that cannot be read hides no other."""
    chain: list[PackFile] = []
    problems: list[Problem] = []
    wanted: str | None = pack
    while wanted is not None:
        if wanted in [file.pack.id for file in chain]:
            problems.append(
                Problem(
                    f"pack {pack}", f"the parents go in a ring at {wanted}", "let the most general have no parent"
                )
            )
            return Checked(None, tuple(problems))
        if wanted not in texts:
            known = ", ".join(sorted(name for name in texts if PART not in name))
            problems.append(
                Problem(f"pack {wanted}", f"is not there (known: {known})", "mend the name, or put it there")
            )
            return Checked(None, tuple(problems))
        file, wrong = _parsed(wanted, texts)
        problems += wrong
        if file is None:
            return Checked(None, tuple(problems))
        chain.append(file)
        wanted = file.pack.parent
    programmes = Programmes(tuple(chain))
    return Checked(programmes, (*problems, *check(programmes)))


def _parsed(pack: str, texts: Mapping[str, str]) -> tuple[PackFile | None, list[Problem]]:
    """The pack from its texts, less the entries that cannot be read; None where its head or a text cannot."""
    raws: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for name in sorted(each for each in texts if each == pack or each.startswith(f"{pack}{PART}")):
        try:
            raws[name] = tomllib.loads(texts[name])
        except tomllib.TOMLDecodeError as error:
            problems.append(Problem(f"pack {name}", f"not a TOML text: {error}", "mend the line that is named"))
    if problems:
        return None, problems
    parts = []
    for name, raw in raws.items():
        model = PackFile if name == pack else PackPart
        part, wrong = _read(name, raw, model)
        problems += wrong
        if part is not None:
            parts.append(part)
    head = next((part for part in parts if isinstance(part, PackFile)), None)
    if head is None:
        return None, problems
    if head.pack.id != pack:
        problems.append(
            Problem(f"pack {pack}", f"the text calls itself {head.pack.id}", "give the file and the pack one name")
        )
        return None, problems
    together = {name: tuple(entry for part in parts for entry in getattr(part, name)) for name in ENTRIES}
    return PackFile(pack=head.pack, **together), problems


def _read(name: str, raw: dict[str, Any], model: type[PackPart]) -> tuple[PackPart | None, list[Problem]]:
    """A text by its model. Entries with mistakes are told and left out; their names stay known to the others."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        wrong = error.errors()
    problems = [
        Problem(f"pack {name}", f"{_place(raw, each['loc'])}: {each['msg']}", "docs/programmes.md shows the form")
        for each in wrong
    ]
    bad = {(each["loc"][0], each["loc"][1]) for each in wrong if len(each["loc"]) > 1 and each["loc"][0] in ENTRIES}
    kept: dict[str, Any] = {"pack": raw["pack"]} if "pack" in raw else {}
    for kind in ENTRIES:
        listed = raw.get(kind, [])
        kept[kind] = [each for at, each in enumerate(listed) if (kind, at) not in bad] if _listed(listed) else []
    try:
        part = model.model_validate(kept)
    except ValidationError:
        return None, problems
    lost = [(kind, raw[kind][at]) for kind, at in sorted(bad, key=str)]
    return part.model_copy(update=_stubs(part, lost)), problems


def _listed(value: object) -> bool:
    return isinstance(value, list)


def _stubs(part: PackPart, lost: Sequence[tuple[str | int, Any]]) -> dict[str, Any]:
    """Names of entries that could not be read, so that nobody who names them is told that they do not exist."""
    benefits, parameters = list(part.benefit), list(part.parameter)
    for kind, raw in lost:
        if not isinstance(raw, dict):
            continue
        if kind == "parameter" and isinstance(raw.get("name"), str):
            unit = raw.get("unit")
            parameters.append(Parameter(name=raw["name"], unit=unit if isinstance(unit, str) else None))
        elif kind in ("programme", "benefit") and isinstance(raw.get("code"), str):
            benefits.append(Benefit(code=raw["code"], zh=raw["code"], en=raw["code"]))
    return {"benefit": tuple(benefits), "parameter": tuple(parameters)}


def _place(raw: Any, path: Sequence[int | str]) -> str:
    """The place of a mistake, by names where the entries have names."""
    words: list[str] = []
    for step in path:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            raw = None
        named = raw.get("code") or raw.get("name") or raw.get("id") if isinstance(raw, dict) else None
        words.append(str(named) if isinstance(step, int) and named else str(step))
    return " ".join(words)
