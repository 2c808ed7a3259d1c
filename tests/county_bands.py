"""How much can be learnt on three counties and in the five worlds, and by who also sees the hidden state.

.venv/bin/python tests/county_bands.py docs/county.md

Writes the table into the page, and ends with 1 where a figure lies outside its band.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from county_lessons import EMERGENCY, POVERTY, WORLDS, Lessons, world_of

SEEDS: Final = (1, 2, 3)
PEOPLE: Final = 10_000
"""About 3,800 households: as many as the panels have from which the bands are."""
NEWEST: Final = 3
WIDER: Final = 0.02
"""One county of a world stands for three: its figures may lie so far outside the bands."""
FIGURES: Final = (
    *(f"poverty {name}" for name in ("model", "last status", "oracle", "entry", "entry oracle")),
    *(f"emergency {name}" for name in ("model", "last status", "oracle")),
)
BANDS: Final = {
    "poverty model": POVERTY["model"],
    "poverty last status": POVERTY["last_status"],
    "poverty entry": POVERTY["entry"],
    "emergency model": EMERGENCY["model"],
    "emergency last status": EMERGENCY["last_status"],
}
DEVIATIONS: Final = {("mostly_rural", "emergency last status"): (0.54, 0.65)}
"""Where every second household has been in hardship within a year, that says less about who comes into it."""
BEGIN, END = "<!-- bands -->\n", "<!-- end of bands -->"
Row = dict[str, float | None]


def row_of(world: str, seed: int) -> Row:
    """The AUCs of one county; None where its world cannot say (no emergency without medical records)."""
    county = Lessons.of(PEOPLE, seed, world_of(world))
    seen, hidden = (county.learnt("relative_poverty", NEWEST, oracle=oracle) for oracle in (False, True))
    poverty = [seen["model"], seen["last_status"], hidden["model"], seen["entry"], hidden["entry"]]
    if "medical" in world_of(world).absent:
        return dict(zip(FIGURES, [*poverty, None, None, None], strict=True))
    told, latent = county.pooled(), county.pooled(oracle=True)
    emergency = [told["model"], told["last_status"], latent["model"]]
    return dict(zip(FIGURES, [*poverty, *emergency], strict=True))


def rows() -> Iterator[tuple[str, Row]]:
    """A row for each county: the base world with every seed, and their mean; then every other world."""
    base = []
    for seed in SEEDS:
        base.append(row_of("base", seed))
        yield f"base, seed {seed}", base[-1]
    yield "base, mean", {name: sum(row[name] or 0.0 for row in base) / len(base) for name in FIGURES}
    for world in WORLDS[1:]:
        yield world, row_of(world, SEEDS[0])


def outside(found: Mapping[str, Row]) -> list[str]:
    """What lies outside its band: the mean over the seeds, and every other world."""
    told = []
    for name, row in found.items():
        if "seed" in name:
            continue
        wider = 0.0 if name == "base, mean" else WIDER
        for figure, (low, high) in BANDS.items():
            least, most = DEVIATIONS.get((name, figure), (low - wider, high + wider))
            value = row[figure]
            if value is not None and not least <= value <= most:
                told.append(f"{name}: {figure} {value:.3f}, band {least:.3f} to {most:.3f}")
    return told


def table(found: Mapping[str, Row]) -> str:
    """The rows as Markdown, the bands above them."""
    lines = [("AUC", *FIGURES), ("---",) * (1 + len(FIGURES))]
    lines.append(("band", *(f"{BANDS[name][0]}–{BANDS[name][1]}" if name in BANDS else "" for name in FIGURES)))
    for name, row in found.items():
        lines.append((name, *("–" if row[figure] is None else f"{row[figure]:.3f}" for figure in FIGURES)))
    return "\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n\n"


def with_table(document: str, found: Mapping[str, Row]) -> str:
    """The page with the table of these rows."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}{table(found)}{END}{rest.split(END)[1]}"


def read(document: str) -> dict[str, Row]:
    """The rows that a page prints."""
    printed = document.split(BEGIN)[1].split(END, maxsplit=1)[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines() if "|" in line]
    return {
        line[0]: dict(zip(FIGURES, (None if cell == "–" else float(cell) for cell in line[1:]), strict=True))
        for line in lines[3:]
    }


def main(path: Path) -> int:
    """Measure, write the table anew after every county, tell what lies outside."""
    found: dict[str, Row] = {}
    for name, row in rows():
        found[name] = row
        sys.stdout.write(f"{name}: {row}\n")
        sys.stdout.flush()
        path.write_text(with_table(path.read_text("utf-8"), found), "utf-8")
    wrong = outside(found)
    sys.stdout.write("\n".join(wrong or ["every figure lies within its band"]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
