"""What the commands do with a home: one night with its lists, a first night from nothing, an empty home."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from engine import learning
from engine.auditfile import checkpoint_folders, write_checkpoint
from engine.errors import InterruptedRunError, UsageError
from engine.files import locked, remove_unfinished
from engine.intake.database import fetch_due
from engine.layout import lay_out
from engine.lease import Claim
from engine.ledger import Schedule
from engine.pipeline import NightResult, run_night
from engine.population import Progress, silent
from engine.push.sending import Sent
from engine.pushing import push_due, told_of
from engine.registry import RISKS
from engine.retention import is_due, retain
from engine.rewriting import steady
from engine.scheduler import describe, run_scheduler
from engine.send import send_late, send_night
from engine.settings import Home, read_settings
from engine.status import night_told, write_report
from engine.workplace import Workplace

Now = Callable[[], datetime]

log = structlog.get_logger()

EXAMPLE_SETTINGS: Final[dict[str, Any]] = {
    "currency": "CNY",
    "programmes": "cn-average-2025",
    "person_ids": "gb11643",
}
EXAMPLE_STAFF: Final[dict[str, Any]] = {
    "area": [{"region": "990101001", "name_zh": "示例镇", "name_en": "Example Town", "terrain": "town"}],
    "caseworker": [
        {"id": "w0001", "name_zh": "示例", "name_en": "Example", "areas": ["990101001"], "capacity_week": 15}
    ],
}


def one_night(
    place: Workplace,
    business_date: date,
    *,
    now: Now,
    claim: Claim | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Run a night, write the lists that are released, and tell the night in six numbers and where to look.

    Lists that an interrupted run of any date has left unwritten are written as well. Who is to be told that lists
    are there is told; what cannot be sent now waits for the scheduler, or for ``xunfang push send``.

    One night at a time: raises LockedError while another process is at one, by hand or on schedule.
    """
    with locked(place.home.nights / ".lock", "running a night"):
        remove_unfinished(place.home.lists)
        written = send_night(place, business_date, now())  # where an earlier run got no further than saving it
        result = run_night(place, business_date, now=now, claim=claim, progress=progress)
        written += send_night(place, business_date, now())
        sent = push_due(place)
        write_report(place, business_date)
        late = send_late(place, now())
        sent += push_due(place) if late else Sent()
        write_checkpoint(checkpoint_folders(place.home, place.settings), place.log, business_date, now())
    return _told(place, business_date, result) | {
        "written": len({each.caseworker_id for each in written}),
        "written_late": len({each.path.with_suffix("") for each in late}),
        **({"messages": told_of(sent)} if place.settings.push.channel else {}),
    }


def first_night(
    home: Home, business_date: date, *, seed: int, threads: int, now: Now, progress: Progress
) -> dict[str, Any]:
    """Check, train, and run one night of a home that has just been laid out."""
    place = Workplace.open(home, seed=seed, threads=threads, actor="demo", clock=now)
    experiments = train(place, progress)
    told = one_night(place, business_date, now=now, progress=progress)
    return told | {
        "keys_made": [str(path) for path in place.keys.made],
        "models": {risk: learning.in_short(each) for risk, each in experiments.items()},
    }


def train(place: Workplace, progress: Progress) -> dict[str, Any]:
    """Take in the inbox, run both experiments, promote what the policy says, and note it in the audit log."""
    place.take_in(progress).raise_refused()
    with steady(place.home):
        experiments = learning.learn(place.learner(progress), promote=place.policy.promotion.automatic)
    for risk, told in experiments.items():
        noted = {name: told.get(name) for name in ("model_id", "inputs", "seed")}
        place.log.note("model promoted" if told["promoted"] else "model trained", "model", {"risk": risk, **noted})
    return experiments


def trained(place: Workplace, progress: Progress) -> None:
    """Take in the inbox, and train unless nothing has changed since the last training."""
    place.take_in(progress).raise_refused()
    wanted = place.learner(progress).inputs()
    stored = [learning.stored_experiment(place.home, risk) for risk in RISKS]
    if any(each is None or each.get("inputs") != wanted for each in stored):
        train(place, progress)


def evaluate(place: Workplace, progress: Progress) -> dict[str, Any]:
    """Take in the inbox and tell the experiments: those that are stored, or new ones where anything has changed."""
    place.take_in(progress).raise_refused()
    with steady(place.home):
        return learning.evaluate(place.learner(progress))


