"""Training: from examples and declared features to a risk model, the same bytes for the same examples.

LightGBM gradient-boosted trees (Ke et al. 2017), shallow: depth 4 ranks as well as deeper trees here and is
explained five times faster. Directions of the catalogue are monotone constraints. Nothing is fitted on rows that it
scores.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from threading import Event
from typing import Any, Final

import numpy as np
import polars as pl

from features.feature import Feature
from models.calibration import Bools, Calibrator, Floats, calibrate, levelled
from models.keyed import key_of
from models.risk import RiskModel, booster_of, matrix
from models.split import Ints, checked, folds_of

FEWEST_ROWS: Final = 100
FEWEST_OF_A_CLASS: Final = 20
CELLS_FOR_THREADS: Final = 4_000_000
CELLS_FOR_FOLDS_AT_ONCE: Final = 100_000_000


class TooLittleToLearnError(ValueError):
    """Too few labelled rows, or too few of one class; the message holds the counts."""


@dataclass(frozen=True)
class Settings:
    """How the trees are grown; stored with the model.

    Each tree sees six tenths of the rows and a fifth of the columns: slow growth on samples ranked best on a real
    panel over six drawings of the folds (docs/models.md).
    """

    rounds: int = 600
    learning_rate: float = 0.02
    max_depth: int = 4
    num_leaves: int = 16
    min_data_in_leaf: int = 30
    lambda_l2: float = 20.0
    feature_fraction: float = 0.2
    bagging_fraction: float = 0.6
    max_bin: int = 63
    folds: int = 5


def train(
    examples: pl.DataFrame,
    features: Sequence[Feature],
    *,
    risk: str,
    seed: int,
    threads: int = 1,
    calibration: pl.DataFrame | None = None,
    spec: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
) -> RiskModel:
    """A calibrated model of the labelled examples; rows without a label are left out.

    With ``calibration`` (examples of a later date) the calibrator is fitted on those; without, on the raw scores of
    the training households out of fold: each scored by trees that have not seen its ``fold_group``. An emergency
    (no ``spec``) is rarer in one season than in another: its probabilities take their level from all dates, each
    counting alike, instead of from the calibration date alone.

    Raises ``TooLittleToLearnError`` where there are under 100 labelled rows or under 20 of a class.
    """
    chosen = settings or Settings()
    names = tuple(feature.name for feature in features)
    rows = checked(examples, names).filter(pl.col("label").is_not_null())
    require_enough(rows)
    x, label = matrix(rows, names), rows["label"].to_numpy()
    threads = worth(threads, x.size)
    text = grow(x, label, features, seed=seed, threads=threads, settings=chosen)
    if calibration is None:
        raw = out_of_fold(rows, features, seed=seed, threads=threads, settings=chosen)
        calibrator = _calibrated(raw, rows, seed)
    else:
        later = checked(calibration, names).filter(pl.col("label").is_not_null())
        require_enough(later)
        raw = predict(text, matrix(later, names), threads)
        calibrator = _calibrated(raw, later, seed)
        if spec is None:
            calibrator = levelled(calibrator, raw, _rate_over_dates(rows, later))
    return RiskModel(
        risk=risk,
        feature_names=names,
        concepts=tuple(feature.concept for feature in features),
        spec=spec,
        calibrator=calibrator,
        text=text,
        about={
            "as_of": [str(day) for day in rows["as_of"].unique().sort()],
            "calibrated": "out_of_fold"
            if calibration is None
            else [str(d) for d in calibration["as_of"].unique().sort()],
            "rows": rows.height,
            "positives": int(label.sum()),
            "seed": seed,
            "settings": asdict(chosen),
        },
    )


def worth(threads: int, cells: int) -> int:
    """One thread for a small table, where more would mostly wait for each other; the model is the same."""
    return threads if cells >= CELLS_FOR_THREADS else 1


def require_enough(rows: pl.DataFrame) -> None:
    """Raise ``TooLittleToLearnError`` where nothing can be learnt from these labelled rows."""
    yes = int(rows["label"].sum())
    if rows.height < FEWEST_ROWS or min(yes, rows.height - yes) < FEWEST_OF_A_CLASS:
        raise TooLittleToLearnError(
            f"{rows.height} labelled rows, {yes} of them positive; at least {FEWEST_ROWS} rows and "
            f"{FEWEST_OF_A_CLASS} of each class are needed"
        )


def out_of_fold(
    rows: pl.DataFrame, features: Sequence[Feature], *, seed: int, threads: int, settings: Settings
) -> Floats:
    """The raw score of each row by trees grown without the rows of its fold.

    Folds at once, on a thread each, are the same folds sooner than one after the other on all threads;
    a table too large to hold once for each thread takes its folds in turn.
    """
    x, label = matrix(rows, [feature.name for feature in features]), rows["label"].to_numpy()
    fold = folds_of(rows["fold_group"], settings.folds, key_of(seed))
    at_once = threads if x.size <= CELLS_FOR_FOLDS_AT_ONCE else 1
    each = threads if at_once == 1 else 1
    raw = np.zeros(len(x))

    def score(number: int, stopped: Event) -> None:
        held = fold == number
        if held.any():
            text = grow(
                x[~held], label[~held], features, seed=seed, threads=each, settings=settings, stopped=stopped
            )
            raw[held] = predict(text, x[held], each)

    _each(score, settings.folds, at_once)
    return raw


def _each(work: Callable[[int, Event], None], many: int, at_once: int) -> None:
    """Do each numbered piece of work; where one fails or somebody stops the run, the others end at once."""
    stopped = Event()
    with ThreadPoolExecutor(at_once) as pool:
        waiting = [pool.submit(work, number, stopped) for number in range(many)]
        try:
            for piece in as_completed(waiting):
                piece.result()
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def cross_fitted(
    rows: pl.DataFrame, features: Sequence[Feature], *, seed: int, threads: int, settings: Settings
) -> tuple[Ints, Floats, Floats]:
    """Fold, raw score and probability of each row: by trees grown and calibrated without the rows of its fold.

    The calibrator of a fold is fitted on the raw scores that the other folds' rows were given out of fold.
    """
    raw = out_of_fold(rows, features, seed=seed, threads=threads, settings=settings)
    fold = folds_of(rows["fold_group"], settings.folds, key_of(seed))
    probability = np.zeros(len(raw))
    for number in range(settings.folds):
        held = fold == number
        if held.any():
            calibrator = _calibrated(raw[~held], rows.filter(pl.Series(~held)), seed)
            probability[held] = calibrator.probability(raw[held])
    return fold, raw, probability


def grow(
    x: Floats,
    label: Bools,
    features: Sequence[Feature],
    *,
    seed: int,
    threads: int,
    settings: Settings,
    stopped: Event | None = None,
) -> str:
    """The text of a LightGBM booster, free of what depends on the machine (the number of threads).

    Raises ``CancelledError`` between two trees once ``stopped`` is set.
    """
    from lightgbm import Dataset
    from lightgbm import train as train_booster

    parameters = {
        "objective": "binary",
        "learning_rate": settings.learning_rate,
        "max_depth": settings.max_depth,
        "num_leaves": settings.num_leaves,
        "min_data_in_leaf": settings.min_data_in_leaf,
        "lambda_l2": settings.lambda_l2,
        "feature_fraction": settings.feature_fraction,
        "bagging_fraction": settings.bagging_fraction,
        "bagging_freq": 1,
        "max_bin": settings.max_bin,
        "monotone_constraints": [feature.direction for feature in features],
        "monotone_constraints_method": "intermediate",
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "num_threads": threads,
        "verbosity": -1,
    }
    data = Dataset(x, label.astype(np.float64), feature_name=[feature.name for feature in features])

    def heed(_: object) -> None:
        if stopped is not None and stopped.is_set():
            raise CancelledError

    booster = train_booster(parameters, data, num_boost_round=settings.rounds, callbacks=[heed])
    text: str = booster.model_to_string(num_iteration=-1)
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("[num_threads:"))


def predict(text: str, x: Floats, threads: int) -> Floats:
    """Raw scores of a matrix by a booster's text."""
    return np.asarray(booster_of(text).predict(x, raw_score=True, num_threads=threads), dtype=np.float64)


def _rate_over_dates(*parts: pl.DataFrame) -> float:
    """How often the label is true, as the mean over the dates."""
    dates = pl.concat([part.select("as_of", "label") for part in parts]).group_by("as_of")
    return float(dates.agg(pl.col("label").mean()).sort("as_of")["label"].to_numpy().mean())


def _calibrated(raw: Floats, rows: pl.DataFrame, seed: int) -> Calibrator:
    half = folds_of(rows["fold_group"], 2, key_of(seed) + b"half") == 0
    return calibrate(raw, rows["label"].to_numpy(), half)
