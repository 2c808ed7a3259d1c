"""Settings of the trees, chosen by Optuna over a fixed number of seeded trials on past rows alone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from features.feature import Feature
from models.evaluate import average_precision
from models.keyed import key_of, keyed_hash
from models.training import Settings, out_of_fold

if TYPE_CHECKING:
    from optuna import Trial

MOST_ROWS: Final = 8_000
FOLDS: Final = 3
SHORTER: Final = 5
"""A trial grows a fifth of the trees at five times the pace: the order of settings is nearly the same."""

RANDOM_TRIALS: Final = 4
GAIN: Final = 0.005
"""What other settings must add to the average precision of the standard ones: a tie goes to the standard."""


@dataclass(frozen=True)
class Tuned:
    """What the trials found. ``settings`` is None where no trial was better than the standard settings."""

    settings: Settings | None
    trials: tuple[dict[str, Any], ...]

    def to_mapping(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "settings": None if self.settings is None else asdict(self.settings),
            "trials": [dict(each) for each in self.trials],
        }


def tuned(
    rows: pl.DataFrame,
    features: Sequence[Feature],
    *,
    trials: int,
    seed: int,
    threads: int = 1,
    settings: Settings | None = None,
) -> Tuned:
    """The best of ``trials`` settings by the average precision of households out of fold; the standard comes first.

    ``rows`` are labelled examples from before every test date. Of more than 8,000 a sample by the keyed hash of the
    fold group is tried on. The same rows, seed and number of trials give the same settings, whatever the threads.
    """
    standard = settings or Settings()
    if trials < 2:
        return Tuned(None, ())
    import optuna

    sample = rows
    if rows.height > MOST_ROWS:
        place = pl.Series(keyed_hash(rows["fold_group"], key_of(seed) + b"tuning"))
        sample = rows.filter(place <= place.sort()[MOST_ROWS - 1])
    label = sample["label"].to_numpy()

    def tried(trial: "Trial") -> float:
        raw = out_of_fold(
            sample, features, seed=seed, threads=threads, settings=_short(drawn_from(trial, standard))
        )
        return average_precision(label, raw)

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=RANDOM_TRIALS)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.enqueue_trial({name: getattr(standard, name) for name in SEARCHED})
    study.optimize(tried, n_trials=trials)
    told = tuple(
        {"average_precision": round(float(each.value or 0.0), 12), **each.params}
        for each in study.get_trials(deepcopy=False)
    )
    best = max(told, key=lambda each: each["average_precision"])
    if best["average_precision"] <= (1 + GAIN) * told[0]["average_precision"]:
        return Tuned(None, told)
    return Tuned(replace(standard, **{name: best[name] for name in SEARCHED}), told)


SEARCHED: Final = ("num_leaves", "min_data_in_leaf", "lambda_l2", "feature_fraction", "bagging_fraction")


def drawn_from(trial: "Trial", standard: Settings) -> Settings:
    """The settings that a trial draws: no deeper trees than the standard, which reasons are computed on."""
    return replace(
        standard,
        num_leaves=trial.suggest_int("num_leaves", 4, 16),
        min_data_in_leaf=trial.suggest_int("min_data_in_leaf", 10, 120, log=True),
        lambda_l2=trial.suggest_float("lambda_l2", 0.5, 60.0, log=True),
        feature_fraction=trial.suggest_float("feature_fraction", 0.1, 0.6),
        bagging_fraction=trial.suggest_float("bagging_fraction", 0.4, 0.9),
    )


def _short(settings: Settings) -> Settings:
    return replace(
        settings,
        rounds=max(1, settings.rounds // SHORTER),
        learning_rate=settings.learning_rate * SHORTER,
        folds=FOLDS,
    )
