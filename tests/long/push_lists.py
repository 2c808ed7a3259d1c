"""``make push-faults``: ten faults of a receiver, a thousand lists each; every list is told of exactly once.

A real HTTP server on this machine, a real database, several senders at once, the waits on a hurried clock. Prints a
line per fault, and fails where one list is lost or doubled. It stops by itself: what waits for ever would be found.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from push_faults import FAULTS, TIMED, told_in_spite_of


def main() -> int:
    """Run the faults that are asked for; 1 where a promise was broken."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--lists", type=int, default=1_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--faults", nargs="*", choices=FAULTS, default=FAULTS)
    given, broken = asked.parse_args(), 0
    for fault in given.faults:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            senders = 6 if fault in TIMED else 2
            outcome = told_in_spite_of(fault, given.lists, Path(folder), seed=given.seed, senders=senders)
        broken += not outcome.exactly_once
        sys.stdout.write(
            f"{fault:<15} {outcome.lists:,} lists, {outcome.faults:,} faults met, {outcome.calls:,} calls: "
            f"{outcome.lost} lost, {outcome.doubled} doubled, {outcome.changed} changed, {outcome.forged} forged, "
            f"{outcome.elsewhere} redirects followed; {outcome.hours:.1f} h on the clock, "
            f"{time.monotonic() - began:.0f} s{'' if outcome.exactly_once else '  BROKEN'}\n"
        )
        sys.stdout.flush()
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main())
