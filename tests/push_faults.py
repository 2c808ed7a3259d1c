"""Lists against a receiver that fails: whatever it does, each is told exactly once."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from outboxes import Clock, filled, rows, sender, settings, to_the_end, webhook
from receivers import FAULTS, RETRY_AFTER, Receiver

from engine.db import migrate, open_db

__all__ = ["FAULTS", "Outcome", "told_in_spite_of"]

TIMED = {
    "timeout_before": {"read_seconds": 0.15},
    "timeout_after": {"read_seconds": 0.15},
    "slow": {"whole_seconds": 0.25},
}
"""What makes a fault a fault, as little as can be waited for."""


@dataclass(frozen=True)
class Outcome:
    """What a receiver saw of the lists; ``hours`` are those of the hurried clock."""

    lists: int
    lost: int
    doubled: int
    faults: int
    forged: int
    elsewhere: int
    changed: int
    rested: bool
    calls: int
    hours: float

    @property
    def exactly_once(self) -> bool:
        """Whether nothing was lost, doubled, changed or led astray, and faults there were."""
        wrong = (self.lost, self.doubled, self.forged, self.elsewhere, self.changed)
        return wrong == (0, 0, 0, 0, 0) and self.faults > 0 and self.rested


def told_in_spite_of(fault: str, lists: int, folder: Path, *, seed: int = 0, senders: int = 1) -> Outcome:
    """Send so many lists to a receiver with a fault, on a hurried clock, until none waits."""
    hit: set[tuple[str, int]] = set()

    def plan(message: str, nth: int) -> str:
        lot = hashlib.sha256(f"{seed} {fault} {message} {nth}".encode()).digest()[0]
        if fault == "refuse" or nth > 3 or lot >= 150:
            return ""
        hit.add((message, nth))
        return fault

    engine = open_db(folder / f"{fault}.db")
    migrate(engine)
    receiver, clock = Receiver(plan), Clock()
    receiver.patience = 0.3
    push = settings(hook=webhook(receiver.url, **TIMED.get(fault, {})))
    ids = filled(engine, push, lists)
    began = clock.now
    each = [
        sender(engine, push, clock, folder, seed=seed, patience=10**9, policy={"attempts": 100})
        for _ in range(senders)
    ]
    try:
        if fault == "refuse":
            refused = each[0].send_due(seconds=600).again
            hit.update((str(number), 0) for number in range(refused))
            clock.go(hours=1)
        receiver.open()
        to_the_end(each, clock, rounds=200 + 2 * lists)
        found = rows(engine)
    finally:
        receiver.close()
        engine.dispose()
    told = sum(row.state == "delivered" for row in found)
    wanted = {f"2026-11-21 w{n:04}" for n in range(len(ids))}
    return Outcome(
        lists=len(found),
        lost=len(wanted - set(receiver.effects)) + len(found) - told + lists - len(found),
        doubled=sum(count - 1 for count in receiver.effects.values()),
        faults=len(hit),
        forged=receiver.forged,
        elsewhere=receiver.elsewhere,
        changed=sum(len(bodies) - 1 for bodies in receiver.bodies.values()),
        rested=fault != "status_429" or (clock.now - began).total_seconds() >= RETRY_AFTER,
        calls=receiver.calls.total(),
        hours=(clock.now - began).total_seconds() / 3600,
    )
