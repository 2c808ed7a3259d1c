"""The policy of drafting: every value with its reason, read from TOML, checked, kept word for word."""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from outreach.workdays import WEEKDAYS, WorkCalendar

LANES: Final = ("urgent", "event", "gap", "recheck", "risk", "silent", "random")
SHARED_LANES: Final = ("gap", "recheck", "risk", "silent", "random")
SPILL: Final = ("gap", "risk", "silent")
"""Where places go that a lane cannot fill; what is left then goes to the lottery."""

OUTCOMES: Final = (
    *("V10", "V11", "V12", "V13", "V20", "V21", "V22", "V30"),
    *("V31", "V32", "V40", "V41", "V42", "V50", "V60", "V70"),
)
GROUPED_BY: Final = (
    *("none", "head_sex", "area_kind", "head_minority", "has_disabled"),
    *("household_type", "digital_trace", "is_migrant"),
)
"""The groupings that a floor may be for (``models.groupings`` names their groups)."""

Outcome = Literal[OUTCOMES]  # type: ignore[valid-type]
Share = Annotated[float, Field(ge=0, le=1)]
CLOCK: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
Days = Annotated[int, Field(ge=0)]
Months = Annotated[int, Field(ge=24, le=1_200)]
"""Two years at least: a night reads the last 24 months, and a shorter memory would change its lists."""


class PolicyError(ValueError):
    """A policy that cannot be used: which value, what is wrong with it, and what is allowed."""


class Section(BaseModel):
    """A table of the policy; a name that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Capacity(Section):
    """The part of a week's visits that is planned."""

    factor: Annotated[float, Field(gt=0, le=1)]


class Shares(Section):
    """How the places left after urgent and event visits are shared out; they add up to one."""

    gap: Share
    risk: Share
    silent: Share
    random: Share
    recheck: Share

    @model_validator(mode="after")
    def _add_up(self) -> "Shares":
        if abs(self.gap + self.risk + self.silent + self.random + self.recheck - 1) > 1e-9:
            raise ValueError("the five shares must add up to 1")
        return self


class Lottery(Section):
    """The visits by lot."""

    floor: Annotated[float, Field(ge=0.05, le=1)]
    unknown_weight: Annotated[float, Field(ge=1, le=10)]
    silent_weight: Annotated[float, Field(ge=1, le=10)]


class Risk(Section):
    """How the lanes that a model ranks are ordered: by the estimate, or by the low end of its band."""

    rank_by: Literal["estimate", "low"] = "estimate"


class Floors(Section):
    """A floor for each group of one grouping in the risk lane; ``none`` is no floor.

    Each group has at least ``part`` of its share of the households that the risk lane could list.
    """

    by: Literal[GROUPED_BY] = "none"  # type: ignore[valid-type]
    part: Share = 0.8


class Plan(Section):
    """How much of an unreleased plan may change from one night to the next because others rank higher."""

    churn: Share = 1.0


class Lists(Section):
    """Whether whoever visits may see the rank; hidden, a list is in the order of the route behind its clocks."""

    rank: Literal["shown", "hidden"] = "shown"


class Escalation(Section):
    """When a household that is listed in vain goes to the bureau's desk instead of on a list again."""

    listings: Annotated[int, Field(ge=1)] = 3
    weeks: Annotated[int, Field(ge=1)] = 8
    again_days: Annotated[int, Field(ge=1)] = 60


class EventLane(Section):
    """Which events open the event lane."""

    min_weight: Annotated[float, Field(gt=0)]
    not_alone: tuple[str, ...]
    known_days: Days
    happened_days: Days


class GapLane(Section):
    """How gaps count beside one another."""

    unsure: Annotated[float, Field(gt=0, le=1)] = 1.0


class Clocks(Section):
    """How long a visit may wait."""

    urgent_days: Days
    event_days: Days
    gap_working_days: Days
    other_working_days: Days
    desk_working_days: Days = 20


class Referrals(Section):
    """How long what a visit has handed on may take; with defaults for an older policy."""

    department_working_days: Days = 10
    review_working_days: Days = 20
    data_working_days: Days = 10
    register_working_days: Days = 20
    safety_days: Days = 1


class Cases(Section):
    """How long a step of a case may take for which the law sets no limit; with defaults for an older policy."""

    inform_working_days: Days = 10
    accept_working_days: Days = 5
    otherwise_working_days: Days = 20


class KnownHouseholds(Section):
    """Programmes whose households the bureau knows already."""

    programmes: Annotated[tuple[str, ...], Field(min_length=1)]


class Intake(Section):
    """When a source is held."""

    reject_limit: Share


