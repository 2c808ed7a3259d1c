"""A household is forgotten: at once on every list, then in records, vault, quarantine and the nights' files.

First it is voided, in one transaction: off the lists, and refused at the door from then on. Then it is purged, part
by part; whoever is stopped in between runs the command again and it goes on. What is left is the fact: when, at
whose word, how much, and keyed digests by which the door knows the household and its people should a department
deliver them again.
"""

import io
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine import registry
from engine.db import reading, writing
from engine.errors import UsageError
from engine.files import sha256_of, write_bytes, write_parquet, write_text
from engine.identity import digests, renewed
from engine.intake.quarantine import SUFFIX, place_of
from engine.nightfolder import version_of
from engine.retraction import take_off
from engine.rewriting import alone, rewrite
from engine.sealing import seal, unseal
from engine.tables import (
    CaseRow,
    Consent,
    ConsentPerson,
    Delivery,
    ErasedSubject,
    Erasure,
    FactDispute,
    LinkageProposal,
    Night,
    Objection,
    OptOut,
    OutreachItem,
    Referral,
    ReviewTask,
    Visit,
    VisitUndone,
)
from engine.vault import forget, numbers_of
from engine.visits import forget_cases
from engine.workplace import Workplace

IDS: Final = ("household_id", "person_id", "kin_id", "head")
WORDS: Final = re.compile(r"[^\s,;\t\"'{}:]+")


@dataclass
class Gone:
    """Who is to be forgotten, and how much has gone so far."""

    erasure: int
    household: str
    persons: list[str]
    counts: dict[str, int] = field(default_factory=dict)
    deliveries: list[str] = field(default_factory=list)
    model_rows: int = 0

    @property
    def subjects(self) -> list[str]:
        """The household and its people."""
        return [self.household, *self.persons]


def erase(place: Workplace, household: str, *, reason: str | None = None) -> dict[str, Any]:
    """Void a household, then purge it with its people; tells the counts and what is left.

    Whoever has moved on to another household since keeps their own records there. Raises UsageError where the
    records hold no such household, LockedError while a night runs or anybody reads the records.
    """
    with alone(place.home):
        gone = _void(place, household, reason)
        _purge_quarantine(place, gone)
        _purge_records(place, gone)
        dates = _purge_nights(place, gone)
        _purge_models(place, gone)
        _forget(place, gone, dates)
    return {
        "erasure": gone.erasure,
        "persons": len(gone.persons),
        **gone.counts,
        "model_rows": gone.model_rows,
        "nights": [day.isoformat() for day in dates],
        "still_in_inbox": [name for name in gone.deliveries if (place.home.inbox / name).exists()],
    }


def _void(place: Workplace, household: str, reason: str | None) -> Gone:
    """One transaction: the erasure, its digests, off the lists. An erasure that was begun goes on."""
    homes = place.store().homes
    lived = homes.members.filter(pl.col("person_id").is_in(_members(homes.members, household)))
    last = pl.struct("valid_from", "household_id")
    theirs = lived.group_by("person_id").agg(pl.col("household_id").max_by(last))
    theirs = theirs.filter(pl.col("household_id") == household).sort("person_id")
    with writing(place.database) as session:
        row = session.exec(select(Erasure).where(Erasure.household_id == household)).first()
        if row is None:
            if not (homes.households["household_id"] == household).any():
                raise UsageError(
                    "--household: no household of this number is in the records",
                    "Give the twelve characters that stand on its card.",
                )
            gone = Gone(0, household, theirs["person_id"].to_list())
            told = digests(place.keys.pseudonym, pl.Series(gone.subjects)).to_list()
            row = Erasure(
                digest=told[0],
                household_id=household,
                voided_at=place.log.clock(),
                recorded_by=place.log.actor,
                reason=reason,
                persons=len(gone.persons),
            )
            session.add(row)
            session.flush()
            assert row.id is not None
            known = set(session.exec(select(ErasedSubject.digest)))
            session.add_all(ErasedSubject(digest=each, erasure_id=row.id) for each in told if each not in known)
            take_off(session, place.log, {household: "erased"}, who="operator")
            place.log.note("erasure begun", "household", {"erasure": row.id, "digest": told[0]}, session)
            gone.erasure = row.id
            return gone
        assert row.id is not None
        return Gone(row.id, household, _again(place, session, row.id, theirs["person_id"].to_list()))


def _again(place: Workplace, session: Session, erasure: int, persons: list[str]) -> list[str]:
    """The people of an erasure that was begun, as far as records or the vault still know them."""
    wanted = set(session.exec(select(ErasedSubject.digest).where(ErasedSubject.erasure_id == erasure)))
    vault = session.execute(sa.text("SELECT DISTINCT subject FROM vault_identity WHERE kind = 'person'")).scalars()
    known = sorted({*persons, *vault})
    told = digests(place.keys.pseudonym, pl.Series(known, dtype=pl.String)).to_list()
    return [person for person, digest in zip(known, told, strict=True) if digest in wanted]


