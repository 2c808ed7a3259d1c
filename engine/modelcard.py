"""The card of a kept model: what it is for, what it was made from, how far it can be trusted, as JSON values.

Everything comes from the model's own folder; of the records only the groups of the newest tested date are asked.
"""

from collections.abc import Mapping
from math import fsum
from typing import Any, Final

import numpy as np
import polars as pl

from engine import registry, serving
from engine.errors import IntegrityError, ModelError, UsageError
from engine.fairness import groups_on
from engine.figures import Drawing, drawings, label_of
from engine.population import Progress, Risk, silent
from engine.registry import RISKS
from engine.report import told_count
from engine.workplace import Workplace
from features.catalog import CONCEPTS
from models.calibration import Floats
from models.explained_sample import checked_sample, strongest
from models.explanation import DoesNotAddUpError
from models.promotion import BASELINES, over_time
from models.reliability import reliability_over
from models.risk import RiskModel
from models.stability import stability

COUNTS: Final = ("n", "positives", "examples", "labelled", "null_label", "positive", "households")
"""What counts households: rounded to five, null for seven and fewer."""
NAMED: Final = 15


def figures(
    place: Workplace, risk: str, model_id: str | None = None, progress: Progress = silent
) -> tuple[dict[str, Any], "Sample | None"]:
    """The card of the model that serves a risk (or of a named one) as JSON values, and what is drawn on its page.

    ``training``, ``tested`` (candidates by date and their mean), ``choice``, ``promotion``, ``held_back``,
    ``calibration`` (``models.reliability.reliability_over`` and ``beats_status``), ``fairness_gate``,
    ``signs_gate``, ``moves`` (columns and concepts that move the score most), ``stability`` against the model
    ``before`` it, ``drift`` (what is watched). Parts that an earlier version did not keep are null.

    Raises UsageError for a risk or model that is not there, ModelError where none serves, IntegrityError for a
    folder that was altered or whose contributions do not add to the scores.
    """
    chosen: Risk | None = next((each for each in RISKS if each == risk), None)
    if chosen is None:
        raise UsageError(f"{risk}: there is no such risk", f"The risks are: {', '.join(RISKS)}.")
    wanted = model_id or registry.serving_of(place.home, chosen)
    if wanted is None:
        raise ModelError(f"{chosen}: no model serves", "Run xunfang train, or name one of xunfang models list.")
    if wanted not in registry.ids(place.home, chosen):
        raise UsageError(f"{chosen}: there is no model {wanted}", "xunfang models list shows those there are.")
    model = registry.kept_model(place.home, chosen, wanted)
    metrics, manifest = (each(place.home, chosen, wanted) for each in (registry.metrics_of, registry.manifest_of))
    sample = sample_of(place, chosen, wanted, model)
    told = {
        "risk": chosen,
        "model_id": wanted,
        "serves": wanted == registry.serving_of(place.home, chosen),
        "catalogue": manifest.get("catalogue"),
        "code": manifest.get("code"),
        "data": manifest.get("data"),
        "training": {"columns": len(model.feature_names), "concepts": len(set(model.concepts)), **model.about},
        "calibrator": model.calibrator.to_mapping()["kind"],
        "spec": None if model.spec is None else dict(model.spec),
        "assumed": manifest.get("assumed", []),
        "figure": metrics.get("figure"),
        "as_of": metrics.get("as_of", {}),
        "rows": metrics.get("rows", {}),
        "tested": _tested(metrics),
        "grouped_cv": metrics.get("grouped_cv") or None,
        "choice": metrics.get("choice") or None,
        "promotion": metrics.get("promotion"),
        "held_back": serving.held_back(metrics),
        "fairness_gate": metrics.get("fairness_gate"),
        "signs_gate": _signs(metrics.get("signs_gate")),
        "calibration": _calibration(place, chosen, wanted, metrics, progress),
        "moves": None if sample is None else _moves(model, sample),
        "stability": None if sample is None else _stability(place, chosen, wanted, model, sample),
        "drift": _watched(registry.drift_reference(place.home, chosen, wanted)),
    }
    return _rounded(told), sample


class Sample:
    """The explained sample of a model after its sums were checked: values (null as NaN) and contributions."""

    def __init__(self, model: RiskModel, frame: pl.DataFrame) -> None:
        self.model, self.frame = model, frame
        self.values, self.contributions = checked_sample(model, frame)

    def drawings(self) -> list[Drawing]:
        """The figures of shap."""
        return drawings(self.model, self.values, self.contributions)


