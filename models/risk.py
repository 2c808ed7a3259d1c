"""A trained risk model: what it scores, why, and how it is kept.

Raw scores are log-odds before calibration. Reasons are TreeSHAP contributions in log-odds (Lundberg et al. 2020) as
LightGBM computes them; they add to the raw score.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Self

import numpy as np
import polars as pl

from models.calibration import Calibrator, Floats, calibrator_from
from models.peers import filled, peer_medians

FORMAT: Final = 1
TEXT_FILE: Final = "model.txt"
FACTS_FILE: Final = "model.json"
MOST_REASONS: Final = 4
BLOCK: Final = 50_000
"""Households that are scored at once: memory does not grow with the population."""


class RiskModelError(ValueError):
    """Columns that the model cannot take, or model files that are not whole; the message says the way out."""


@dataclass(frozen=True)
class RiskModel:
    """A booster with its calibrator, the names and concepts of its columns, its label spec and what it learnt from.

    ``about`` holds plain values for the card: as-of dates, rows, positives, seed, settings.
    """

    risk: str
    feature_names: tuple[str, ...]
    concepts: tuple[str, ...]
    spec: Mapping[str, Any] | None
    calibrator: Calibrator
    text: str
    about: Mapping[str, Any]

    def score(
        self,
        columns: pl.DataFrame,
        groups: pl.DataFrame | None = None,
        medians: pl.DataFrame | None = None,
        threads: int = 1,
    ) -> pl.DataFrame:
        """``household_id, raw, probability, priority``, sorted by household.

        ``priority`` is the greater of the probability and the probability with the peers' medians in the places of
        the blanks: a blank is never good news. Peers share area kind, age band and household type, as far as
        ``columns`` or ``groups`` (by ``household_id``) have them; ``medians`` are those of the whole population
        (``peers.peer_medians``) where ``columns`` is only a part of it.
        """
        ordered = columns if columns["household_id"].is_sorted() else columns.sort("household_id")
        parts = []
        for start in range(0, max(ordered.height, 1), BLOCK):
            block = ordered.slice(start, BLOCK)
            x = matrix(block, self.feature_names)
            raw = self.raw(x, threads)
            probability = self.calibrator.probability(raw)
            priority = probability.copy()
            blank = np.isnan(x).any(axis=1)
            if blank.any():
                if medians is None:
                    medians = peer_medians(columns, self.feature_names, groups)
                full = filled(block.filter(pl.Series(blank)), self.feature_names, medians, groups)
                other = self.calibrator.probability(self.raw(matrix(full, self.feature_names), threads))
                priority[blank] = np.maximum(probability[blank], other)
            scored = {"raw": raw, "probability": probability, "priority": priority}
            parts.append(pl.DataFrame({"household_id": block["household_id"], **scored}))
        return pl.concat(parts)

    def contributions(self, columns: pl.DataFrame, threads: int = 1) -> pl.DataFrame:
        """``household_id``, one column per feature, and ``base``: log-odds that add to ``raw`` to 1e-9."""
        ordered = columns.sort("household_id")
        parts = self._parts(matrix(ordered, self.feature_names), threads)
        named = {name: parts[:, n] for n, name in enumerate((*self.feature_names, "base"))}
        return pl.DataFrame({"household_id": ordered["household_id"], **named})

    def reasons(self, columns: pl.DataFrame, threads: int = 1, most: int = MOST_REASONS) -> pl.DataFrame:
        """``household_id, position (1 …), concept, contribution (log-odds), feature, value``.

        Contributions are summed over each concept; only concepts that raise the risk are reasons, the strongest
        first, a tie by the concept's name. ``feature`` is the strongest column of the concept, ``value`` what the
        household has there (null = not known).
        """
        ordered = columns.sort("household_id")
        x = matrix(ordered, self.feature_names)
        parts = self._parts(x, threads)[:, :-1]
        names = sorted(set(self.concepts))
        of_concept = [[n for n, concept in enumerate(self.concepts) if concept == name] for name in names]
        sums = np.column_stack([parts[:, members].sum(axis=1) for members in of_concept])
        strongest = np.column_stack([np.array(members)[parts[:, members].argmax(axis=1)] for members in of_concept])
        best = np.argsort(-sums, axis=1, kind="stable")[:, :most]
        row = np.repeat(np.arange(len(x)), best.shape[1])
        concept = best.ravel()
        feature = strongest[row, concept]
        found = pl.DataFrame(
            {
                "household_id": ordered["household_id"].gather(row),
                "position": np.tile(np.arange(1, best.shape[1] + 1), len(x)),
                "concept": pl.Series(names, dtype=pl.String).gather(concept),
                "contribution": sums[row, concept],
                "feature": pl.Series(self.feature_names, dtype=pl.String).gather(feature),
                "value": x[row, feature],
            }
        )
        return found.filter(pl.col("contribution") > 0).with_columns(pl.col("value").fill_nan(None))

    def raw(self, x: Floats, threads: int = 1) -> Floats:
        """Raw scores of a matrix with the model's columns."""
        if not len(x):
            return np.zeros(0)
        return np.asarray(self._booster.predict(x, raw_score=True, num_threads=threads), dtype=np.float64)

    def to_files(self) -> dict[str, bytes]:
        """The model as two files, the same bytes for the same model."""
        text = self.text.encode()
        facts = {
            "format": FORMAT,
            "risk": self.risk,
            "features": list(self.feature_names),
            "concepts": list(self.concepts),
            "spec": None if self.spec is None else dict(self.spec),
            "calibrator": self.calibrator.to_mapping(),
            "about": dict(self.about),
            "text_sha256": sha256(text).hexdigest(),
        }
        return {
            TEXT_FILE: text,
            FACTS_FILE: json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False).encode(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that ``to_files`` wrote; raises ``RiskModelError`` where a file is missing or was altered."""
        missing = sorted({TEXT_FILE, FACTS_FILE} - set(files))
        if missing:
            raise RiskModelError(f"model: {', '.join(missing)} is missing; train again or restore the folder")
        try:
            facts = json.loads(files[FACTS_FILE])
            if facts["format"] != FORMAT:
                raise RiskModelError("model: made by another version of the program; train again")
            if facts["text_sha256"] != sha256(files[TEXT_FILE]).hexdigest():
                raise RiskModelError(
                    f"model: {TEXT_FILE} was altered since training; restore the folder or train again"
                )
            return cls(
                risk=facts["risk"],
                feature_names=tuple(facts["features"]),
                concepts=tuple(facts["concepts"]),
                spec=facts["spec"],
                calibrator=calibrator_from(facts["calibrator"]),
                text=files[TEXT_FILE].decode(),
                about=facts["about"],
            )
        except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError):
            raise RiskModelError(f"model: {FACTS_FILE} cannot be read; restore the folder or train again") from None

    @cached_property
    def _booster(self) -> Any:
        return booster_of(self.text)

    def _parts(self, x: Floats, threads: int) -> Floats:
        if not len(x):
            return np.zeros((0, len(self.feature_names) + 1))
        parts = self._booster.predict(x, pred_contrib=True, num_threads=threads)
        return np.asarray(parts, dtype=np.float64).reshape(len(x), len(self.feature_names) + 1)


def booster_of(text: str) -> Any:
    """A LightGBM booster from its text."""
    from lightgbm import Booster

    return Booster(model_str=text)


def matrix(columns: pl.DataFrame, names: Sequence[str]) -> Floats:
    """The named columns as a matrix, null as NaN.

    Raises ``RiskModelError`` on a column that is missing, not Float64 (anything else can abort LightGBM's whole
    process), or infinite.
    """
    missing = [name for name in names if name not in columns.columns]
    if missing:
        raise RiskModelError(
            f"the model needs the column(s) {', '.join(missing)}; it was made with another catalogue"
        )
    schema = columns.schema
    wrong = [name for name in names if schema[name] != pl.Float64]
    if wrong:
        raise RiskModelError(f"feature columns must be Float64: {', '.join(wrong)}")
    x = columns.select(names).to_numpy(order="c")
    infinite = [name for name, found in zip(names, np.isinf(x).any(axis=0), strict=True) if found]
    if infinite:
        raise RiskModelError(f"feature columns hold infinite values: {', '.join(infinite)}")
    return x
