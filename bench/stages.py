"""The stages of the night, each a function of a home that is called in a process of its own.

A stage first makes ready what the stage before it would have handed over; only then the clock starts and the
high-water mark of memory is set back, so that seconds and peak are the stage's own (its inputs in memory included).
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import polars as pl

from bench.groups import by_fairlearn, ours, rows_and_groups
from bench.memory import peak_gb, set_back_peak
from bench.population import AS_OF, DELIVERED_ON
from bench.rulebook import PEOPLE_OF_A_HOUSEHOLD, facts_by_lot, few, judge_all, rulebook
from engine import pipeline
from engine.db import reading
from engine.files import write_parquet
from engine.intake.door import Consents, Door, refuse_columns
from engine.intake.manifest import Delivery, FileEntry, Manifest
from engine.intake.parse import Parser, Pseudonymiser
from engine.intake.read import ahead, blocks
from engine.nightfolder import Made, Standing, write_night
from engine.population import Population, silent
from engine.settings import Home
from engine.workplace import Workplace
from features.records import KINDS
from outreach.drafting import Draft
from outreach.duplicates import settled
from outreach.eligibility import judged

THREADS: Final = 2
OPENFISCA: Final = "XUNFANG_OPENFISCA"
"""Environment variable with a Python that has openfisca-country-template; without it nothing is compared."""
KEPT: Final = "bench"
"""Folder in the home with what one stage hands to the next."""


@dataclass
class Stage:
    """A home that is measured, and the clock."""

    home: Home
    people: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak: float = 0.0

    @cached_property
    def place(self) -> Workplace:
        return Workplace.open(self.home, threads=THREADS)

    @contextmanager
    def measured(self) -> Iterator[None]:
        set_back_peak()
        start, busy = time.perf_counter(), time.process_time()
        yield
        self.seconds, self.cpu_seconds = time.perf_counter() - start, time.process_time() - busy
        self.peak = peak_gb()

    def keep(self, name: str, frame: pl.DataFrame) -> None:
        path = self.home.root / KEPT / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        frame.write_parquet(path)

    def kept(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.home.root / KEPT / f"{name}.parquet")


def intake(stage: Stage) -> dict[str, Any]:
    place = stage.place
    with stage.measured():
        taken = place.take_in()
    rows = sum(entry.rows for receipt in taken.taken for entry in receipt.files)
    return {"rows": rows, "rows_per_second": round(rows / stage.seconds)}


def read_csv(stage: Stage) -> dict[str, Any]:
    """What checking is compared with: the same files by ``pl.read_csv``, told the types, believing everything."""
    given = [(path, _text_types(path)) for path in _text_files(stage)]
    with stage.measured():
        rows = sum(pl.read_csv(path, schema_overrides=types).height for path, types in given)
    return {"rows": rows}


def checking(stage: Stage) -> dict[str, Any]:
    """Text files as intake checks them: read, counted a second time, stage B kept out, parsed, judged, written."""
    pseudonymiser = Pseudonymiser(stage.place.keys.pseudonym, "free")
    folder, rows, broken = stage.home.root / KEPT / "checked", 0, 0
    folder.mkdir(exist_ok=True)
    named = [(path, _kind(path)) for path in _text_files(stage)]
    files = tuple(FileEntry(name=path.name, kind=kind) for path, kind in named)
    manifest = Manifest(delivery_id="bench", delivered_on=DELIVERED_ON, files=files)
    door = Door(Delivery(folder, manifest, {}), pseudonymiser, Consents())
    with stage.measured():
        for path, kind in named:
            parser = Parser(kind, path.name, "bench", DELIVERED_ON, pseudonymiser)
            for number, block in enumerate(ahead(blocks(path, whole=True), path.stat().st_size)):
                refuse_columns(path.name, block.frame.columns)
                frame, kept_out = door.sort_out(kind, path.name, block.frame)
                parser.check_columns(frame)
                good, bad = parser.parse(frame)
                write_parquet(folder / f"{path.stem}-{number:03d}.parquet", good)
                rows, broken = rows + block.rows, broken + bad.height + kept_out.height + len(block.broken)
        door.refuse()
    return {"rows": rows, "set_aside": broken}


def _text_files(stage: Stage) -> list[Path]:
    return sorted((stage.home.root / KEPT / "text").glob("*.csv"))


def _kind(path: Path) -> str:
    return path.stem.rpartition("-")[0]


def _text_types(path: Path) -> dict[str, pl.DataType]:
    with path.open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    return {name: type_ for name, type_ in KINDS[_kind(path)].create_empty().schema.items() if name in names}


def moves(stage: Stage) -> dict[str, Any]:
    """Who goes on under another number: a night follows it once, before everybody is counted."""
    population = stage.place.population()
    with stage.measured():
        found = population.successions(AS_OF)
    return {"successions": found.height}


def features(stage: Stage) -> dict[str, Any]:
    population = _followed(stage)
    with stage.measured():
        columns = population.columns(AS_OF)
    stage.keep("columns", columns)
    return {"households": columns.height, "columns": columns.width}


def in_pandas(stage: Stage) -> dict[str, Any]:
    """The same columns from the same files, in pandas; the values are compared afterwards, all of them."""
    import pandas as pd

    from bench.agree import differences
    from bench.pandas_columns import pandas_columns
    from bench.pandas_inputs import from_store

    given = from_store(stage.place.population(), AS_OF)
    with stage.measured():
        columns: pd.DataFrame = pandas_columns(given)
    different = differences(stage.kept("columns"), columns)
    if different:
        raise ValueError(f"the pandas version differs from ours in {', '.join(different)}: nothing can be compared")
    return {"households": len(columns), "columns": len(columns.columns) - 1}


def groups(stage: Stage) -> dict[str, Any]:
    population = _followed(stage)
    with stage.measured():
        found = population.groups(AS_OF)
    stage.keep("groups", found)
    return {"households": found.height}


def scores(stage: Stage) -> dict[str, Any]:
    """Both risks for everybody, and the reasons of as many as the caseworkers can visit."""
    place, columns, known = stage.place, stage.kept("columns"), stage.kept("groups")
    models = place.promoted_models()
    with stage.measured():
        scored = pipeline.scores_of(models, columns, known, THREADS)
        best = scored["relative_poverty"].top_k(place.list_length, by="priority")
        listed = columns.join(best, on="household_id", how="semi")
        reasons = [model.reasons(listed, THREADS).height for _, model in models.values()]
    for risk, frame in scored.items():
        stage.keep(f"scores_{risk}", frame)
    return {"households": columns.height, "explained": listed.height, "reasons": sum(reasons)}


def verdicts(stage: Stage) -> dict[str, Any]:
    place = stage.place
    with stage.measured():
        found = place.population().verdicts(AS_OF)
        findings = pipeline.findings_of(found)
        reviews = settled(part.reviews for part in found)
    stage.keep("findings", findings)
    stage.keep("reviews", reviews)
    return {"verdicts": sum(part.verdicts.height for part in found), "findings": findings.height}


def rules(stage: Stage) -> dict[str, Any]:
    """Every programme on facts in memory, and the traces of the listed: 400,000 households of a million people."""
    book = rulebook()
    facts = facts_by_lot(round(stage.people / PEOPLE_OF_A_HOUSEHOLD), book, seed=1)
    with stage.measured():
        return judge_all(facts, book)


def three(stage: Stage) -> dict[str, Any]:
    """Three programmes on the same facts, without traces: what OpenFisca's three variables are compared with."""
    book = few(rulebook())
    facts = facts_by_lot(round(stage.people / PEOPLE_OF_A_HOUSEHOLD), book, seed=1)
    with stage.measured():
        return {"programmes": len(book.rules), "verdicts": judged(facts, book).height}


