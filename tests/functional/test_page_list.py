"""The page of a list: escaped, self-contained, in both languages, blind to the lottery, the columns in order."""

import html
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import polars as pl
import pytest
from visit_cards import (
    ANA,
    AREAS,
    BEN,
    NAMES,
    RUN,
    a_list,
    contacts,
    finding,
    findings,
    frames,
    household,
    items,
    reasons,
)

from engine.push.cards import visit_lists
from engine.push.columns import COLUMNS, values
from engine.push.page import list_page
from engine.push.why import MOST_WHY
from outreach.wording_casework import NO_MODEL, WHAT_IT_DECIDES, WHOM_TO_OBJECT, WHY_ROUTINE

UNNAMED = ("rank", "name", "lane", "address", "group", "phone", "contact", "chances")
"""Columns that need no heading on a card."""

VOID = {"meta", "input", "br", "link", "img"}
PAYLOADS = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "<!--",
    "]]><script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert`1`>",
    "<iframe src=//evil.example>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<object data=//evil.example>",
    "<embed src=//evil.example>",
    "<form action=//evil.example><input>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "<style>@import '//evil.example'</style>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><script>alert(1)</script>'>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "` onmouseover=`alert(1)",
    '" autofocus onfocus=alert(1) x="',
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "tel:1;alert(1)",
    "{{ 7*7 }}",
    "{% raw %}x{% endraw %}",
    "{{ visits.run }}",
    "{{''.__class__.__mro__}}",
    "${7*7}",
    "<%= 7*7 %>",
    "#{7*7}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "&quot;&gt;",
    "\\u003cscript\\u003e",
    "%3Cscript%3E",
    "＜script＞alert(1)＜/script＞",
    "\u202e<script>",
    "\x00<script>alert(1)</script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<ſcript>alert(1)</ſcript>",
    "<p style=background:url(//evil.example)>",
    "</span></main></body></html><script>alert(1)</script>",
)


