"""An experiment: a candidate model beside its baselines on rows that it has not seen, and whether it may serve."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from features.feature import Feature
from features.labels import LabelSpec
from models import baseline, leaks
from models.calibration import Floats
from models.evaluate import with_subsets
from models.keyed import key_of, keyed_hash
from models.risk import RiskModel, matrix
from models.split import Ints, Split, checked, rows_of, temporal_split
from models.training import (
    FEWEST_OF_A_CLASS,
    Settings,
    TooLittleToLearnError,
    cross_fitted,
    require_enough,
    train,
)

Figure = Literal["temporal", "grouped_cv"]
CV_ROWS: Final = 30_000
"""Grouped cross-validation takes a sample of households where one date has more rows than this."""

INNER_FOLDS: Final = 3
"""Folds of the training households on which a candidate is calibrated where no later date can calibrate it."""

BASELINES: Final = {
    "last_status": ("末次已知状态", "the last known status"),
    "income_rule": ("仅看收入的规则", "the income-only rule"),
    "random": ("随机", "chance"),
}
LACKING: Final = {
    "income": ("没有收入来源", "there is no income source"),
    "medical": ("没有医疗来源", "there is no medical source"),
    "event": ("没有生活事件来源", "there is no source of life events"),
    "db_line": ("没有最低生活保障标准", "there is no minimum-living line"),
}

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

Text = Mapping[str, str]


@dataclass(frozen=True)
class Promotion:
    """Whether the model may serve, and every reason for and against in both languages."""

    promoted: bool
    reasons: tuple[Text, ...]

    def to_mapping(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"promoted": self.promoted, "reasons": [dict(reason) for reason in self.reasons]}


@dataclass(frozen=True)
class Experiment:
    """The figures of one risk. With ``unavailable`` (zh, en) there is nothing else to tell, and no promotion.

    ``figure`` says which figure ``candidates`` holds: ``temporal`` (tested on a later date, households return as
    they do in a night) or ``grouped_cv`` (households kept apart, one date). ``grouped_cv`` is the second figure.
    ``tested`` holds the rows of that figure, out of sample: ``TESTED_COLUMNS``, sorted by date and household.
    """

    risk: str
    spec: Mapping[str, Any] | None
    rows: Mapping[str, Any]
    unavailable: Text | None = None
    figure: Figure | None = None
    as_of: Mapping[str, Any] = field(default_factory=dict)
    candidates: Mapping[str, Any] = field(default_factory=dict)
    grouped_cv: Mapping[str, Any] = field(default_factory=dict)
    promotion: Promotion = Promotion(promoted=False, reasons=())
    tested: pl.DataFrame | None = None

    def to_mapping(self) -> dict[str, Any]:
        """The experiment as JSON: ``model, last_status, income_rule, random`` at the top, each with its figures."""
        told: dict[str, Any] = {"risk": self.risk, "spec": self.spec, "rows": dict(self.rows)}
        if self.unavailable is not None:
            return told | {"unavailable": dict(self.unavailable), "promotion": self.promotion.to_mapping()}
        told |= {"figure": self.figure, "as_of": dict(self.as_of), **self.candidates}
        return told | {"grouped_cv": dict(self.grouped_cv), "promotion": self.promotion.to_mapping()}


def run_experiment(
    examples: pl.DataFrame,
    features: Sequence[Feature],
    *,
    risk: str,
    seed: int,
    threads: int = 1,
    spec: LabelSpec | None = None,
    list_length: int | None = None,
    income_ratio: str | None = None,
    lacking: Sequence[str] = (),
    settings: Settings | None = None,
) -> Experiment:
    """Train on past dates, test on the newest with labels, beside the baselines of the same run.

    ``spec`` is the label spec of a poverty label, None for the emergency. ``list_length`` is how many households
    the caseworkers can visit; ``income_ratio`` names the column of income over the line (without it there is no
    income rule); ``lacking`` says what the label would need and the bureau does not have (then the
    examples are not read).

    Where nothing can be learnt the experiment says why in ``unavailable``. A leak raises ``leaks.LeakError``; rows
    of the wrong shape raise ``ExamplesError``.
    """
    start = Experiment(risk, None if spec is None else spec.to_mapping(), rows={})
    if lacking:
        return replace(start, unavailable=_lack(lacking))
    used = model_features(features, spec)
    names = [feature.name for feature in used]
    rows = checked(examples, list(dict.fromkeys([*names, *filter(None, [income_ratio])])))
    start = replace(start, rows=_counted(rows))
    labelled = rows.filter(pl.col("label").is_not_null())
    leaks.check_same_period(used, spec)
    leaks.check_windows(labelled, spec)
    leaks.check_values(labelled, names, same_kind=spec is not None)
    leaks.check_blanks(labelled, names)
    chosen = settings or Settings()
    inner = replace(chosen, folds=INNER_FOLDS)

    def fit(train_rows: pl.DataFrame, calibration: pl.DataFrame | None) -> RiskModel:
        return train(
            train_rows, used, risk=risk, seed=seed, threads=threads, calibration=calibration, settings=inner
        )

    def cross_fit(sample: pl.DataFrame) -> tuple[Ints, Floats, Floats]:
        return cross_fitted(sample, used, seed=seed, threads=threads, settings=chosen)

    measured = _Measured(fit, cross_fit, key_of(seed), list_length, income_ratio, threads)
    try:
        return _measure(start, labelled, measured, chosen.folds)
    except TooLittleToLearnError as little:
        return replace(start, unavailable=_too_little(start.rows, little))


def model_features(features: Sequence[Feature], spec: LabelSpec | None) -> tuple[Feature, ...]:
    """The features that a model may have: those declared as modelled and not barred by the label spec.

    Directions hold for a poverty label. An onset (no spec) has none: the risk is greatest just before a line and
    small beyond it, for who is past the line already cannot cross it.
    """
    barred = () if spec is None else spec.barred
    chosen = tuple(feature for feature in features if feature.modelled and feature.name not in barred)
    return chosen if spec is not None else tuple(replace(feature, direction=0) for feature in chosen)


def promotion(candidates: Mapping[str, Any]) -> Promotion:
    """The model serves if it beats every baseline where it counts.

    That is in average precision, in precision at the length of list (the top 10 % where none is given), and its
    calibrated log loss is lower than that of the last status alone.
    """
    model = candidates["model"]
    at = "precision_at_list" if "precision_at_list" in model else "precision_at_10pct"
    reasons, passed = [], True
    for name, (zh, en) in BASELINES.items():
        if name not in candidates:
            continue
        for figure, figure_zh, figure_en in (
            ("average_precision", "平均精确率", "average precision"),
            (at, "名单长度处的精确率", "precision at list length"),
        ):
            own, other = model[figure], candidates[name][figure]
            better = own is not None and other is not None and own > other
            passed &= better
            reasons.append(_compared((figure_zh, figure_en), (zh, en), own, other, better=better))
    own, other = model["log_loss"], candidates["last_status"]["log_loss"]
    better = own is not None and other is not None and own < other
    reasons.append(
        _compared(("校准后对数损失", "calibrated log loss"), BASELINES["last_status"], own, other, better=better)
    )
    return Promotion(passed and better, tuple(reasons))


@dataclass(frozen=True)
class _Measured:
    """What every candidate is measured with."""

    fit: Callable[[pl.DataFrame, pl.DataFrame | None], RiskModel]
    cross_fit: Callable[[pl.DataFrame], tuple[Ints, Floats, Floats]]
    key: bytes
    list_length: int | None
    income_ratio: str | None
    threads: int

    def scores(
        self, learnt: pl.DataFrame, test: pl.DataFrame, raw: Floats, probability: Floats
    ) -> dict[str, pl.DataFrame]:
        """Score and probability of the test rows by each candidate; ``raw`` and ``probability`` are the model's."""
        own = {"score": raw, "probability": probability}
        given = {"model": pl.DataFrame({"household_id": test["household_id"], **own})}
        given["last_status"] = baseline.last_status(learnt, test)
        if self.income_ratio is not None:
            given["income_rule"] = baseline.income_rule(learnt, test, self.income_ratio)
        given["random"] = baseline.random(learnt, test, self.key)
        facts = test.select("as_of", "label", "status", "unsupported", "weight")
        return {name: pl.concat([scored, facts], how="horizontal") for name, scored in given.items()}

    def figures(self, parts: Sequence[Mapping[str, pl.DataFrame]]) -> dict[str, Any]:
        """The figures of each candidate over all parts."""
        return {
            name: with_subsets(
                pl.concat([part[name] for part in parts]), key=self.key, list_length=self.list_length
            )
            for name in parts[0]
        }


