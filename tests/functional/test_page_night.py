"""The report of a night: what it is for, six numbers, sources, figures, suppressed counts, both languages."""

import re
from dataclasses import replace
from typing import Any

import pytest

from engine.confirmed import _reasons
from engine.nights import SixNumbers
from engine.report import CONTENDERS, LIMITS, POPULATIONS, PURPOSE, SIX, NightReport, human_part, night_page, shown
from outreach.wording import Text
from outreach.wording_casework import NO_MODEL, WHOM_TO_OBJECT
from outreach.wording_night import ASKED_BY, NO_GATE, NO_VISITS, NOT_THE_SAME, NOTHING_OVERRIDDEN

NUMBERS = SixNumbers(read=1_234_567, quarantined=3, scored=11_450, listed=96, sent=8, answered=0)
MANIFEST: dict[str, Any] = {
    "business_date": "2026-11-21",
    "held_reason": None,
    "code_version": "0.1.0",
    "deliveries": ["D1", "D2"],
    "input_sha256": "a" * 64,
    "policy_sha256": "b" * 64,
    "programmes": "sw-county-2025",
    "models": {"relative_poverty": "rp-20261101"},
    "lacks": {"utility": "no agreement yet"},
    "sources": [
        {
            "name": "income",
            "rows": 250_000,
            "accepted": 249_990,
            "quarantined": 10,
            "match_rate": 0.987,
            "last_known_on": "2026-11-20",
            "months": ["2024-11", "2026-10"],
        },
        {
            "name": "kin",
            "rows": 0,
            "accepted": 0,
            "quarantined": 0,
            "match_rate": None,
            "last_known_on": None,
            "months": None,
        },
    ],
    "lanes": {"urgent": 3, "gap": 42, "random": 12},
    "left_out": {"cool_down": 7, "below_capacity": 11_353},
}


def figures(n: int = 11_450, positives: int = 1_800) -> dict[str, Any]:
    return {
        "n": n,
        "positives": positives,
        "base_rate": 0.1572,
        "auc": 0.87654,
        "average_precision": 0.61234,
        "log_loss": 0.34567,
        "precision_at_10pct": 0.7321,
        "recall_at_10pct": 0.4654,
    }


def experiment(positives: int = 1_800) -> dict[str, Any]:
    whole = {**figures(), "entry": figures(9_000, 400), "unsupported": figures(8_003, positives)}
    return {"model": whole, "last_status": whole, "promotion": {"promoted": True, "reasons": []}}


def report(**changed: Any) -> NightReport:
    return NightReport({**MANIFEST, **changed}, NUMBERS, {"relative_poverty": experiment()})


def said(made: NightReport) -> str:
    return night_page(made).decode("utf-8")


def rows_of(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", page, flags=re.S)
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows
    ]


@pytest.mark.parametrize("text", [*PURPOSE, *LIMITS, WHOM_TO_OBJECT, *SIX.values()])
def test_the_report_says_in_both_languages_what_it_is_and_is_not(text: Text) -> None:
    page = said(report())
    assert text.zh in page
    assert text.en in page


def test_the_six_numbers_are_exact() -> None:
    assert re.findall(r"<b>([\d,]+)</b>", said(report())) == ["1,234,567", "3", "11,450", "96", "8", "0"]


def test_every_source_says_its_rows_and_how_fresh_it_is() -> None:
    rows = {row[0]: row[1:] for row in rows_of(said(report())) if row}
    assert rows["收入income"] == [
        "250,000",
        "249,990",
        "10",
        "99%",
        "2026年11月20日20 November 2026",
        "1",
        "2024-11 – 2026-10",
    ]
    assert rows["法定赡养关系duties of support"][4] == "未知unknown"


def test_a_source_that_is_not_delivered_is_named_with_its_reason() -> None:
    assert "no agreement yet" in said(report())


@pytest.mark.parametrize(
    ("count", "text"), [(0, "≤ 7"), (7, "≤ 7"), (8, "10"), (12, "10"), (13, "15"), (42, "40"), (11_353, "11,355")]
)
def test_small_counts_are_suppressed_and_others_rounded_to_five(count: int, text: str) -> None:
    assert shown(count) == text


def test_lanes_and_reasons_for_leaving_out_are_suppressed_counts() -> None:
    rows = {row[0]: row[1] for row in rows_of(said(report())) if len(row) == 2}
    assert rows["紧急：24 小时内Urgent: within 24 hours"] == "≤ 7"
    assert rows["随机抽取Drawn at random"] == "10"
    assert rows["近期已走访Visited recently"] == "≤ 7"
    assert "11,353" not in said(report())


def test_the_model_stands_beside_its_baselines_on_every_population() -> None:
    rows = [row for row in rows_of(said(report())) if len(row) == 9][1:]
    assert len(rows) == 2 * len(POPULATIONS)
    model = CONTENDERS["model"].zh + CONTENDERS["model"].en
    assert rows[0] == ["全部家庭everybody", model, "11,450", "16%", "73%", "47%", "0.877", "0.612", "0.346"]


def test_figures_of_a_handful_are_not_shown() -> None:
    made = NightReport(MANIFEST, NUMBERS, {"relative_poverty": experiment(positives=7)})
    unsupported = [row for row in rows_of(said(made)) if "unsupported" in row[0]]
    assert all(row[3:] == ["–"] * 6 for row in unsupported)
    assert unsupported


