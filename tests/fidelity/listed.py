"""The differences that are known, each with its reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.fidelity.structure import Difference

FILE = Path(__file__).parent / "differences.toml"


@dataclass(frozen=True)
class Listed:
    """One entry of the file; several may share an id, and then the first has the words.

    Attributes:
        within: how far the two numbers may be apart, in pixels.
        below: how far ours may be below the official one, in pixels; it may not be above it.
    """

    id: str
    kind: str
    place: str
    name: str = ""
    ours: str = ".*"
    official: str = ".*"
    within: float | None = None
    below: float | None = None
    title: str = ""
    why: str = ""

    def explains(self, difference: Difference) -> bool:
        """Whether a difference is of this class."""
        pairs = [
            (self.kind, difference.kind),
            (self.place, difference.place),
            (self.name, difference.name),
            (self.ours, difference.ours),
            (self.official, difference.official),
        ]
        is_like = all(re.fullmatch(pattern, value, re.DOTALL) for pattern, value in pairs)
        return is_like and self._is_near(difference)

    def _is_near(self, difference: Difference) -> bool:
        if self.within is None and self.below is None:
            return True
        ours, official = (float(value.removesuffix("px")) for value in (difference.ours, difference.official))
        return abs(ours - official) <= self.within if self.within is not None else 0 < official - ours <= self.below


LISTED = [Listed(**entry) for entry in tomllib.loads(FILE.read_text())["difference"]]


def unexplained(differences: Iterable[Difference]) -> list[str]:
    """Return the differences that no entry explains, as words."""
    return [str(one) for one in differences if not any(listed.explains(one) for listed in LISTED)]
