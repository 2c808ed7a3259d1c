"""What libraries print below Python does not come into results."""

import subprocess
import sys

PRINTS = """
import ctypes
from engine.libraries import unheard
print("before")
with unheard():
    ctypes.CDLL(None).printf(b"a library talks about itself\\n")
print("after")
"""


def test_a_line_that_a_library_prints_is_not_heard_and_ours_are() -> None:
    ended = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, text=True, check=True)
    assert ended.stdout.split("\n") == ["before", "after", ""]
