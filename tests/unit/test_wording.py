"""Every concept, finding, lane, outcome and source has its words in both languages; figures are said in words."""

import re
from datetime import date

import pytest
from texts_of import texts_in

from features.catalog import FEATURES, by_name
from features.records import KINDS, RELATIONS
from outreach import bands, contact, wording_casework, wording_findings, wording_programmes, wording_reasons
from outreach.drafting import REASONS
from outreach.policy import LANES, OUTCOMES
from outreach.trigger_table import TRIGGERS
from outreach.vocabulary import VERDICTS
from outreach.wording import YUAN, Currency, Text, counted, day, line, money, percent, times
from outreach.wording_findings import EVENTS, Evidence, event_text, gap_text
from outreach.wording_programmes import CHECKS, PROGRAMMES, checks, programme_name
from outreach.wording_reasons import CONCEPTS, UNITS, UNSAID, reason

TABLES = (bands, contact, wording_casework, wording_findings, wording_programmes, wording_reasons)
HAN = re.compile(r"[\u3400-\u9fff]")
NEVER = ("欺诈", "骗保", "骗取", "造假", "风险分", "fraud", "cheat", "risk score", "suspicious", "可疑")
PROTECTED = ("民族", "性别", "宗教", "ethnic", "gender", "religio")


ALL = [
    text for module in TABLES for value in vars(module).values() for text in texts_in(value) if text != Text("", "")
]


def test_every_concept_of_the_catalogue_has_a_reason_text_and_no_text_is_left_over() -> None:
    assert {feature.concept for feature in FEATURES} == set(CONCEPTS)


def test_every_unit_of_the_catalogue_can_be_said_and_no_unit_is_left_over() -> None:
    assert {feature.unit for feature in FEATURES} == set(UNITS)


def test_every_unsaid_column_is_in_the_catalogue() -> None:
    assert {by_name(name).name for name in UNSAID} == UNSAID


def test_every_trigger_has_its_words() -> None:
    assert set(EVENTS) == set(TRIGGERS)


def test_every_lane_outcome_relation_source_verdict_and_reason_for_leaving_out_has_its_words() -> None:
    assert set(wording_casework.LANES) == set(LANES) == set(wording_casework.LANES_OF_THE_REPORT)
    assert set(wording_casework.OUTCOMES) == set(OUTCOMES)
    assert set(wording_casework.RELATIONS) == set(RELATIONS)
    assert set(wording_casework.SOURCES) == set(KINDS)
    assert set(wording_casework.LEFT_OUT) == set(REASONS)
    assert set(wording_programmes.VERDICTS) == set(VERDICTS)


def test_every_text_says_something_in_chinese_and_in_english() -> None:
    assert len(ALL) > 300
    assert [text for text in ALL if not HAN.search(text.zh)] == []
    assert [text for text in ALL if not re.search("[A-Za-z]", text.en) or HAN.search(text.en)] == []


@pytest.mark.parametrize("word", [*NEVER, *PROTECTED])
def test_no_text_blames_anybody_or_names_a_protected_attribute(word: str) -> None:
    assert [text for text in ALL if word in text.zh or word in text.en.lower()] == []


def test_no_programme_has_more_than_five_things_to_verify() -> None:
    assert set(CHECKS) == set(PROGRAMMES)
    assert all(1 <= len(checks(code)) <= 5 for code in [*PROGRAMMES, "XX"])


def test_a_programme_of_a_local_pack_without_words_stands_for_itself() -> None:
    assert programme_name("QX") == Text("QX", "QX")


def test_the_silent_and_the_random_lane_read_alike() -> None:
    assert wording_casework.LANES["silent"] == wording_casework.LANES["random"] == Text("例行走访", "Routine visit")


@pytest.mark.parametrize(
    ("minor", "said"),
    [
        (56_000, "约 560 元"),
        (56_499, "约 560 元"),
        (56_500, "约 570 元"),
        (123_456_700, "约 1,234,570 元"),
        (120, "不到 10 元"),
        (0, "0 元"),
        (-20, "略低于零"),
        (-56_000, "约负 560 元"),
        (float("nan"), "没有记录"),
    ],
)
def test_money_is_rounded_to_tens(minor: float, said: str) -> None:
    assert money(minor, YUAN).zh == said


