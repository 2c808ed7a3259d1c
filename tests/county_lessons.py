"""What can be learnt on a synthetic county: its records without a home, and untuned models on them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from engine.latent import columns_of, hidden_state
from engine.learning import Risk, as_of_dates
from engine.population import Population
from features.calendar import reporting_counts, with_area
from features.catalog import FEATURES
from features.emergency_label import emergency_label, last_emergency
from features.feature import Feature
from features.labels import COUNTY, LabelSpec
from features.records import HAPPENED, KEYS, KINDS
from features.sources import Sources
from fixtures.county.county import County
from fixtures.county.world import World
from models import baseline
from models.calibration import Floats
from models.evaluate import auc
from models.experiment import model_features
from models.risk import matrix
from models.split import rows_of, temporal_splits
from models.training import Settings, grow, out_of_fold, predict

SEED = 1
WORLD_FILES = Path(__file__).parents[1] / "fixtures" / "worlds"
WORLDS = ("base", "recession", "no_medical", "mostly_rural", "heavy_leakage")

POVERTY = {"model": (0.834, 0.932), "last_status": (0.713, 0.827), "entry": (0.79, 0.85)}
"""AUC bands: within 0.03 of 0.864 / 0.743 (Argentina) to 0.902 / 0.797 (Germany)."""
EMERGENCY = {"model": (0.80, 0.86), "last_status": (0.65, 0.72)}
"""Around a Korean panel's hardship items: 0.836 / 0.684."""
STATUS_EMERGENCY = EMERGENCY["last_status"]


