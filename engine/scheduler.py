"""Run the night at its hour: a loop around ``run_due``, which can also be called once.

The timer (APScheduler, in memory) only says when to look. What is due stands in the ledger, who may run it in the
lease; so a timer that fires late, twice or never, and a second scheduler, change nothing but the minute.
"""

import os
import signal
import socket
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import FrameType
from typing import Any, Final

import sqlalchemy as sa
import structlog
from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers import SchedulerNotRunningError
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from engine import lease, ledger
from engine.audit import utc_now
from engine.db import check_version, reading, writing
from engine.errors import InterruptedRunError, XunfangError
from engine.lease import Claim, StaleHolderError
from engine.ledger import Schedule

LEASE: Final = "night"
LEASE_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 30.0
AT_MOST_NIGHTS_BACK: Final = 7

RunOne = Callable[[date, Claim], None]
"""Runs one night to its end. It hands the claim to ``save_night``, so that a stale holder's night is refused."""

Clock = Callable[[], datetime]
Between = Callable[[Callable[[], bool]], None]
"""Done at each look, behind the nights; it is told how to ask whether it may go on."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Look:
    """What one look at the ledger led to; ``busy`` where another process holds the lease."""

    finished: tuple[date, ...] = ()
    failed: tuple[date, ...] = ()
    busy: bool = False


def new_holder() -> str:
    """A name for this process that no other process, here or elsewhere, has or has had."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def run_due(
    engine: sa.Engine,
    run_one: RunOne,
    schedule: Schedule,
    *,
    holder: str,
    clock: Clock = utc_now,
    at_most: int = AT_MOST_NIGHTS_BACK,
    lease_seconds: float = LEASE_SECONDS,
) -> Look:
    """Look once: run every night that is due and not run yet, oldest first, unless another process is at it.

    Missed nights up to ``at_most`` days back are caught up and announced; older ones are announced as skipped.
    A night that fails is noted with its reason and tried again after a pause; the others go on.
    """
    with reading(engine) as session:
        if not ledger.due_nights(session, clock(), schedule):
            return Look()
    with writing(engine) as session:
        claim = lease.take(session, LEASE, holder, clock(), lease_seconds)
    if claim is None:
        return Look(busy=True)
    try:
        with _renewing(engine, claim, clock, lease_seconds):
            return _run_all(engine, run_one, schedule, claim, clock=clock, at_most=at_most)
    except StaleHolderError:
        log.warning("another scheduler has taken over", epoch=claim.epoch)
        return Look(busy=True)
    finally:
        with writing(engine) as session:
            lease.release(session, claim)


def run_scheduler(
    engine: sa.Engine,
    run_one: RunOne,
    schedule: Schedule,
    *,
    clock: Clock = utc_now,
    at_most: int = AT_MOST_NIGHTS_BACK,
    lease_seconds: float = LEASE_SECONDS,
    look_seconds: float = LOOK_SECONDS,
    between: Between | None = None,
) -> None:
    """Look at the ledger now and every ``look_seconds``, until SIGTERM or SIGINT. Call it from the main thread.

    ``between`` is done at each look; what it raises is logged. A signal during a night interrupts it as Ctrl-C
    does: what it was writing is undone, it stays due, and the lease is given back before this returns.
    """
    check_version(engine)
    holder = new_holder()
    scheduler = BlockingScheduler(
        timezone=UTC, jobstores={"default": MemoryJobStore()}, executors={"default": DebugExecutor()}
    )
    stop = _Stop(scheduler)

    def look() -> None:
        try:
            run_due(
                engine,
                stop.interrupting(run_one),
                schedule,
                holder=holder,
                clock=clock,
                at_most=at_most,
                lease_seconds=lease_seconds,
            )
        except (KeyboardInterrupt, InterruptedRunError):
            log.info("night left unfinished on request")
        except Exception as error:
            log.error("look failed; the next one follows", **describe(error))
        if between is not None:
            try:
                between(stop.not_requested)
            except Exception as error:
                log.error("messages not sent; the next look follows", **describe(error))
        stop.follow()

    scheduler.add_job(
        look,
        IntervalTrigger(seconds=look_seconds, timezone=UTC),
        id="look",
        next_run_time=utc_now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    with stop.on_signals():
        log.info("scheduler started", hour=schedule.hour, minute=schedule.minute, zone=str(schedule.zone))
        scheduler.start()
    log.info("scheduler stopped")


def describe(error: BaseException) -> dict[str, Any]:
    """What a log may hold of an exception: our own errors' sentences; of any other the kind and the places only,
    for its text may quote a person's record."""
    if isinstance(error, XunfangError):
        return {"error": type(error).__name__, "reason": str(error)}
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno}" for frame in frames]}


