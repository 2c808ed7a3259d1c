"""A person decides: an accepted row is mended like any other, a rejected one is never proposed again.

Accepting writes a delivery into the inbox that corrects the one with the broken row (``linked-N``): the row as its
department sent it, with the number by which the vault knows the person. It comes in by the door that all rows come
in by, so that rows in = accepted + quarantined holds and the record store needs no second way in. The row is known
from the day that its department says, else from the day of the decision: before, nobody knew whose it was.

Undoing takes the delivery back while it has not been taken in; afterwards it delivers the row once more, withdrawn
(``unlinked-N``), so that past nights still see what they saw.
"""

from collections.abc import Sequence
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from engine.db import reading, writing
from engine.errors import UsageError
from engine.files import locked
from engine.intake.manifest import IDENTITY
from engine.linkage.carrying import carried_by, finish, number_of, take_back, withdrawn_by
from engine.linkage.evidence import open_files, readable
from engine.recordstore import LOCK, RecordStore
from engine.tables import Confirmation, LinkageProposal
from engine.workplace import Workplace
from features.records import KEYS

DECIDING: Final = "deciding whose rows these are"


def accept(
    place: Workplace, numbers: Sequence[int], *, reason: str, one_of_several: bool = False
) -> dict[str, Any]:
    """Accept proposals: the rows go in under the known persons with the next delivery. Audited.

    Raises UsageError for a number that is no open proposal, for a row that does not wait any more, for two persons
    for one row, and where a pass found several persons and ``one_of_several`` does not say that this is known.
    """
    said = _required(reason)
    with locked(place.home.records / LOCK, DECIDING):
        store = place.store()
        finish(place, store)
        with reading(place.database) as session:
            chosen = [_open(session, number) for number in dict.fromkeys(numbers)]
        _refuse_doubt(chosen, one_of_several)
        _refuse_the_gone(place, store, chosen)
        for each in chosen:
            number_of(place, each.person_id)
        names = {each.id: carried_by(chosen, each) for each in chosen}
        with writing(place.database) as session:
            for each in chosen:
                row = _open(session, each.id or 0)
                _decide(place, row, "accepted", said)
                row.carried_by = names[each.id]
                for other in _others(session, row):
                    _decide(place, other, "rejected", f"proposal {row.id} was accepted for the row")
            session.flush()
            told = {"proposals": sorted(each.id or 0 for each in chosen), "reason": said}
            place.log.note(
                "linkage accepted", "linkage", told | {"deliveries": sorted(set(names.values()))}, session
            )
        finish(place, store)
    return {"accepted": sorted(each.id or 0 for each in chosen), "deliveries": sorted(set(names.values()))}


def reject(place: Workplace, numbers: Sequence[int], *, reason: str) -> dict[str, Any]:
    """Reject proposals; the persons are never proposed for these rows again. Audited."""
    said = _required(reason)
    with locked(place.home.records / LOCK, DECIDING), writing(place.database) as session:
        rows = [_open(session, number) for number in dict.fromkeys(numbers)]
        for row in rows:
            _decide(place, row, "rejected", said)
        session.flush()
        told = {"rejected": sorted(row.id or 0 for row in rows)}
        place.log.note("linkage rejected", "linkage", {"proposals": told["rejected"], "reason": said}, session)
        return told


def undo(place: Workplace, number: int, *, reason: str) -> dict[str, Any]:
    """Undo an acceptance. Audited.

    Before the row has been taken in, it waits again as if nobody had accepted it. Afterwards a delivery withdraws
    it, and it does not wait again: its department has to deliver it anew. Raises UsageError where nothing was
    accepted, for identities (a withdrawn one would hide those that were known before), and where the row stands for
    another version of the same record, which would be withdrawn with it.
    """
    said = _required(reason)
    with locked(place.home.records / LOCK, DECIDING):
        store = place.store()
        with reading(place.database) as session:
            row = session.get(LinkageProposal, number)
        if row is None or row.state != "accepted":
            raise UsageError(f"{number}: no proposal of this number is accepted", "xunfang linkage list --all")
        went_in = row.carried_by in set(store.deliveries())
        if went_in:
            _refuse_what_cannot_be_withdrawn(store, row)
        if not went_in:
            take_back(place, str(row.carried_by))
        with writing(place.database) as session:
            held = session.get_one(LinkageProposal, number)
            _decide(place, held, "undone", said)
            name = withdrawn_by(held) if went_in else None
            if name is None:
                held.carried_by = None
            else:
                moment, actor = place.log.clock(), place.log.actor
                session.add(Confirmation(name=name, reason=said, confirmed_by=actor, confirmed_at=moment))
            session.flush()
            told = {"proposals": [number], "reason": said, "deliveries": [name] if name else []}
            place.log.note("linkage undone", "linkage", told, session)
        finish(place, store)
    return {"undone": number, "waits_again": not went_in, "deliveries": told["deliveries"]}


