"""The shop keeps the promises of every commerce source."""

from __future__ import annotations

import pytest

from example_site.shop.services import SOURCE
from example_site.shop.sources import ShopSource
from tests.commerce.source_contract import SourceContract
from wagtail_precise_mail.commerce.sources import sources


@pytest.mark.slow
@pytest.mark.usefixtures("demo")
class TestShopSource(SourceContract):
    """Fern & Kettle."""

    @pytest.fixture
    def source(self) -> ShopSource:
        return ShopSource()


def test_the_shop_is_registered() -> None:
    assert sources.get(SOURCE) is ShopSource
