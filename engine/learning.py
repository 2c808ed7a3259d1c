"""Train, evaluate and promote: the experiment of each risk on this home's records, and the model that serves."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from engine import registry, serving
from engine.codeversion import code_version
from engine.errors import ModelError
from engine.population import Population, Risk
from engine.registry import RISKS
from engine.settings import Home, HomeSettings
from engine.shift import reference
from engine.signs import signs_of, worse_off
from features.catalog import FEATURES
from features.labels import COUNTY, LabelSpec, LabelSpecError
from models.card import card
from models.experiment import Experiment, model_features, run_experiment
from models.explained_sample import explained_sample
from models.fairness_gate import gate_of
from models.groupings import groupings
from models.leaks import LeakError
from models.risk import RiskModel
from models.signs import signs_gate
from models.split import matured
from models.training import Settings, TooLittleToLearnError, train
from outreach.wording_casework import source_name

INCOME_RATIO: Final = "income_to_median_12m"
REPORTING_LAG_MONTHS: Final = 3
"""A label is taken to be known so long after its horizon; the embargo of the split checks each row's own day."""

EMERGENCY_MONTHS: Final = 3
EMERGENCY_TRAIN_DATES: Final = 4
SERVED_DATES: Final[Mapping[Risk, int]] = {"relative_poverty": 1, "emergency": 3}
"""Newest matured as-of dates that the served model learns from: emergencies are rare, so it takes several."""

EXPERIMENT_FILE: Final = "experiment.json"
CARD: Final = "card.md"