def empty_home(home: Home) -> dict[str, Any]:
    """Lay out a home with defaults; what is there already is kept."""
    wrote = lay_out(home, EXAMPLE_SETTINGS, EXAMPLE_STAFF)
    return {
        "home": str(home.root),
        "written": wrote,
        "next": f"edit {home.caseworkers.name} and {home.policy.name}, put a delivery into {home.inbox}, "
        f"then: xunfang check --home {home.root}",
    }


def fetch_before(place: Workplace) -> dict[str, Any]:
    """Read the departments' databases whose refresh is due; what could not be read is told, and stops nothing."""
    receipts = place.store().receipts if place.has_records() else ()
    delivered: dict[str, date] = {}
    for receipt in receipts:
        for entry in receipt.files:
            if entry.source is not None:
                delivered[entry.source] = max(receipt.delivered_on, delivered.get(entry.source, date.min))
    told = fetch_due(place.home, place.log.today, delivered)
    if told["fetched"]:
        place.log.note("databases read", "delivery", {"rows": told["fetched"]})
    for name, why in told["failed"].items():
        log.warning("source not fetched; the night is run without it", source=name, reason=why)
    return told


def log_messages(told: dict[str, Any]) -> None:
    """Log what came of sending, where there was anything to send; a channel that cannot be used stops nothing."""
    for name, why in told.get("problems", {}).items():
        log.warning("channel cannot be used; its messages wait", channel=name, reason=why)
    counts = {name: told.get(name, 0) for name in ("delivered", "again", "dead")}
    if any(counts.values()):
        log.info("messages sent", **counts)


def retain_after(place: Workplace) -> bool:
    """Take away what is past its time where the policy says so and this month's turn has come; whether it was done.

    What stops it is logged: the night is finished, and the next one tries again.
    """
    today = place.log.today
    try:
        if not is_due(place, today):
            return False
        retain(place, today, dry_run=False)
    except InterruptedRunError:
        raise
    except Exception as error:
        log.error("nothing was taken away; the next night tries again", **describe(error))
        return False
    log.info("what is past its time was taken away", as_of=today.isoformat())
    return True


def run_schedule(place: Workplace, *, at: str, zone: str, now: Now) -> None:
    """Run the night at its hour until stopped. Each night reads settings, policy and caseworkers anew.

    Before it, departments' databases are read; behind it, what is past its time goes, where the policy says so. At
    each look the messages that are due are sent.
    """

    def run_one(business_date: date, claim: Claim) -> None:
        tonight = Workplace.open(
            place.home, seed=place.seed, threads=place.threads, actor="scheduler", role=place.log.role, clock=now
        )
        try:
            fetch_before(tonight)
            told = one_night(tonight, business_date, now=now, claim=claim)
            log_messages(told.get("messages", {}))
            retain_after(tonight)
        finally:
            tonight.database.dispose()

    def between(keep_going: Callable[[], bool]) -> None:
        if not read_settings(place.home).push.channel:
            return
        here = Workplace.open(place.home, seed=place.seed, actor="scheduler", role=place.log.role, clock=now)
        try:
            log_messages(told_of(push_due(here, keep_going=keep_going)))
        finally:
            here.database.dispose()

    run_scheduler(place.database, run_one, schedule_of(at, zone), clock=now, between=between)


def schedule_of(at: str, zone: str) -> Schedule:
    """The schedule of a local time HH:MM in a time zone; UsageError where either is none."""
    try:
        hour, minute = (int(part) for part in at.split(":"))
        datetime(2000, 1, 1, hour, minute)  # noqa: DTZ001 - only to check the numbers
        return Schedule(hour=hour, minute=minute, zone=ZoneInfo(zone))
    except ValueError:
        raise UsageError(f"--at {at}: not a time of day", "Write it as HH:MM, such as 01:30.") from None
    except (ZoneInfoNotFoundError, OSError):
        raise UsageError(f"--zone {zone}: no such time zone", "Write it as in Asia/Shanghai.") from None


def _told(place: Workplace, business_date: date, result: NightResult) -> dict[str, Any]:
    saved = result.saved
    return night_told(place, business_date) | {
        "already": saved.already,
        "changed": list(saved.changed),
        "message": saved.sentence,
    }