def openfisca(stage: Stage) -> dict[str, Any]:
    """Three variables of OpenFisca's country template, by the Python that XUNFANG_OPENFISCA names."""
    case = Path(__file__).with_name("openfisca_case.py")
    done = subprocess.run(
        [os.environ[OPENFISCA], str(case), str(stage.people)], capture_output=True, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    stage.seconds, stage.cpu_seconds = told.pop("seconds"), told.pop("cpu_seconds")
    return {"set_up": told["set_up"], "variables": 3}


def drafting(stage: Stage) -> dict[str, Any]:
    place, models = stage.place, stage.place.promoted_models()
    given = pipeline.Given(
        stage.kept("columns"),
        stage.kept("groups"),
        _scores(stage),
        stage.kept("findings"),
        stage.kept("reviews"),
        pipeline.tested_of(place, models),
        _standing(place),
    )
    with stage.measured():
        draft = pipeline.draft_of(place, place.policy, given, AS_OF)
    for name in ("items", "left_out", "desk"):
        stage.keep(name, getattr(draft, name))
    return {"listed": draft.items.height}


def _standing(place: Workplace) -> Standing:
    """What stands before the first night, when nobody has moved."""
    with reading(place.database) as session:
        nobody = pl.DataFrame(schema={"household_id": pl.String, "successor": pl.String, "how": pl.String})
        return pipeline.standing_of(place, session, AS_OF, nobody)


def writing(stage: Stage) -> dict[str, Any]:
    """Bulk frames, and the reasons, traces and people of the listed."""
    place, population = stage.place, stage.place.population()
    judged = population.verdicts(AS_OF)
    draft = Draft(stage.kept("items"), stage.kept("left_out"), "model", stage.kept("desk"), {})
    made = Made(
        AS_OF,
        stage.kept("columns"),
        stage.kept("groups"),
        _scores(stage),
        judged,
        stage.kept("findings"),
        draft,
        place.promoted_models(),
        population,
        None,
        _standing(place),
        {},
    )
    with stage.measured():
        write_night(place, made, silent)
    return {"listed": draft.items.height}


def night(stage: Stage) -> dict[str, Any]:
    """All of it in one process, as ``xunfang night`` does, with the saving in the database."""
    place = stage.place
    with stage.measured():
        result = pipeline.run_night(place, AS_OF, now=lambda: datetime.now(UTC))
    return {"listed": 0 if result.draft is None else result.draft.items.height}


def fairness(stage: Stage) -> dict[str, Any]:
    rows, groups = rows_and_groups(stage.people)
    with stage.measured():
        return ours(rows, groups)


def fairlearn(stage: Stage) -> dict[str, Any]:
    import fairlearn.metrics  # noqa: F401 - it is not charged for being imported

    rows, groups = rows_and_groups(stage.people)
    with stage.measured():
        return by_fairlearn(rows, groups)


def _followed(stage: Stage) -> Population:
    population = stage.place.population()
    population.successions(AS_OF)
    return population


def _scores(stage: Stage) -> dict[str, pl.DataFrame]:
    return {risk: stage.kept(f"scores_{risk}") for risk in ("emergency", "relative_poverty")}


STAGES: Final[dict[str, Callable[[Stage], dict[str, Any]]]] = {
    "read_csv": read_csv,
    "checking": checking,
    "intake": intake,
    "moves": moves,
    "features": features,
    "pandas": in_pandas,
    "groups": groups,
    "scores": scores,
    "verdicts": verdicts,
    "rules": rules,
    "three": three,
    "openfisca": openfisca,
    "drafting": drafting,
    "writing": writing,
    "night": night,
    "fairness": fairness,
    "fairlearn": fairlearn,
}


SCORING: Final = ("scores", "writing", "night")


def run(name: str, home: Path, people: int) -> str:
    """One stage, told as a line of JSON."""
    if name in SCORING:
        import lightgbm  # noqa: F401 - a night imports it once: no stage is charged for it

    stage = Stage(Home(home), people)
    told = STAGES[name](stage)
    measured = {"seconds": stage.seconds, "cpu_seconds": stage.cpu_seconds, "peak_gb": stage.peak}
    return json.dumps({"stage": name} | {key: round(value, 3) for key, value in measured.items()} | told)
