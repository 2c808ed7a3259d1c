"""The folder channel: the lists of a night as files, a page and a spreadsheet per caseworker."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Final

from engine.errors import HomeError
from engine.files import sha256_of, write_bytes
from engine.push.cards import VisitList
from engine.push.page import list_page
from engine.push.spreadsheet import spreadsheet

SAFE: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Written:
    """A file of a list: whose, where, and its hash."""

    caseworker_id: str
    path: Path
    sha256: str


def write_list(lists: Path, visits: VisitList) -> tuple[Written, ...]:
    """Write one caseworker's page and spreadsheet into ``lists/<date>/``, each whole or not at all.

    The same list gives the same bytes, so that writing it again changes nothing. Raises HomeError where the
    caseworker's id could not be the name of a file.
    """
    worker = visits.caseworker.caseworker_id
    if not SAFE.fullmatch(worker):
        raise HomeError(
            "caseworkers.toml: a caseworker's id cannot be the name of a file",
            "Use letters of the Latin alphabet, digits, - and _ in ids, at most 40.",
        )
    folder = lists / visits.run.business_date.isoformat()
    made = {
        f"{worker}.html": list_page(visits),
        f"{worker}.xlsx": spreadsheet(visits, datetime.combine(visits.run.business_date, time())),
    }
    written = []
    for name, data in made.items():
        write_bytes(folder / name, data)
        written.append(Written(worker, folder / name, sha256_of(folder / name)))
    return tuple(written)


def write_lists(lists: Path, night: Sequence[VisitList]) -> tuple[Written, ...]:
    """Write the lists of a night, in their order."""
    return tuple(written for visits in night for written in write_list(lists, visits))
