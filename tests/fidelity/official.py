"""The official MJML (the npm package), running beside the tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def is_installed() -> bool:
    """Whether there is a node, and the package that ``make mjml`` installs."""
    return shutil.which("node") is not None and (FOLDER / "node_modules" / "mjml" / "package.json").exists()


@dataclass(frozen=True)
class Rendered:
    """What MJML made of a document, and what its validator says about it."""

    html: str
    errors: list[str]


class OfficialMjml:
    """One node process that renders any number of documents: it takes two seconds to start."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", "official.mjs"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def render(self, mjml: str) -> Rendered:
        """Return the HTML of a document."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{json.dumps(mjml)}\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return Rendered(**answer)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