def _run_all(
    engine: sa.Engine, run_one: RunOne, schedule: Schedule, claim: Claim, *, clock: Clock, at_most: int
) -> Look:
    with writing(engine) as session:
        missed = ledger.enter(session, claim, clock(), schedule, at_most)
    for business_date in missed.skipped:
        log.warning("missed night skipped", business_date=str(business_date), nights_back=at_most)
    for business_date in missed.caught_up:
        log.warning("missed night is caught up now", business_date=str(business_date))
    with reading(engine) as session:
        due = ledger.due_nights(session, clock(), schedule)
    done = {business_date: _run_night(engine, run_one, business_date, claim, clock) for business_date in due}
    return Look(tuple(day for day in due if done[day]), tuple(day for day in due if not done[day]))


def _run_night(engine: sa.Engine, run_one: RunOne, business_date: date, claim: Claim, clock: Clock) -> bool:
    """Whether the night was run to its end."""
    with writing(engine) as session:
        ledger.start(session, business_date, claim, clock())
    log.info("night started", business_date=str(business_date), epoch=claim.epoch)
    try:
        run_one(business_date, claim)
    except StaleHolderError:
        raise
    except (KeyboardInterrupt, InterruptedRunError):
        with writing(engine) as session:
            ledger.leave(session, business_date, claim)
        raise
    except Exception as error:
        known = describe(error)
        with writing(engine) as session:
            retry_at = ledger.fail(session, business_date, claim, clock(), known.get("reason", known["error"]))
        log.error("night failed", business_date=str(business_date), retry_at=retry_at.isoformat(), **known)
        return False
    with writing(engine) as session:
        ledger.finish(session, business_date, claim, clock())
    log.info("night finished", business_date=str(business_date))
    return True


@contextmanager
def _renewing(engine: sa.Engine, claim: Claim, clock: Clock, seconds: float) -> Iterator[None]:
    """Renew the lease three times within its length for as long as the work goes on."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(seconds / 3):
            try:
                with writing(engine) as session:
                    lease.renew(session, claim, clock(), seconds)
            except StaleHolderError:
                return
            except XunfangError as error:
                log.warning("lease not renewed; trying again", **describe(error))

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class _Stop:
    """Turns SIGTERM and SIGINT into an orderly end: at once between nights, as Ctrl-C does within one."""

    def __init__(self, scheduler: BlockingScheduler) -> None:
        self._scheduler = scheduler
        self._requested = False
        self._in_night = False

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Listen while the block runs; afterwards the signals do what they did before."""
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def interrupting(self, run_one: RunOne) -> RunOne:
        """The same night, during which a signal raises ``KeyboardInterrupt``."""

        def run(business_date: date, claim: Claim) -> None:
            self._in_night = True
            try:
                if self._requested:
                    raise KeyboardInterrupt
                run_one(business_date, claim)
            finally:
                self._in_night = False

        return run

    def not_requested(self) -> bool:
        """Whether nobody has asked for the end yet."""
        return not self._requested

    def follow(self) -> None:
        """End the loop if that was asked for: from a thread, as the loop's own may hold the store's lock."""
        if self._requested:
            threading.Thread(target=self._shut_down, name="stop", daemon=True).start()

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._requested = True
        if self._in_night:
            raise KeyboardInterrupt
        self.follow()

    def _shut_down(self) -> None:
        with suppress(SchedulerNotRunningError):
            self._scheduler.shutdown(wait=False)
