"""The shipped descriptions read files with their own columns: a bureau can start from them."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

from builders import DEFAULTS
from deliveries import a_home

from engine.intake.description import EXCEL, Column, Description, read_description
from engine.intake.inbox import take_in
from engine.intake.parse import IDENTITY
from engine.settings import Home
from features.records import KINDS

SHIPPED = sorted((Path(__file__).parents[2] / "engine" / "intake" / "sources").glob("*.toml"))
IDENTITY_ROW = {
    "person_id": "P1",
    "valid_from": date(2020, 1, 1),
    "name": "示例",
    "phone": "1",
    "address": "示例镇",
}
OWN = {"person_id": "P1", "kind": "wage", "school_year": "2023-2024", "quantity": "120.5"}


def theirs(column: Column, ours: Any) -> str:
    """A value of ours as a department writes it by this description."""
    if ours is None:
        return ""
    if column.codes is not None:
        return next(text for text, code in column.codes.items() if code == ours)
    if isinstance(ours, date):
        written = (column.dates or ("YYYY-MM-DD",))[0]
        assert written != EXCEL
        return written.replace("YYYY", f"{ours:%Y}").replace("MM", f"{ours:%m}").replace("DD", f"{ours:%d}")
    return f"{ours / 100:.2f}" if column.unit == "yuan" else str(ours)


def file_of(given: Description) -> str:
    """A header and one row, as the description reads them."""
    defaults = IDENTITY_ROW if given.kind == IDENTITY else DEFAULTS[given.kind] | {"known_on": None}
    row: dict[str, str] = {}
    for name, column in given.columns.items():
        value = (
            OWN.get(name, defaults.get(name)) if given.kind in ("income", "benefit", "event", "schooling") else None
        )
        value = defaults.get(name) if value is None else value
        for source in column.source or ():
            row.setdefault(source, "1" if len(column.source or ()) > 1 else theirs(column, value))
    if given.months is not None:
        row |= {"2024年1月": "120.5", "2024年2月": "", "2024年3月": "99"}
    return ",".join(row) + "\n" + ",".join(row.values()) + "\n"


def test_every_shipped_description_takes_in_a_file_of_its_own_columns(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    home.sources.mkdir()
    folder = home.inbox / "all-2024-12-31"
    folder.mkdir()
    for path in SHIPPED:
        shutil.copy(path, home.sources)
        given = read_description(path)
        pattern = (given.origin.files or ("",))[0]
        (folder / pattern.replace("*", "-2024-12.csv")).write_text(file_of(given), "utf-8")
    taken = take_in(Home(home.root))
    taken.raise_refused()
    files = {file.kind: (file.rows, file.accepted, dict(file.rules)) for file in taken.store.receipts[0].files}
    assert files == {kind: (1, 1, {}) for kind in [*KINDS, IDENTITY]}
    assert taken.store.records("utility").collect()["quantity"].to_list() == [120.5, 99.0]
    assert taken.store.records("income").collect()["amount"].to_list() == [100_000]
