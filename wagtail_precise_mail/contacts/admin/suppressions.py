"""Suppressed addresses: listed, added by address, lifted after a question."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Left
from django.urls import URLPattern, path
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.log_actions import log

from wagtail_precise_mail.contacts.admin.columns import WideColumn, WideDateColumn, WideDayColumn
from wagtail_precise_mail.contacts.admin.forms import SuppressionForm
from wagtail_precise_mail.contacts.masking import may_see_addresses
from wagtail_precise_mail.contacts.models import Contact, Suppression, UnsubscribeReason
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.encryption import EncryptedEmailField

# Details are free text, or the reason that somebody chose when leaving.
REASONS = dict(UnsubscribeReason.choices)


def may_see_contacts(user: Any) -> bool:
    """Whether somebody may know whose address it is: whole, and that of a contact."""
    return bool(user.has_perm("wagtail_precise_mail.view_contact") and may_see_addresses(user))


class SuppressionIndex(generic.IndexView):
    """All suppressed addresses; the address itself is known only as long as its contact is."""

    any_permission_required = ["view"]
    add_item_label = _("Suppress an address")
    page_title = _("Suppressed addresses")

    def get_base_queryset(self) -> QuerySet[Suppression]:
        email = Contact.objects.filter(address_hash=OuterRef("address_hash")).values("email")[:1]
        key: Any = Left("address_hash", 12)
        if may_see_contacts(self.request.user):
            key = Coalesce(Subquery(email), key, output_field=EncryptedEmailField())
        # The hash of an address that nobody may see is enough to tell two rows apart.
        return super().get_base_queryset().annotate(shown_address=key)

    @cached_property
    def columns(self) -> list[Column]:
        title = self._get_title_column_class(TitleColumn)
        return [
            title("shown_address", label=_("Address, or its fingerprint"), width="30%"),
            Column("reason", label=_("Reason"), accessor="get_reason_display", sort_key="reason"),
            WideColumn("detail", label=_("Detail"), accessor=lambda row: REASONS.get(row.detail, row.detail)),
            WideColumn("scope", label=_("Holds back"), accessor="get_scope_display"),
            WideDateColumn("created_at", label=_("Since"), sort_key="created_at", width="12%"),
            WideDayColumn("expires_at", label=_("Until"), sort_key="expires_at", width="12%"),
        ]

    def get_list_more_buttons(self, instance: Suppression) -> list[Any]:
        buttons = super().get_list_more_buttons(instance)
        for button in buttons:
            button.label = gettext("Lift")
        return buttons


class SuppressionCreate(generic.CreateView):
    """Suppress an address."""

    page_title = page_subtitle = _("Suppress an address")
    submit_button_label = _("Suppress")
    submit_button_active_label = _("Suppressing…")

    def get_initial(self) -> dict[str, Any]:
        given = self.request.GET.get("contact", "")
        contact = None
        if given.isascii() and given.isdigit() and may_see_contacts(self.request.user):
            contact = Contact.objects.filter(pk=int(given)).first()
        return {**super().get_initial(), **({"address": contact.email} if contact else {})}

    def save_instance(self) -> Suppression:
        data = self.form.cleaned_data
        suppression = suppress(
            data["address"],
            reason=data["reason"],
            scope=data["scope"],
            detail=data["detail"],
            expires_at=data["expires_at"],
            origin_kind="admin",
        )
        log(instance=suppression, action="wagtail.create", user=self.request.user)
        return suppression

    def get_success_message(self, instance: Suppression) -> str:
        return gettext("We will not write to this address: %(reason)s.") % {"reason": instance.get_reason_display()}

    def get_success_buttons(self) -> list[Any]:
        return []


class SuppressionDelete(generic.DeleteView):
    """Lift a suppression."""

    page_title = _("Lift suppression")
    success_message = _("The address may be written to again.")

    @property
    def confirmation_message(self) -> str:
        return gettext(
            "This address is suppressed (%(reason)s). Lift it only if its owner asked you to: mails may go there again."
        ) % {"reason": self.object.get_reason_display()}


class SuppressionViewSet(ModelViewSet):
    """Suppressed addresses below the menu group."""

    model = Suppression
    name = "precise-mail-suppressions"
    icon = "no-view"
    menu_label = _("Suppressed addresses")
    index_view_class = SuppressionIndex
    add_view_class = SuppressionCreate
    delete_view_class = SuppressionDelete
    delete_template_name = "wagtail_precise_mail/contacts/confirm_lift.html"
    copy_view_enabled = False
    add_to_reference_index = False
    list_filter = ["reason", "scope", "created_at"]
    search_backend_name = None
    ordering = "-created_at"

    def get_form_class(self, for_update: bool = False) -> type[SuppressionForm]:
        return SuppressionForm

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        # A suppression is made and lifted, never changed.
        return super().get_common_view_kwargs(
            **{"edit_url_name": None, "history_url_name": None, "usage_url_name": None, **kwargs}
        )

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        return Permission.objects.filter(
            content_type__app_label="wagtail_precise_mail",
            codename__in=["view_suppression", "add_suppression", "delete_suppression"],
        )

    def register_admin_url_finder(self) -> None:
        """There is no form to lead to."""

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", self.add_view, name="add"),
            path("delete/<int:pk>/", self.delete_view, name="delete"),
        ]
