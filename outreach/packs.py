"""A pack of programmes from its texts: parsed, joined to its ancestors, and checked as a whole."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from outreach.catalogue import PackError, PackFile, Programmes
from outreach.pack_check import check


def load(pack: str, texts: Mapping[str, str]) -> Programmes:
    """The pack of this id with its ancestors, from TOML texts by pack id.

    Raises ``PackError`` naming pack and entry: text that is no TOML, an unknown key, parent, fact, parameter or
    programme, a ring of parents, overlapping periods, a missing citation, units that do not compare, a value out of
    bounds, a trigger that no rule computes.
    """
    chain: list[PackFile] = []
    wanted: str | None = pack
    while wanted is not None:
        if wanted in [file.pack.id for file in chain]:
            raise PackError(f"pack {pack}: the parents go in a ring at {wanted}")
        if wanted not in texts:
            raise PackError(f"pack {wanted} is not there (known: {', '.join(sorted(texts))})")
        chain.append(_parsed(wanted, texts[wanted]))
        wanted = chain[-1].pack.parent
    programmes = Programmes(tuple(chain))
    problems = check(programmes)
    if problems:
        raise PackError("; ".join(problems))
    return programmes


def _parsed(pack: str, text: str) -> PackFile:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"pack {pack}: not a TOML text: {error}") from None
    try:
        file = PackFile.model_validate(raw)
    except ValidationError as error:
        said = [f"{_place(raw, problem['loc'])}: {problem['msg']}" for problem in error.errors()]
        raise PackError(f"pack {pack}: " + "; ".join(said)) from None
    if file.pack.id != pack:
        raise PackError(f"pack {pack}: the text calls itself {file.pack.id}")
    return file


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
