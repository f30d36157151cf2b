"""Where people sign up: sources with the address to share and how many came by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views import View
from wagtail.admin.panels import FieldPanel, ObjectList, Panel, TitleFieldPanel
from wagtail.admin.ui.tables import Column, NumberColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import SlugInput
from wagtail.models import Site
from wagtail.permission_policies import ModelPermissionPolicy

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.panels import source_panels
from wagtail_precise_mail.contacts.qr import qr_inline, qr_png, qr_svg
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
    """The address to share, with its QR code to look at and to download."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_precise_mail/contacts/share_panel.html"

        class Media:
            css = {"all": ["wagtail_precise_mail/contacts/share.css"]}

        def is_shown(self) -> bool:
            return bool(self.instance.pk)

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            source = self.instance
            # The form may hold a slug that was refused: what is shared is what is stored.
            stored = SignUpSource.objects.get(pk=source.pk)
            url = share_url(stored, _base_url())
            return {
                **super().get_context_data(parent_context),
                "url": url,
                "qr": mark_safe(qr_inline(url)),  # our own drawing
                "downloads": [
                    (kind.upper(), reverse(f"{SourceViewSet.name}:qr", args=[source.pk, kind])) for kind in _PICTURES
                ],
            }


_PICTURES: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "svg": ("image/svg+xml", qr_svg),
    "png": ("image/png", qr_png),
}


class QrView(View):
    """The QR code of the address of a source, as a file."""

    def get(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        policy = ModelPermissionPolicy(SignUpSource)
        if not policy.user_has_any_permission(request.user, ["add", "change", "delete", "view"]):
            raise PermissionDenied
        if kind not in _PICTURES:
            raise Http404
        source = get_object_or_404(SignUpSource, pk=pk)
        content_type, draw = _PICTURES[kind]
        response = HttpResponse(draw(share_url(source, _base_url())), content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="qr-{source.slug}.{kind}"'
        return response


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

    def get_edit_handler(self) -> Any:
        panels = [
            TitleFieldPanel("name", placeholder=False, classname=""),
            FieldPanel("slug", widget=SlugInput),
            FieldPanel("campaign"),
            *(make() for _key, make in source_panels.items()),
            SharePanel(heading=_("Address to share")),
        ]
        return ObjectList(panels).bind_to_model(self.model)

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_common_view_kwargs(**{"usage_url_name": None, **kwargs})

    def get_urlpatterns(self) -> list[URLPattern]:
        patterns = [one for one in super().get_urlpatterns() if one.name != "usage"]
        return [*patterns, path("<int:pk>/qr.<slug:kind>", QrView.as_view(), name="qr")]