def _tested(parts: Sequence[Mapping[str, pl.DataFrame]]) -> pl.DataFrame:
    return pl.concat([part["model"] for part in parts]).select(TESTED_COLUMNS).sort("as_of", "household_id")


def _measure(start: Experiment, labelled: pl.DataFrame, measured: _Measured, folds: int) -> Experiment:
    require_enough(labelled)
    split = temporal_split(labelled, FEWEST_OF_A_CLASS)
    tested = labelled["as_of"].max() if split is None else split.test
    newest = labelled.filter(pl.col("as_of") == tested)
    require_enough(newest)
    parts = _grouped_cv(newest, measured)
    grouped = measured.figures(parts)
    if split is None:
        as_of = {"folds": folds, "test": str(newest["as_of"][0])}
        return replace(
            start,
            figure="grouped_cv",
            as_of=as_of,
            candidates=grouped,
            grouped_cv=grouped,
            promotion=promotion(grouped),
            tested=_tested(parts),
        )
    later = [_temporal(labelled, split, measured)]
    candidates = measured.figures(later)
    return replace(
        start,
        figure="temporal",
        as_of=_dates(split),
        candidates=candidates,
        grouped_cv=grouped,
        promotion=promotion(candidates),
        tested=_tested(later),
    )


def _temporal(labelled: pl.DataFrame, split: Split, measured: _Measured) -> dict[str, pl.DataFrame]:
    train_rows, calibration, test = rows_of(labelled, split)
    leaks.check_split(train_rows, calibration, split)
    model = measured.fit(train_rows, calibration)
    raw = model.raw(matrix(test, model.feature_names), measured.threads)
    learnt = train_rows if calibration is None else pl.concat([train_rows, calibration])
    return measured.scores(learnt, test, raw, model.calibrator.probability(raw))


