"""How contact is made and who goes: each rule of the table, on cards, and in the sharing out of visits."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from draft_cases import drafted, event, gap, households, staff
from visit_cards import (
    ANA,
    AREAS,
    BEN,
    RUN,
    chances,
    evidence,
    finding,
    findings,
    frames,
    household,
    items,
    verdicts,
    visits,
)

from engine.push.cards import Card, visit_lists
from engine.push.columns import COLUMNS
from outreach.contact import DOOR, PHONE, TWO, at_the_door, company_words, contact_words, spoken_here, two_go
from outreach.permissions import ROLES, Sensitivity, may
from outreach.sharing import Staff
from outreach.wording import NOTHING, Text

NO_RULE: dict[str, Any] = {"urgent": False, "has_phone": True, "declined": False, "top": False}


def cards(worker: Any = ANA, areas: Any = AREAS, **changed: pl.DataFrame | None) -> tuple[Card, ...]:
    return visit_lists(RUN, frames(**changed), (worker, BEN), areas)[0].cards


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("urgent", {"urgent": True}),
        ("grave_event", {"events": [("EV-MED4", 4.0)]}),
        ("child_left", {"events": [("EV-LOST", 3.0)]}),
        ("minor_alone", {"needs": ["minor_alone"]}),
        ("lone_elder", {"needs": ["lone_elder"]}),
        ("severe_disability", {"needs": ["severe_disability"]}),
        ("hearing", {"needs": ["hearing"]}),
        ("no_phone", {"has_phone": False}),
        ("declined_before", {"declined": True}),
        ("top_decile", {"top": True}),
    ],
)
def test_each_rule_alone_sends_to_the_door(code: str, changed: dict[str, Any]) -> None:
    given = {"needs": ["elder_80", "children"], "events": [("EV-UTIL", 2.0)], **NO_RULE}
    assert at_the_door(**given) == ()
    assert at_the_door(**{**given, **changed}) == (code,)


def test_every_rule_has_its_reason_and_only_the_rank_is_left_unsaid() -> None:
    assert all(rule.why and rule.source for rule in (*DOOR.values(), *TWO.values()))
    assert [code for code, rule in DOOR.items() if rule.said == NOTHING] == ["top_decile"]
    assert all(rule.said != NOTHING for rule in TWO.values())


def test_a_card_says_two_reasons_for_going_and_the_weightiest() -> None:
    said = contact_words(tuple(DOOR), has_phone=False)
    assert said == Text(
        "直接入户（情况紧急；近来有重大变故）", "Go to the home (it is urgent; something grave has happened)"
    )


def test_whoever_no_rule_sends_to_the_door_is_called_first() -> None:
    assert contact_words((), has_phone=True) == PHONE
    plain = cards(findings=findings().clear(), chances=chances().clear())
    assert [card.contact for card in plain if card.rank in (3, 4, 8)] == [PHONE] * 3


def test_the_top_decile_is_visited_and_its_card_does_not_say_why() -> None:
    top = chances().with_columns(top_decile=pl.col("household_id") == household(3))
    third, fourth = cards(chances=top, findings=findings().clear())[2:4]
    assert third.contact == Text("直接入户，不必等电话联系上", "Go to the home, do not wait for a call")
    assert fourth.contact == PHONE


def test_neither_score_nor_event_speaks_on_a_routine_visit() -> None:
    routine = household(8)
    heavy = pl.DataFrame([finding(8, "EV-DTH", urgent=True, weight=4.0)], schema=findings().schema)
    top = chances().with_columns(top_decile=pl.col("household_id") == routine)
    told = cards(findings=heavy, chances=top)[7]
    assert (told.household_no, told.contact) == (routine, PHONE)


def test_who_declined_before_is_asked_in_person_and_a_visit_that_was_not_safe_is_made_by_two() -> None:
    earlier = visits().with_columns(household_id=pl.lit(household(3)), declined=True, not_safe=True)
    told = cards(visits=earlier, findings=findings().clear())[2]
    assert "以前谢绝过" in told.contact.zh
    assert told.needs[0].en == "Two people go (an earlier visit was not safe)"


def test_a_list_of_one_person_says_that_a_second_must_come_along() -> None:
    pair, alone = cards()[0].needs[0], cards(replace(ANA, persons=1))[0].needs[0]
    assert pair == Text("两人同去（独居老人）", "Two people go (an elder living alone)")
    assert alone.zh.startswith(pair.zh)
    assert "只有一人" in alone.zh
    assert "ask a colleague first" in alone.en


def test_nobody_is_told_to_go_in_two_without_a_rule() -> None:
    assert two_go(["hearing", "mind", "children", "memory"], not_safe=False) == ()
    assert not any("两人" in need.zh for card in cards()[1:4] for need in card.needs)


def test_the_language_of_a_place_is_told_for_every_household_there() -> None:
    yi = Text("彝语", "Yi")
    spoken = tuple(replace(area, language=yi) if area.terrain == "mountain" else area for area in AREAS)
    told = cards(areas=spoken)
    assert [card.rank for card in told if spoken_here(yi) in card.needs] == [2, 3, 5, 6, 8, 9, 11, 12]


def test_five_things_at_most_are_verified_at_a_visit_the_telling_ones_first() -> None:
    crowd = [
        *(finding(1, f"GAP-{code}", evidence=evidence("pc_income", 1.0)) for code in ("DB", "ZF", "JYJ", "YL-ZJ")),
        finding(1, "EV-DTH", urgent=True, score=4.2, weight=4.0),
    ]
    rows = [(household(1), None, code, "eligible_likely", None) for code in ("DB", "ZF", "JYJ", "YL-ZJ")]
    told = cards(
        findings=pl.DataFrame(crowd, schema=findings().schema),
        verdicts=pl.DataFrame(rows, schema=verdicts().schema, orient="row"),
    )[0].suggestions
    asked = [step for offer in told for step in offer.checks]
    assert [offer.code for offer in told] == ["LS-E", "DB", "JYJ", "YL-ZJ"]
    assert len(asked) == len(set(asked)) == 5
    assert [len(offer.checks) for offer in told] == [2, 1, 1, 1]
    assert not [step for step in asked if "授权书" in step.zh or "身份证" in step.zh]


def test_what_several_reasons_ask_is_asked_once() -> None:
    costs = [finding(4, code, score=3.0 - at) for at, code in enumerate(("EV-MED2", "EV-MED4", "EV-MED5"))]
    told = cards(findings=pl.DataFrame(costs, schema=findings().schema))[3].why
    assert [line.check == NOTHING for line in told] == [False, True, True, False]
    assert len({line.said for line in told}) == 4


def test_of_many_changes_three_are_named_and_the_others_counted() -> None:
    before = pl.DataFrame(
        [(household(12), RUN.business_date, 3, [f"GAP-{code}" for code in ("DB", "ZF", "GL", "BY", "SW")])],
        schema={"household_id": pl.String, "listed_on": pl.Date, "position": pl.Int64, "codes": pl.List(pl.String)},
        orient="row",
    )
    told = cards(previous=before, items=items().with_columns(lane=pl.lit("gap")))[11].changed
    assert told.zh.endswith("可能漏享最低生活保障（低保）、可能漏享高龄津贴等 5 项")
    assert told.en.endswith("and 2 more")


def test_what_is_no_longer_so_is_told_beside_what_is_new() -> None:
    before = pl.DataFrame(
        [(household(4), RUN.business_date, 3, ["GAP-BY", "EV-MED2", "MIS-01"])],
        schema={"household_id": pl.String, "listed_on": pl.Date, "position": pl.Int64, "codes": pl.List(pl.String)},
        orient="row",
    )
    changed = cards(previous=before)[3].changed
    assert changed.zh.endswith("新增：可能漏享高龄津贴；不再有：近12个月自付医疗费很高、可能漏享低保边缘家庭")
    assert "new: may be missing old-age allowance; no longer: " in changed.en


@pytest.mark.parametrize("role", ROLES)
def test_of_all_roles_only_a_caseworker_of_the_area_reads_all_that_a_card_holds(role: Any) -> None:
    held = {column.sensitivity for column in COLUMNS}
    assert held == {"none", "social", "private", "identity"}
    classes: tuple[Sensitivity, ...] = ("social", "private", "identity")
    found = [may(role, "reveal", each, near, "visit") for each in classes for near in (True, False)]
    assert [each.allowed and each.form == "plain" for each in found] == [role == "caseworker", False] * 3


def by_one_and_two(**more: Any) -> Staff:
    team = staff({"Ana": 20, "Ben": 20}, areas=[("Ana", "990101001"), ("Ben", "990101001")], **more)
    return replace(team, caseworkers=team.caseworkers.with_columns(persons=pl.Series([1, 2])))


def test_visits_that_need_two_go_to_those_who_are_two_and_loads_stay_even() -> None:
    people = [{**each, "two_go": place % 4 == 0} for place, each in enumerate(households(40))]
    found = [gap(f"H{number:04d}") for number in range(30)] + [
        event(f"H{number:04d}", urgent=True) for number in (36,)
    ]
    made = drafted(people, found, team=by_one_and_two()).items
    two = {each["household_id"] for each in people if each["two_go"]}
    assert set(made.filter(pl.col("household_id").is_in(sorted(two)))["caseworker_id"]) == {"Ben"}
    counts = dict(made["caseworker_id"].value_counts().iter_rows())
    assert counts["Ana"] == 16
    assert abs(counts["Ana"] - counts["Ben"]) <= 1


def test_where_all_go_alone_nobody_is_left_without_a_visit() -> None:
    people = [{**each, "two_go": True} for each in households(5)]
    single = staff({"Ana": 20})
    single = replace(single, caseworkers=single.caseworkers.with_columns(persons=pl.Series([1])))
    assert set(drafted(people, team=single).items["caseworker_id"]) == {"Ana"}
    assert company_words(("minor_alone",), alone=True).en.endswith("ask a colleague first")


def test_after_a_visit_that_was_not_safe_two_go() -> None:
    rows = [{"household_id": "H0003", "state": "visited", "since": date(2025, 1, 6), "outcome": "V50"}]
    found = [gap(f"H{number:04d}") for number in range(8)]
    made = drafted(households(8), found, rows, team=by_one_and_two()).items
    assert made.filter(household_id="H0003")["caseworker_id"].to_list() == ["Ben"]


def test_a_roster_from_before_teams_had_a_size_is_of_teams_of_two() -> None:
    people = [{**each, "two_go": True} for each in households(6)]
    team = staff({"Ana": 9, "Ben": 9}, areas=[("Ana", "990101001"), ("Ben", "990101001")])
    assert set(drafted(people, team=team).items["caseworker_id"]) == {"Ana", "Ben"}