def sample_of(place: Workplace, risk: str, model_id: str, model: RiskModel) -> Sample | None:
    """The explained sample of a kept model, None of one kept by a version without.

    Raises IntegrityError where contributions and base do not add to the raw score: nothing of it may be shown.
    """
    frame = registry.rows_explained(place.home, risk, model_id)
    try:
        return None if frame is None else Sample(model, frame)
    except DoesNotAddUpError as wrong:
        raise IntegrityError(
            f"{place.home.models / risk / model_id}: {wrong}",
            "No card is made of it. Put the folder back from a backup, or run xunfang train.",
        ) from None


def _tested(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Every candidate on every date that was tested on (oldest first), and the mean over them."""
    names = ("model", *BASELINES)
    if "model" not in metrics:
        return None
    newest = {name: metrics[name] for name in names if name in metrics}
    by_date = metrics.get("by_date") or {str(metrics.get("as_of", {}).get("test")): newest}
    return {"by_date": by_date, "mean": over_time(list(by_date.values()))}


def _calibration(
    place: Workplace, risk: Risk, model_id: str, metrics: Mapping[str, Any], progress: Progress
) -> dict[str, Any] | None:
    try:
        tested = place.tested(risk, model_id)
    except ModelError:
        return None
    newest = tested["as_of"].max()
    groups = None if newest is None else groups_on(place.population(progress), newest)  # type: ignore[arg-type]
    found = reliability_over(tested, groups, seed=place.seed)
    mean = (_tested(metrics) or {}).get("mean", {})
    own, other = (mean.get(name, {}).get("log_loss") for name in ("model", "last_status"))
    known = own is not None and other is not None
    return {**found, "beats_status": {"model": own, "last_status": other, "better": own < other if known else None}}


def _signs(gate: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if gate is None else {"verdict": gate["verdict"], "reasons": gate["reasons"]}


def _moves(model: RiskModel, sample: Sample) -> dict[str, Any]:
    """The columns and the concepts that move the score most, by the mean of what they add, without its sign."""
    parts = sample.contributions
    columns = [
        {"name": model.feature_names[place], "mean": _mean(np.abs(parts[:, place]))}
        for place in strongest(parts, NAMED)
    ]
    concepts = []
    for concept in sorted(set(model.concepts)):
        places = [place for place, each in enumerate(model.concepts) if each == concept]
        concepts.append({"name": concept, "mean": _mean(np.abs(parts[:, places].sum(axis=1)))})
    concepts.sort(key=lambda each: (-float(str(each["mean"])), str(each["name"])))
    return {
        "households": sample.frame.height,
        "columns": [each | _both(str(each["name"])) for each in columns],
        "concepts": [each | _both(str(each["name"])) for each in concepts[:NAMED]],
    }


def _both(name: str) -> dict[str, str]:
    if name in CONCEPTS:
        zh, en = CONCEPTS[name]
        return {"zh": zh, "en": en}
    return {"zh": label_of(name).zh, "en": label_of(name).en}


def _mean(values: Floats) -> float:
    return fsum(values) / max(len(values), 1)


def _stability(
    place: Workplace, risk: Risk, model_id: str, model: RiskModel, sample: Sample
) -> dict[str, Any] | None:
    """What stayed since the model before it (where it serves no more or not yet: against the one that serves)."""
    before = registry.before(place.home, risk, model_id)
    if before is None or before not in registry.ids(place.home, risk):
        return None
    try:
        old = registry.kept_model(place.home, risk, before)
    except ModelError as other_catalogue:
        return {"before": before, "unavailable": str(other_catalogue.message)}
    lacking = set(old.feature_names) - set(sample.frame.columns)
    if lacking:
        return {"before": before, "unavailable": f"it has {len(lacking)} columns that this one does not have"}
    rows = sample.frame.with_columns(household_id=pl.format("{}", pl.int_range(pl.len())).str.zfill(6))
    length = max(1, rows.height // 10)
    return {"before": before, "list_length": length, **stability(old, model, rows, list_length=length)}


def _watched(frozen: Mapping[str, Any]) -> dict[str, Any] | None:
    """What every night is measured against: how many columns, those that weigh most, their blanks at training."""
    if not frozen:
        return None
    of = frozen["features"]
    heaviest = sorted(of, key=lambda name: (-of[name]["weight"], name))[:NAMED]
    return {
        "columns": len(of),
        "sources": sorted({source for each in of.values() for source in each["sources"]}),
        "outcome": frozen.get("outcome"),
        "heaviest": [
            {"name": name, "weight": of[name]["weight"], "blank": of[name]["blank"], **_both(name)}
            for name in heaviest
        ],
    }


def _rounded(told: Any) -> Any:
    """The same with every count of households as it may leave the analyst."""
    if isinstance(told, Mapping):
        return {
            name: told_count(round(value)) if name in COUNTS and isinstance(value, int | float) else _rounded(value)
            for name, value in told.items()
        }
    return [_rounded(each) for each in told] if isinstance(told, list | tuple) else told
