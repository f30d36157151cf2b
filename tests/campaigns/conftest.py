"""What the tests of campaigns share: nothing leaves the house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from wagtail_precise_mail.delivery.channels import MemoryChannel


@pytest.fixture(autouse=True)
def memory_channel(settings: Settings) -> Iterator[type[MemoryChannel]]:
    """Messages stay in memory."""
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()
    MemoryChannel.failures.clear()
    yield MemoryChannel
    MemoryChannel.outbox.clear()
    MemoryChannel.failures.clear()
