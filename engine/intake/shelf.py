"""Rows of one kind on their way into their buckets; beyond some millions they wait on the disk."""

from pathlib import Path
from typing import Final

import polars as pl

from engine.files import named_errors

SPILL_ROWS: Final = 2_000_000


class Shelf:
    """Takes frames with ``bucket_`` in any order, gives them back bucket by bucket in the order they came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frames: list[pl.DataFrame] = []
        self._rows = 0
        self._spilled: dict[int, list[Path]] = {}
        self._shelved: dict[int, list[pl.DataFrame]] = {}

    def add(self, frame: pl.DataFrame) -> None:
        """Put rows down."""
        if frame.height:
            self._frames.append(frame)
            self._rows += frame.height
        if self._rows > SPILL_ROWS:
            self._spill()

    def buckets(self) -> list[int]:
        """The buckets that have rows."""
        return sorted({*self._spilled, *self._sorted()})

    def take(self, bucket: int, nothing: pl.DataFrame) -> pl.DataFrame:
        """All rows of a bucket (``nothing`` where it has none); they leave the shelf."""
        parts = [pl.read_parquet(path, glob=False) for path in self._spilled.pop(bucket, [])]
        return pl.concat([nothing, *parts, *self._sorted().pop(bucket, [])])

    def _sorted(self) -> dict[int, list[pl.DataFrame]]:
        for bucket, parts in _by_bucket(self._frames).items():
            self._shelved.setdefault(bucket, []).extend(parts)
        self._frames, self._rows = [], 0
        return self._shelved

    def _spill(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for bucket, parts in _by_bucket(self._frames).items():
            paths = self._spilled.setdefault(bucket, [])
            path = self._folder / f"{bucket}-{len(paths)}.parquet"
            with named_errors(path):
                pl.concat(parts).write_parquet(path, compression="lz4")
            paths.append(path)
        self._frames, self._rows = [], 0


def _by_bucket(frames: list[pl.DataFrame]) -> dict[int, list[pl.DataFrame]]:
    if not frames:
        return {}
    whole = pl.concat(frames)
    if whole["bucket_"].min() == whole["bucket_"].max():
        return {int(whole["bucket_"][0]): [whole]}
    parts = whole.partition_by("bucket_", as_dict=True, maintain_order=True)
    return {int(bucket): [part] for (bucket,), part in parts.items()}
