"""The channels of ``home.toml``: where a message may go that a list is there. No secret stands there.

A secret is a file in the home's ``keys/`` or a variable of the service's environment; here are their names only.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
RESERVED: Final = "folder"
"""The name of the channel that every home has."""
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
FILE: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$"
ENVIRONMENT: Final = r"^[A-Z][A-Z0-9_]*$"
ADDRESS: Final = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])$"
"""An address of mail as a bureau has one: plain ASCII, one @, nothing that could begin another header."""

Address = Annotated[str, Field(pattern=ADDRESS)]
FileName = Annotated[str, Field(pattern=FILE)]
Variable = Annotated[str, Field(pattern=ENVIRONMENT)]


def _safe_url(text: str) -> str:
    """An address of the web without a secret in it: https, or http on this machine."""
    parts = urlsplit(text)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("no user, password, ? or # may stand in it")
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    ):
        raise ValueError("must be https://…; http:// on this machine only")
    return text


def _known_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError("no such time zone; write it as in Asia/Shanghai") from None
    return text


Url = Annotated[str, AfterValidator(_safe_url)]


class Channel(BaseModel):
    """What all channels share: how long to wait, whose certificates to trust, whether to keep quiet hours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect_seconds: float = Field(default=5, gt=0, le=60)
    read_seconds: float = Field(default=10, gt=0, le=120)
    whole_seconds: float = Field(default=30, gt=0, le=300)
    ca_file: str | None = Field(default=None, description="Certificates to trust instead of the system's (PEM)")
    secret_file: FileName | None = None
    secret_env: Variable | None = None
    quiet: bool = True

    @model_validator(mode="after")
    def _one_place(self) -> "Channel":
        if self.secret_file is not None and self.secret_env is not None:
            raise ValueError("secret_file or secret_env, not both")
        return self

    @property
    def has_secret(self) -> bool:
        """Whether a place of the secret is named."""
        return (self.secret_file or self.secret_env) is not None


class Email(Channel):
    """A message by mail to the caseworker's address, or to ``to`` where caseworkers.toml gives none."""

    kind: Literal["email"]
    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Address
    to: tuple[Address, ...] = ()
    user: str | None = None

    @model_validator(mode="after")
    def _password_under_cover(self) -> "Email":
        if (self.user is None) == self.has_secret:
            raise ValueError("user and its secret_file or secret_env come together")
        if self.user is not None and self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("a password needs security = starttls or tls")
        return self


class Webhook(Channel):
    """A signed call of another system, one per list (Standard Webhooks)."""

    kind: Literal["webhook"]
    url: Url
    quiet: bool = False

    @model_validator(mode="after")
    def _signed(self) -> "Webhook":
        if not self.has_secret:
            raise ValueError("needs secret_file or secret_env")
        return self


class Robot(Channel):
    """A robot of a group chat; the token in its address is a secret."""

    url: Url
    token_file: FileName | None = None
    token_env: Variable | None = None

    @model_validator(mode="after")
    def _token(self) -> "Robot":
        if (self.token_file is None) == (self.token_env is None):
            raise ValueError("needs token_file or token_env")
        return self


class WeCom(Robot):
    """A robot of a WeCom group (企业微信, 政务微信)."""

    kind: Literal["wecom"]


class DingTalk(Robot):
    """A robot of a DingTalk group (钉钉, 政务钉钉); with a secret its calls are signed."""

    kind: Literal["dingtalk"]


AnyChannel = Annotated[Email | Webhook | WeCom | DingTalk, Field(discriminator="kind")]
PER_NIGHT: Final = ("wecom", "dingtalk")
"""Kinds of channel that are told of a night once, and not of every list."""


class PushSettings(BaseModel):
    """``[push]`` of home.toml: where lists are opened, the zone of the quiet hours, and the channels by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    link: Url | None = None
    zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Shanghai"
    channel: Mapping[str, AnyChannel] = {}

    @model_validator(mode="after")
    def _named(self) -> "PushSettings":
        wrong = sorted(name for name in self.channel if not NAME.fullmatch(name) or name == RESERVED)
        if wrong:
            raise ValueError(
                f"channel names are small letters, digits and -, not {RESERVED}: {', '.join(map(repr, wrong))}"
            )
        if self.channel and self.link is None:
            raise ValueError("link is missing: a message holds a link and nothing else")
        return self

    @property
    def time_zone(self) -> ZoneInfo:
        """The zone as such."""
        return ZoneInfo(self.zone)

    def of_kind(self, *kinds: str) -> list[tuple[str, Any]]:
        """The channels of some kinds with their names, in order."""
        return [(name, each) for name, each in sorted(self.channel.items()) if each.kind in kinds]
