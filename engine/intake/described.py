"""Deliveries as departments make them: a folder without a manifest, whose files are known by the descriptions.

The delivery's id is the folder's name. Its day is in ``delivered_on.txt``, or in the folder's name
(``YYYY-MM-DD``), or else the day on which it was first seen here, which is written down once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from engine.errors import HomeError, SourceError
from engine.files import write_text
from engine.intake.description import Description
from engine.intake.manifest import MANIFEST, FileEntry, Manifest
from engine.settings import problems, read_toml

DAY_FILE: Final = "delivered_on.txt"
ARRIVED: Final = ".arrived"


@dataclass(frozen=True)
class Arrivals:
    """The days on which deliveries without a day of their own were first seen, kept in a folder of the store.

    ``today`` is the caller's clock; None where the caller has none, and then a delivery needs a day of its own.
    """

    folder: Path
    today: date | None

    def day_of(self, delivery_id: str) -> date | None:
        """The day of arrival: as it was written down, else today."""
        path = self.folder / f"{delivery_id}{ARRIVED}"
        if path.is_file():
            return date.fromisoformat(path.read_text("ascii").strip())
        if self.today is not None:
            write_text(path, f"{self.today}\n")
        return self.today


def is_described(folder: Path, descriptions: Mapping[str, Description]) -> bool:
    """Whether a folder has no manifest and at least one file that a description knows."""
    if (folder / MANIFEST).exists():
        return False
    return any(each.matches(folder.name, name) for name in _files(folder) for each in descriptions.values())


def may_be_of(folder: Path, broken: Mapping[str, Path]) -> str | None:
    """Which description with a mistake (``sources/NAME.toml`` → its path) may read a folder without a manifest.

    One whose patterns cannot be read may read any such folder; one of a database reads none.
    """
    if (folder / MANIFEST).exists():
        return None
    for name, path in broken.items():
        try:
            origin = read_toml(path)["from"]
            if "query" in origin:
                continue
            files = origin["files"]
            patterns = [files] if isinstance(files, str) else [str(each) for each in files]
            here = fnmatchcase(folder.name, str(origin.get("folder", "*")))
        except (HomeError, KeyError, TypeError, AttributeError):
            return name
        if here and any(fnmatchcase(file, each) for file in _files(folder) for each in patterns):
            return name
    return None


def described_manifest(folder: Path, descriptions: Mapping[str, Description], arrivals: Arrivals) -> Manifest:
    """What such a folder would say of itself; SourceError names a file that not exactly one description knows."""
    entries = []
    for name in _files(folder):
        fits = [each for each in descriptions.values() if each.matches(folder.name, name)]
        if len(fits) != 1:
            named = " and ".join(f"sources/{each.name}.toml" for each in fits)
            raise SourceError(
                f"{folder.name}/{name}: fits {named or 'no description in sources/'}",
                "Every file of a delivery without a manifest is read by exactly one: mend the patterns "
                "(from.folder, from.files), or take the file away.",
            )
        entries.append(FileEntry(name=name, kind=fits[0].kind, source=fits[0].name, described=fits[0].told_shape))
    try:
        return Manifest(delivery_id=folder.name, delivered_on=_day(folder, arrivals), files=tuple(entries))
    except ValidationError as wrong:
        raise SourceError(
            f"{folder.name}: {problems(wrong)}",
            "The folder's name is the delivery's id: Latin letters, digits, point, dash and underscore.",
        ) from None


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".") and path.name != DAY_FILE)


def _day(folder: Path, arrivals: Arrivals) -> date:
    path = folder / DAY_FILE
    said = path.read_text("utf-8-sig", errors="replace").strip() if path.is_file() else _day_in(folder.name)
    if said is not None:
        try:
            return date.fromisoformat(said)
        except ValueError:
            where = f"{folder.name}/{DAY_FILE}" if path.is_file() else folder.name
            raise SourceError(f"{where}: holds no day", "Write the day of delivery as YYYY-MM-DD.") from None
    day = arrivals.day_of(folder.name)
    if day is None:
        raise SourceError(
            f"{folder.name}: nobody says on which day it was delivered",
            f"Write the day into {DAY_FILE} beside its files, or run: xunfang check",
        )
    return day


def _day_in(name: str) -> str | None:
    found = re.search(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])", name)
    return None if found is None else found[0]