def test_a_risk_that_cannot_be_learnt_says_why() -> None:
    why = {"unavailable": {"zh": "没有医疗来源", "en": "there is no medical source"}, "promotion": {}}
    page = said(NightReport(MANIFEST, NUMBERS, {"emergency": why}))
    assert "没有医疗来源" in page
    assert "there is no medical source" in page


def test_a_night_without_a_model_says_so_and_calls_the_figures_a_candidates() -> None:
    assert NO_MODEL.zh in said(report(models={}))
    assert "not in use" in said(report(models={}))
    assert NO_MODEL.zh not in said(report())
    assert "not in use" not in said(report())


def test_figures_of_a_later_training_that_was_not_promoted_are_a_candidates() -> None:
    used = MANIFEST["models"]["relative_poverty"]
    for model_id, candidate in ((used, False), ("another", True), (None, True)):
        trained = {"relative_poverty": {**experiment(), "model_id": model_id}}
        assert ("not in use" in said(NightReport(MANIFEST, NUMBERS, trained))) is candidate


def test_a_held_night_says_why() -> None:
    assert "&lt;b&gt;too long" in said(report(held_reason="<b>too long"))


def test_what_changed_since_the_night_before_is_named() -> None:
    before = {**MANIFEST, "business_date": "2026-11-20", "deliveries": ["D1"], "policy_sha256": "c" * 64}
    page = said(NightReport(MANIFEST, NUMBERS, previous=before))
    assert "20 November 2026" in page
    assert "the drafting policy has changed" in page
    assert "1 new delivery" in page
    assert "another model" not in page


def test_the_first_night_has_nothing_to_compare_with() -> None:
    assert "This is the first night" in said(report())


def test_the_report_loads_nothing() -> None:
    assert not re.search(r"https?:|url\(|@import|src=|<script", said(report()))


def test_the_same_night_gives_the_same_page() -> None:
    assert night_page(report()) == night_page(report())


def test_the_manifest_part_is_plain_and_in_both_languages() -> None:
    part = human_part(report(models={}))
    assert part["six_numbers"]["scored"] == 11_450
    assert part["notices"] == [{"zh": NO_MODEL.zh, "en": NO_MODEL.en}]
    assert all(set(each) == {"zh", "en"} for each in part["purpose"])


GATE = {"verdict": "held", "reasons": [{"zh": "某人群被漏掉", "en": "a group is missed"}]}
CONFIRMED = {
    "all": {"answered": 60, "confirmed": 42},
    "bands": [
        {"risk": "relative_poverty", "band": "very_high", "answered": 40, "confirmed": 33, "expected": 0.72},
        {"risk": "relative_poverty", "band": "medium", "answered": 6, "confirmed": 5, "expected": 0.2},
    ],
}
OVERRIDES = [
    {"action": "lists released", "reason": "the new hospital explains it", "count": 1},
    {"action": "outcome taken back", "reason": None, "count": 3},
    {"action": "items taken off", "reason": "opted_out", "count": 4},
]


def test_before_any_visit_nothing_is_said_of_how_many_are_in_need() -> None:
    page = said(report())
    assert NO_VISITS.zh in page
    assert NO_VISITS.en in page
    assert "visits with an answer" not in page


def test_of_a_hundred_suggested_the_report_says_how_many_were_confirmed_beside_what_the_model_said() -> None:
    page = said(replace(report(), confirmed=CONFIRMED))
    assert "of those suggested: of 100 visits with an answer, about 70 found need (95 % interval 57 to 80" in page
    assert "很高：每 100 户有结论的走访中，约 82 户核实有需要" in page
    assert "the model said about 72" in page
    assert "medium: ≤ 7 visits with an answer: too few for a share" in page
    assert NOT_THE_SAME.en in page


def test_the_report_says_whether_groups_are_missed_and_what_people_overrode() -> None:
    experiments = {"relative_poverty": {**experiment(), "fairness_gate": GATE}}
    page = said(replace(report(), experiments=experiments, overrides=OVERRIDES))
    assert "held: a group is found too seldom, beyond doubt" in page
    assert "某人群被漏掉" in page
    assert "lists were released by a person: the new hospital explains it" in page
    assert "an outcome of a visit was taken back × 3" in page
    assert "Taken off: opted out: ≤ 7" in page
    plain = said(report())
    assert NOTHING_OVERRIDDEN.en in plain
    assert NO_GATE.en in plain


def test_a_reason_is_told_only_of_lists_data_and_models_and_not_where_it_names_somebody() -> None:
    for action, reason, told in (
        ("lists released", "the new hospital explains it", "the new hospital explains it"),
        ("lists released", "as agreed with 13800000000", None),
        ("objection upheld", "the household is right", None),
        ("outcome taken back", "the wrong household", None),
    ):
        assert list(_reasons(action, {"reason": reason})) == [(action, told)]
    taken_off = {"items": {"1": "opted_out", "2": "moved"}}
    assert [reason for _, reason in _reasons("items taken off", taken_off)] == ["opted_out", "moved"]


def test_a_night_is_compared_with_the_one_before() -> None:
    before = {**MANIFEST, "business_date": "2026-11-20", "lanes": {"urgent": 3, "gap": 30, "random": 12}}
    page = said(replace(report(), previous=before))
    assert "57 households listed, 45 the night before" in page
    assert "May be missing a programme 30 → 40" in page
    assert "Drawn at random" not in page.split("What changed")[1].split("</section>")[0]
    assert "nothing newer from: income" in page


def test_every_part_names_the_standards_that_ask_for_it_in_the_order_of_the_page() -> None:
    page = said(report())
    places = [page.index(text.en) for text in ASKED_BY.values()]
    assert places == sorted(places)
