"""Image rights in the admin: whose the images are, and until when they may be used."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn

from wagtail_precise_mail.choosers import GuardedSnippetViewSet
from wagtail_precise_mail.emails.rights import ImageRights


class ImageRightsForm(WagtailAdminModelForm):
    """What is not one's own needs a license that is named."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("expires_on") and not (cleaned.get("license") or "").strip():
            self.add_error("license", ValidationError(_("Say which license it is that ends.")))
        return cleaned


class ImageRightsFilterSet(WagtailFilterSet):
    """Those that have run out, and those that nobody has named."""

    state = ChoiceFilter(
        label=_("State"),
        choices=[("expired", _("Ended")), ("unlicensed", _("Without a license"))],
        method="filter_state",
    )

    class Meta:
        model = ImageRights
        fields = ["is_own"]

    def filter_state(self, queryset: Any, name: str, value: str) -> Any:
        """Return the rows in a state."""
        if value == "expired":
            return queryset.filter(expires_on__lt=timezone.localdate())
        return queryset.filter(is_own=False, license="")


def _state(rights: ImageRights) -> str:
    if rights.has_expired(on=timezone.localdate()):
        return str(_("Ended"))
    return str(_("Valid") if rights.is_licensed else _("Without a license"))


def _license(rights: ImageRights) -> str:
    return rights.license or (str(_("Our own")) if rights.is_own else "")


class ImageRightsViewSet(GuardedSnippetViewSet):
    """Image rights in the menu."""

    model = ImageRights
    icon = "image"
    menu_label = _("Image rights")
    menu_name = "precise-mail-image-rights"
    list_display = [
        "image",
        Column("credit", label=_("Credit")),
        Column("license", label=_("License"), accessor=_license),
        DateColumn("expires_on", label=_("Last day")),
        StatusTagColumn(
            "state", label=_("State"), accessor=_state, primary=lambda rights: _state(rights) == str(_("Valid"))
        ),
    ]
    list_per_page = 30
    filterset_class = ImageRightsFilterSet
    search_fields = ["image__title", "credit", "license", "source"]
    edit_handler = ObjectList(
        [
            FieldPanel("image"),
            FieldPanel("credit"),
            MultiFieldPanel(
                [FieldPanel("is_own"), FieldRowPanel([FieldPanel("license"), FieldPanel("expires_on")])],
                heading=_("Why we may show it"),
            ),
            FieldPanel("source"),
        ],
        base_form_class=ImageRightsForm,
    )
