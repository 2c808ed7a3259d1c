"""The console sessions in the documents: run as a reader would, and compared with what is written there.

.venv/bin/python docs/tools/session.py     runs all of them again and writes down what they print
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = ("README.md", "docs/operator.md", "docs/models.md")
"""In this order, in one folder: later sessions use the homes that earlier ones made."""

TRANSLATED: Final = {"README.md": "README.zh-CN.md"}
NOT_RUN: Final = ("make test",)
SURVEY: Final = "../shared/data"
FENCE: Final = re.compile(r"^```(console|[a-z]+ [\w/.-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OF_AN_OUTER_MAKE: Final = frozenset({"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"})
"""Set where ``make test`` runs this: a make that knows it is called by another names the folders it enters."""

ROUNDED: Final = 0.005
"""A trial home gives the same bytes on one machine; processors round the last digits of scores differently."""

COUNTED: Final = ("households on", "visits to make")
"""Lines whose whole numbers hang on the order of scores as well."""


@dataclass(frozen=True)
class Block:
    """A fenced block: a session (``name`` is "console"), or a file to be written before the next one."""

    name: str
    text: str
    start: int
    end: int

    @property
    def command(self) -> str:
        """The command of a session."""
        return self.text.split("\n", 1)[0].removeprefix("$ ")

    @property
    def output(self) -> str:
        """What the session shows as printed."""
        return self.text.split("\n", 1)[1]


def blocks(document: str) -> list[Block]:
    """The sessions and named files of a document, in order."""
    return [
        Block(found[1].split(" ")[-1], found[2], found.start(2), found.end(2)) for found in FENCE.finditer(document)
    ]


def sessions(document: str) -> list[Block]:
    """The sessions of a document."""
    return [block for block in blocks(document) if block.name == "console"]


def play(document: str, folder: Path) -> Iterator[tuple[Block, str]]:
    """Each session of a document with what it prints now; ``folder`` stands for the project's own."""
    for block in blocks(document):
        if block.name != "console":
            path = folder / block.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
        elif block.command not in NOT_RUN and not lacks_survey(block):
            yield block, run(block.command, folder)


def lacks_survey(block: Block) -> bool:
    """Whether a session needs the public microdata that are not here."""
    return any(name in block.command for name in (SURVEY, "eph-home")) and not (ROOT / SURVEY).is_dir()


def run(command: str, folder: Path) -> str:
    """What a command prints on stdout; progress goes to stderr and is left out."""
    words = command.split(" ")
    if words[0] == "make":
        words = [*words, f"HOME_DIR={folder / 'demo-home'}"]
    words = [str(ROOT / word) if word.startswith((".venv/", SURVEY)) else word for word in words]
    cwd = ROOT if words[0] == "make" else folder
    env = {name: value for name, value in os.environ.items() if name not in OF_AN_OUTER_MAKE}
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    told = f"[exit code {done.returncode}]\n{done.stderr[-2_000:]}" if done.returncode else ""
    return normalised(done.stdout, folder) + told


def normalised(output: str, folder: Path) -> str:
    """What is printed, without what differs between machines and days: places, ids, ages, the disk."""
    text = re.sub(r"\A.*?(?=^\.venv/bin/xunfang )", "", output, flags=re.DOTALL | re.MULTILINE)
    text = text.replace(f" --home {folder}/", " --home ").replace(f"{folder}/", "…/")
    text = re.sub(r"\b[0-9a-f]{12}\b", "…", text)
    text = re.sub(r"(?<=│ )(\d+)( +)│$", lambda found: f"…{' ' * (len(found[0]) - 2)}│", text, flags=re.MULTILINE)
    text = re.sub(r"[\d,.]+ (MiB used here, )[\d,.]+( GiB free)", r"… \1…\2", text)
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def differences(written: str, printed: str) -> list[str]:
    """The lines that differ, beyond what processors make differ."""
    one, two = written.splitlines(), printed.splitlines()
    if len(one) != len(two):
        return [f"{len(one)} lines are written and {len(two)} are printed:", printed]
    return [f"written: {a}\nprinted: {b}" for a, b in zip(one, two, strict=True) if not same(a, b)]


def same(written: str, printed: str) -> bool:
    """Whether two lines say the same."""
    number = re.compile(r"\d[\d,]*(?:\.\d+)?")
    if number.sub("#", written) != number.sub("#", printed):
        return False
    pairs = zip(number.findall(written), number.findall(printed), strict=True)
    counted = any(words in written for words in COUNTED)
    return all(a == b or close(a, b, counted=counted) for a, b in pairs)


def close(written: str, printed: str, *, counted: bool) -> bool:
    """Whether two numbers differ by no more than processors explain."""
    a, b = (float(each.replace(",", "")) for each in (written, printed))
    if "." in written:
        return abs(a - b) <= ROUNDED
    return counted and abs(a - b) <= 1 + 0.01 * a


def refresh() -> None:
    """Run every session and write down what it prints, in both languages."""
    folder = Path(tempfile.mkdtemp(prefix="xunfang-sessions-"))
    try:
        for name in DOCUMENTS:
            texts = {}
            for block, output in play((ROOT / name).read_text("utf-8"), folder):
                texts[block.command] = f"$ {block.command}\n{output.rstrip()}\n"
                sys.stderr.write(f"{name}: {block.command}\n")
            _write_down(ROOT / name, texts)
            if name in TRANSLATED:
                every = {block.command: block.text for block in sessions((ROOT / name).read_text("utf-8"))}
                _write_down(ROOT / TRANSLATED[name], every)
    finally:
        shutil.rmtree(folder)


def _write_down(path: Path, texts: Mapping[str, str]) -> None:
    text = path.read_text("utf-8")
    for block in reversed(sessions(text)):
        text = text[: block.start] + texts.get(block.command, block.text) + text[block.end :]
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    refresh()
