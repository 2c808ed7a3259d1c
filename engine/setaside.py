"""What was set aside and waits to be mended: counted, exported for its department, told to it on a page."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from engine import audit
from engine.db import writing
from engine.errors import HomeError, UsageError
from engine.files import named_errors, write_bytes, write_text
from engine.html import page
from engine.intake.description import read_descriptions
from engine.intake.mending import ASIDE, NOT_TO_MEND, WAITING, rows_to_mend
from engine.intake.quarantine import fields_of, open_columns
from engine.keys import Keys
from engine.push.spreadsheet import guarded
from engine.receipts import FileReceipt, Receipt
from engine.recordstore import RecordStore
from engine.settings import Home
from outreach.wording import Text
from outreach.wording_mending import Advice, advice_of

NUMBERS_SHOWN: Final = 200
WITHOUT: Final = "not stated"
Departments = Mapping[str, str]
"""The department by the source that a file was read as."""

TITLE: Final = Text("需要更正的数据", "Records to be mended")
INTRO: Final = (
    Text(
        "以下各行不符合规则，没有入库。页面只写行号和规则，不写任何人的内容。行号与表格软件一致：表头是第 1 行。",
        "These rows break a rule and did not go in. This page tells rows and rules, never anybody's data. Rows are "
        "counted as a spreadsheet shows them: the header is row 1.",
    ),
    Text(
        "请在导出的文件里更正，连同其中的清单一起报回；不要改动 mends_row 一列。",
        "Mend them in the exported files and send these back with their manifest; leave the column mends_row as it "
        "is.",
    ),
)
LABELS: Final = {
    "column": Text("字段", "Column"),
    "wrong": Text("问题", "What is wrong"),
    "mend": Text("怎样改", "How to mend it"),
    "rows": Text("行数", "Rows"),
    "numbers": Text("行号", "Row numbers"),
    "nothing": Text("没有需要更正的行。", "There is nothing to mend."),
}


@dataclass(frozen=True)
class RuleRow:
    """A line of the page."""

    column: Text
    advice: Advice
    rows: int
    numbers: str


def departments_of(home: Home) -> Departments:
    """The department of each source that a description tells of."""
    return {name: description.department for name, description in read_descriptions(home)[0].items()}


def listed(store: RecordStore, departments: Departments) -> dict[str, Any]:
    """Rows that are set aside now, by department, delivery, file and rule; no values, no row's content."""
    rows = []
    for receipt in store.receipts:
        gone = _gone_in(store.receipts, receipt.delivery_id)
        for file in receipt.files:
            for rule, count in sorted(_rules_left(store.receipts, receipt, file, gone).items()):
                rows.append(
                    {
                        "department": departments.get(file.source or "", WITHOUT),
                        "delivery_id": receipt.delivery_id,
                        "file": file.name,
                        "kind": file.kind,
                        "rule": rule,
                        "rows": count,
                        "waits_for_its_owner": rule in WAITING,
                    }
                )
    back = sum(len(each.rows) for receipt in store.receipts for each in receipt.mended)
    return {"set_aside": rows, "rows": sum(row["rows"] for row in rows), "came_back": back}


