"""Calibration: from a model's raw score (log-odds) to a probability that means what it says.

A calibrator is fitted on rows that the model has not learnt from, and never scores the rows that it was fitted on.
Sums run in the order of the rows on one thread, so the same rows give the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STEPS: Final = 100
SMALLEST: Final = 1e-12
ISOTONIC_POSITIVES: Final = 200
"""Isotonic regression needs as many positives and negatives as this, else Platt scaling is taken."""

ISOTONIC_GAIN: Final = 0.995
"""It must bring the cross-fitted log loss down to this share of Platt's: a tie goes to the simpler one."""


@dataclass(frozen=True)
class Platt:
    """Probability = 1 / (1 + exp(-(slope × raw + intercept))); the slope is never negative."""

    slope: float
    intercept: float

    def probability(self, raw: Floats) -> Floats:
        """The probability of each raw score."""
        return sigmoid(self.slope * raw + self.intercept)

    def to_mapping(self) -> dict[str, Any]:
        """Plain values for the model's file."""
        return {"kind": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True)
class Isotonic:
    """Straight lines between the centres of the blocks of an isotonic regression, level beyond the ends."""

    raw: tuple[float, ...]
    rate: tuple[float, ...]

    def probability(self, raw: Floats) -> Floats:
        """The probability of each raw score."""
        return np.asarray(np.interp(raw, np.array(self.raw), np.array(self.rate)), dtype=np.float64)

    def to_mapping(self) -> dict[str, Any]:
        """Plain values for the model's file."""
        return {"kind": "isotonic", "raw": list(self.raw), "rate": list(self.rate)}


Calibrator = Platt | Isotonic


def calibrator_from(mapping: Mapping[str, Any]) -> Calibrator:
    """The calibrator that ``to_mapping`` wrote; raises ``KeyError`` or ``ValueError`` on anything else."""
    if mapping["kind"] == "platt":
        return Platt(float(mapping["slope"]), float(mapping["intercept"]))
    if mapping["kind"] == "isotonic":
        return Isotonic(tuple(map(float, mapping["raw"])), tuple(map(float, mapping["rate"])))
    raise ValueError("a calibrator is of kind platt or isotonic")


def sigmoid(raw: Floats) -> Floats:
    """1 / (1 + exp(-raw)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -raw))


def log_loss(label: Bools, probability: Floats) -> float:
    """Mean negative log-likelihood; probabilities are held off 0 and 1 by 1e-12."""
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return float(-np.mean(np.where(label, np.log(p), np.log1p(-p))))


def calibrate(raw: Floats, label: Bools, half: Bools) -> Calibrator:
    """The calibrator of these rows: Platt, or isotonic where it is better across the two halves.

    ``half`` splits the rows by household, so that the choice is made on households that neither was fitted on.
    """
    enough = min(int(label.sum()), int((~label).sum())) >= ISOTONIC_POSITIVES
    if enough and half.any() and not half.all():
        losses = {
            fit: np.mean(
                [
                    log_loss(label[~part], fit(raw[part], label[part]).probability(raw[~part]))
                    for part in (half, ~half)
                ]
            )
            for fit in (fit_platt, fit_isotonic)
        }
        if losses[fit_isotonic] < ISOTONIC_GAIN * losses[fit_platt]:
            return fit_isotonic(raw, label)
    return fit_platt(raw, label)


def levelled(calibrator: Calibrator, raw: Floats, rate: float) -> Calibrator:
    """The calibrator with its log-odds moved alike, so that the mean probability of these rows is ``rate``.

    A season or a hard month moves how often something happens on one date; what a score is worth beside another
    moves much less. ``rate`` lies between 0 and 1; the move is at most 20 log-odds.
    """
    from scipy.optimize import brentq

    def too_much(by: float) -> float:
        return float(np.mean(_moved(calibrator, by).probability(raw))) - rate

    return _moved(calibrator, float(brentq(too_much, -20.0, 20.0, xtol=1e-12)))


def fit_platt(raw: Floats, label: Bools) -> Platt:
    """Platt scaling with smoothed targets, by Newton's method with halved steps (Platt 1999, Lin et al. 2007)."""
    positives, negatives = float(label.sum()), float((~label).sum())
    target = np.where(label, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    slope, intercept = 1.0, 0.0
    loss = _cross_entropy(raw, target, slope, intercept)
    for _ in range(STEPS):
        p = sigmoid(slope * raw + intercept)
        w = np.maximum(p * (1 - p), SMALLEST)
        g_slope, g_intercept = float(np.sum((p - target) * raw)), float(np.sum(p - target))
        h_ss, h_si, h_ii = float(np.sum(w * raw * raw)) + SMALLEST, float(np.sum(w * raw)), float(np.sum(w))
        determinant = h_ss * h_ii - h_si * h_si + SMALLEST
        d_slope = (h_ii * g_slope - h_si * g_intercept) / determinant
        d_intercept = (h_ss * g_intercept - h_si * g_slope) / determinant
        step = 1.0
        while step > 1e-6:
            new = _cross_entropy(raw, target, slope - step * d_slope, intercept - step * d_intercept)
            if new <= loss:
                break
            step /= 2
        else:
            break
        slope, intercept = slope - step * d_slope, intercept - step * d_intercept
        if loss - new < 1e-12 * max(1.0, abs(loss)):
            break
        loss = new
    if slope <= 0 or not np.isfinite(slope):
        rate = float(target.mean())
        return Platt(0.0, float(np.log(rate / (1 - rate))))
    return Platt(slope, intercept)


def fit_isotonic(raw: Floats, label: Bools) -> Isotonic:
    """Isotonic regression; each block stands at its mean raw score with its rate, smoothed off 0 and 1."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(raw, kind="stable")
    fitted = isotonic_regression(label[order].astype(np.float64))
    starts = fitted.blocks
    sizes = np.diff(starts)
    centres = np.add.reduceat(raw[order], starts[:-1]) / sizes
    hits = np.add.reduceat(label[order].astype(np.int64), starts[:-1])
    rates = np.maximum.accumulate((hits + 0.5) / (sizes + 1.0))
    keep = np.append(True, np.diff(centres) > 0)
    return Isotonic(tuple(map(float, centres[keep])), tuple(map(float, rates[keep])))


def _moved(calibrator: Calibrator, by: float) -> Calibrator:
    if isinstance(calibrator, Platt):
        return Platt(calibrator.slope, calibrator.intercept + by)
    rates = np.clip(np.array(calibrator.rate), SMALLEST, 1 - SMALLEST)
    odds = np.log(rates) - np.log1p(-rates)
    return Isotonic(calibrator.raw, tuple(map(float, sigmoid(odds + by))))


def _cross_entropy(raw: Floats, target: Floats, slope: float, intercept: float) -> float:
    z = slope * raw + intercept
    return float(np.sum(np.logaddexp(0.0, z) - target * z))
