"""Which model serves, which one challenges it: a person's decisions, each with a reason and audited."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine import registry
from engine.audit import AuditLog
from engine.errors import UsageError
from engine.registry import RISKS
from engine.settings import Home
from models.evaluate import with_subsets
from models.keyed import key_of

NONE: Final = "none"
SHOWN: Final = ("auc", "average_precision", "log_loss")


def held_back(metrics: Mapping[str, Any], *, unequal: bool = True, falling: bool = True) -> list[dict[str, str]]:
    """Why a model's gates hold it back, in zh and en: baselines not beaten, groups that it finds too seldom,
    households that fall when their records get worse.

    Without ``unequal`` the groups, without ``falling`` the falls are told in the figures and hold nothing back.
    """
    promotion = metrics.get("promotion", {})
    reasons = []
    if not promotion.get("promoted"):
        reasons += [each for each in promotion.get("reasons", ()) if "does not beat" in each["en"]]
        reasons = reasons or [{"zh": "没有通过检验的记录", "en": "there is no record that it passed its gates"}]
    for name, holds in (("fairness_gate", unequal), ("signs_gate", falling)):
        gate = metrics.get(name, {})
        if holds and gate.get("verdict") == "held":
            reasons += gate["reasons"]
    return [dict(each) for each in reasons]


def listed(home: Home) -> dict[str, Any]:
    """Every kept model: risk, id, state (serves, challenges, kept), figures, what its gates say against it."""
    return {"models": [_row(home, risk, model_id) for risk in RISKS for model_id in registry.ids(home, risk)]}


def _row(home: Home, risk: str, model_id: str) -> dict[str, Any]:
    metrics, manifest = registry.metrics_of(home, risk, model_id), registry.manifest_of(home, risk, model_id)
    states = {registry.challenging(home, risk): "challenges", registry.serving_of(home, risk): "serves"}
    return {
        "risk": risk,
        "model_id": model_id,
        "state": states.get(model_id, "kept"),
        "figure": metrics.get("figure"),
        "tested": metrics.get("as_of", {}).get("test"),
        **{name: metrics.get("model", {}).get(name) for name in SHOWN},
        "held_back": held_back(metrics),
        "code": manifest.get("code"),
        "data": manifest.get("data"),
    }


def compared(home: Home, model_ids: Sequence[str], list_length: int | None, seed: int) -> dict[str, Any]:
    """Kept models of one risk on the rows that all of them were tested on, out of sample.

    ``rows``: shared households and dates with the same known outcome; ``models``: the figures of each on those.
    Raises UsageError for a model that is not kept, models of two risks, or models without shared rows.
    """
    found = {each: [risk for risk in RISKS if each in registry.ids(home, risk)] for each in model_ids}
    for each, at in found.items():
        if not at:
            raise UsageError(f"there is no model {each}", "xunfang models list shows those there are.")
    risks = {at[0] for at in found.values()}
    if len(risks) > 1:
        raise UsageError("these are models of two risks", "Name models of one risk.")
    (risk,) = risks
    tested = {each: registry.rows_tested(home, risk, each).drop_nulls("label") for each in model_ids}
    keys = ["household_id", "as_of", "label"]
    shared = next(iter(tested.values())).select(keys)
    for rows in tested.values():
        shared = shared.join(rows.select(keys), on=keys, how="semi")
    if shared.is_empty():
        raise UsageError(
            f"{risk}: these models were tested on no row in common", "Train them again on the same records."
        )
    of = {each: rows.join(shared, on=keys, how="semi") for each, rows in tested.items()}
    figures = {
        each: with_subsets(rows.sort("as_of", "household_id"), key=key_of(seed), list_length=list_length)
        for each, rows in of.items()
    }
    days = [day.isoformat() for day in shared["as_of"].unique().sort()]
    return {"risk": risk, "as_of": days, "rows": shared.height, "models": figures}


def promote(home: Home, log: AuditLog, risk: str, model_id: str, *, reason: str, accept: bool) -> dict[str, Any]:
    """Let a kept model serve. One that its gates hold back only if ``accept`` says that a person takes it so.

    Raises UsageError for a model that is not kept, a blank reason, or gates that were not accepted.
    """
    said = _said(reason)
    _known(home, risk, model_id)
    against = [each["en"] for each in held_back(registry.metrics_of(home, risk, model_id))]
    if against and not accept:
        raise UsageError(
            f"{risk}: the gates hold this model back: {'; '.join(against)}",
            "Leave it, or say --accept: what speaks against it is kept beside your reason.",
        )
    with registry.alone(home):
        before = registry.set_serving(home, risk, model_id)
    told = {"risk": risk, "model_id": model_id, "before": before, "reason": said, "against": against}
    log.note("model promoted by a person", "model", told)
    return told


def roll_back(home: Home, log: AuditLog, risk: str, *, reason: str) -> dict[str, Any]:
    """Let the model serve that served before; UsageError where none did, or the reason is blank."""
    said = _said(reason)
    with registry.alone(home):
        was, now = registry.roll_back(home, risk)
    told = {"risk": risk, "model_id": now, "before": was, "reason": said}
    log.note("model rolled back", "model", told)
    return told


def challenge(home: Home, log: AuditLog, risk: str, model_id: str, *, reason: str) -> dict[str, Any]:
    """Let a kept model score every night in the shadow, beside the one that serves; ``none`` ends it."""
    said = _said(reason)
    chosen = None if model_id == NONE else model_id
    if chosen is not None:
        _known(home, risk, chosen)
        if chosen == registry.serving_of(home, risk):
            raise UsageError(
                f"{risk}: {chosen} serves already", "Name another; xunfang models list shows those there are."
            )
    with registry.alone(home):
        registry.set_challenger(home, risk, chosen)
    told = {"risk": risk, "challenger": chosen, "reason": said}
    log.note("model challenges", "model", told)
    return told


def _known(home: Home, risk: str, model_id: str) -> None:
    if model_id not in registry.ids(home, risk):
        raise UsageError(f"{risk}: there is no model {model_id}", "xunfang models list shows those there are.")
    registry.kept_model(home, risk, model_id)


def _said(reason: str) -> str:
    if not reason.strip():
        raise UsageError("--reason is empty", "Say in a sentence why; it is kept for the auditor.")
    return reason.strip()
