import pytest
from model_examples import DATES, FEATURES, make_examples

from features.labels import COUNTY
from models.card import card
from models.experiment import Experiment, run_experiment
from models.training import Settings, train

QUICK = Settings(rounds=20, min_data_in_leaf=20)


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return run_experiment(
        make_examples(600), FEATURES, risk="relative_poverty", seed=1, settings=QUICK, spec=COUNTY, list_length=30
    )


def test_the_card_says_what_the_model_is_for_and_what_it_must_not_decide(experiment):
    told = card(experiment)
    for part in ("走访", "order in which caseworkers visit", "不得", "never the sole ground", "not eligibility"):
        assert part in told


def test_the_card_shows_every_candidate_for_everybody_entry_and_unsupported(experiment):
    told = card(experiment)
    for subset in ("everybody", "entry", "unsupported"):
        rows = [line for line in told.splitlines() if line.startswith("| ") and subset in line]
        assert len(rows) == 2 * 5  # model, last status, best column, logistic, chance; temporal and grouped
    assert f"{experiment.candidates['model']['auc']:.3f}" in told
    assert f"{experiment.grouped_cv['model']['entry']['log_loss']:.3f}" in told
    assert "1,800 examples" in told
    assert all(reason["zh"] in told and reason["en"] in told for reason in experiment.promotion.reasons)


def test_a_model_that_may_not_serve_is_called_that(experiment):
    head = "May serve" if experiment.promotion.promoted else "May not serve"
    assert head in card(experiment)


def test_the_card_names_what_the_served_model_learnt_from(experiment):
    model = train(make_examples(600, DATES[:1]), FEATURES, risk="relative_poverty", seed=1, settings=QUICK)
    assert "7 columns, 600 rows" in card(experiment, model)


def test_without_figures_the_card_says_why():
    lacking = run_experiment(
        make_examples(10), FEATURES, risk="emergency", seed=1, lacking=("medical",), list_length=30
    )
    told = card(lacking)
    assert "there is no medical source" in told
    assert "没有医疗来源" in told
    assert "AUC" not in told


def test_the_card_names_the_sources_whose_days_of_knowledge_are_assumed(experiment):
    assert "首次导入" not in card(experiment)
    told = card(experiment, assumed=[("收入", "income"), ("就业", "employment")])
    assert "首次导入，知悉日期为推定：收入、就业。" in told
    assert "First load; the days of knowledge are assumed: income, employment." in told