def world_of(name: str) -> World:
    """One of the five worlds that are kept as files."""
    return World.from_toml((WORLD_FILES / f"{name}.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Lines:
    """The minimum-living line of a world in place of a pack of programmes."""

    line: dict[str, int]

    def on(self, _day: date) -> "Lines":
        return self

    def db_line(self) -> dict[str, int]:
        return self.line


@dataclass(frozen=True)
class Held:
    """The records of a county in memory, asked as a record store is: one bucket, one delivery."""

    frames: dict[str, pl.DataFrame]
    revised: dict[str, pl.DataFrame]
    until: date

    @classmethod
    def of(cls, parts: list[dict[str, pl.DataFrame]], until: date) -> "Held":
        frames, revised = {}, {}
        for kind in KINDS:
            found = [part[kind] for part in parts if kind in part]
            if not found:
                continue
            schema = KINDS[kind].create_empty().schema
            whole = pl.concat(found).with_columns(known_on_assumed=pl.lit(value=False), delivery_id=pl.lit("d"))
            frames[kind] = whole.select(pl.col(name).cast(schema[name]) for name in schema)
            keys = frames[kind].select(KEYS[kind])
            revised[kind] = keys.filter(keys.is_duplicated()).unique()
        return cls(frames, revised, until)

    def buckets(self) -> list[int]:
        return [0]

    def kinds(self, _deliveries: Collection[str] | None = None) -> tuple[str, ...]:
        return tuple(self.frames)

    def known_until(self, _deliveries: Collection[str] | None = None) -> date:
        return self.until

    def sources(self, _bucket: int, _deliveries: Collection[str] | None = None) -> Sources:
        return Sources({kind: frame.lazy() for kind, frame in self.frames.items()}, self.revised)

    def reporting(self, _deliveries: Collection[str] | None = None) -> pl.DataFrame:
        homes, members = self.frames["household"].lazy(), self.frames["member"].lazy()
        counted = [kind for kind in self.frames if kind in HAPPENED]
        return pl.concat(
            reporting_counts(kind, with_area(self.frames[kind].lazy(), members, homes)) for kind in counted
        )


@dataclass(frozen=True)
class Lessons:
    """A county, its truth, and what its records teach."""

    population: Population
    truth: dict[str, pl.DataFrame]
    _columns: dict[date, pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def of(cls, people: int, seed: int, world: World | None = None) -> "Lessons":
        """The records and the truth of a county of so many people."""
        county = County(people, seed=seed, world=world or World())
        parts = list(county.parts())
        held: Any = Held.of([part.frames for part in parts], county.last_known_on)
        lines: Any = Lines(county.world.db_line())
        truth = {name: pl.concat([part.truth[name] for part in parts]) for name in parts[0].truth}
        return cls(Population(held, lines), truth)

    def columns(self, as_of: date) -> pl.DataFrame:
        if as_of not in self._columns:
            self._columns[as_of] = self.population.columns(as_of)
        return self._columns[as_of]

    def examples(self, risk: Risk, newest: int | None = None) -> pl.DataFrame:
        """The examples of the dates that an experiment takes; of the ``newest`` few where there is a number."""
        population = self.population
        make = population.poverty_examples if risk == "relative_poverty" else population.emergency_examples
        end = population.store.known_until()
        dates = as_of_dates(risk, COUNTY, end, ())[-(newest or 0) :]
        return pl.concat([make(COUNTY, day, end, self.columns(day)) for day in dates])

    def learnt(self, risk: Risk, newest: int | None = None, *, oracle: bool = False) -> dict[str, float]:
        """What an untuned model finds on these examples (``auc_of``); an oracle also sees the hidden state."""
        examples = self.examples(risk, newest)
        features = model_features(FEATURES, spec_of(risk))
        return auc_of(*(self._with_hidden(examples) if oracle else (examples, features)))

    def pooled(self, *, oracle: bool = False) -> dict[str, float]:
        """The same of emergencies, on all dates at once with households kept apart: one date has too few."""
        examples = self.examples("emergency").filter(pl.col("label").is_not_null())
        features = model_features(FEATURES, None)
        if oracle:
            examples, features = self._with_hidden(examples)
        raw = out_of_fold(examples, features, seed=SEED, threads=1, settings=Settings(folds=2))
        return figures_of(examples, raw)

    def _with_hidden(self, examples: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Feature, ...]]:
        """Examples with the hidden state of each household up to the as-of date, and all that can be seen."""
        hidden = pl.concat(hidden_state(self.truth, day) for day in examples["as_of"].unique().sort())
        seen = (*model_features(FEATURES, None), *columns_of(hidden))
        return examples.join(hidden, on=["household_id", "as_of"], how="left"), seen

    def last_emergency(self) -> float:
        """AUC of the last status for an emergency over all dates; no column is built."""
        population, end = self.population, self.population.store.known_until()
        bucket, line = population.store.sources(0), population.db_line(end)
        rows = [
            emergency_label(bucket, day, end, line, population.reporting).join(
                last_emergency(bucket, day, line, population.reporting), on="household_id"
            )
            for day in as_of_dates("emergency", COUNTY, end, ())
        ]
        told = pl.concat(rows).filter(pl.col("label").is_not_null())
        return auc(told["label"].to_numpy(), level_of(told))


def spec_of(risk: Risk) -> LabelSpec | None:
    return COUNTY if risk == "relative_poverty" else None


def auc_of(examples: pl.DataFrame, features: tuple[Feature, ...]) -> dict[str, float]:
    """``figures_of`` the newest date by a model of the dates that had matured by then."""
    (split,) = temporal_splits(examples)
    train, _, test = rows_of(examples, split)
    names = [feature.name for feature in features]
    text = grow(
        matrix(train, names), train["label"].to_numpy(), features, seed=SEED, threads=1, settings=Settings()
    )
    return figures_of(test, predict(text, matrix(test, names), 1))


def figures_of(rows: pl.DataFrame, raw: Floats) -> dict[str, float]:
    """AUC of a score, of the last status, and of the score among those not poor before (``entry``)."""
    label, well = rows["label"].to_numpy(), (rows["status"] == "not_poor").to_numpy()
    return {
        "model": auc(label, raw),
        "last_status": auc(label, level_of(rows)),
        "entry": auc(label[well], raw[well]),
        "rate": float(label.mean()),
        "positives": float(label.sum()),
    }


def level_of(rows: pl.DataFrame) -> Floats:
    """The level of the last status as the baseline ranks it."""
    levels = {status: float(-place) for place, status in enumerate(baseline.STATUSES)}
    return rows["status"].replace_strict(levels, return_dtype=pl.Float64).to_numpy()
