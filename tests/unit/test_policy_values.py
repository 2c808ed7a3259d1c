"""The policy: shipped, checked, every value with a reason, kept word for word."""

from datetime import date
from pathlib import Path

import pytest

from outreach.policy import OUTCOMES, Policy, PolicyError

TEXT = (Path(__file__).parents[2] / "outreach" / "policy.toml").read_text("utf-8")


def test_the_shipped_policy_is_sound_and_keeps_its_text() -> None:
    policy = Policy.from_toml(TEXT)
    assert policy.text == TEXT
    assert policy.capacity.factor == 0.8
    assert policy.shares.model_dump() == {"gap": 0.4, "risk": 0.2, "silent": 0.1, "random": 0.1, "recheck": 0.2}
    assert policy.known.programmes == ("DB", "TK", "BY", "GX")
    assert set(policy.cool_down_days) == set(OUTCOMES)
    assert all(why.strip() for why in policy.why.values())


MISTAKES = [
    ("no TOML", "[capacity", "not a TOML text"),
    (
        "no reason",
        TEXT.replace(', why = "a household near', ', whi = "a household near'),
        "recheck_days.V31: write",
    ),
    (
        "an empty reason",
        TEXT.replace('why = "two weeks make a median"', 'why = " "'),
        "volume.nights: the reason is empty",
    ),
    (
        "a bare value",
        TEXT.replace("factor = { value = 0.8,", "factor = 0.8\nx = {value = 1,"),
        "capacity.factor: write",
    ),
    ("an unknown value", TEXT.replace("[volume]", "[volume]\nnigths = { value = 1, why = 'x' }"), "volume.nigths"),
    ("a section missing", TEXT.replace("[promotion]\nautomatic", "[release2]\nautomatic"), "promotion"),
    ("shares that do not add up", TEXT.replace("gap = { value = 0.40", "gap = { value = 0.50"), "add up to 1"),
    (
        "too small a lottery",
        TEXT.replace("random = { value = 0.10", "random = { value = 0.04").replace(
            "gap = { value = 0.40", "gap = { value = 0.46"
        ),
        "shares.random must not be below lottery.floor",
    ),
    (
        "a lottery floor under a twentieth",
        TEXT.replace("floor = { value = 0.05", "floor = { value = 0.01"),
        "lottery.floor",
    ),
    ("no capacity", TEXT.replace("factor = { value = 0.8", "factor = { value = 0"), "capacity.factor"),
    ("an outcome forgotten", TEXT.replace("V70 = { value = 180", "V7O = { value = 180"), "cool_down_days"),
    ("a recheck inside the cool-down", TEXT.replace("V30 = { value = 270", "V30 = { value = 100"), "V30"),
]


@pytest.mark.parametrize(("mistake", "text", "said"), MISTAKES, ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_named(mistake: str, text: str, said: str) -> None:
    assert text != TEXT
    with pytest.raises(PolicyError) as caught:
        Policy.from_toml(text)
    assert said in str(caught.value)


def test_a_policy_cannot_be_changed_once_read() -> None:
    policy = Policy.from_toml(TEXT)
    with pytest.raises(ValueError, match="frozen"):
        policy.capacity.factor = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("lane", "expect"),
    [
        ("urgent", date(2025, 6, 7)),
        ("event", date(2025, 6, 9)),
        ("gap", date(2025, 6, 20)),
        ("random", date(2025, 6, 20)),
    ],
)
def test_clocks_run_in_natural_days_for_emergencies_and_working_days_for_the_rest(lane: str, expect: date) -> None:
    assert Policy.from_toml(TEXT).due_on(lane, date(2025, 6, 6)) == expect


@pytest.mark.parametrize(("listed", "held"), [(100, False), (130, False), (131, True), (70, False), (69, True)])
def test_a_night_of_unusual_length_is_held(listed: int, held: bool) -> None:
    said = Policy.from_toml(TEXT).volume_held(listed, [5_000, *[100] * 14])
    assert (said is not None) is held


def test_the_first_nights_are_not_held_for_their_length() -> None:
    assert Policy.from_toml(TEXT).volume_held(500, [100] * 4) is None


@pytest.mark.parametrize(
    ("psi", "out", "held"),
    [(0.25, 0.3, False), (0.26, 0.0, True), (None, 0.31, True), (None, 0.0, False), (0.0, 0.0, False)],
)
def test_a_model_out_of_its_depth_holds_the_night_and_says_why(psi: float | None, out: float, held: bool) -> None:
    told = {"emergency": {"score_psi": psi, "out": out, "sources": ["medical"]}}
    said = Policy.from_toml(TEXT).shift_held(told)
    assert (said is not None) is held
    assert said is None or ("medical" in said and "模型已超出适用范围" in said)


def test_nights_without_models_are_held_by_no_shift() -> None:
    assert Policy.from_toml(TEXT).shift_held({}) is None