def _open(session: Session, number: int) -> LinkageProposal:
    row = session.get(LinkageProposal, number)
    if row is None or row.state != "proposed":
        raise UsageError(f"{number}: no open proposal has this number", "xunfang linkage list shows them.")
    return row


def _others(session: Session, row: LinkageProposal) -> list[LinkageProposal]:
    same = (
        col(LinkageProposal.delivery_id) == row.delivery_id,
        col(LinkageProposal.file) == row.file,
        col(LinkageProposal.row) == row.row,
    )
    found = session.exec(select(LinkageProposal).where(*same, LinkageProposal.state == "proposed"))
    return [each for each in found if each.id != row.id]


def _decide(place: Workplace, row: LinkageProposal, state: str, reason: str) -> None:
    row.state, row.reason = state, reason
    row.decided_by, row.decided_at = place.log.actor, place.log.clock()


def _refuse_doubt(chosen: Sequence[LinkageProposal], one_of_several: bool) -> None:
    rows = [(each.delivery_id, each.file, each.row) for each in chosen]
    if len(set(rows)) < len(rows):
        raise UsageError("two persons are accepted for one row", "Accept one; the others are rejected with it.")
    doubtful = next((each for each in chosen if each.candidates > 1), None)
    if doubtful is not None and not one_of_several:
        raise UsageError(
            f"{doubtful.id}: is one of {doubtful.candidates} persons whom the same evidence fits",
            "Ask the department; where it knows that this is the one, accept it alone with --one-of-several.",
        )
    if doubtful is not None and len(chosen) > 1:
        raise UsageError(f"{doubtful.id}: is one of several and must be decided alone", "Accept it by itself.")


def _refuse_the_gone(place: Workplace, store: RecordStore, chosen: Sequence[LinkageProposal]) -> None:
    """Raise UsageError for a row that came back since, or was erased, or whose description has changed."""
    waiting = {
        (opened.receipt.delivery_id, opened.file.name, row)
        for opened in open_files(place, store)
        if opened.receipt.delivery_id in {each.delivery_id for each in chosen}
        for row in readable(opened)["row_"]
    }
    for each in chosen:
        if (each.delivery_id, each.file, each.row) not in waiting:
            raise UsageError(f"{each.id}: its row does not wait any more", "Run: xunfang linkage propose")


def _refuse_what_cannot_be_withdrawn(store: RecordStore, row: LinkageProposal) -> None:
    receipt = next(each for each in store.receipts if each.delivery_id == row.delivery_id)
    kind = next(each.kind for each in receipt.files if each.name == row.file)
    if kind == IDENTITY:
        raise UsageError(
            f"{row.id}: an identity cannot be withdrawn: what was known before would be hidden with it",
            "Let the department deliver the person's name, phone and address again.",
        )
    records = store.records(kind).filter(pl.col("person_id") == row.person_id).collect()
    ours = records.filter(pl.col("delivery_id") == row.carried_by)
    others = records.filter(pl.col("delivery_id") != row.carried_by)
    if others.join(ours, on=list(KEYS[kind]), how="semi", nulls_equal=True).height:
        raise UsageError(
            f"{row.id}: the row stands for another version of the same record, which would be withdrawn with it",
            "Let the department deliver the person's record again: the newest version counts.",
        )


def _required(reason: str) -> str:
    if not reason.strip():
        raise UsageError("--reason is empty", "Say in a sentence why; it is kept for the auditor. Name nobody.")
    return reason.strip()