def test_money_of_another_currency_uses_its_own_units() -> None:
    assert money(56_000, Currency("日元", "yen", 1)) == Text("约 56,000 日元", "about 56,000 yen")


def test_a_line_set_by_rule_is_not_rounded_to_tens() -> None:
    assert line(67_400, YUAN) == Text("674 元", "674 yuan")


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.4712, "约 45%"),
        (0.4751, "约 50%"),
        (0.034, "约 3%"),
        (0.001, "不到 1%"),
        (0.999, "几乎全部"),
        (0.0, "0%"),
    ],
)
def test_shares_are_whole_per_cents(share: float, said: str) -> None:
    assert percent(share).zh == said


def test_a_ratio_above_two_is_said_in_times() -> None:
    assert times(0.62).en == "about 60%"
    assert times(3.4).en == "about 3 times"


def test_counts_are_exact_where_whole_and_about_where_not() -> None:
    assert counted(1, "人", "person", "persons") == Text("1 人", "1 person")
    assert counted(2.4, "人", "person", "persons") == Text("约 2 人", "about 2 persons")


def test_dates_read_as_people_write_them() -> None:
    assert day(date(2026, 11, 21)) == Text("2026年11月21日", "21 November 2026")


@pytest.mark.parametrize("value", [0.0, 1.0, 0.123456789, 3.987654321, None, float("nan")])
def test_no_reason_shows_a_decimal(value: float | None) -> None:
    told = [reason(feature, value, YUAN).fact for feature in FEATURES]
    # a label may name a multiple of a line, such as 1.5; a value may not
    figures = [re.sub(r"1\.5|WHO-40|SDG-2025", "", fact.zh + fact.en) for fact in told]
    assert [each for each in figures if re.search(r"\d\.\d", each)] == []


def test_a_blank_is_said_as_a_blank_and_not_as_zero() -> None:
    told = reason(by_name("income_per_head_12m"), None, YUAN)
    assert told.fact == Text("近12月人均月收入：没有记录", "Income per head, 12 months: nothing on record")


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0.24, "相当于当地收入中位数的约 25%", "about 25% of the local median income"),
        (0.0, "无", "none"),
        (-0.3, "亏损，相当于当地收入中位数的约 30%", "a loss of about 30% of the local median income"),
    ],
)
def test_a_kind_of_income_is_said_beside_the_local_median(value: float, zh: str, en: str) -> None:
    told = reason(by_name("business_to_median_12m"), value, YUAN)
    assert told.fact.zh == f"经营净收入（按家庭人口折算）：{zh}"
    assert told.fact.en == f"Net business income, by size of household: {en}"


def test_marital_status_is_never_said() -> None:
    told = reason(by_name("head_is_divorced"), 1.0, YUAN)
    assert told.fact == CONCEPTS["composition"].general


def test_an_event_says_when_and_how_much() -> None:
    said = event_text("EV-MED4", date(2026, 11, 9), Evidence("EV-MED4", 4_632_100, 1_800_000), YUAN)
    assert said.zh == "自付医疗费超过家庭收入能承受的程度（2026年11月）：自付约 46,320 元（提示线约 18,000 元）"


@pytest.mark.parametrize("code", sorted(EVENTS))
@pytest.mark.parametrize("evidence", [Evidence(), Evidence("x", 3.0, 2.0), Evidence("x", 3.0)])
def test_every_event_can_be_said_with_and_without_figures(code: str, evidence: Evidence) -> None:
    for happened_on in (date(2026, 11, 9), None):
        said = event_text(code, happened_on, evidence, YUAN)
        assert EVENTS[code].said.zh in said.zh
        assert "{" not in said.zh + said.en
        assert "None" not in said.zh + said.en


def test_a_gap_says_how_sure_the_records_are_and_the_figure_behind_it() -> None:
    evidence = Evidence("pc_income", 39_650, 56_000)
    assert gap_text("DB", True, evidence, YUAN).zh == (
        "按现有记录符合最低生活保障（低保），但没有发放记录（家庭月人均收入 约 400 元，标准 560 元）"
    )
    assert gap_text("GL", False, Evidence(), YUAN).en == "may qualify for old-age allowance, none on record"
