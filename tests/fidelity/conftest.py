"""The official MJML for a session, and what emails need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emails.conftest import _brand, _media  # noqa: F401 - the brand and the media folder of every email
from tests.fidelity.official import OfficialMjml


@pytest.fixture(scope="session")
def official() -> Iterator[OfficialMjml]:
    """The official MJML: one process for all documents."""
    process = OfficialMjml()
    yield process
    process.close()