def export(
    home: Home,
    keys: Keys,
    store: RecordStore,
    database: sa.Engine,
    *,
    delivery_id: str,
    out: Path,
    actor: str,
    at: datetime,
) -> dict[str, Any]:
    """Write the rows of a delivery that are to be mended into a new folder, with a manifest that ties them to it.

    The files hold what the department sent, identities included: their owner alone may read them, and the export is
    in the audit log before they are made. Raises UsageError where there is nothing to mend, or the folder is there.
    """
    receipt = _receipt(store, delivery_id)
    files = {}
    for file in receipt.files:
        rows = rows_to_mend(home, keys.vault, store.receipts, delivery_id, file)
        rows = rows.filter(~pl.col("rule").is_in(NOT_TO_MEND) & pl.col("text").is_not_null())
        if rows.height:
            files[file.name] = (file, rows)
    if not files:
        raise UsageError(
            f"--delivery {delivery_id}: no row of it can be mended",
            "Rows that wait for their owner go in by themselves, the text of others is past its time or erased; "
            "xunfang quarantine list counts them.",
        )
    if out.exists():
        raise UsageError(f"--out {out}: is there already", "Name a new folder: nothing is ever overwritten.")
    counts = {name: rows.height for name, (_, rows) in files.items()}
    with writing(database) as session:
        audit.append(
            session,
            keys.audit,
            at=at,
            actor=actor,
            action="quarantined rows exported",
            subject_kind="quarantine",
            details={"delivery_id": delivery_id, "rows": counts},
        )
    with named_errors(out):
        out.mkdir(parents=True, mode=0o700)
    entries: list[dict[str, str]] = []
    for name, (file, rows) in files.items():
        target = f"{Path(name).stem}.csv"
        target = target if target not in {entry["name"] for entry in entries} else f"{name}.csv"
        columns = open_columns(home, keys.vault, delivery_id, name)
        write_bytes(out / target, _as_csv(rows, columns))
        described = {"source": file.source} if file.source else {}
        entries.append({"name": target, "kind": file.kind, "mends": name} | described)
    told = {
        "delivery_id": f"{delivery_id}-mended-{at:%Y%m%dT%H%M%S}",
        "delivered_on": f"{at:%Y-%m-%d}",
        "corrects": delivery_id,
        "files": entries,
    }
    write_text(out / "manifest.json", json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return {"delivery_id": delivery_id, "folder": str(out), "rows": counts, "identities": True}


def report(home: Home, keys: Keys, store: RecordStore, out: Path) -> dict[str, Any]:
    """Write a page per department into a folder: what to mend, by file and rule, with row numbers; no values."""
    known = departments_of(home)
    departments: dict[str, list[dict[str, Any]]] = {}
    for receipt in store.receipts:
        gone = _gone_in(store.receipts, receipt.delivery_id)
        for file in receipt.files:
            left = _rules_left(store.receipts, receipt, file, gone)
            if left:
                rows = rows_to_mend(home, keys.vault, store.receipts, receipt.delivery_id, file)
                departments.setdefault(known.get(file.source or "", WITHOUT), []).append(
                    _told(receipt, file, left, rows)
                )
    pages = {}
    for place, (department, files) in enumerate(sorted(departments.items()), start=1):
        path = out / f"{place:02d}-{''.join(letter for letter in department if letter.isalnum())}.html"
        named = (
            Text("未注明部门", "department not stated") if department == WITHOUT else Text(department, department)
        )
        write_bytes(
            path,
            page("mending.html.j2", title=TITLE, department=named, intro=INTRO, files=files, label=LABELS),
        )
        pages[department] = str(path)
    return {"pages": pages}


def _told(receipt: Receipt, file: FileReceipt, left: Mapping[str, int], rows: pl.DataFrame) -> dict[str, Any]:
    rules = []
    for rule, count in sorted(left.items(), key=lambda each: (-each[1], each[0])):
        column, advice = advice_of(rule)
        numbers = sorted(rows.filter(pl.col("rule") == rule)["row"])
        known = len(numbers) == count  # of rows that waited and went in since nobody knows the numbers
        rules.append(RuleRow(column, advice, count, _spans(numbers) if known else "–"))
    told = Text(
        f"{receipt.delivered_on} 报送；{file.rows:,} 行，入库 {file.accepted:,} 行，"
        f"未入库 {sum(left.values()):,} 行。",
        f"Delivered on {receipt.delivered_on}; {file.rows:,} rows, {file.accepted:,} accepted, "
        f"{sum(left.values()):,} still set aside.",
    )
    return {"delivery": receipt.delivery_id, "name": file.name, "told": told, "rules": rules}


def _spans(numbers: list[int]) -> str:
    """Row numbers as people write them: 2–5, 9."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1] = [spans[-1][0], number]
        else:
            spans.append([number])
    shown = ", ".join("–".join(map(str, span)) for span in spans[:NUMBERS_SHOWN])
    return shown + (" …" if len(spans) > NUMBERS_SHOWN else "")


def _rules_left(
    receipts: tuple[Receipt, ...], receipt: Receipt, file: FileReceipt, gone: dict[tuple[str, str], int]
) -> dict[str, int]:
    """How many rows of a file are still set aside by each rule; takes from ``gone`` what it accounts for."""
    left = dict(file.rules)
    for each in (mended for later in receipts for mended in later.mended):
        if (each.delivery_id, each.name) == (receipt.delivery_id, file.name):
            for rule, rows in each.rules.items():
                left[rule] -= rows
    for rule, rows in list(left.items()):
        taken = min(rows, gone.get((file.kind, rule), 0))
        left[rule] -= taken
        if taken:
            gone[(file.kind, rule)] -= taken
    return {rule: rows for rule, rows in left.items() if rows}


def _gone_in(receipts: tuple[Receipt, ...], delivery_id: str) -> dict[tuple[str, str], int]:
    """Rows of a delivery that waited for their owner and went in since, by kind and rule."""
    gone: dict[tuple[str, str], int] = {}
    for each in (release for receipt in receipts for release in receipt.released):
        if each.delivery_id == delivery_id:
            gone[(each.kind, each.rule)] = gone.get((each.kind, each.rule), 0) + each.rows
    return gone


def _receipt(store: RecordStore, delivery_id: str) -> Receipt:
    found = next((each for each in store.receipts if each.delivery_id == delivery_id), None)
    if found is None:
        raise HomeError(
            f"--delivery {delivery_id}: no such delivery was taken in", "xunfang quarantine list names them."
        )
    return found


def _as_csv(rows: pl.DataFrame, columns: list[str]) -> bytes:
    """The rows with their number and rule; the raw text where it cannot be split into the file's columns."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    own = [place for place, name in enumerate(columns) if name not in ASIDE]
    writer.writerow([*ASIDE, *(columns[place] for place in own)])
    for row, rule, text in rows.select("row", "rule", "text").iter_rows():
        fields = fields_of(text or "", columns)
        kept = ["", *(cell(fields[place]) for place in own)] if fields else [guarded(text or ""), *[""] * len(own)]
        writer.writerow([row, rule, *kept])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


def cell(text: str) -> str:
    """A field as it stands in an exported file: safe for a spreadsheet, numbers as they are."""
    number = text.lstrip("-").replace(".", "", 1).isdigit() and text.count("-") <= 1
    return text if number else guarded(text)
