"""Proposals: which set-aside row may be whose. Found by the passes, kept for a person to decide, never acted upon.

What is kept are places of rows, pseudonyms and the kinds of evidence. Names and numbers are opened to be compared,
which the audit log notes before, and are gone with the call.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from engine.db import reading, writing
from engine.files import locked
from engine.identity import pseudonyms
from engine.linkage.carrying import finish
from engine.linkage.evidence import PURPOSE, open_files, readable
from engine.linkage.passes import (
    BORN_IN_NUMBER,
    KNOWN,
    PAIRS,
    all_possible,
    plain_address,
    plain_name,
    plain_phone,
    proposals,
)
from engine.recordstore import LOCK, RecordStore
from engine.tables import LinkageProposal
from engine.vault import VaultReader
from engine.workplace import Workplace

ROW: Final = {"delivery_id": pl.String, "file": pl.String, "row": pl.Int64}
SHOWN: Final = (
    *("id", "delivery_id", "file", "row", "found_by", "person_id", "candidates", "state"),
    *("decided_by", "decided_at", "reason", "carried_by"),
)


@dataclass(frozen=True)
class Waiting:
    """The rows that are looked at: ``place`` and where each lies, its broken number, what it says besides."""

    rows: pl.DataFrame
    numbers: pl.DataFrame
    evidence: pl.DataFrame
    other_faults: int


def propose(place: Workplace) -> dict[str, Any]:
    """Look through the rows that are set aside for their person's number and keep who they may be.

    Open proposals follow what the passes find now; decided ones stay, and whoever was rejected for a row is not
    proposed for it again. Doing so twice changes nothing.
    """
    with locked(place.home.records / LOCK, "looking for whose rows these are"):
        with reading(place.database) as session:
            decided = _decided(session)
        store = place.store()
        finish(place, store)
        waiting = _waiting(place, store, decided.filter(pl.col("state") == "accepted"))
        told = waiting.rows.join(decided, on=list(ROW)).select("place", "person_id")
        found = _found(place, store, waiting, told).join(waiting.rows, on="place", maintain_order="left")
        changes = _keep(place, found)
    several = found.filter(pl.col("candidates") > 1)["place"].n_unique()
    return {
        "rows": waiting.rows.height,
        "one_candidate": found["place"].n_unique() - several,
        "several_candidates": several,
        "no_candidate": waiting.rows.height - found["place"].n_unique(),
        "other_faults": waiting.other_faults,
        "passes": dict(sorted(Counter(found.unique("place")["found_by"]).items())),
        **changes,
    }


def listed(place: Workplace, *, everything: bool = False) -> dict[str, Any]:
    """Open proposals (or all), by their number: places, pseudonyms, kinds of evidence, decisions; never a value."""
    statement = select(LinkageProposal).order_by(col(LinkageProposal.id))
    if not everything:
        statement = statement.where(LinkageProposal.state == "proposed")
    with reading(place.database) as session:
        rows = [{name: getattr(row, name) for name in SHOWN} for row in session.exec(statement)]
    return {"proposals": rows}


def _decided(session: Session) -> pl.DataFrame:
    rows = session.exec(select(LinkageProposal).where(LinkageProposal.state != "proposed"))
    told = [(row.delivery_id, row.file, row.row, row.person_id, row.state) for row in rows]
    return pl.DataFrame(told, schema={**ROW, "person_id": pl.String, "state": pl.String}, orient="row")


def _waiting(place: Workplace, store: RecordStore, accepted: pl.DataFrame) -> Waiting:
    """Every row that may be looked at; those that were accepted and are on their way are left out."""
    rows, numbers, evidence, faults = [], [], [], 0
    for opened in open_files(place, store):
        records = readable(opened)
        faults += len(opened.cells) - records["row_"].n_unique()
        if not records.height:
            continue
        delivery_id, name = opened.receipt.delivery_id, opened.file.name
        where = {"delivery_id": pl.lit(delivery_id), "file": pl.lit(name)}
        rows.append(records.select(pl.col("row_").alias("row")).unique(maintain_order=True).with_columns(**where))
        numbers.append(opened.numbers().with_columns(**where))
        evidence.append(opened.evidence(records).with_columns(**where))
    keys = list(ROW)
    empty = pl.DataFrame(schema=ROW)
    placed = pl.concat([empty, *(each.select(keys) for each in rows)]).join(accepted, on=keys, how="anti")
    placed = placed.sort(keys).with_row_index("place").with_columns(pl.col("place").cast(pl.Int64))

    def at_place(parts: list[pl.DataFrame], columns: list[str]) -> pl.DataFrame:
        nothing = empty.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in columns)
        whole = pl.concat([nothing, *(each.select(*keys, *columns) for each in parts)])
        return whole.join(placed, on=keys).select("place", *columns).sort("place", *columns)

    return Waiting(placed, at_place(numbers, ["number"]), at_place(evidence, ["field", "value"]), faults)


def _found(place: Workplace, store: RecordStore, waiting: Waiting, rejected: pl.DataFrame) -> pl.DataFrame:
    """What the passes find among the people of the roster whose numbers the vault knows."""
    members = store.homes.members.select("person_id", "household_id").unique()
    born = store.records("member").filter(~pl.col("void")).select("person_id", "birth_date", "sex")
    lives = born.unique().with_columns(pl.col("birth_date", "sex").cast(pl.String)).collect(engine="streaming")
    by_number = _by_number(place, waiting.numbers, members)
    pairs = _pairs(waiting.evidence, members, lives)
    persons = pl.concat([pairs, by_number.select(list(PAIRS))])["person_id"].unique().sort()
    if not persons.len():
        return proposals(waiting.evidence, pl.DataFrame(schema=KNOWN), by_number, pairs, rejected)
    known, numbered = _known(place, persons, members, lives)
    ours = pl.col("person_id").is_in(numbered.implode())
    return proposals(waiting.evidence, known, by_number.filter(ours), pairs.filter(ours), rejected)


def _by_number(place: Workplace, numbers: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """``place, person_id, field``: the people of the roster whose number a broken one can have been."""
    if place.settings.person_ids != "gb11643":
        return pl.DataFrame(schema={**PAIRS, "field": pl.String})
    possible = all_possible(numbers)
    keys = place.keys
    named = pseudonyms(keys.pseudonym, "person", possible["number"], keys.pseudonym_before)
    persons = possible.select("place", named, "field")
    return persons.rename({"number": "person_id"}).join(members, on="person_id", how="semi").sort(list(PAIRS))


def _pairs(evidence: pl.DataFrame, members: pl.DataFrame, lives: pl.DataFrame) -> pl.DataFrame:
    """Who is compared with a row besides: the people of its household, and whoever was born on its day.

    The second only where the row has a name and a phone or an address: nothing else could come of it.
    """
    in_household = evidence.filter(pl.col("field") == "household").join(
        members, left_on="value", right_on="household_id"
    )
    by_field = evidence.group_by("place").agg(pl.col("field"))
    has = pl.col("field").list.contains
    worth = by_field.filter(has("name"), has("phone") | has("address"))
    days = evidence.filter(pl.col("field").is_in(["birth_date", BORN_IN_NUMBER])).join(
        worth, on="place", how="semi"
    )
    same_day = days.join(
        lives.select("person_id", "birth_date").drop_nulls(), left_on="value", right_on="birth_date"
    )
    return pl.concat([in_household.select(list(PAIRS)), same_day.select(list(PAIRS))]).unique().sort(list(PAIRS))


def _known(
    place: Workplace, persons: pl.Series, members: pl.DataFrame, lives: pl.DataFrame
) -> tuple[pl.DataFrame, pl.Series]:
    """What is known of some people, in plain form (every version counts), and those whose number the vault has."""
    homes = members.filter(pl.col("person_id").is_in(persons.implode()))
    subjects = sorted({*persons, *homes["household_id"]})
    reader = VaultReader(place.database, place.keys.vault, place.log)
    versions = reader.versions(subjects, PURPOSE)
    own = versions.filter(pl.col("subject").is_in(persons.implode())).rename({"subject": "person_id"})
    shared = versions.join(homes, left_on="subject", right_on="household_id").select(
        "person_id", "phone", "address"
    )
    theirs = lives.filter(pl.col("person_id").is_in(persons.implode()))
    parts = [
        _field("name", own, plain_name(pl.col("name"))),
        *(_field("phone", each, plain_phone(pl.col("phone"))) for each in (own, shared)),
        *(_field("address", each, plain_address(pl.col("address"))) for each in (own, shared)),
        _field("household", homes, pl.col("household_id")),
        *(_field(name, theirs, pl.col("birth_date")) for name in ("birth_date", BORN_IN_NUMBER)),
        _field("sex", theirs.filter(pl.col("sex").is_in(["1", "2"])), pl.col("sex")),
    ]
    known = pl.concat(parts).drop_nulls("value").unique().sort(list(KNOWN))
    return known, own.drop_nulls("id_number")["person_id"].unique().sort()


def _field(name: str, frame: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    return frame.select("person_id", pl.lit(name).alias("field"), value.alias("value"))


def _keep(place: Workplace, found: pl.DataFrame) -> dict[str, int]:
    """Bring the open proposals into line with what was found, in one transaction; tells how many changed."""
    columns = [*ROW, "person_id", "found_by", "candidates"]
    wanted = {tuple(row[:4]): row for row in found.select(columns).sort(columns[:4]).iter_rows()}
    counts = {"new": 0, "changed": 0, "withdrawn": 0}
    with writing(place.database) as session:
        held = session.exec(select(LinkageProposal).where(LinkageProposal.state == "proposed"))
        for each in list(held):
            row = wanted.pop((each.delivery_id, each.file, each.row, each.person_id), None)
            if row is None:
                session.delete(each)
                counts["withdrawn"] += 1
            elif (each.found_by, each.candidates) != row[4:]:
                each.found_by, each.candidates = row[4:]
                counts["changed"] += 1
        session.add_all(LinkageProposal(**dict(zip(columns, row, strict=True))) for row in wanted.values())
        counts["new"] = len(wanted)
        if any(counts.values()):
            session.flush()
            place.log.note("linkage proposed", "linkage", counts, session)
    return counts
