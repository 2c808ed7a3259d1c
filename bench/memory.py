"""How much memory a process has held at most, and how much there is."""

import resource
import sys
from pathlib import Path
from typing import Final

GB: Final = 1e9
STATUS: Final = Path("/proc/self/status")


def set_back_peak() -> None:
    """Let the high-water mark begin anew from what is held now (Linux; elsewhere it stays that of the process)."""
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")


def peak_gb() -> float:
    """The high-water mark of resident memory, in GB."""
    if STATUS.exists():
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / GB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GB
