"""The account of a delivery: every row that came in is accepted or quarantined, and it is written down which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from engine.errors import RejectLimitError
from engine.intake.manifest import Delivery, FileEntry
from engine.receipts import FileReceipt
from outreach.stage_b import WITH_CONSENT

BROKEN_SCHEMA: Final = {"file_": pl.UInt32, "row_": pl.Int64, "rule": pl.String}


@dataclass
class Account:
    """Counts of one delivery while it is taken in; files are known by their position in the manifest."""

    delivery: Delivery
    rows: dict[int, int] = field(default_factory=dict)
    blank_lines: dict[int, int] = field(default_factory=dict)
    accepted: dict[int, int] = field(default_factory=dict)
    matched: dict[str, int] = field(default_factory=dict)
    columns: dict[int, tuple[str, ...]] = field(default_factory=dict)
    alerts: dict[int, dict[str, int]] = field(default_factory=dict)
    _broken: list[pl.DataFrame] = field(default_factory=list)

    @property
    def entries(self) -> tuple[FileEntry, ...]:
        """The files of the delivery, in the order of the manifest."""
        return self.delivery.manifest.files

    def came_in(self, file: int, rows: int, blank_lines: int) -> None:
        """Count the rows of a block, as the independent reader counted them."""
        self.rows[file] = self.rows.get(file, 0) + rows
        self.blank_lines[file] = self.blank_lines.get(file, 0) + blank_lines

    def went_in(self, counts: Mapping[int, int]) -> None:
        """Count rows that are in the store (or in the vault) now, by file."""
        for file, rows in counts.items():
            self.accepted[file] = self.accepted.get(file, 0) + rows

    def set_aside(self, broken: pl.DataFrame) -> None:
        """Note rows (``file_, row_, rule``) that broke a rule; those of earlier deliveries (no file) are theirs.

        A row of which several records broke rules is one row, with the first of them.
        """
        if not broken.height:
            return
        own = broken.filter(pl.col("file_").is_not_null()).select(list(BROKEN_SCHEMA))
        own = own.unique(["file_", "row_"], keep="first", maintain_order=True)
        if own.height:
            self._broken.append(own.cast(BROKEN_SCHEMA))  # type: ignore[arg-type]

    def broken(self) -> pl.DataFrame:
        """All rows that were set aside: ``file_, row_, rule``."""
        return pl.concat([pl.DataFrame(schema=BROKEN_SCHEMA), *self._broken])

    def check_limit(self, reject_limit: float, tolerated: int) -> None:
        """Raise RejectLimitError where a kind lost more than the share and more than some rows."""
        broken = self.broken().filter(pl.col("rule") != WITH_CONSENT)
        for kind in sorted(self.delivery.kinds):
            files = [file for file, entry in enumerate(self.entries) if entry.kind == kind]
            lost, rows = broken.filter(pl.col("file_").is_in(files)), sum(self.rows[file] for file in files)
            if lost.height > max(tolerated, reject_limit * rows):
                rules = "; ".join(f"{rule}: {count:,}" for rule, count in _by_rule(lost).items())
                raise RejectLimitError(
                    f"{self.delivery.id}: {lost.height:,} of {rows:,} {kind} rows break rules ({rules}), more than "
                    f"the {reject_limit:.1%} that the policy allows; nothing of the delivery was taken in",
                    "Have the rows mended and deliver again, or raise the limit in policy.toml with a why.",
                )

    def receipts(self) -> Sequence[FileReceipt]:
        """One receipt per file; raises RuntimeError where rows are not accepted + quarantined (a bug of ours)."""
        broken = self.broken().partition_by("file_", as_dict=True)
        receipts = []
        for file, entry in enumerate(self.entries):
            lost = broken.get((file,), pl.DataFrame(schema=BROKEN_SCHEMA))
            receipt = FileReceipt(
                name=entry.name,
                kind=entry.kind,
                source=entry.source,
                columns=self.columns.get(file, ()),
                sha256=self.delivery.sha256[entry.name],
                rows=self.rows.get(file, 0),
                accepted=self.accepted.get(file, 0),
                quarantined=lost.height,
                rules=_by_rule(lost),
                blank_lines=self.blank_lines.get(file, 0),
                alerts={name: rows for name, rows in sorted(self.alerts.get(file, {}).items()) if rows},
            )
            if receipt.rows != receipt.accepted + receipt.quarantined or lost["row_"].n_unique() != lost.height:
                told = f"{receipt.rows} rows in, {receipt.accepted} accepted, {receipt.quarantined} quarantined"
                raise RuntimeError(f"{entry.name}: {told}")
            receipts.append(receipt)
        return receipts


def _by_rule(broken: pl.DataFrame) -> dict[str, int]:
    return dict(broken.group_by("rule").len().sort("rule").iter_rows())
