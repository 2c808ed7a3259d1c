"""Memory is bounded by the block, not by the file: a file many times larger than what its reader may hold."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = 2**20
MOST_GROWTH = 48 * 10**6
CHILD = """
import resource, sys
from pathlib import Path
from engine.intake import read_csv
from engine.intake.read import ahead, blocks
read_csv.BLOCK_BYTES = int(sys.argv[3])
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
def rows(path):
    return sum(block.frame.height for block in ahead(blocks(Path(path), True), Path(path).stat().st_size))
rows(sys.argv[1])
before = peak()
print(rows(sys.argv[2]), peak() - before)
"""
ROW = b"990101195001010017,2024-01-01,%07d,wage,RS,registered\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is counted in another unit elsewhere")
@pytest.mark.parametrize("packed", [False, True])
def test_a_large_file_is_read_in_the_memory_of_a_block(packed: bool, tmp_path: Path) -> None:
    part = b"".join(ROW % number for number in range(30_000))
    count, content = 50, b"person,month,number,kind,dept,quality\n"
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_bytes(content + part * 3)
    with gzip.open(large, "wb", 1) if packed else large.open("wb") as file:
        file.write(content)
        for _ in range(count):
            file.write(part)
    assert len(part) * count > 1.6 * MOST_GROWTH
    command = [sys.executable, "-c", CHILD, str(small), str(large), str(BLOCK)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, grown = map(int, done.stdout.split())
    assert rows == 30_000 * count
    assert grown < MOST_GROWTH
