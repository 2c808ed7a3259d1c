"""What a night has stored, as it was served: files are compared with the manifest, and that with the database."""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlmodel import col, select

from engine import nights
from engine.db import reading
from engine.errors import IntegrityError, UsageError
from engine.files import sha256_of
from engine.nightfolder import MANIFEST, RETIRED, as_now, read_manifest, version_of
from engine.tables import Night
from engine.workplace import Workplace

WAY_OUT: Final = "Put the folder back from a backup."


class NightFiles:
    """A finished night (None: the newest): its manifest and its files, under the numbers of then."""

    def __init__(self, place: Workplace, business_date: date | None) -> None:
        """Raises UsageError where there is no such night, IntegrityError where its manifest is another."""
        self.place = place
        self.night = _night_of(place, business_date)
        self.day = self.night.business_date
        self.folder: Path = place.home.nights / self.day.isoformat()
        self.manifest: dict[str, Any] = read_manifest(place, self.day)
        if sha256_of(self.folder / MANIFEST) != self.night.manifest_sha256:
            raise IntegrityError(f"{self.folder / MANIFEST}: has changed since the night was saved", WAY_OUT)
        if RETIRED in self.manifest:
            raise UsageError(
                f"--date {self.day}: the files of this night were past their time and are gone",
                "Ask about a later night; policy.toml, retention, says how long they are kept.",
            )

    @property
    def run_id(self) -> str:
        """The night's mark on every list and page."""
        return self.night.manifest_sha256[:12]

    def has(self, name: str) -> bool:
        """Whether the night wrote a frame of this name."""
        return f"{name}.parquet" in self.manifest["files"]

    def frame(self, name: str) -> pl.LazyFrame:
        """A frame of the night; raises IntegrityError where it is lost or is not the one of the manifest."""
        path = self.folder / f"{name}.parquet"
        told = self.manifest["files"].get(f"{name}.parquet")
        if told is None or not path.is_file():
            raise IntegrityError(f"{path}: this file of the night is missing", WAY_OUT)
        if name not in self._compared:
            if sha256_of(path) != told["sha256"]:
                raise IntegrityError(f"{path}: has changed since the night was saved (its sha256 differs)", WAY_OUT)
            self._compared.add(name)
        return pl.scan_parquet(path, glob=False)

    @cached_property
    def _compared(self) -> set[str]:
        return set()


class StoredNight(NightFiles):
    """A finished night for one household: its manifest, and the rows of its files.

    ``number``: the household's number in the night's files, which may be an earlier one than it has now.
    """

    def __init__(self, place: Workplace, household: str, business_date: date | None) -> None:
        """Raises UsageError where there is no such night or it did not know the household.

        Raises IntegrityError where a file is not what the night wrote.
        """
        super().__init__(place, business_date)
        self.number = self._number_then(household)

    def rows(self, name: str) -> pl.DataFrame:
        """The household's rows of a frame, under its number of now."""
        found = self.frame(name).filter(pl.col("household_id") == self.number).collect()
        return as_now(self.place, found, version_of(self.manifest))

    def _number_then(self, household: str) -> str:
        then = self.frame("columns").select("household_id").collect()
        now = as_now(self.place, then, version_of(self.manifest))
        at = (now["household_id"] == household).arg_true()
        if not at.len():
            raise UsageError(
                f"HOUSEHOLD: the night of {self.day} did not know a household of this number",
                "Copy it from a list, and name a night on which it lived in the county (--date).",
            )
        return str(then["household_id"][at[0]])


def _night_of(place: Workplace, business_date: date | None) -> Night:
    with reading(place.database) as session:
        if business_date is None:
            newest = select(Night).where(Night.kind == "night").order_by(col(Night.business_date).desc()).limit(1)
            night = session.exec(newest).first()
        else:
            night = nights.find_night(session, business_date)
        if night is not None:
            session.expunge(night)
    if night is None:
        when = "there is no finished night yet" if business_date is None else "no night of this date is finished"
        raise UsageError(f"--date {business_date or 'newest'}: {when}", "xunfang status names the last night.")
    return night
