"""With the rank hidden nothing that whoever visits can read tells who was ranked before whom."""

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest
import tomli_w
from draft_cases import POLICY, drafted, event, gap, households, staff
from visit_cards import RUN, a_list, chances, household, items, previous

from engine.channels import Email
from engine.push.channel_email import mail_of
from engine.push.message import Message
from engine.push.page import list_page
from engine.push.spreadsheet import spreadsheet
from outreach.policy import Lists, Policy, hides_rank
from outreach.wording_casework import BY_ROUTE

HIDDEN = POLICY.model_copy(update={"lists": Lists(rank="hidden")})
BLIND = replace(RUN, rank_hidden=True)
MADE = datetime(2026, 11, 21, tzinfo=UTC)
VILLAGES = ("990101001003", "990101001001", "990101001002")


def places(policy: Policy, scores: list[float]) -> list[tuple[str, int]]:
    """Where twelve households stand whose gaps have these scores, two of them with an urgent visit besides."""
    people = [{**each, "region": VILLAGES[at % 3]} for at, each in enumerate(households(12))]
    found = [gap(f"H{at:04d}", score=score) for at, score in enumerate(scores)]
    found += [event("H0004", urgent=True, score=scores[4]), event("H0007", urgent=True, score=scores[7])]
    made = drafted(people, found, team=staff({"Ana": 60}), policy=policy).items
    assert made.height == 12
    return list(made.select("household_id", "position").iter_rows())


UP = [1.0 + at / 10 for at in range(12)]


def test_the_order_of_a_list_does_not_follow_the_priorities() -> None:
    assert places(HIDDEN, UP) == places(HIDDEN, UP[::-1])
    assert places(POLICY, UP) != places(POLICY, UP[::-1])


def test_urgent_visits_stay_first_and_the_rest_is_village_by_village() -> None:
    told = [int(name[1:]) for name, _ in places(HIDDEN, UP)]
    assert set(told[:2]) == {4, 7}
    assert [VILLAGES[at % 3] for at in told[2:]] == sorted(VILLAGES[at % 3] for at in told[2:])


def test_who_is_listed_and_what_is_known_of_their_rank_is_the_same() -> None:
    shown, hidden = (drafted(households(40), policy=each).items.sort("household_id") for each in (POLICY, HIDDEN))
    same = ["household_id", "caseworker_id", "lane", "due_on", "priority", "inclusion_probability"]
    assert shown.select(same).equals(hidden.select(same))


def test_page_and_sheet_are_the_same_whatever_the_scores_and_the_places_before() -> None:
    other = {
        "items": items().with_columns(priority=1 - pl.col("priority")),
        "chances": chances().with_columns(
            probability=1 - pl.col("probability"), top_decile=pl.col("household_id").is_in([household(3)])
        ),
        "previous": previous().with_columns(position=pl.col("position") + 7),
    }
    mine, theirs = a_list(BLIND), a_list(BLIND, **other)
    assert list_page(mine) == list_page(theirs)
    assert spreadsheet(mine, MADE) == spreadsheet(theirs, MADE)
    assert list_page(a_list()) != list_page(a_list(**other))


def test_a_card_shows_no_chance_and_no_earlier_place_and_the_list_says_that_its_order_is_the_route() -> None:
    told = a_list(BLIND)
    assert BY_ROUTE in told.notices
    assert BY_ROUTE not in a_list().notices
    assert all(card.chances == () for card in told.cards)
    assert "第 12 位" not in told.cards[0].changed.zh
    assert "新增：家中劳动力" in told.cards[0].changed.zh
    page = list_page(told).decode()
    assert "每 100 户" not in page
    assert "of 100 such" not in page


def test_urgent_and_event_cards_keep_their_clock() -> None:
    shown, hidden = a_list().cards, a_list(BLIND).cards
    assert [(card.lane, card.due, card.soon) for card in hidden] == [
        (card.lane, card.due, card.soon) for card in shown
    ]
    assert sum(card.soon for card in hidden) == 2


def test_every_visit_of_the_ranked_lane_is_made_at_the_home_so_that_a_call_tells_nobody_s_place() -> None:
    ranked = [card for card in a_list(BLIND).cards if card.lane.en == "May be in difficulty"]
    assert len(ranked) == 3
    assert all(card.contact.zh.startswith("直接入户") for card in ranked)


def test_mail_webhook_and_robot_hold_counts_a_date_and_a_link_and_nothing_of_an_order() -> None:
    message = Message("m", date(2026, 11, 21), "ana", 1, 12, 1, "https://lists.example.gov/l", MADE)
    assert set(message.told()["data"]) == {"business_date", "caseworker", "lists", "households", "urgent", "link"}
    channel = Email(kind="email", host="mail.example.gov", sender="x@example.gov")
    mail = mail_of(channel, message, ("a@example.gov",))
    assert mail.get_payload(decode=True) == message.plain.encode()
    assert not [word for word in ("位", "rank", "position", "%", "chance") if word in message.plain]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (POLICY.text, False),
        (POLICY.text.replace('rank = { value = "shown"', 'rank = { value = "hidden"'), True),
        ("", False),
        (tomli_w.dumps({"lists": {}}), False),
    ],
)
def test_a_night_s_own_policy_says_whether_it_hides_the_rank(text: str, hidden: bool) -> None:
    assert hides_rank(text) is hidden


def test_the_shipped_policy_says_why_it_shows_the_rank() -> None:
    assert POLICY.lists.rank == "shown"
    assert "hidden" in POLICY.why["lists.rank"]
