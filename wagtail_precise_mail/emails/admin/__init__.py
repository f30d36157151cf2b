"""The Wagtail side of this room: emails, saved blocks, the brand, checks, starters, and whom a preview shows."""

from __future__ import annotations

from wagtail import hooks
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.snippets.views.snippets import SnippetViewSet

from wagtail_precise_mail.emails.admin import brand, counting, merge_draftail, picking, starters
from wagtail_precise_mail.emails.admin.emails import EmailViewSet, SavedBlockViewSet
from wagtail_precise_mail.emails.admin.recommender import RecommenderViewSet
from wagtail_precise_mail.emails.admin.rights import ImageRightsViewSet
from wagtail_precise_mail.emails.admin.senders import SenderViewSet
from wagtail_precise_mail.emails.choosers import contact_chooser_viewset

# These register what they bring with hooks of their own.
__all__ = ["brand", "counting", "merge_draftail", "picking", "starters", "viewsets"]

viewsets: list[type[ModelViewSet | SnippetViewSet]] = [
    EmailViewSet,
    SavedBlockViewSet,
    ImageRightsViewSet,
    SenderViewSet,
]
"""For the menu of mail."""

shop_viewsets: list = [RecommenderViewSet]
"""For the menu of the shop: what its products are recommended by."""


@hooks.register("register_admin_viewset")
def register_contact_chooser() -> ChooserViewSet:
    """Register the chooser of contacts."""
    return contact_chooser_viewset
