"""An open home: its settings, policy, caseworkers, programmes, keys and database, read once and handed around."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from engine import registry
from engine.audit import AuditLog, utc_now
from engine.codeversion import code_version
from engine.db import has_tables, open_home_db, place_of, prepare
from engine.errors import HomeError, IntegrityError, UsageError
from engine.identity import later_names, renewed
from engine.intake import inbox
from engine.intake.inbox import TakenIn
from engine.keys import Keys, load_keys
from engine.learning import Learner
from engine.nights import Inputs
from engine.population import Population, Progress, silent
from engine.receipts import FOLDER
from engine.recordstore import LAYOUT, RecordStore
from engine.settings import Home, HomeSettings, existing, read_settings
from engine.staff import Bureau, read_bureau
from models.risk import RiskModel
from outreach.catalogue import PackError, Programmes
from outreach.packs import PART, load
from outreach.policy import Policy, PolicyError
from outreach.workdays import WEEKDAYS, WorkCalendar

NOT_OF_THE_NIGHT: Final = {"database_url_env", "checkpoint_path", "staff", "push"}
"""Settings that say where things are kept or told and who may do what: no night comes out differently for them."""

Models = dict[str, tuple[str, RiskModel]]
"""The promoted model of each risk with its id; a risk without one is missing."""


@dataclass(frozen=True)
class Workplace:
    """A home that can be worked in. ``seed`` and ``threads`` come from the command line.

    ``log`` is the audit log in the hand of whoever works here. ``packs``: the bureau's own packs as a past night
    had them; None = as they lie in the home.
    """

    home: Home
    settings: HomeSettings
    policy: Policy
    keys: Keys
    database: sa.Engine
    seed: int
    threads: int
    log: AuditLog
    packs: Mapping[str, str] | None = None

    @classmethod
    def open(
        cls,
        home: Home,
        *,
        seed: int = 0,
        threads: int = 2,
        actor: str = "operator",
        role: str = "operator",
        clock: Callable[[], datetime] = utc_now,
    ) -> "Workplace":
        """Open a home that ``init``, ``demo`` or ``survey`` has laid out; HomeError says what is missing.

        ``actor`` and ``role`` say who works, for the audit log.
        """
        settings, policy = read_settings(existing(home)), read_policy(home)
        keys = load_keys(home)
        database = open_home_db(home, settings)
        refuse_a_lost_database(home, settings, database)
        prepare(database)
        log = AuditLog(database, keys.audit, actor, role, clock, keys.fingerprints()["pseudonym"])
        if keys.made:
            log.note("keys made", "key", {"files": [path.name for path in keys.made]})
        return cls(home, settings, policy, keys, database, seed, threads, log)

    @cached_property
    def bureau(self) -> Bureau:
        """Areas, caseworkers, leave and capacity."""
        return read_bureau(self.home)

    @cached_property
    def programmes(self) -> Programmes | None:
        """The pack of programmes that home.toml names; None where it names none."""
        pack = self.settings.programmes
        return None if pack is None else read_programmes(pack, self.own_programmes)

    @cached_property
    def own_programmes(self) -> dict[str, str]:
        """The texts of the bureau's own packs, by name; as a night had them where it is made again."""
        return own_packs(self.home) if self.packs is None else dict(self.packs)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The working days that home.toml names."""
        return read_calendar(self.settings.calendar)

    @property
    def list_length(self) -> int:
        """How many households all caseworkers together are given in a week."""
        return max(1, int(self.bureau.weekly_capacity * self.policy.capacity.factor))

    def take_in(self, progress: Progress = silent) -> TakenIn:
        """Take in what lies in the inbox; what is known already is passed over.

        Refusals are in the result; the first is raised where nothing has ever been taken in.
        """
        taken = inbox.take_in(
            self.home,
            reject_limit=self.policy.intake.reject_limit,
            database=self.database,
            log=self.log,
            today=self.log.today,
            progress=progress,
        )
        if not taken.store.receipts:
            taken.raise_refused()
        return taken

    def check(self, progress: Progress = silent) -> tuple[dict[str, Any], TakenIn]:
        """The same, told per source and delivery, with the refusals in the report."""
        told, taken = inbox.check(
            self.home,
            reject_limit=self.policy.intake.reject_limit,
            database=self.database,
            log=self.log,
            today=self.log.today,
            progress=progress,
        )
        return told | {"keys_made": [str(path) for path in self.keys.made]}, taken

    def has_records(self) -> bool:
        """Whether any delivery has been taken in."""
        return (self.home.records / LAYOUT).exists()

    def store(self) -> RecordStore:
        """The record store as it is now."""
        return RecordStore.open(self.home, self.keys)

    def current(self, household: str) -> str:
        """The number of a household as it is now; a card from before a change of the key shows an earlier one."""
        keys = self.keys.pseudonyms
        if len(keys) == 1 or not self.has_records():
            return household
        names = self.names_of(household)
        known = self.store().homes.households["household_id"]
        now = known.filter(known.is_in(sorted(names)))
        return str(now[0]) if now.len() else household

    def names_of(self, household: str) -> set[str]:
        """A household's number of any version, and all that it may have become since."""
        return later_names(self.keys.pseudonyms, "household", household)

    def population(self, progress: Progress = silent, deliveries: Collection[str] | None = None) -> Population:
        """Everybody, as known now (or from some deliveries only)."""
        return Population(self.store(), self.programmes, deliveries, progress)

    def learner(self, progress: Progress = silent) -> Learner:
        """What a training needs."""
        return Learner(
            self.home,
            self.settings,
            self.population(progress),
            self.seed,
            self.threads,
            self.list_length,
            self.policy.promotion.trials,
            self.policy.promotion.unequal == "hold",
            self.policy.promotion.falling == "hold",
            self.policy.promotion.signs_sample,
            len(self.keys.pseudonyms),
        )

    def promoted_models(self) -> Models:
        """The promoted model of each risk."""
        found = {risk: registry.promoted_model(self.home, risk) for risk in registry.RISKS}
        return {risk: model for risk, model in found.items() if model is not None}

    def challengers(self) -> Models:
        """The model of each risk that scores in the shadow."""
        found = {risk: registry.challenger_model(self.home, risk) for risk in registry.RISKS}
        return {risk: model for risk, model in found.items() if model is not None}

    def tested(self, risk: str, model_id: str | None = None) -> pl.DataFrame:
        """``registry.rows_tested`` with the numbers of now of its households; raises as it does."""
        frame = registry.rows_tested(self.home, risk, model_id)
        chosen = registry.serving_of(self.home, risk) if model_id is None else model_id
        version = int(registry.manifest_of(self.home, risk, str(chosen)).get("pseudonyms", 1))
        keys = self.keys.pseudonyms
        if version == len(keys):
            return frame
        return frame.with_columns(renewed(keys, version, "household", frame["household_id"]))

    def inputs(self, models: Models, store: RecordStore | None = None) -> Inputs:
        """What a night is made from, as hashes: where one differs, the night would come out differently.

        ``store``: the picture that the night was made from (None = the store as it is now).
        """
        told = {
            "deliveries": (store or self.store()).fingerprint(),
            "settings": self.settings.model_dump(mode="json", exclude=NOT_OF_THE_NIGHT),
            "caseworkers": self.bureau.file.model_dump(mode="json", by_alias=True),
            "code": code_version(),
        }
        if self.own_programmes:
            told["programmes"] = self.own_programmes
        return Inputs(
            input_sha256=hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),
            policy_sha256=hashlib.sha256(self.policy.text.encode()).hexdigest(),
            relative_poverty_model=models["relative_poverty"][0] if "relative_poverty" in models else None,
            emergency_model=models["emergency"][0] if "emergency" in models else None,
        )