class Reader(HTMLParser):
    """What a browser would make of a page: elements, attributes, balance, text by language and field."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.broken: list[str] = []
        self.said: dict[str, list[str]] = {"zh-CN": [], "en": [], "": []}
        self.fields: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if "data-field" in attributes:
            self.fields.append(attributes["data-field"])
        if tag not in VOID:
            self.stack.append((tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack[-1][0] != tag:
            self.broken.append(tag)
        else:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1][0] in ("style", "title"):
            return
        spoken = [attributes["lang"] for tag, attributes in self.stack if "lang" in attributes and tag != "html"]
        self.said[spoken[-1] if spoken else ""].append(data)

    def text(self, language: str = "") -> str:
        return "".join(self.said[language])


def read(page: bytes) -> Reader:
    reader = Reader()
    reader.feed(page.decode("utf-8"))
    reader.close()
    return reader


def shape(reader: Reader) -> list[str]:
    return [tag for tag, _ in reader.elements]


def test_there_are_at_least_fifty_payloads() -> None:
    assert len(set(PAYLOADS)) >= 50


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_people_are_called_becomes_markup(payload: str) -> None:
    """Every field that comes from outside carries the payload; the page keeps its elements and says the payload."""
    poisoned = replace(
        RUN, run_id=payload, policy_id=payload, code_version=payload, absent=(("utility", payload), ("kin", ""))
    )
    visits = a_list(poisoned, contacts=contacts(name=payload, address=payload, phone=payload))
    reader, plain = read(list_page(visits)), read(list_page(a_list(contacts=contacts(phone="x"))))
    assert shape(reader) == shape(plain)
    assert not reader.broken
    assert not reader.stack
    attributes = [f"{name}={value}" for _, given in reader.elements for name, value in given.items()]
    assert not [each for each in attributes if "alert" in each or "evil" in each or each.startswith("on")]
    assert payload.replace("\x00", "") in "".join(map(reader.text, reader.said)).replace("\x00", "").replace(
        "\ufffd", ""
    )


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = list_page(a_list()).decode("utf-8")
    reader = read(page.encode("utf-8"))
    assert not re.search(r"https?:|//[a-z]|url\(|@import|src=|<script|javascript:", page)
    assert {tag for tag, _ in reader.elements} & {"script", "img", "link", "iframe", "form", "object"} == set()
    assert {given["href"][:4] for tag, given in reader.elements if "href" in given} == {"tel:"}
    policy = next(g["content"] for t, g in reader.elements if g.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_every_text_of_a_card_is_there_in_both_languages() -> None:
    visits = a_list()
    reader = read(list_page(visits))
    texts = [
        *visits.notices,
        WHAT_IT_DECIDES,
        WHOM_TO_OBJECT,
        *(c.heading for c in COLUMNS if c.key not in UNNAMED),
    ]
    for card in visits.cards:
        texts += [
            card.lane,
            card.due,
            card.group,
            card.contact,
            card.changed,
            card.composition,
            card.consent,
            card.layer,
        ]
        texts += [*card.needs, *card.chances, *(t for line in card.why for t in (line.said, line.check))]
        texts += [step for suggestion in card.suggestions for step in suggestion.checks]
    for text in texts:
        if text.zh != text.en:
            assert text.zh in reader.text("zh-CN")
            assert text.en in reader.text("en")
    assert len(reader.said["zh-CN"]) == len(reader.said["en"])


def test_layer_and_needs_are_one_line_and_a_routine_card_has_none() -> None:
    cards = [*a_list(items=items(lane="gap")).cards, *a_list(items=items(lane="random")).cards]
    said = [card.layer.zh for card in cards]
    assert said[0] == "低保对象（按现有记录）；收入不足、照护；二级：每月走访"
    assert "低保边缘家庭（已认定；按现有记录是低保对象）" in said[1]
    assert said[2].startswith("记录不明（可能是低保边缘家庭或更困难）")
    assert [text for text in said[3:] if text] == []


def test_a_page_has_the_columns_of_the_sheet_in_their_order_on_every_card() -> None:
    keys = [column.key for column in COLUMNS if column.key != "lane"]
    fields = [field for field in read(list_page(a_list())).fields if field != "lane"]
    assert fields == keys * len(NAMES)
    assert set(values(a_list().cards[0])) == {column.key for column in COLUMNS}


def test_rare_characters_and_long_addresses_are_printed_whole() -> None:
    page = html.unescape(list_page(a_list()).decode("utf-8"))
    assert all(name in page for name in NAMES)


def swapped(lane: str) -> pl.DataFrame:
    routine = pl.col("lane").is_in(["silent", "random"])
    return items().with_columns(
        lane=pl.when(routine).then(pl.lit(lane)).otherwise("lane"), inclusion_probability=pl.lit(0.5)
    )


def test_a_visitor_cannot_tell_the_silent_lane_from_the_random_one() -> None:
    assert list_page(a_list(items=swapped("silent"))) == list_page(a_list(items=swapped("random")))


def test_a_routine_visit_shows_neither_reasons_nor_chances() -> None:
    routine = [card for card in a_list().cards if card.lane.en == "Routine visit"]
    assert len(routine) == 3
    for card in routine:
        assert [line.said for line in card.why] == [WHY_ROUTINE]
        assert card.chances == ()
        assert card.changed.zh == ""


def test_no_probability_priority_or_inclusion_probability_is_shown() -> None:
    page = list_page(a_list(replace(RUN, code_version="1")))
    assert not re.search(r"0\.\d|87654|1\.31", read(page).text("zh-CN"))


def test_there_are_at_most_four_reasons_and_none_that_lowers_the_risk() -> None:
    crowd = pl.concat([findings(), *[pl.DataFrame([finding(1, "EV-CALL")], schema=findings().schema)] * 3])
    cards = a_list(findings=crowd).cards
    assert all(1 <= len(card.why) <= MOST_WHY for card in cards)
    assert not [line for card in cards for line in card.why if "就业" in line.said.zh]


def test_urgent_events_come_first_then_gaps_then_reasons() -> None:
    said = [line.said.zh for line in a_list().cards[0].why]
    assert said[0].startswith("家中劳动力或唯一挣钱的人去世")
    assert said[2].startswith("按现有记录符合最低生活保障")
    assert said[3].startswith("【收入水平】")


def test_a_concept_is_said_once_even_where_both_models_name_it() -> None:
    twice = pl.concat([reasons(), reasons().with_columns(risk=pl.lit("emergency"))])
    assert a_list(reasons=twice).cards == a_list().cards


def test_what_is_new_since_the_last_list_is_named() -> None:
    first, second, *_ = a_list().cards
    assert first.changed.zh.startswith("上次在名单：2026年11月14日，第 12 位；新增：家中劳动力")
    assert second.changed.zh == "新上名单"
    assert a_list(previous=None).cards[0].changed.zh == ""


def test_a_household_without_a_phone_is_visited_without_a_call() -> None:
    card = a_list().cards[5]
    assert card.tel == ""
    assert card.contact.zh == "直接入户（没有电话记录）"


@pytest.mark.parametrize(
    ("phone", "tel"),
    [
        ("13800000001", "13800000001"),
        ("+86 138-0000-0001", "+8613800000001"),
        ("(0990) 8888", "09908888"),
        ("110;ext=1", ""),
        ("call me", ""),
        ("", ""),
        ("123", ""),
        ("1+1380000000", ""),
    ],
)
def test_only_a_number_that_can_be_dialled_is_a_link(phone: str, tel: str) -> None:
    card = replace(a_list().cards[0], phone=phone)
    assert card.tel == tel


def test_a_night_without_a_model_says_so_and_a_night_with_one_does_not() -> None:
    assert NO_MODEL in a_list().notices
    assert NO_MODEL not in a_list(replace(RUN, relative_poverty_model="rp-1")).notices


def test_households_of_one_village_share_a_route_group() -> None:
    groups = [card.group.zh for card in a_list().cards]
    assert groups[0] == groups[3] == "A 组 · 河东街道 001 村（社区）"
    assert groups[1] == "B 组 · 䶮山镇 013 村（社区） · 山区"


def test_every_caseworker_gets_their_own_households_only() -> None:
    both = pl.concat([items(count=5), items("ben", 9).filter(pl.col("position") > 5)])
    first, second = visit_lists(RUN, frames(items=both), (BEN, ANA), AREAS)
    assert (first.caseworker, second.caseworker) == (ANA, BEN)
    assert [card.household_no for card in first.cards] == [household(n) for n in range(1, 6)]
    assert [card.household_no for card in second.cards] == [household(n) for n in range(6, 10)]


def test_an_unknown_caseworker_is_an_error_that_names_no_household() -> None:
    with pytest.raises(ValueError, match="caseworkers that are not in the list") as caught:
        a_list(items=items("zoe"))
    assert household(1) not in str(caught.value)


def test_the_week_is_the_week_of_the_night() -> None:
    assert a_list().week == date(2026, 11, 16)


def test_the_same_list_gives_the_same_page() -> None:
    assert list_page(a_list()) == list_page(a_list(contacts=contacts().reverse(), findings=findings().reverse()))


def test_a_list_of_nobody_is_no_page() -> None:
    assert visit_lists(RUN, frames(items=items().clear()), (BEN,), AREAS) == ()
