"""The home: one folder with everything, the paths in it, and the settings in its ``home.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.channels import PushSettings
from engine.errors import HomeError
from outreach.permissions import Role


@dataclass(frozen=True)
class Home:
    """The paths of a home. Making one touches nothing."""

    root: Path

    @property
    def settings(self) -> Path:
        """Currency, label specs, what the bureau lacks and why."""
        return self.root / "home.toml"

    @property
    def policy(self) -> Path:
        """The drafting policy, each value with a why."""
        return self.root / "policy.toml"

    @property
    def caseworkers(self) -> Path:
        """Areas, caseworkers, leave and capacity."""
        return self.root / "caseworkers.toml"

    @property
    def inbox(self) -> Path:
        """One folder per delivery, with its manifest."""
        return self.root / "inbox"

    @property
    def programmes(self) -> Path:
        """The bureau's own packs of programmes."""
        return self.root / "programmes"

    @property
    def sources(self) -> Path:
        """One description per source: where it comes from and how its columns become ours."""
        return self.root / "sources"

    @property
    def records(self) -> Path:
        """The record store."""
        return self.root / "records"

    @property
    def quarantine(self) -> Path:
        """Sealed raw rows with the rule that they broke."""
        return self.root / "quarantine"

    @property
    def keys(self) -> Path:
        """Key files, readable by their owner only."""
        return self.root / "keys"

    @property
    def database(self) -> Path:
        """People's work, the ledger and the vault's tables (SQLite)."""
        return self.root / "xunfang.db"

    @property
    def models(self) -> Path:
        """Promoted and candidate models, a folder per risk."""
        return self.root / "models"

    @property
    def nights(self) -> Path:
        """One folder per business date."""
        return self.root / "nights"

    @property
    def checkpoints(self) -> Path:
        """One file per night: how far the audit chain had come, signed. Keep a copy elsewhere."""
        return self.root / "checkpoints"

    @property
    def lists(self) -> Path:
        """One folder per business date with a sheet and a page per caseworker."""
        return self.root / "lists"


def existing(home: Home) -> Home:
    """The home, where its folder is there; else HomeError."""
    if not home.root.is_dir():
        raise HomeError(
            f"{home.root}: there is no such folder",
            "Make a home with xunfang init, demo or survey, or mend --home.",
        )
    return home


class StaffMember(BaseModel):
    """Somebody who works with this home: a role, and the areas of a caseworker or contractor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    areas: tuple[str, ...] = ()


class HomeSettings(BaseModel):
    """What ``home.toml`` says. Every value has a default, so that an absent file is a plain Chinese bureau's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field(default="CNY", pattern=r"^[A-Z]{3}$", description="ISO 4217 code")
    minor_units: int = Field(default=100, ge=1, le=10_000, description="Minor units (fen) in one unit (yuan)")
    programmes: str | None = Field(default=None, description="Pack of programmes; none = no verdicts")
    calendar: str = Field(
        default="cn", description="Working days: a shipped calendar (cn), or weekdays (Monday to Friday)"
    )
    person_ids: Literal["gb11643", "free"] = Field(
        default="gb11643", description="Chinese identity numbers with a check digit, or a survey's own numbers"
    )
    employer_ids: Literal["gb32100", "free"] = Field(
        default="free", description="Unified social credit codes with a check character, or any numbers"
    )
    labels: Mapping[str, Mapping[str, Any]] = Field(default={}, description="Label specs by risk")
    checkpoint_path: str | None = Field(
        default=None,
        description="A second folder for the nightly checkpoint of the audit log, best on another machine",
    )
    database_url_env: str | None = Field(
        default=None,
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description="Environment variable with the URL of a PostgreSQL database; none = the file in the home",
    )
    staff: Mapping[str, StaffMember] = Field(
        default={}, description="Who works here, by name: role, and areas of a caseworker or contractor"
    )
    push: PushSettings = Field(
        default=PushSettings(),
        description="Where it is told that lists are there: link, zone, and a table per channel; none = the folder",
    )
    lacks: Mapping[str, str] = Field(
        default={}, description="Sources and risks that the bureau does not have, and why"
    )


def read_settings(home: Home) -> HomeSettings:
    """The settings of a home; raises HomeError that names the file, the entry and what it should be."""
    table = read_toml(home.settings) if home.settings.exists() else {}
    try:
        return HomeSettings.model_validate(table)
    except ValidationError as wrong:
        raise HomeError(
            f"{home.settings}: {problems(wrong)}", "Mend the entries named above; docs/architecture.md lists them."
        ) from None


def read_toml(path: Path) -> dict[str, Any]:
    """The table in a TOML file; raises HomeError where it is missing or not TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise HomeError(f"{path}: there is no such file", "Write it, or point --home at another folder.") from None
    except UnicodeDecodeError:
        raise HomeError(f"{path}: this is not UTF-8 text", "Save the file again as UTF-8.") from None
    except tomllib.TOMLDecodeError as wrong:
        raise HomeError(f"{path}: this is no TOML ({wrong})", "Mend the line named above.") from None


def problems(wrong: ValidationError) -> str:
    """What pydantic found, one clause per entry, without the values."""
    found = wrong.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in found)
