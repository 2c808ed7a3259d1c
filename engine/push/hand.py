"""What a channel needs beside its settings and the message: secrets, the home's folder, addresses of mail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import HomeError
from engine.keys import read_secret


@dataclass(frozen=True)
class Hand:
    """``root``: the home, for certificates; ``keys``: its folder of secrets; ``addresses``: by caseworker."""

    root: Path
    keys: Path
    environment: Mapping[str, str] = field(repr=False, default_factory=dict)
    addresses: Mapping[str, str] = field(repr=False, default_factory=dict)

    def secret(self, file: str | None, variable: str | None) -> str:
        """A secret by the name of its file or variable, read anew each time and never kept.

        Raises HomeError that names the place.
        """
        if file is not None:
            return read_secret(self.keys / file)
        secret = self.environment.get(variable or "", "").strip()
        if not secret:
            raise HomeError(
                f"the environment variable {variable} is not set",
                f"Set {variable} to the channel's secret for the service's account.",
            )
        return secret
