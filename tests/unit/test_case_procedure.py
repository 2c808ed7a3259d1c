"""The procedure of the law, step by step: who is next, by when, by which article (given, expected)."""

from datetime import date

import pytest
from programme_cases import county
from visit_office import POLICY

from outreach.case_clocks import months_after
from outreach.case_outcomes import MOVES, move_of
from outreach.casefile import CaseError, CaseFile, Rules, Taken, moved, next_day
from outreach.lifecycle import BEFORE_APPLICATION, FINAL, OPEN_CASE, TRANSITIONS, StepError, states
from outreach.policy import OUTCOMES
from outreach.wording_case import CLOCKS, REFUSED, STATES, clock_text
from outreach.workdays import WEEKDAYS

DAY = date(2025, 6, 10)
"""A Tuesday."""
RULES = Rules({rule.programme.code: rule.programme for rule in county().on(DAY).rules}, WEEKDAYS, POLICY)


def case(state: str, programme: str | None = "DB", **more: object) -> CaseFile:
    return CaseFile(state, DAY, programme, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "programme", "accepted", "by", "article"),
    [
        ("application", "DB", None, date(2025, 6, 17), "policy"),
        ("accepted", "DB", DAY, date(2025, 6, 13), "第十五条"),
        ("check", "DB", DAY, date(2025, 7, 22), "第二十二条"),
        ("check", "DB", date(2025, 6, 2), date(2025, 7, 14), "第二十二条"),
        ("publicity", "DB", DAY, date(2025, 6, 17), "第十九条"),
        ("county_opinion", "DB", DAY, date(2025, 6, 24), "第二十条"),
        ("county_opinion", "DB", date(2025, 5, 1), date(2025, 6, 12), "第二十二条"),
        ("refused", "DB", DAY, date(2025, 6, 13), "第二十一条"),
        ("notified", "DB", DAY, date(2025, 8, 9), "行政复议法"),
        ("confirmed", "DB", DAY, date(2025, 7, 31), "第二十一条"),
        ("paid", "DB", DAY, date(2026, 6, 10), "第三十一条"),
        ("confirmed", "GX", DAY, date(2026, 6, 10), "有效期"),
        ("paid", "TK", DAY, date(2026, 6, 10), "policy"),
        ("paid", "GL", DAY, date(2025, 7, 8), "policy"),
        ("check", "TK", DAY, date(2025, 7, 1), "第十三至十七条"),
        ("publicity", "TK", DAY, date(2025, 6, 17), "第十八条"),
        ("county_opinion", "TK", DAY, date(2025, 7, 1), "第十九至二十条"),
        ("check", "SW", DAY, date(2025, 7, 1), "民发〔2019〕62号"),
        ("county_opinion", "SW", DAY, date(2025, 7, 1), "民发〔2019〕62号"),
        ("accepted", "LS-E", DAY, date(2025, 6, 13), "临时救助"),
        ("accepted", "GX", DAY, date(2025, 7, 22), "刚性支出困难家庭"),
        ("check", "GL", DAY, date(2025, 7, 8), "policy"),
        ("informed", None, None, date(2025, 6, 24), "社会救助法"),
        ("aided", None, None, date(2025, 6, 24), "policy"),
        ("review_due", "DB", DAY, date(2025, 7, 8), "policy"),
    ],
)
def test_each_state_is_due_by_its_own_clock_or_by_that_of_the_whole(
    state: str, programme: str | None, accepted: date | None, by: date, article: str
) -> None:
    clock = next_day(case(state, programme, accepted_on=accepted), RULES)
    assert clock is not None
    assert (clock.on, article in clock.basis) == (by, True)
    assert clock.name in CLOCKS
    assert by.isoformat() in clock_text(clock).zh


def test_a_special_case_and_a_delegated_one_have_limits_of_their_own() -> None:
    ends = [
        next_day(case("check", accepted_on=DAY, limit=limit), RULES)
        for limit in ("decision", "decision_special", "decision_delegated")
    ]
    assert [each.on for each in ends if each] == [date(2025, 7, 22), date(2025, 8, 12), date(2025, 7, 8)]
    half = next_day(case("paid", half_yearly=True), RULES)
    assert half is not None
    assert half.on == date(2025, 12, 10)