def _members(members: pl.DataFrame, household: str) -> list[str]:
    return sorted(members.filter(pl.col("household_id") == household)["person_id"].unique())


def _purge_records(place: Workplace, gone: Gone) -> None:
    def keep(kind: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows if kind == "reporting" else _without(rows, gone.subjects)

    note = rewrite(place.store(), keep, what="erasure", why=f"erasure {gone.erasure}", now=place.log.clock())
    removed = {} if note is None else note.removed
    gone.counts["records"] = sum(sum(kinds.values()) for kinds in removed.values())
    gone.deliveries = sorted(removed)


def _purge_quarantine(place: Workplace, gone: Gone) -> None:
    """Blank the raw text of every set-aside row that holds a number of theirs, or was accepted as theirs."""
    numbers = {
        number.casefold() for number in numbers_of(place.database, place.keys.vault, gone.subjects, place.log)
    }
    linked = _linked(place, gone)
    blanked = 0
    for path in sorted(place.home.quarantine.rglob(f"*{SUFFIX}")) if numbers or linked else ():
        theirs = linked.get((path.parent.name, path.name.removesuffix(SUFFIX)), set())
        about = place_of(path.parent.name, path.name.removesuffix(SUFFIX))
        rows = pl.read_parquet(io.BytesIO(unseal(place.keys.vault, about, path.read_bytes())))
        held = [
            row > 0
            and text is not None
            and (row in theirs or not numbers.isdisjoint(WORDS.findall(text.casefold())))
            for row, text in rows.select("row", "text").iter_rows()
        ]
        if any(held):
            blanked += sum(held)
            kept = rows.with_columns(pl.when(pl.Series(held)).then(None).otherwise("text").alias("text"))
            buffer = io.BytesIO()
            kept.write_parquet(buffer, compression="zstd", compression_level=1)
            write_bytes(path, seal(place.keys.vault, about, buffer.getvalue()))
    gone.counts["quarantined"] = blanked


def _linked(place: Workplace, gone: Gone) -> dict[tuple[str, str], set[int]]:
    """The set-aside rows, by delivery and file, that a person has said to be theirs: their numbers are broken."""
    found: dict[tuple[str, str], set[int]] = {}
    statement = select(LinkageProposal).where(
        LinkageProposal.state == "accepted", col(LinkageProposal.person_id).in_(gone.persons)
    )
    with reading(place.database) as session:
        for each in session.exec(statement):
            found.setdefault((each.delivery_id, each.file), set()).add(each.row)
    return found


def _purge_nights(place: Workplace, gone: Gone) -> list[date]:
    """Take the household out of every night's files; the manifest says that it was, and holds the new hashes."""
    dates, rows = [], 0
    with reading(place.database) as session:
        nights = session.execute(
            sa.select(col(Night.business_date), col(Night.manifest_path)).order_by(col(Night.business_date))
        ).all()
    for day, manifest in nights:
        path = place.home.root / manifest
        if not path.is_file():
            continue
        told = json.loads(path.read_text("utf-8"))
        taken = 0
        for name in told["files"]:
            taken += _purge_file(path.parent / name, gone.subjects, place.keys.pseudonyms, version_of(told))
        changed = [name for name in told["files"] if sha256_of(path.parent / name) != told["files"][name]["sha256"]]
        for name in changed:
            frame = pl.scan_parquet(path.parent / name, glob=False)
            told["files"][name] = {
                "sha256": sha256_of(path.parent / name),
                "rows": frame.select(pl.len()).collect().item(),
            }
        if changed:
            told["erasures"] = sorted({*told.get("erasures", ()), gone.erasure})
            write_text(path, json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        if gone.erasure in told.get("erasures", ()):
            dates.append(day)
            _remember(place, day, path)
        rows += taken
    gone.counts["night_rows"] = rows
    return dates


def _purge_models(place: Workplace, gone: Gone) -> None:
    """Take the household out of the rows that kept models were tested on and are explained with."""
    keys = place.keys.pseudonyms
    for risk in registry.RISKS:
        for model_id in registry.ids(place.home, risk):
            version = int(registry.manifest_of(place.home, risk, model_id).get("pseudonyms", 1))
            for name, frame in registry.households_kept(place.home, risk, model_id).items():
                subjects = _as_then(frame, gone.subjects, keys, version) if version < len(keys) else gone.subjects
                kept = _without(frame.lazy(), subjects).collect()
                if kept.height < frame.height:
                    registry.forget_rows(place.home, risk, model_id, name, kept)
                    gone.model_rows += frame.height - kept.height


def _purge_file(path: Path, subjects: Collection[str], keys: Sequence[bytes], version: int) -> int:
    lazy = pl.scan_parquet(path, glob=False)
    if set(IDS).isdisjoint(lazy.collect_schema().names()):
        return 0
    frame = lazy.collect()
    if version < len(keys):
        subjects = _as_then(frame, subjects, keys, version)
    kept = _without(frame.lazy(), subjects).collect()
    if kept.height < frame.height:
        write_parquet(path, kept)
    return frame.height - kept.height


def _as_then(frame: pl.DataFrame, subjects: Collection[str], keys: Sequence[bytes], version: int) -> list[str]:
    """The pseudonyms of an earlier version, as far as the frame holds them, that became these."""
    found = set()
    for name in (name for name in IDS if name in frame.columns):
        then = frame[name].drop_nulls().unique()
        now = renewed(keys, version, "household" if name == "household_id" else "person", then)
        found |= set(then.filter(now.is_in(sorted(subjects))))
    return sorted(found)


def _remember(place: Workplace, day: date, manifest: Path) -> None:
    """The night's row keeps the hash of its manifest as it is now."""
    with writing(place.database) as session:
        session.execute(
            sa.update(Night).where(col(Night.business_date) == day).values(manifest_sha256=sha256_of(manifest))
        )


def _forget(place: Workplace, gone: Gone, dates: list[date]) -> None:
    """The last transaction: vault rows, the pseudonym in people's work, and the erasure is done."""
    nobody = f"erased-{gone.erasure}"
    with writing(place.database) as session:
        gone.counts["identities"] = forget(session, gone.subjects)
        on = col(OutreachItem.household_id) == gone.household
        lists = list(session.execute(sa.select(col(OutreachItem.list_id)).where(on).distinct()).scalars())
        session.execute(sa.update(OutreachItem).where(on).values(household_id=nobody, state_reason="erased"))
        session.execute(
            sa.update(Delivery)
            .where(col(Delivery.list_id).in_(lists), col(Delivery.sent_at).is_not(None))
            .values(sent_at=None)
        )
        theirs = col(Visit.household_id) == gone.household
        back = col(VisitUndone.visit_id).in_(sa.select(col(Visit.id)).where(theirs))
        session.execute(sa.update(VisitUndone).where(back).values(reason="erased"))
        session.execute(sa.update(Visit).where(theirs).values(household_id=nobody, note=None, mark=None))
        theirs = col(Referral.household_id) == gone.household
        session.execute(sa.update(Referral).where(theirs).values(household_id=nobody, result=None))
        theirs = col(Objection.household_id) == gone.household
        session.execute(sa.update(Objection).where(theirs).values(household_id=nobody))
        session.execute(sa.delete(ReviewTask).where(col(ReviewTask.household_id) == gone.household))
        session.execute(sa.delete(FactDispute).where(col(FactDispute.household_id) == gone.household))
        forget_cases(session, col(CaseRow.household_id) == gone.household)
        session.execute(sa.delete(LinkageProposal).where(col(LinkageProposal.person_id).in_(gone.persons)))
        session.execute(sa.delete(OptOut).where(col(OptOut.household_id) == gone.household))
        consents = sa.select(col(Consent.id)).where(col(Consent.household_id) == gone.household)
        agreed = sa.or_(col(ConsentPerson.consent_id).in_(consents), col(ConsentPerson.person_id).in_(gone.persons))
        session.execute(sa.delete(ConsentPerson).where(agreed))
        session.execute(sa.delete(Consent).where(col(Consent.household_id) == gone.household))
        row = session.get(Erasure, gone.erasure)
        assert row is not None
        row.state, row.household_id, row.purged_at = "purged", None, place.log.clock()
        for name, count in gone.counts.items():
            setattr(row, name, getattr(row, name) + count)
        session.flush()
        told = {
            "erasure": gone.erasure,
            **gone.counts,
            "model_rows": gone.model_rows,
            "nights": [day.isoformat() for day in dates],
        }
        place.log.note("household erased", "household", told, session)


def _without(rows: pl.LazyFrame, subjects: Collection[str]) -> pl.LazyFrame:
    names = [name for name in _ids(rows)]
    held = pl.any_horizontal(pl.col(name).is_in(sorted(subjects)).fill_null(value=False) for name in names)
    return rows.filter(~held) if names else rows


def _ids(rows: pl.LazyFrame) -> Iterator[str]:
    return (name for name in rows.collect_schema().names() if name in IDS)
