"""Who runs a command, and whether they may: every command is declared here, and one that is not is refused.

Roles on the command line are a rail and a record, not a wall: whoever can read the home's files and keys needs no
command. Give each person an account of their own, and the files to the service's account.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from engine.errors import NotAllowedError, UsageError
from outreach.permissions import ROLES, Action, Purpose, Role, Sensitivity, may


@dataclass(frozen=True)
class Deed:
    """What a command does, to which class of facts, what for. ``noted``: its use is noted in the audit log.

    Without a purpose, the command asks for one (``--purpose``).
    """

    action: Action
    sensitivity: Sensitivity = "none"
    purpose: Purpose | None = "operation"
    noted: bool = False


@dataclass(frozen=True)
class Person:
    """Who works: the name that the audit log keeps, the role, the areas of a caseworker or contractor."""

    name: str
    role: Role
    areas: tuple[str, ...] = ()


DEEDS: Final[dict[str, Deed]] = {
    "demo": Deed("set_up"),
    "init": Deed("set_up"),
    "survey eph": Deed("set_up"),
    "survey gsoep": Deed("set_up"),
    "survey eusilc": Deed("set_up"),
    "check": Deed("take_in", "identity", noted=True),
    "fetch": Deed("take_in", "identity", noted=True),
    "train": Deed("learn", "private", "learning", noted=True),
    "evaluate": Deed("learn", "private", "learning"),
    "features": Deed("look"),
    "models list": Deed("look"),
    "models promote": Deed("review", purpose="review"),
    "models rollback": Deed("review", purpose="review"),
    "models challenge": Deed("review", purpose="review"),
    "programmes list": Deed("look"),
    "programmes check": Deed("look"),
    "programmes explain": Deed("reveal", "private", None),
    "features show": Deed("learn", "private", "learning"),
    "fairness": Deed("learn", "private", "learning"),
    "card": Deed("learn", "private", "learning"),
    "poverty": Deed("learn", "private", "learning"),
    "signs": Deed("learn", "private", "learning"),
    "yield": Deed("learn", "private", "learning"),
    "night": Deed("run", "identity", noted=True),
    "schedule": Deed("run", "identity", noted=True),
    "lists": Deed("look"),
    "reassign": Deed("record", "social", "visit"),
    "desk": Deed("review", "social", "review"),
    "status": Deed("look"),
    "verify": Deed("verify"),
    "migrate": Deed("keep", noted=True),
    "confirm": Deed("review", purpose="review"),
    "release": Deed("review", "identity", "review"),
    "push status": Deed("look"),
    "push send": Deed("run", noted=True),
    "push dead": Deed("look"),
    "push retry": Deed("run"),
    "push receipt": Deed("record"),
    "push release": Deed("review", "identity", "review"),
    "compact": Deed("keep", noted=True),
    "repair": Deed("keep", noted=True),
    "retain": Deed("keep", noted=True),
    "backup": Deed("keep", noted=True),
    "restore": Deed("keep"),
    "replay": Deed("verify", noted=True),
    "quarantine list": Deed("look"),
    "quarantine export": Deed("export", "identity", noted=True),
    "quarantine report": Deed("take_in"),
    "linkage propose": Deed("take_in", "identity", noted=True),
    "linkage list": Deed("review", "social", "review"),
    "linkage accept": Deed("review", "identity", "review"),
    "linkage reject": Deed("review", "identity", "review"),
    "linkage undo": Deed("review", "identity", "review"),
    "rights list": Deed("record", "social", "objection"),
    "rights opt-out": Deed("record", "social", "objection"),
    "rights objection": Deed("record", "social", "objection"),
    "rights decide": Deed("review", "social", "objection"),
    "rights erase": Deed("record", "identity", "objection", noted=True),
    "consent record": Deed("record", "social", "review"),
    "consent list": Deed("record", "social", "review"),
    "consent withdraw": Deed("record", "social", "objection"),
    "outcome record": Deed("record", "social", "visit"),
    "outcome undo": Deed("record", "social", "visit"),
    "outcome import": Deed("record", "social", "visit", noted=True),
    "outcome list": Deed("record", "social", "visit"),
    "outcome settle": Deed("record", "social", "visit"),
    "case list": Deed("record", "social", "visit"),
    "case show": Deed("record", "social", "visit"),
    "case open": Deed("record", "social", "visit"),
    "case step": Deed("record", "social", "visit"),
    "case part": Deed("record", "social", "visit"),
    "dispute list": Deed("record", "social", "visit"),
    "dispute open": Deed("record", "social", "visit"),
    "dispute settle": Deed("review", "social", "objection"),
    "dispute corrected": Deed("review", "social", "objection"),
    "review list": Deed("review", "social", "review"),
    "review hear": Deed("review", "social", "review"),
    "review conclude": Deed("review", "social", "review"),
    "keys list": Deed("keep"),
    "keys backup": Deed("keep", noted=True),
    "keys rotate": Deed("keep", noted=True),
    "reveal": Deed("reveal", "identity", None),
    "explain": Deed("reveal", "private", None),
    "household": Deed("reveal", "private", None),
    "month": Deed("look"),
    "coverage": Deed("look"),
    "audit list": Deed("read_log", purpose="audit", noted=True),
    "audit export": Deed("read_log", purpose="audit", noted=True),
    "audit verify": Deed("verify"),
}
"""Every command by its words."""

OPERATOR: Final = Person("operator", "operator")

_asked: ContextVar[str | None] = ContextVar("asked", default=None)
_person: ContextVar[Person] = ContextVar("person", default=OPERATOR)
_words: ContextVar[str] = ContextVar("words", default="")


def ask_as(name: str | None) -> None:
    """Remember the name or role given with ``--as``."""
    _asked.set(name)


def person() -> Person:
    """Who runs this command."""
    return _person.get()


def deed() -> tuple[str, Deed]:
    """The command that runs, by its words, and what it is declared to be."""
    return _words.get(), DEEDS.get(_words.get(), Deed("look"))


def guard(command: Any, words: tuple[str, ...] = ()) -> Any:
    """Put the check before a command and every command below it."""
    for name, each in getattr(command, "commands", {}).items():
        guard(each, (*words, name))
    if words and command.callback is not None:
        command.callback = _checked(" ".join(words), command.callback)
    return command


def _checked(words: str, run: Callable[..., Any]) -> Callable[..., Any]:
    def checked(**given: Any) -> Any:
        home = None if given.get("home") is None else Path(given["home"]).expanduser().resolve()
        who = person_of(home, _asked.get())
        _person.set(who)
        _words.set(words)
        purpose = given.get("purpose")
        allow(words, who, home, None if purpose is None else str(purpose))
        return run(**given)

    return checked


def allow(words: str, who: Person, home: Path | None, asked_purpose: str | None) -> None:
    """Return quietly where the person may run the command, else note the refusal and raise NotAllowedError."""
    if words not in DEEDS:
        raise NotAllowedError(f"xunfang {words}: nobody has said yet who may run this", "Declare it among DEEDS.")
    declared = DEEDS[words]
    purpose = declared.purpose or purpose_of(asked_purpose)
    decision = may(who.role, declared.action, declared.sensitivity, area_match=True, purpose=purpose)
    if not decision.allowed:
        _note_refusal(home, who, words, decision.reason.en)
        raise NotAllowedError(
            f"xunfang {words}: {decision.reason.en} / {decision.reason.zh}",
            "docs/operator.md says which role may do what.",
        )


def purpose_of(asked: str | None) -> Purpose:
    """The purpose that was asked for; raises UsageError that lists those there are."""
    found: dict[str, Purpose] = {each: each for each in get_args(Purpose)}
    if asked not in found:
        raise UsageError(f"--purpose {asked}: no such purpose", f"The purposes are: {', '.join(found)}.")
    return found[asked]


def person_of(home: Path | None, asked: str | None) -> Person:
    """Who is meant by ``--as``: somebody of home.toml's staff; in a home without staff a role, else the operator.

    Raises NotAllowedError where the name is unknown, or where the home has staff and no name is given.
    """
    staff = _staff(home)
    if asked is not None and asked in staff:
        return Person(asked, staff[asked].role, tuple(staff[asked].areas))
    if staff:
        raise NotAllowedError(
            f"{'nobody is named' if asked is None else f'--as {asked}: is not named'} among the staff of this home",
            "Say who you are: xunfang --as NAME …, or the environment variable XUNFANG_AS.",
        )
    roles: dict[str, Role] = {role: role for role in ROLES}
    if asked is not None and asked not in roles:
        raise NotAllowedError(
            f"--as {asked}: no such role, and this home.toml names no staff",
            f"The roles are: {', '.join(ROLES)}.",
        )
    return OPERATOR if asked is None else Person(asked, roles[asked])


def _staff(home: Path | None) -> Any:
    from engine.settings import Home, read_settings

    return {} if home is None or not home.is_dir() else read_settings(Home(home)).staff


def _note_refusal(home: Path | None, who: Person, words: str, reason: str) -> None:
    """Note a refused command in the home's audit log, where there is one yet."""
    from engine.settings import Home

    if home is None or not (Home(home).keys / "audit.key").exists():
        return
    from engine.workplace import Workplace

    place = Workplace.open(Home(home), actor=who.name, role=who.role)
    place.log.note("command refused", "command", {"command": words, "reason": reason})
