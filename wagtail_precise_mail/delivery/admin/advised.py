"""Listings that say what to do while they are empty: "there are none" alone helps nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from wagtail.admin.views import generic

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class AdvisedIndex(generic.IndexView):
    """A listing with advice for the time before the first row."""

    advice: ClassVar[StrPromise]
    results_template_name = "wagtail_precise_mail/delivery/advised_results.html"
