"""What is past its time is taken away: records, set-aside text, identities, nights' folders, lists, visits.

The periods stand in the policy (``[retention]``, months, each with its reason). A record goes with all its
versions, once it has been over for the whole period; one that is in force never goes. Stored files are written anew
in one step (``engine.rewriting``); every other part can be done again, so that whoever is stopped runs the command
again.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

import polars as pl

from engine import oldnights
from engine.aging import Aged
from engine.audit import entries
from engine.db import reading, writing
from engine.errors import UsageError
from engine.files import locked, write_bytes
from engine.intake.quarantine import HEADER, SUFFIX, place_of
from engine.population import Progress, silent
from engine.recordstore import LOCK
from engine.rewriting import alone, rewrite_locked, steady
from engine.sealing import seal, unseal
from engine.vault import forget, forget_replaced, last_known_before
from engine.workplace import Workplace
from features.lifespan import first_kept
from features.records import KINDS

DONE: Final = "retention done"
WHY: Final = "past its time of keeping (policy.toml, retention)"


def retain(place: Workplace, as_of: date, *, dry_run: bool, progress: Progress = silent) -> dict[str, Any]:
    """Take away what is past its time on a day, or (``dry_run``) tell it and change nothing.

    Told: ``kinds`` (records, the end of the oldest, the first day kept), and how much of everything else. Raises
    UsageError for a day to come, LockedError while a night runs, while records are read, or deliveries taken in.
    """
    if as_of > place.log.today:
        raise UsageError(f"--as-of {as_of}: is a day to come", "Nothing is taken away before its time.")
    before = {name: first_kept(as_of, months) for name, months in place.policy.retention.months.items()}
    with steady(place.home) if dry_run else _nobody_else(place):
        if not dry_run:
            kept_from = {name: day.isoformat() for name, day in before.items()}
            place.log.note("retention begun", "records", {"as_of": as_of.isoformat(), "kept_from": kept_from})
        told = _records(place, before, dry_run=dry_run, progress=progress) if place.has_records() else {"kinds": {}}
        told |= {
            "nights": oldnights.retire_nights(place, before["nights"], dry_run=dry_run),
            "lists": oldnights.remove_lists(place, before["lists"], dry_run=dry_run),
            **oldnights.forget_visits(place, before["visits"], dry_run=dry_run),
        }
        if not dry_run:
            records = {kind: each["records"] for kind, each in told["kinds"].items() if each["records"]}
            place.log.note(DONE, "records", {**told, "as_of": as_of.isoformat(), "kinds": records})
    return {"as_of": as_of.isoformat(), "dry_run": dry_run, **told}


def retained_on(place: Workplace) -> date | None:
    """The latest day for which all that was past its time was taken away, by hand or by itself."""
    with reading(place.database) as session:
        noted = entries(session, place.keys.audit, place.keys.audit_before, {DONE})
        days = [date.fromisoformat(details["as_of"]) for _, details in noted if "as_of" in details]
    return max(days, default=None)


def is_due(place: Workplace, today: date) -> bool:
    """Whether the policy says that it is done by itself, and it was not done since this month's day of it."""
    policy = place.policy.retention
    if not policy.automatic or today.day < policy.day:
        return False
    last = retained_on(place)
    return last is None or last < today.replace(day=policy.day)


@contextmanager
def _nobody_else(place: Workplace) -> Iterator[None]:
    with (
        alone(place.home),
        locked(place.home.records / LOCK, "taking in deliveries or changing stored records"),
    ):
        yield


def _records(place: Workplace, before: Mapping[str, date], *, dry_run: bool, progress: Progress) -> dict[str, Any]:
    """Records, set-aside text and identities; ``still_in_inbox``: deliveries that lie there with what is gone."""
    store = place.store()
    aged = Aged.of(store, {kind: before[kind] for kind in KINDS}, progress)
    stays = aged.who_stays()
    inbox: list[str] = []
    if not dry_run:
        now = place.log.clock()
        note = rewrite_locked(store, aged.keep, what="retention", why=WHY, now=now, before=aged.before)
        removed = () if note is None else note.removed
        inbox = sorted(name for name in removed if (place.home.inbox / name).exists())
    return {
        "kinds": {
            kind: {
                "records": due.records,
                "oldest": None if due.oldest is None else due.oldest.isoformat(),
                "kept_from": due.first.isoformat(),
            }
            for kind, due in sorted(aged.due.items())
        },
        "quarantined": _blank(place, before["quarantine"], dry_run=dry_run),
        "identities": _identities(place, stays, before["identity"], dry_run=dry_run),
        "still_in_inbox": inbox,
    }


def _blank(place: Workplace, first: date, *, dry_run: bool) -> int:
    """Blank the raw text of what was set aside in deliveries of before a day; row, rule and counts stay."""
    blanked = 0
    old = [receipt.delivery_id for receipt in place.store().receipts if receipt.delivered_on < first]
    for delivery_id in old:
        for path in sorted((place.home.quarantine / delivery_id).glob(f"*{SUFFIX}")):
            about = place_of(delivery_id, path.name.removesuffix(SUFFIX))
            rows = pl.read_parquet(io.BytesIO(unseal(place.keys.vault, about, path.read_bytes())))
            raw = pl.col("text").is_not_null() & (pl.col("row") != HEADER)
            held = rows.filter(raw).height
            blanked += held
            if held and not dry_run:
                buffer = io.BytesIO()
                kept = rows.with_columns(pl.when(~raw).then("text").alias("text"))
                kept.write_parquet(buffer, compression="zstd", compression_level=1)
                write_bytes(path, seal(place.keys.vault, about, buffer.getvalue()))
    return blanked


def _identities(place: Workplace, stays: pl.DataFrame, first: date, *, dry_run: bool) -> int:
    """Remove versions that were replaced before a day, and all of whom nothing has been heard since and no roster
    record is left; tells how many rows."""
    with reading(place.database) as session:
        silent_since = pl.DataFrame({"subject": last_known_before(session, first)}, schema={"subject": pl.String})
    gone = silent_since.join(stays, on="subject", how="anti")["subject"].sort().to_list()
    with writing(place.database) as session, session.begin_nested() as attempt:
        rows = forget(session, gone) + forget_replaced(session, first)
        if dry_run:
            attempt.rollback()
    return rows
