import json

import numpy as np
import pytest

from models.calibration import (
    Isotonic,
    Platt,
    calibrate,
    calibrator_from,
    fit_isotonic,
    fit_platt,
    levelled,
    log_loss,
    sigmoid,
)


def drawn(n: int, curve=lambda raw: sigmoid(0.5 * raw - 1.0), seed: int = 1):
    draw = np.random.default_rng(seed)
    raw = draw.normal(scale=2, size=n)
    return raw, draw.random(n) < curve(raw), np.arange(n) % 2 == 0


def test_platt_finds_the_slope_and_intercept_that_made_the_labels():
    raw, label, _ = drawn(40_000)
    platt = fit_platt(raw, label)
    assert platt.slope == pytest.approx(0.5, abs=0.02)
    assert platt.intercept == pytest.approx(-1.0, abs=0.03)


def test_a_score_that_points_the_wrong_way_gives_everybody_the_base_rate():
    raw, label, _ = drawn(2_000)
    platt = fit_platt(-raw, label)
    assert platt.slope == 0
    assert platt.probability(raw)[0] == pytest.approx(label.mean(), abs=0.01)


def test_perfectly_separated_scores_end_in_finite_numbers():
    raw = np.concatenate([np.full(50, -30.0), np.full(50, 30.0)])
    platt = fit_platt(raw, raw > 0)
    assert np.isfinite([platt.slope, platt.intercept]).all()
    probability = platt.probability(raw)
    assert 0 < probability.min() < 0.05
    assert 0.95 < probability.max() < 1


def test_isotonic_rises_and_stays_off_zero_and_one():
    raw, label, _ = drawn(5_000, lambda raw: np.where(raw > 1, 0.9, 0.05))
    isotonic = fit_isotonic(raw, label)
    grid = isotonic.probability(np.linspace(-20, 20, 400))
    assert (np.diff(grid) >= 0).all()
    assert grid[0] > 0
    assert grid[-1] < 1
    assert isotonic.probability(np.array([-3.0, 4.0])) == pytest.approx([0.05, 0.9], abs=0.04)


def test_the_choice_is_platt_for_a_logistic_curve_and_isotonic_for_a_step():
    assert isinstance(calibrate(*drawn(6_000)), Platt)
    assert isinstance(calibrate(*drawn(6_000, lambda raw: np.where(raw > 1, 0.9, 0.05))), Isotonic)


def test_few_positives_take_platt_whatever_the_curve():
    raw, label, half = drawn(600, lambda raw: np.where(raw > 1, 0.9, 0.05))
    assert label.sum() < 200
    assert isinstance(calibrate(raw, label, half), Platt)


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
def test_a_calibrator_survives_json(fit):
    raw, label, _ = drawn(500)
    calibrator = fit(raw, label)
    again = calibrator_from(json.loads(json.dumps(calibrator.to_mapping())))
    assert again == calibrator


def test_log_loss_of_a_certain_mistake_is_finite():
    assert log_loss(np.array([True]), np.array([0.0])) == pytest.approx(27.6, abs=0.1)
    assert log_loss(np.array([True, False]), np.array([0.5, 0.5])) == pytest.approx(np.log(2))


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
@pytest.mark.parametrize("rate", [0.02, 0.3, 0.8])
def test_a_level_moves_every_probability_and_keeps_the_order(fit, rate):
    raw, label, _ = drawn(3_000)
    before = fit(raw, label)
    after = levelled(before, raw, rate)
    assert after.probability(raw).mean() == pytest.approx(rate, abs=1e-9)
    grid = np.linspace(-8, 8, 200)
    moved = after.probability(grid) - before.probability(grid)
    assert (moved * (rate - before.probability(raw).mean()) > 0).all()
    assert (np.diff(after.probability(grid)) >= 0).all()
