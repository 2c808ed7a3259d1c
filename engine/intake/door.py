"""The door: facts of stage B come in for nobody who has not agreed, and are kept for nobody at all.

A delivery that brings them about people without a consent in force is refused as a whole. With consent, their rows
are counted and go no further: they are not stored, not sealed, and no feature can see them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import col

from engine.db import reading
from engine.errors import NotAllowedError
from engine.intake.manifest import Delivery
from engine.intake.parse import BROKEN_SCHEMA, Pseudonymiser
from engine.intake.read import blocks
from engine.tables import Consent, ConsentPerson
from features.records import STAGE_B_KINDS
from outreach.stage_b import ASSETS, WITH_CONSENT, WORDS, fact_of_department, facts_in

LAW: Final = "checked only after an application and with the consent of the persons (社会救助法 Arts. 40-41)"
WAY_OUT: Final = (
    "Delete the folder from the inbox and ask for the delivery without them. Where these people have applied and "
    "agreed, say so first: xunfang consent record."
)
OWNERS: Final = {"person_id": "person", "household_id": "household"}


@dataclass(frozen=True)
class Consents:
    """Who has agreed to a check of which facts, on one day; ``known`` where that was judged before (a repair)."""

    given: frozenset[tuple[str, str]] = frozenset()
    known: bool = False


def consents_on(database: sa.Engine, day: date) -> Consents:
    """The consents in force on a day that nobody has withdrawn since."""
    statement = (
        sa.select(col(Consent.household_id), col(Consent.whole), col(Consent.facts), col(ConsentPerson.person_id))
        .join_from(Consent, ConsentPerson, col(ConsentPerson.consent_id) == col(Consent.id))
        .where(col(Consent.since) <= day, col(Consent.until) >= day, col(Consent.withdrawn_on).is_(None))
    )
    given: set[tuple[str, str]] = set()
    with reading(database) as session:
        for household, whole, facts, person in session.execute(statement):
            named = set(facts.split())
            covered = [*named, *(["asset"] if named.issuperset(ASSETS) else [])]
            given |= {(person, fact) for fact in covered}
            given |= {(household, fact) for fact in covered if whole}
    return Consents(frozenset(given))


def refuse_columns(where: str, columns: Sequence[str]) -> None:
    """Raise NotAllowedError where columns are named for such facts.

    It tells their places alone, because a header may be somebody's row. A consent does not open a file in which
    they stand beside everybody's records.
    """
    given = [each for each in columns if each != "row_"]
    found = facts_in(given)
    if found:
        told = ", ".join(
            f"column {given.index(name) + 1} ({WORDS[fact].en} / {WORDS[fact].zh})" for name, fact in found.items()
        )
        raise NotAllowedError(
            f"{where} has columns of stage-B facts, {LAW}: {told}; nothing was taken in",
            "Delete what was delivered and ask for it without these columns.",
        )


@dataclass
class Door:
    """What one delivery brings of stage B; ``refuse`` is called when all of it has been read."""

    delivery: Delivery
    pseudonymiser: Pseudonymiser = field(repr=False)
    consents: Consents = field(repr=False)
    _without: Counter[tuple[str, str]] = field(default_factory=Counter)

    def sort_out(self, kind: str, name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of stage A, and the row numbers of the others with their rule (``row_, rule``)."""
        if kind != "income" or "source_dept" not in frame.columns:
            return frame, pl.DataFrame(schema=BROKEN_SCHEMA)
        departments = frame.select(pl.col("source_dept").unique())
        facts = departments.with_columns(fact_=fact_of_department(pl.col("source_dept"))).drop_nulls("fact_")
        if not facts.height:
            return frame, pl.DataFrame(schema=BROKEN_SCHEMA)
        told = frame.join(facts, on="source_dept").select("row_", "fact_", *_owners(frame))
        kept = self._judged(name, told)
        return frame.join(kept, on="row_", how="anti", maintain_order="left"), kept

    def files(self) -> list[tuple[int, int, int, pl.DataFrame]]:
        """The files of stage-B kinds, read for their owners alone: place, rows, blank lines, ``row_, rule``."""
        found = []
        for place, entry in enumerate(self.delivery.manifest.files):
            if entry.kind not in STAGE_B_KINDS:
                continue
            rows = blank = 0
            parts = [pl.DataFrame(schema=BROKEN_SCHEMA)]
            for block in blocks(self.delivery.folder / entry.name, entry.proves_length, entry.shape):
                frame = block.frame.select("row_", *_owners(block.frame), fact_=pl.lit(entry.kind))
                torn = pl.DataFrame({"row_": [row for row, _ in block.broken]}, schema={"row_": pl.Int64})
                torn = torn.with_columns(fact_=pl.lit(entry.kind))
                parts += [self._judged(entry.name, frame), self._judged(entry.name, torn)]
                rows, blank = rows + block.rows, blank + block.blank_lines
            found.append((place, rows, blank, pl.concat(parts)))
        return found

    def refuse(self) -> None:
        """Raise NotAllowedError where facts came about anybody without consent: which, in which file, how many."""
        if not self._without or self.consents.known:
            return
        told = "; ".join(
            f"{name}: {rows:,} rows of {WORDS[fact].en} / {WORDS[fact].zh}"
            for (name, fact), rows in sorted(self._without.items())
        )
        raise NotAllowedError(
            f"{self.delivery.id}: brings stage-B facts without a consent in force, {LAW}: {told}; nothing of the "
            "delivery was taken in",
            WAY_OUT,
        )

    def _judged(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """``row_, rule`` of rows (``row_, fact_`` and their owners), after those without consent were counted."""
        given = pl.DataFrame(
            sorted(self.consents.given), schema={"owner_": pl.String, "fact_": pl.String}, orient="row"
        )
        agreed = [pl.DataFrame(schema={"row_": pl.Int64})]
        for column, domain in OWNERS.items():
            if column in rows.columns and given.height:
                numbers = rows.select("row_", "fact_", pl.col(column).cast(pl.String)).drop_nulls(column)
                table = self.pseudonymiser.table(domain, numbers[column])  # type: ignore[arg-type]
                named = numbers.join(table.select(pl.col("raw").alias(column), owner_="pseudonym"), on=column)
                agreed.append(named.join(given, on=["owner_", "fact_"], how="semi").select("row_"))
        left = rows.join(pl.concat(agreed), on="row_", how="anti").unique("row_")
        for fact, count in left.group_by("fact_").len().iter_rows():
            self._without[name, fact] += count
        return rows.select("row_", rule=pl.lit(WITH_CONSENT)).unique("row_", maintain_order=True)


def _owners(frame: pl.DataFrame) -> list[str]:
    return [name for name in OWNERS if name in frame.columns]