def _grouped_cv(rows: pl.DataFrame, measured: _Measured) -> list[dict[str, pl.DataFrame]]:
    """Each fold of households scored by trees grown on the others and calibrated on the others' rows."""
    sample = rows
    if rows.height > CV_ROWS:
        drawn = pl.Series(keyed_hash(rows["fold_group"], measured.key + b"sample"))
        sample = rows.filter(drawn <= drawn.sort()[CV_ROWS - 1])
    fold, raw, probability = measured.cross_fit(sample)
    parts = []
    for number in np.unique(fold):
        held = fold == number
        test, others = sample.filter(pl.Series(held)), sample.filter(pl.Series(~held))
        parts.append(measured.scores(others, test, raw[held], probability[held]))
    return parts


def _counted(rows: pl.DataFrame) -> dict[str, Any]:
    """How many examples there are by date, how many have a label, how many are left out for want of one."""
    by_date = (
        rows.group_by("as_of")
        .agg(examples=pl.len(), null_label=pl.col("label").null_count(), positive=pl.col("label").sum())
        .sort("as_of")
    )
    return {
        "examples": rows.height,
        "labelled": rows.height - rows["label"].null_count(),
        "null_label": rows["label"].null_count(),
        "by_as_of": [{**row, "as_of": str(row["as_of"])} for row in by_date.to_dicts()],
    }


def _dates(split: Split) -> dict[str, Any]:
    calibration = "out_of_fold" if split.calibration is None else str(split.calibration)
    return {"train": [str(day) for day in split.train], "calibration": calibration, "test": str(split.test)}


def _lack(lacking: Sequence[str]) -> Text:
    texts = [LACKING.get(name, (f"缺少 {name}", f"{name} is lacking")) for name in lacking]
    return {
        "zh": "无法形成结果标签：" + "、".join(zh for zh, _ in texts),
        "en": "no outcome can be known: " + ", ".join(en for _, en in texts),
    }


def _too_little(counted: Mapping[str, Any], little: TooLittleToLearnError) -> Text:
    if not counted["labelled"]:
        return {"zh": "还没有任何已知的结果", "en": "no outcome is known yet"}
    return {
        "zh": f"可学习的样本太少（已知结果 {counted['labelled']} 个）",
        "en": f"too little to learn from: {little}",
    }


def _compared(
    figure: tuple[str, str], other: tuple[str, str], own: float | None, against: float | None, *, better: bool
) -> Text:
    zh, en = ("优于", "beats") if better else ("未优于", "does not beat")
    numbers = f"{_shown(own)} : {_shown(against)}"
    return {
        "zh": f"{figure[0]}{zh}{other[0]}（{numbers}）",
        "en": f"{figure[1]} {en} {other[1]} ({numbers})",
    }


def _shown(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"
