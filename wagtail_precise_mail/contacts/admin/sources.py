"""Where people sign up: sources with the address to share and how many came by it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import URLPattern, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, ObjectList, Panel, TitleFieldPanel
from wagtail.admin.ui.tables import Column, NumberColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import SlugInput
from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.sign_ups import SignUpSource, with_sign_up_counts


def share_url(source: SignUpSource, base_url: str) -> str:
    """Return the address of the sign-up page that counts for a source."""
    return f"{base_url}{reverse('wagtail_precise_mail:sign_up')}?{urlencode({'source': source.slug})}"


def _base_url() -> str:
    site = Site.objects.filter(is_default_site=True).first()
    return (options().base_url or (site.root_url if site else "")).rstrip("/")


class SourceIndex(generic.IndexView):
    """Sources with their figures: people, each counted once."""

    page_title = _("Sources of sign-ups")

    def get_base_queryset(self) -> QuerySet[SignUpSource]:
        return with_sign_up_counts(super().get_base_queryset())

    @cached_property
    def columns(self) -> list[Column]:
        base_url = _base_url()
        return [
            self._get_title_column("name", TitleColumn),
            WideColumn("campaign", label=_("Campaign"), sort_key="campaign"),
            WideColumn(
                "share", label=_("Address to share"), accessor=lambda row: share_url(row, base_url), width="34%"
            ),
            NumberColumn("sign_up_count", label=_("Signed up"), sort_key="sign_up_count"),
            NumberColumn("confirmed_count", label=_("Confirmed"), sort_key="confirmed_count"),
        ]


class SharePanel(Panel):
    """The address to share, to copy or to make a QR code of."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_precise_mail/contacts/share_panel.html"

        def is_shown(self) -> bool:
            return bool(self.instance.pk)

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            url = share_url(self.instance, _base_url())
            return {**super().get_context_data(parent_context), "url": url}


class SourceViewSet(ModelViewSet):
    """Sources below the menu group."""

    model = SignUpSource
    name = "precise-mail-sources"
    icon = "site"
    menu_label = _("Sources of sign-ups")
    index_view_class = SourceIndex
    copy_view_enabled = False
    add_to_reference_index = False
    search_fields = ["name", "slug", "campaign"]
    search_backend_name = None
    ordering = "name"
    edit_handler = ObjectList(
        [
            TitleFieldPanel("name", placeholder=False, classname=""),
            FieldPanel("slug", widget=SlugInput),
            FieldPanel("campaign"),
            SharePanel(heading=_("Address to share")),
        ]
    )

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_common_view_kwargs(**{"usage_url_name": None, **kwargs})

    def get_urlpatterns(self) -> list[URLPattern]:
        return [one for one in super().get_urlpatterns() if one.name != "usage"]
