"""The three menu groups of the package; every room brings its viewsets. One group of thirty could not be read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from wagtail_precise_mail.campaigns import admin as campaigns
from wagtail_precise_mail.commerce import admin as commerce
from wagtail_precise_mail.contacts import admin as contacts
from wagtail_precise_mail.delivery import admin as delivery
from wagtail_precise_mail.emails import admin as emails
from wagtail_precise_mail.reports import admin as reports
from wagtail_precise_mail.segments import admin as segments

# This registers what it brings with hooks of its own.
__all__ = ["reports"]


class MailGroup(SnippetViewSetGroup):
    """The menu "Mail": what is written and sent."""

    menu_label = _("Mail")
    menu_icon = "mail"
    menu_order = 250
    menu_name = "precise-mail"
    items = (*campaigns.viewsets, *emails.viewsets, *delivery.viewsets)


class PeopleGroup(SnippetViewSetGroup):
    """The menu "People": who they are, what they agreed to, and segments of them."""

    menu_label = _("People")
    menu_icon = "group"
    menu_order = 251
    menu_name = "precise-mail-people"
    items = (*segments.viewsets, *contacts.viewsets, *campaigns.people_viewsets)


class ShopGroup(SnippetViewSetGroup):
    """The menu "Shop": what they buy."""

    menu_label = _("Shop")
    menu_icon = "tag"
    menu_order = 252
    menu_name = "precise-mail-shop"
    items = (*commerce.viewsets, *emails.shop_viewsets)


# Now, and not by a hook that waits for the URLs: migrate asks for the snippets, to make their publish permissions.
for group in (MailGroup, PeopleGroup, ShopGroup):
    register_snippet(group)