class Volume(Section):
    """When a night is held: its lists are unusually long or short, or a delivery is unlike those before it.

    A policy that was written before deliveries were compared holds them to the defaults.
    """

    tolerance: Annotated[float, Field(gt=0)]
    nights: Annotated[int, Field(ge=1)]
    min_nights: Annotated[int, Field(ge=1)]
    row_tolerance: Annotated[float, Field(gt=0)] = 0.3
    blank_rise: Annotated[float, Field(gt=0, le=1)] = 0.5
    deliveries: Annotated[int, Field(ge=1)] = 6
    min_deliveries: Annotated[int, Field(ge=1)] = 3


class Shift(Section):
    """When a model is out of its depth, so that its night is held; with defaults for an older policy."""

    score_psi: Annotated[float, Field(gt=0)] = 0.25
    weight_out: Annotated[float, Field(gt=0, le=1)] = 0.3


class Release(Section):
    """Whether lists go out without a person."""

    automatic: bool
    urgent_while_held: bool


class Push(Section):
    """When it is told that lists are there, and how often it is tried; with defaults for an older policy.

    From ``quiet_from`` to ``quiet_until`` nobody is told, but of urgent visits where ``urgent_passes``.
    """

    quiet_from: Annotated[str, Field(pattern=CLOCK)] = "20:00"
    quiet_until: Annotated[str, Field(pattern=CLOCK)] = "07:30"
    urgent_passes: bool = True
    attempts: Annotated[int, Field(ge=1, le=100)] = 12
    first_wait_seconds: Annotated[int, Field(ge=1, le=3_600)] = 60
    longest_wait_seconds: Annotated[int, Field(ge=1, le=86_400)] = 21_600

    def is_quiet(self, clock: str) -> bool:
        """Whether a time of day (HH:MM) lies in the quiet hours, which may go past midnight."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= clock < self.quiet_until
        return clock >= self.quiet_from or clock < self.quiet_until


class Promotion(Section):
    """Whether a model that passes its gates is used without a person; how many settings of the trees are tried.

    ``unequal``: whether a group that a model finds too seldom, beyond doubt, holds it back or is only told.
    ``falling``: the same of a household that falls by a poverty model when its records get worse; ``signs_sample``:
    households for which each such loss is tried at a training.
    """

    automatic: bool
    trials: int = Field(default=12, ge=0, le=500)
    unequal: Literal["hold", "tell"] = "hold"
    falling: Literal["hold", "tell"] = "hold"
    signs_sample: int = Field(default=500, ge=0, le=100_000)


class Retention(Section):
    """For how many months things are kept after they are over, by kind of record and of file.

    ``automatic``: the scheduler takes away what is past its time, once a month behind the first night from ``day``
    on; else nothing goes before somebody runs ``xunfang retain``. A policy that was written before there were
    periods has these defaults, as shipped.
    """

    automatic: bool = False
    day: Annotated[int, Field(ge=1, le=28)] = 1
    household: Months = 60
    member: Months = 60
    income: Months = 60
    employment: Months = 60
    medical: Months = 36
    benefit: Months = 60
    event: Months = 36
    enrolment: Months = 60
    disability: Months = 60
    schooling: Months = 60
    kin: Months = 60
    utility: Months = 36
    identity: Months = 60
    quarantine: Annotated[int, Field(ge=1, le=1_200)] = 12
    nights: Annotated[int, Field(ge=36, le=1_200)] = 36
    lists: Annotated[int, Field(ge=1, le=1_200)] = 12
    visits: Annotated[int, Field(ge=36, le=1_200)] = 60

    @property
    def months(self) -> dict[str, int]:
        """The periods alone."""
        return self.model_dump(exclude={"automatic", "day"})

    @model_validator(mode="after")
    def _lists_not_longer_than_nights(self) -> "Retention":
        if self.lists > self.nights:
            raise ValueError("lists must not be kept longer than the nights that they were made in")
        return self


class Policy(Section):
    """All values of the policy, the reason of each by ``section.name``, and the text they were read from."""

    capacity: Capacity
    shares: Shares
    lottery: Lottery
    risk: Risk = Risk()
    floors: Floors = Floors()
    plan: Plan = Plan()
    lists: Lists = Lists()
    escalation: Escalation = Escalation()
    event_lane: EventLane
    gap_lane: GapLane = GapLane()
    clocks: Clocks
    cool_down_days: dict[Outcome, Days]
    recheck_days: dict[Outcome, Days]
    referrals: Referrals = Referrals()
    cases: Cases = Cases()
    known: KnownHouseholds
    intake: Intake
    volume: Volume
    shift: Shift = Shift()
    release: Release
    push: Push = Push()
    promotion: Promotion
    retention: Retention = Retention()
    why: Mapping[str, str]
    text: str

    @classmethod
    def from_toml(cls, text: str) -> "Policy":
        """Read a policy; raises ``PolicyError`` naming the value: missing, unknown, out of range, no reason."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"policy.toml: not a TOML text: {error}") from None
        values, why = _apart(raw)
        try:
            return cls.model_validate({**values, "why": why, "text": text})
        except ValidationError as error:
            said = [f"{'.'.join(str(step) for step in p['loc'])}: {p['msg']}" for p in error.errors()]
            raise PolicyError("policy.toml: " + "; ".join(said)) from None

    @model_validator(mode="after")
    def _consistent(self) -> "Policy":
        if self.shares.random < self.lottery.floor:
            raise ValueError("shares.random must not be below lottery.floor")
        missing = [code for code in OUTCOMES if code not in self.cool_down_days]
        if missing:
            raise ValueError(f"cool_down_days lacks {', '.join(missing)}")
        early = [code for code, days in self.recheck_days.items() if days < self.cool_down_days[code]]
        if early:
            raise ValueError(f"recheck_days comes before the cool-down is over for {', '.join(early)}")
        longest = max(*self.cool_down_days.values(), *self.recheck_days.values())
        if longest > 28 * self.retention.visits:
            raise ValueError("retention.visits is shorter than the longest of cool_down_days and recheck_days")
        return self

    def due_on(self, lane: str, day: date, calendar: WorkCalendar = WEEKDAYS) -> date:
        """The day by which a visit of this lane should have been made."""
        if lane == "urgent":
            return day + timedelta(days=self.clocks.urgent_days)
        if lane == "event":
            return day + timedelta(days=self.clocks.event_days)
        wait = self.clocks.gap_working_days if lane == "gap" else self.clocks.other_working_days
        return calendar.after(day, wait)

    def referral_due(self, kind: str, day: date, calendar: WorkCalendar = WEEKDAYS) -> date:
        """The day by which a referral (``outcomes.REFERRALS``) that was opened on a day should be settled."""
        days = self.referrals
        if kind == "safety":
            return day + timedelta(days=days.safety_days)
        wait = {
            "department": days.department_working_days,
            "data": days.data_working_days,
            "moved": days.register_working_days,
            "deceased": days.register_working_days,
        }.get(kind, days.review_working_days)
        return calendar.after(day, wait)

    def shift_held(self, shift: Mapping[str, Mapping[str, Any]]) -> str | None:
        """Why a night is to be held whose models are out of their depth, or None.

        ``shift``: by risk ``score_psi`` (null: unknown), ``out``, ``sources``.
        """
        said = []
        for risk, told in sorted(shift.items()):
            psi, out = told["score_psi"], told["out"]
            if (psi is not None and psi > self.shift.score_psi) or out > self.shift.weight_out:
                said.append((risk, "–" if psi is None else f"{psi:.2f}", f"{out:.0%}", ", ".join(told["sources"])))
        if not said:
            return None
        zh = "；".join(
            f"{risk}：分数 PSI {psi}，权重 {out} 的列超出范围" + (f"（来源：{names}）" if names else "")
            for risk, psi, out, names in said
        )
        en = "; ".join(
            f"{risk}: PSI of the scores {psi}, columns of {out} of its weight are out"
            + (f" (sources: {names})" if names else "")
            for risk, psi, out, names in said
        )
        return f"模型已超出适用范围（{zh}） / the model is out of its depth ({en})"

    def volume_held(self, listed: int, earlier: list[int]) -> str | None:
        """Why a night of this length is to be held, or None. ``earlier``: lengths of nights, newest last."""
        window = sorted(earlier[-self.volume.nights :])
        if len(window) < self.volume.min_nights:
            return None
        middle = len(window) // 2
        median = window[middle] if len(window) % 2 else (window[middle - 1] + window[middle]) / 2
        if abs(listed - median) <= self.volume.tolerance * median:
            return None
        return f"{listed} households are listed; the median of the last {len(window)} nights is {median:g}"


def hides_rank(text: str) -> bool:
    """Whether a policy, by its text as a night has kept it, hides the rank from those who visit."""
    told = tomllib.loads(text).get("lists", {}).get("rank", {})
    return bool(told.get("value") == "hidden")


def _apart(raw: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The values and the reasons; both of every entry must be there."""
    values: dict[str, dict[str, Any]] = {}
    why: dict[str, str] = {}
    for section, entries in raw.items():
        if not isinstance(entries, dict):
            raise PolicyError(f"policy.toml: {section} must be a table, as in [capacity]")
        values[section] = {}
        for name, entry in entries.items():
            place = f"{section}.{name}"
            if not isinstance(entry, dict) or set(entry) != {"value", "why"}:
                raise PolicyError(f"policy.toml: {place}: write {{ value = ..., why = '...' }}")
            if not isinstance(entry["why"], str) or not entry["why"].strip():
                raise PolicyError(f"policy.toml: {place}: the reason is empty")
            values[section][name] = entry["value"]
            why[place] = entry["why"]
    return values, why