def refuse_a_lost_database(home: Home, settings: HomeSettings, database: sa.Engine) -> None:
    """A new database would know of no name, visit, opt-out or finished night, and all would be forgotten unsaid."""
    if not any((home.records / FOLDER).glob("*.json")):
        return
    if settings.database_url_env is not None:
        lost = not has_tables(database)
    else:  # looking inside would make the file
        kept = (home.database, home.database.with_name(f"{home.database.name}-wal"))
        lost = not any(path.exists() and path.stat().st_size for path in kept)
    if lost:
        raise IntegrityError(
            f"{place_of(database)}: the database is missing, and this home holds records taken in with it",
            "Put it back from a backup of the home.",
        )


def read_policy(home: Home) -> Policy:
    """The drafting policy of a home; raises HomeError that names the value."""
    try:
        return Policy.from_toml(home.policy.read_text("utf-8"))
    except FileNotFoundError:
        raise HomeError(
            f"{home.policy}: there is no such file", "Run xunfang init: it writes the default policy."
        ) from None
    except (PolicyError, UnicodeDecodeError) as wrong:
        raise HomeError(f"{home.policy}: {wrong}", "Mend the value named above.") from None


def default_policy() -> str:
    """The text of the shipped default policy."""
    return shipped("policy.toml").read_text("utf-8")


def read_programmes(pack: str, own: Mapping[str, str]) -> Programmes:
    """A pack of programmes by its id, of the bureau's own (texts by name) or a shipped one.

    Raises UsageError with every mistake of the pack, or with the packs there are.
    """
    try:
        return load(pack, pack_texts(own))
    except PackError as wrong:
        raise UsageError(
            f"programmes: {wrong}", "Name a pack that is there in home.toml, or mend it: xunfang programmes check."
        ) from None


def pack_texts(own: Mapping[str, str]) -> dict[str, str]:
    """The texts of all packs by name; UsageError where one of the bureau's own has the name of a shipped one."""
    there = {path.stem: path.read_text("utf-8") for path in sorted(shipped("programmes").glob("*.toml"))}
    ids = {name.partition(PART)[0] for name in there}
    taken = sorted(name for name in own if name.partition(PART)[0] in ids)
    if taken:
        raise UsageError(
            f"programmes/{taken[0]}.toml: a shipped pack has this name",
            "Give your pack a name of its own, and name the shipped one as its parent.",
        )
    return {**there, **own}


def own_packs(home: Home) -> dict[str, str]:
    """The texts in the home's ``programmes/`` folder by name; UsageError where one is no text in UTF-8."""
    texts = {}
    for path in sorted(home.programmes.glob("*.toml")):
        try:
            texts[path.stem] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            raise UsageError(f"{path}: cannot be read as a text in UTF-8 ({wrong})", "Save it as UTF-8.") from None
    return texts


def read_calendar(name: str) -> WorkCalendar:
    """A shipped calendar by its name; UsageError lists those there are."""
    if name == WEEKDAYS.name:
        return WEEKDAYS
    paths = sorted(shipped("calendars").glob("*.toml"))
    texts = [path.read_text("utf-8") for path in paths if path.stem.rpartition("-")[0] == name]
    if not texts:
        names = sorted({path.stem.rpartition("-")[0] for path in paths} | {WEEKDAYS.name})
        raise UsageError(f"calendar: there is no {name}", f"home.toml, calendar: one of {', '.join(names)}.")
    return WorkCalendar.of(name, texts)


def shipped(name: str) -> Path:
    """A file or folder that is shipped with outreach/."""
    return Path(str(files("outreach"))) / name