@pytest.mark.parametrize(
    ("given", "to", "on", "more", "why"),
    [
        (case("publicity"), "county_opinion", date(2025, 6, 16), {}, "still_posted"),
        (case("publicity", "TK"), "county_opinion", date(2025, 6, 16), {}, "still_posted"),
        (case("check", "SW"), "publicity", DAY, {}, "not_on_track"),
        (case("check"), "county_opinion", DAY, {}, "not_on_track"),
        (case("check"), "confirmed", DAY, {}, "not_on_track"),
        (case("accepted"), "confirmed", DAY, {}, "not_on_track"),
        (case("application", None), "accepted", DAY, {}, "needs_programme"),
        (case("application", None), "accepted", DAY, {"programme": "ZZ"}, "unknown_programme"),
        (case("accepted"), "check", DAY, {"programme": "TK"}, "other_programme"),
        (case("accepted"), "check", date(2025, 6, 9), {}, "before"),
        (case("application"), "accepted", DAY, {"limit": "soon"}, "bad_limit"),
        (case("paid"), "closed", DAY, {"reason": "ended"}, "not_heard"),
        (case("review_due"), "closed", DAY, {"reason": "ended", "heard_on": date(2025, 6, 11)}, "not_heard"),
    ],
)
def test_what_the_law_does_not_allow_is_refused_with_its_reason(
    given: CaseFile, to: str, on: date, more: dict[str, object], why: str
) -> None:
    with pytest.raises(CaseError) as refused:
        moved(given, Taken(to, on, **more), "operator", RULES)  # type: ignore[arg-type]
    assert refused.value.why == why
    assert REFUSED[why].zh
    assert REFUSED[why].en


def test_a_household_walks_from_its_application_to_its_payment_and_the_authority_decides() -> None:
    now = case("application", None)
    walk = [
        ("accepted", date(2025, 6, 12), "caseworker", {"programme": "DB"}),
        ("check", date(2025, 6, 13), "caseworker", {}),
        ("publicity", date(2025, 6, 20), "caseworker", {}),
        ("county_opinion", date(2025, 6, 27), "caseworker", {}),
        ("confirmed", date(2025, 7, 4), "operator", {}),
        ("paid", date(2025, 8, 10), "operator", {}),
    ]
    for to, on, who, more in walk:
        now, clock = moved(now, Taken(to, on, **more), who, RULES)  # type: ignore[arg-type]
        assert clock is not None
    assert (now.state, now.accepted_on) == ("paid", date(2025, 6, 12))
    with pytest.raises(StepError, match="is for operator, reviewer, not for caseworker"):
        moved(case("county_opinion"), Taken("confirmed", date(2025, 6, 24)), "caseworker", RULES)
    ended, clock = moved(
        now, Taken("closed", date(2026, 1, 5), "ended", heard_on=date(2025, 12, 20)), "operator", RULES
    )
    assert (ended.over, clock) == (True, None)


def test_a_refusal_is_told_with_its_reason_and_may_be_sent_back() -> None:
    with pytest.raises(StepError, match="needs a reason"):
        moved(case("county_opinion"), Taken("refused", DAY), "operator", RULES)
    refused, _ = moved(case("county_opinion", accepted_on=DAY), Taken("refused", DAY, "income"), "operator", RULES)
    told, _ = moved(refused, Taken("notified", DAY), "caseworker", RULES)
    again, clock = moved(told, Taken("check", date(2025, 7, 1), "review upheld"), "operator", RULES)
    assert again.accepted_on == date(2025, 7, 1)
    assert clock is not None
    assert clock.on == date(2025, 8, 12)


def test_every_outcome_has_a_place_and_none_touches_a_procedure() -> None:
    assert set(MOVES) == set(OUTCOMES)
    for state in OPEN_CASE:
        for outcome in OUTCOMES:
            to = move_of(outcome, state)
            if state not in BEFORE_APPLICATION:
                assert to is None
            else:
                assert to == MOVES[outcome]


def test_no_step_of_the_night_or_of_a_policy_refuses_ends_or_lowers_anything() -> None:
    mine = [each for each in TRANSITIONS if each.subject == "case" and {"night", "policy"} & set(each.who)]
    assert {each.to_state for each in mine} <= {"alert", "triage", "review_due", "moved", "died", "withdrawn"}
    paid = {"confirmed", "paid", "review_due"}
    assert not [
        each for each in mine if each.from_state in paid and each.to_state in ("closed", "refused", "withdrawn")
    ]


def test_every_state_is_reached_has_words_and_only_the_ends_have_no_way_on() -> None:
    mine = [each for each in TRANSITIONS if each.subject == "case"]
    reached = {""}
    for _ in mine:
        reached |= {each.to_state for each in mine if each.from_state in reached}
    assert reached - {""} == set(states("case")) == set(STATES)
    assert set(states("case")) - set(FINAL["case"]) == set(OPEN_CASE)


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2025, 6, 30), 6, date(2025, 12, 30)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day: date, months: int, after: date) -> None:
    assert months_after(day, months) == after
