"""The candidates of an experiment on the same rows: the trees beside every baseline, on dates and folds unseen."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from features.feature import Feature
from models import baseline, leaks
from models.calibration import Floats
from models.evaluate import with_subsets
from models.keyed import key_of, keyed_hash
from models.logistic import logistic
from models.risk import matrix
from models.split import Split, rows_of
from models.training import Settings, cross_fitted, train

CV_ROWS: Final = 30_000
"""Grouped cross-validation takes a sample of households where there are more rows than this."""

INNER_FOLDS: Final = 3
"""Folds of the training households on which a candidate is calibrated where no later date can calibrate it."""

TESTED_COLUMNS: Final = (
    "household_id",
    "as_of",
    "label",
    "status",
    "unsupported",
    "weight",
    "score",
    "probability",
)

Scored = Mapping[str, pl.DataFrame]
"""By candidate: household_id, score, probability, and the facts of the tested rows."""


@dataclass(frozen=True)
class Candidates:
    """What every candidate is made and measured with; ``income_ratio`` is None where there is no income rule."""

    features: tuple[Feature, ...]
    risk: str
    seed: int
    threads: int
    list_length: int | None
    income_ratio: str | None

    def on_dates(self, labelled: pl.DataFrame, splits: Sequence[Split], settings: Settings) -> list[Scored]:
        """The test rows of each split, scored by trees of these settings and by every baseline."""
        with threadpool_limits(limits=1), ThreadPoolExecutor(max(1, min(self.threads, len(splits)))) as pool:
            return list(pool.map(lambda split: self._on_date(labelled, split, settings), splits))

    def out_of_fold(self, rows: pl.DataFrame, settings: Settings) -> list[Scored]:
        """Each fold of households scored by trees grown on the others and calibrated on the others' rows."""
        sample = rows
        if rows.height > CV_ROWS:
            drawn = pl.Series(keyed_hash(rows["fold_group"], self._key + b"sample"))
            sample = rows.filter(drawn <= drawn.sort()[CV_ROWS - 1])
        fold, raw, probability = cross_fitted(
            sample, self.features, seed=self.seed, threads=self.threads, settings=settings
        )

        def part(number: int) -> Scored:
            held = fold == number
            test, others = sample.filter(pl.Series(held)), sample.filter(pl.Series(~held))
            return self._beside(others, test, raw[held], probability[held])

        with threadpool_limits(limits=1), ThreadPoolExecutor(max(1, self.threads)) as pool:
            return list(pool.map(part, np.unique(fold).tolist()))

    def figures(self, parts: Sequence[Scored]) -> dict[str, Any]:
        """The figures of each candidate over all parts."""
        return {
            name: with_subsets(
                pl.concat([part[name] for part in parts]), key=self._key, list_length=self.list_length
            )
            for name in parts[0]
        }

    @property
    def _key(self) -> bytes:
        return key_of(self.seed)

    def _on_date(self, labelled: pl.DataFrame, split: Split, settings: Settings) -> Scored:
        train_rows, calibration, test = rows_of(labelled, split)
        leaks.check_split(train_rows, calibration, split)
        model = train(
            train_rows,
            self.features,
            risk=self.risk,
            seed=self.seed,
            threads=self.threads,
            calibration=calibration,
            settings=replace(settings, folds=INNER_FOLDS),
        )
        raw = model.raw(matrix(test, model.feature_names), self.threads)
        learnt = train_rows if calibration is None else pl.concat([train_rows, calibration])
        return self._beside(learnt, test, raw, model.calibrator.probability(raw))

    def _beside(self, learnt: pl.DataFrame, test: pl.DataFrame, raw: Floats, probability: Floats) -> Scored:
        """The test rows by each candidate; ``raw`` and ``probability`` are the trees' own."""
        names = [feature.name for feature in self.features]
        own = {"score": raw, "probability": probability}
        given = {"model": pl.DataFrame({"household_id": test["household_id"], **own})}
        given["last_status"] = baseline.last_status(learnt, test)
        if self.income_ratio is not None:
            given["income_rule"] = baseline.income_rule(learnt, test, self.income_ratio)
        given["best_feature"] = baseline.best_feature(learnt, test, names)
        given["logistic"] = logistic(learnt, test, names, self._key)
        given["random"] = baseline.random(learnt, test, self._key)
        facts = test.select("as_of", "label", "status", "unsupported", "weight")
        return {name: pl.concat([scored, facts], how="horizontal") for name, scored in given.items()}


def rows_tested(parts: Sequence[Scored]) -> pl.DataFrame:
    """The tested rows as the trees scored them: ``TESTED_COLUMNS``, sorted by date and household.

    Then a column ``score_<baseline>`` for each baseline, for comparisons on other lists than the experiment's.
    """
    others = [name for name in parts[0] if name != "model"]
    beside = [
        part["model"].select(*TESTED_COLUMNS, *(part[name]["score"].alias(f"score_{name}") for name in others))
        for part in parts
    ]
    return pl.concat(beside).sort("as_of", "household_id")
