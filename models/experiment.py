"""An experiment: a candidate model beside its baselines on rows that it has not seen, and whether it may serve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import polars as pl

from features.feature import Feature
from features.labels import LabelSpec
from models import leaks
from models.candidates import Candidates, rows_tested
from models.choice import choose
from models.promotion import Promotion, Text, over_time, promotion
from models.split import Split, checked, temporal_splits
from models.training import FEWEST_OF_A_CLASS, Settings, TooLittleToLearnError, require_enough

Figure = Literal["temporal", "grouped_cv"]
MOST_TEST_DATES: Final = 3

LACKING: Final = {
    "income": ("没有收入来源", "there is no income source"),
    "medical": ("没有医疗来源", "there is no medical source"),
    "event": ("没有生活事件来源", "there is no source of life events"),
    "db_line": ("没有最低生活保障标准", "there is no minimum-living line"),
}


@dataclass(frozen=True)
class Experiment:
    """The figures of one risk. With ``unavailable`` (zh, en) there is nothing else to tell, and no promotion.

    ``figure`` says which figure ``candidates`` holds: ``temporal`` (tested on a later date, households return as
    they do in a night) or ``grouped_cv`` (households kept apart, one date). ``grouped_cv`` is the second figure;
    of the waves of a survey it takes all dates together, each household with all its dates in one fold.
    ``by_date`` holds the figures of every date that was tested on, ``choice`` which settings were chosen and why.
    ``tested`` holds the rows of that figure, out of sample, by date and household (``candidates.TESTED_COLUMNS``).
    """

    risk: str
    spec: Mapping[str, Any] | None
    rows: Mapping[str, Any]
    unavailable: Text | None = None
    figure: Figure | None = None
    as_of: Mapping[str, Any] = field(default_factory=dict)
    candidates: Mapping[str, Any] = field(default_factory=dict)
    grouped_cv: Mapping[str, Any] = field(default_factory=dict)
    promotion: Promotion = field(default_factory=lambda: Promotion(promoted=False, reasons=()))
    by_date: Mapping[str, Any] = field(default_factory=dict)
    choice: Mapping[str, Any] = field(default_factory=dict)
    settings: Settings | None = None
    tested: pl.DataFrame | None = None

    def to_mapping(self) -> dict[str, Any]:
        """The experiment as JSON: ``model`` and its baselines at the top, each with its figures."""
        told: dict[str, Any] = {"risk": self.risk, "spec": self.spec, "rows": dict(self.rows)}
        if self.unavailable is not None:
            return told | {"unavailable": dict(self.unavailable), "promotion": self.promotion.to_mapping()}
        told |= {"figure": self.figure, "as_of": dict(self.as_of), **self.candidates}
        told |= {"by_date": dict(self.by_date), "choice": dict(self.choice)}
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
    trials: int = 0,
) -> Experiment:
    """Train on past dates, test on the newest with labels, beside the baselines of the same run.

    Several later dates are tested on, each under the embargo of its own day; the figures at the top are those of
    the newest, the promotion rests on the mean of all. With ``trials`` other settings of the trees are tried on
    rows from before every test date. One date alone is no place to choose on: there the settings stay as they are.

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
    candidates = Candidates(used, risk, seed, threads, list_length, income_ratio)
    try:
        return _measure(start, labelled, candidates, settings or Settings(), trials)
    except TooLittleToLearnError as little:
        return replace(start, unavailable=_too_little(start.rows, little))


def model_features(features: Sequence[Feature], spec: LabelSpec | None) -> tuple[Feature, ...]:
    """The features that a model may have: those declared as modelled and not barred by the label spec.

    Directions hold for a poverty label, which so cannot have a column that losses move and no direction binds
    (``Feature.no_direction``). An onset (no spec) has none: the risk is greatest just before a line and
    small beyond it, for who is past the line already cannot cross it.
    """
    barred = () if spec is None else spec.barred
    chosen = tuple(feature for feature in features if feature.modelled and feature.name not in barred)
    if spec is None:
        return tuple(replace(feature, direction=0) for feature in chosen)
    return tuple(feature for feature in chosen if feature.no_direction is None)


def _measure(
    start: Experiment, labelled: pl.DataFrame, candidates: Candidates, standard: Settings, trials: int
) -> Experiment:
    require_enough(labelled)
    splits = temporal_splits(labelled, FEWEST_OF_A_CLASS, MOST_TEST_DATES)
    newest = labelled.filter(pl.col("as_of") == (splits[-1].test if splits else labelled["as_of"].max()))
    require_enough(newest)
    if not splits:
        parts = candidates.out_of_fold(newest, standard)
        grouped = candidates.figures(parts)
        return replace(
            start,
            figure="grouped_cv",
            as_of={"folds": standard.folds, "test": str(newest["as_of"][0])},
            candidates=grouped,
            grouped_cv=grouped,
            promotion=promotion(grouped),
            settings=standard,
            tested=rows_tested(parts),
        )
    of_waves = start.spec is not None and start.spec["kind"] == "at-horizon"
    everybody = labelled if of_waves else newest  # a survey's waves hold few people: all its dates together
    choice = choose(labelled, splits, candidates, standard, trials)
    by_date = {str(split.test): figures for split, figures in zip(splits, choice.by_date, strict=True)}
    return replace(
        start,
        figure="temporal",
        as_of=_dates(splits[-1]),
        candidates=choice.by_date[-1],
        by_date=by_date,
        grouped_cv=candidates.figures(candidates.out_of_fold(everybody, choice.settings)),
        promotion=promotion(over_time(choice.by_date)),
        choice=choice.to_mapping(),
        settings=choice.settings,
        tested=rows_tested(choice.parts),
    )


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