@dataclass(frozen=True)
class Learner:
    """What a training needs: the home, its population, and the seed."""

    home: Home
    settings: HomeSettings
    population: Population
    seed: int
    threads: int
    list_length: int | None
    trials: int = 0
    unequal: bool = True
    falling: bool = True
    signs_sample: int = 0
    pseudonyms: int = 1

    def spec(self) -> LabelSpec:
        """The label spec of relative poverty, from home.toml or the county's default."""
        try:
            table = self.settings.labels.get("relative_poverty")
            return COUNTY if table is None else LabelSpec.from_mapping(table)
        except LabelSpecError as wrong:
            raise ModelError(f"{self.home.settings}: {wrong}", "Mend [labels.relative_poverty].") from None

    def inputs(self) -> str:
        """Hash of everything that an experiment's figures rest on."""
        told = {
            "deliveries": self.population.store.fingerprint(self.population.deliveries),
            "spec": self.spec().to_mapping(),
            "lacks": dict(self.settings.lacks),
            "programmes": self.settings.programmes,
            "seed": self.seed,
            "list_length": self.list_length,
            "trials": self.trials,
            "signs_sample": self.signs_sample,
            "code": code_version(),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def as_of_dates(risk: Risk, spec: LabelSpec, end: date, waves: tuple[date, ...]) -> tuple[date, ...]:
    """The as-of dates of an experiment, oldest first, from the last day on which anything was known.

    Of a register: the newest date whose outcome is known (test), one whose outcome was known by then (calibration),
    and earlier ones (training), each with a year of records before it where 60 months are held. Of a survey with
    waves (``at-horizon``): the day after each wave whose horizon has passed. Of a ``same-period`` label: the day
    after each wave.
    """
    if spec.kind == "at-horizon":
        return tuple(day for day in waves if _months_later(day, spec.horizon_months) <= end + timedelta(days=1))
    if spec.kind == "same-period":
        return waves
    newest = (end + timedelta(days=1)).replace(day=1)
    months = spec.horizon_months if risk == "relative_poverty" else EMERGENCY_MONTHS
    step = months + REPORTING_LAG_MONTHS
    steps = [step, 2 * step, 3 * step, 3 * step + 2]
    if risk == "emergency":
        steps = [step, 2 * step, *(3 * step + EMERGENCY_MONTHS * n for n in range(EMERGENCY_TRAIN_DATES))]
    return tuple(sorted(_months_later(newest, -back) for back in steps))


def examples_of_risk(learner: Learner, risk: Risk, columns: Callable[[date], pl.DataFrame]) -> pl.DataFrame:
    """The examples of a risk over its as-of dates."""
    population, spec = learner.population, learner.spec()
    end = population.store.known_until(population.deliveries)
    waves = tuple(
        day + timedelta(days=1) for day in population.store.known_days("household", population.deliveries)
    )
    make = population.poverty_examples if risk == "relative_poverty" else population.emergency_examples
    dates = as_of_dates(risk, spec, end, waves)
    parts = [make(spec, as_of, end, columns(as_of)) for as_of in dates]
    if not parts:
        raise ModelError(
            "no outcome is known yet: the records do not reach a horizon beyond any as-of date",
            "Deliver a later wave or more months, then train again.",
        )
    return pl.concat(parts)


def experiment_of(learner: Learner, risk: Risk, examples: pl.DataFrame | None) -> Experiment:
    """The experiment of one risk; ``examples`` is None where the label cannot exist."""
    spec = learner.spec() if risk == "relative_poverty" else None
    lacking = () if examples is not None else lacking_for(learner, risk)
    rows = pl.DataFrame() if examples is None else examples
    return run_experiment(
        rows,
        FEATURES,
        risk=risk,
        seed=learner.seed,
        threads=learner.threads,
        spec=spec,
        list_length=learner.list_length,
        income_ratio=None if spec is not None and spec.kind == "same-period" else INCOME_RATIO,
        lacking=lacking,
        trials=learner.trials,
    )


def lacking_for(learner: Learner, risk: Risk) -> tuple[str, ...]:
    """What the label of a risk needs and this bureau does not have."""
    if risk == "relative_poverty":
        return () if "income" in learner.population.store.kinds() else ("income",)
    end = learner.population.store.known_until(learner.population.deliveries)
    return learner.population.emergency_lacks(end)


def learn(learner: Learner, *, promote: bool, keep: bool = True) -> dict[str, Any]:
    """Run both experiments, refit the models that serve, keep everything; ``promote`` if the policy is automatic.

    Returns the experiments as JSON by risk, each with ``model_id`` and ``promoted``. Without ``keep`` nothing is
    refitted or written: only the figures are made.
    """
    learner.spec()  # a mistake in it is said before any work
    cache: dict[date, pl.DataFrame] = {}

    def columns(as_of: date) -> pl.DataFrame:
        if as_of not in cache:
            cache[as_of] = learner.population.columns(as_of)
        return cache[as_of]

    try:
        with registry.alone(learner.home) if keep else nullcontext():
            return {risk: _learn_one(learner, risk, columns, promote, keep) for risk in RISKS}
    except LeakError as leak:
        raise ModelError(
            f"a leak: {leak}",
            "Nothing was promoted. Mend the column or the label, then train again.",
        ) from None


def evaluate(learner: Learner) -> dict[str, Any]:
    """The stored experiments where nothing that they rest on has changed, else new ones, which are not stored.

    What is stored tells of the models that were trained, and stays until the next training.
    """
    wanted = learner.inputs()
    stored: dict[str, Any] = {risk: stored_experiment(learner.home, risk) for risk in RISKS}
    if all(each is not None and each.get("inputs") == wanted for each in stored.values()):
        return stored
    return learn(learner, promote=False, keep=False)


def seed_of(home: Home) -> int:
    """The seed of the last training, 1 where there was none."""
    stored = stored_experiment(home, RISKS[0])
    return 1 if stored is None else int(stored.get("seed", 1))


def in_short(told: Mapping[str, Any]) -> dict[str, Any]:
    """An experiment in a line: which figure, AUC beside that of the last status, promoted or why not."""
    if "unavailable" in told:
        return {"promoted": False, "unavailable": told["unavailable"]}
    short = {"promoted": told["promoted"], "figure": told["figure"], "model_id": told["model_id"]}
    for name in ("model", "last_status"):
        short[name] = {key: told[name][key] for key in ("auc", "average_precision", "log_loss")}
    return short


def stored_experiment(home: Home, risk: str) -> dict[str, Any] | None:
    """The last experiment of a risk, or None; IntegrityError for a damaged file."""
    path = home.models / risk / EXPERIMENT_FILE
    return registry.read_json(path) if path.exists() else None


def _learn_one(
    learner: Learner, risk: Risk, columns: Callable[[date], pl.DataFrame], promote: bool, keep: bool
) -> dict[str, Any]:
    lacking = lacking_for(learner, risk)
    examples = None if lacking else examples_of_risk(learner, risk, columns)
    progress, stage = learner.population.progress, f"train {risk}"
    progress(stage, 0, 3)
    if examples is not None and examples.height:
        learner.population.check_hindsight(examples["as_of"].max())  # type: ignore[arg-type]
    progress(stage, 1, 3)
    experiment = experiment_of(learner, risk, examples)
    progress(stage, 2, 3)
    told = experiment.to_mapping() | {
        "inputs": learner.inputs(),
        "seed": learner.seed,
        "pseudonyms": learner.pseudonyms,
    }
    if not experiment.unavailable:
        told |= {"fairness_gate": _gate(learner, experiment, columns)}
    if not keep:
        progress(stage, 3, 3)
        return told | {"model_id": None, "promoted": False}
    served = (
        None
        if examples is None or experiment.unavailable
        else _served(learner, risk, examples, experiment.settings)
    )
    model_id = None
    if served is not None and examples is not None:
        told |= _signs(learner, served, examples["as_of"].max(), columns)  # type: ignore[arg-type]
        model_id = _keep_model(learner, served, experiment, examples, told)
    progress(stage, 3, 3)
    told |= {"model_id": model_id}
    against = serving.held_back(told, unequal=learner.unequal, falling=learner.falling)
    told["promoted"] = bool(promote and model_id and not against)
    if told["promoted"] and model_id is not None:
        registry.set_serving(learner.home, risk, model_id)
    registry.write_json(learner.home.models / risk / EXPERIMENT_FILE, told)
    return told


def _gate(learner: Learner, experiment: Experiment, columns: Callable[[date], pl.DataFrame]) -> dict[str, Any]:
    """The verdict on the recalls of groups on the newest date that was tested on (``models.fairness_gate``)."""
    tested = experiment.tested
    if tested is None or learner.list_length is None:
        return {"verdict": "insufficient", "reasons": []}
    newest: date = tested["as_of"].max()  # type: ignore[assignment]
    groups = groupings(learner.population.groups(newest), columns(newest).select("household_id", "head_age"))
    return gate_of(tested, groups, list_length=learner.list_length, seed=learner.seed).to_mapping()


def _signs(
    learner: Learner, model: RiskModel, as_of: date, columns: Callable[[date], pl.DataFrame]
) -> dict[str, Any]:
    """``signs_gate``: what a few households do by the model that would serve when their records get worse.

    On the newest date with examples, whose columns are there already. Nothing for a model without directions, or
    where the policy asks for no household.
    """
    if model.spec is None or not learner.signs_sample:
        return {}
    worse = worse_off(learner.population, columns(as_of), as_of, learner.signs_sample, learner.seed)
    told = signs_of(model, worse, learner.threads)
    return {"signs_gate": {"as_of": as_of.isoformat(), "sample": learner.signs_sample, **told, **signs_gate(told)}}


def _served(learner: Learner, risk: Risk, examples: pl.DataFrame, settings: Settings | None) -> RiskModel | None:
    """The model that serves: refitted on the newest matured dates, calibrated on out-of-fold households."""
    spec = learner.spec() if risk == "relative_poverty" else None
    end = learner.population.store.known_until(learner.population.deliveries)
    known = matured(examples, end + timedelta(days=1))
    newest = known["as_of"].unique().sort().tail(SERVED_DATES[risk])
    try:
        return train(
            known.filter(pl.col("as_of").is_in(newest.to_list())),
            model_features(FEATURES, spec),
            risk=risk,
            seed=learner.seed,
            threads=learner.threads,
            spec=None if spec is None else spec.to_mapping(),
            settings=settings,
        )
    except TooLittleToLearnError:
        return None


def _keep_model(
    learner: Learner,
    model: RiskModel,
    experiment: Experiment,
    examples: pl.DataFrame,
    told: Mapping[str, Any],
) -> str:
    assumed = [(name.zh, name.en) for name in map(source_name, learner.population.assumed())]
    files = {
        registry.METRICS: registry.as_json(told),
        registry.DRIFT: registry.as_json(reference(model, examples, experiment.tested)),
        registry.EXPLAINED: registry.parquet(explained_sample(model, examples, seed=learner.seed)),
        CARD: card(experiment, model, assumed).encode(),
    }
    if experiment.tested is not None:
        files[registry.TESTED] = registry.parquet(experiment.tested)
    data = learner.population.store.fingerprint(learner.population.deliveries)
    hashes = {"inputs": told["inputs"], "data": data, "seed": learner.seed, "pseudonyms": learner.pseudonyms}
    hashes["assumed"] = [{"zh": zh, "en": en} for zh, en in assumed]
    return registry.keep(learner.home, model.risk, model, files, hashes)


def _months_later(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, day.day)
