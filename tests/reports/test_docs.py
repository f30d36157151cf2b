"""What the page about the reports says is what the pages of the admin say."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from wagtail_precise_mail.reports.admin.customers.asking import Asked, preset_period
from wagtail_precise_mail.reports.admin.customers.stages import borders_sentence
from wagtail_precise_mail.reports.admin.customers.views import TABS

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[2] / "docs/how-to/read-the-reports.md"


@pytest.mark.parametrize(("slug", "key"), [(tab.slug, key) for tab in TABS for key in tab.pictures])
def test_the_definition_of_every_picture_is_in_the_docs_word_for_word(slug: str, key: str) -> None:
    asked = Asked(preset_period("365", timezone.localdate()))
    picture = next(tab for tab in TABS if tab.slug == slug).pictures[key](asked)
    words = " ".join(PAGE.read_text().split())

    # Where the borders are stands on the page only: they are the shop's own.
    definition = str(picture.definition).replace(borders_sentence(asked), "").strip()
    assert f"**{picture.title}**: {definition}" in words
