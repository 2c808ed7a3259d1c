"""Random walks of a case: every state reached is legal, an open case always has a next day, none is a dead end."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from programme_cases import county
from visit_office import POLICY

from outreach.case_tracks import LEFT_OUT, POSTED, track_of
from outreach.casefile import CaseError, CaseFile, Rules, Taken, moved
from outreach.lifecycle import FINAL, OPEN_CASE, TRANSITIONS, StepError, states
from outreach.workdays import WEEKDAYS

DAY = date(2025, 6, 10)
RULES = Rules({rule.programme.code: rule.programme for rule in county().on(DAY).rules}, WEEKDAYS, POLICY)
STEPS = st.tuples(
    st.sampled_from(states("case")),
    st.integers(0, 9),
    st.sampled_from(["night", "policy", "operator", "reviewer", "caseworker"]),
    st.sampled_from([None, "they said so"]),
    st.booleans(),
)
PROGRAMMES = st.sampled_from(["DB", "TK", "SW", "LS-E", "GL", "YL-ZJ", "GX"])


@settings(max_examples=250, deadline=None)
@given(PROGRAMMES, st.lists(STEPS, max_size=80))
def test_a_walk_stays_within_the_law(programme: str, steps: list[tuple[str, int, str, str | None, bool]]) -> None:
    now, day, walked = CaseFile("", DAY, programme), DAY, [("", DAY)]
    for to, wait, who, reason, heard in steps:
        on = day + timedelta(days=wait)
        try:
            now, clock = moved(now, Taken(to, on, reason, heard_on=on if heard else None), who, RULES)  # type: ignore[arg-type]
        except (StepError, CaseError):
            continue
        day = on
        walked.append((to, on))
        assert (clock is None) == (to in FINAL["case"])
        assert clock is None or (clock.on >= now.accepted_on if now.accepted_on else clock.on >= on)
    table = {(each.from_state, each.to_state) for each in TRANSITIONS if each.subject == "case"}
    ways = [(one[0], other[0]) for one, other in pairwise(walked)]
    assert set(ways) <= table
    track = track_of(programme)
    assert not set(ways) & set(LEFT_OUT[track])
    for (state, since), (to, on) in pairwise(walked):
        if state == "publicity" and to == "county_opinion" and track in POSTED:
            assert on >= since + timedelta(days=7)
    if track in POSTED:
        reached = [state for state, _ in walked]
        assert "confirmed" not in reached or "publicity" in reached[: reached.index("confirmed")]
    if track == "child":
        assert "publicity" not in [state for state, _ in walked]


@settings(max_examples=60, deadline=None)
@given(PROGRAMMES, st.sampled_from(sorted(OPEN_CASE)))
def test_every_open_case_can_still_come_to_an_end(programme: str, state: str) -> None:
    seen, todo = {state}, [state]
    while todo:
        here = todo.pop()
        ways = [t for t in TRANSITIONS if t.subject == "case" and t.from_state == here]
        for way in ways:
            if (here, way.to_state) not in LEFT_OUT[track_of(programme)] and way.to_state not in seen:
                seen.add(way.to_state)
                todo.append(way.to_state)
    assert {"closed", "moved", "died"} <= seen
    assert state not in ("application", "accepted", "check") or "confirmed" in seen
