"""A mistake in a pack of programmes: where it stands, what is wrong, and how to put it right."""

from dataclasses import dataclass

Wrong = tuple[str, str]
"""What is wrong, and the way out."""


@dataclass(frozen=True)
class Problem:
    """One mistake; as text all three in a line."""

    where: str
    what: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.way_out})"
