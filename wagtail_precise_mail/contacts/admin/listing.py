"""The listing of contacts, with its filters, its bulk actions and its export."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.bulk import actions_for
from wagtail_precise_mail.contacts.admin.columns import WideColumn, WideDateColumn, address_with_name
from wagtail_precise_mail.contacts.masking import may_see_addresses, shown_address
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, Suppression, SuppressionReason
from wagtail_precise_mail.contacts.searching import search_contacts, search_hint
from wagtail_precise_mail.encryption import is_encrypting


class ContactIndex(SeesContacts, generic.IndexView):
    """All contacts, the newest first."""

    any_permission_required = ["view"]
    template_name = "wagtail_precise_mail/contacts/index.html"

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        buttons = list(super().header_more_buttons)
        if self.user_has_permission("add"):
            url = reverse("precise_mail_quick_add")
            buttons.append(Button(gettext("Add by telephone"), url=url, icon_name="mobile-alt", priority=15))
        return buttons

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Hiding the buttons is no lock: the export is an address that anybody can type.
        if "export" in request.GET:
            if not self.may_export or not self.user_has_permission("view"):
                raise PermissionDenied
            # It leaves by the form that asks what for, and by POST: a GET must log nothing.
            filters = request.GET.copy()
            filters["format"] = str(filters.pop("export")[-1])
            return redirect(f"{reverse('precise-mail-exports:export')}?{filters.urlencode()}")
        return super().dispatch(request, *args, **kwargs)

    @property
    def may_export(self) -> bool:
        # A file of masked addresses is of use to nobody.
        return bool(self.user_has_permission("export") and self.sees_addresses)

    @cached_property
    def sees_addresses(self) -> bool:
        return may_see_addresses(self.request.user)

    @cached_property
    def show_export_buttons(self) -> bool:
        return bool(super().show_export_buttons and self.may_export)

    @cached_property
    def bulk_actions(self) -> list[dict[str, str]]:
        return actions_for(self.request.user)

    def get_base_queryset(self) -> QuerySet[Contact]:
        in_force = Suppression.objects.in_force(timezone.now())
        suppression = in_force.filter(address_hash=OuterRef("address_hash")).values("reason")
        granted = Consent.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED)
        labels = [When(reason=reason, then=Value(force_str(label))) for reason, label in SuppressionReason.choices]
        return (
            super()
            .get_base_queryset()
            .annotate(reason=Coalesce(Subquery(suppression), Value("")), has_consent=Exists(granted))
            .annotate(
                mail_state=Case(
                    *labels,
                    When(quarantined_at__isnull=False, then=Value(force_str(_("in quarantine")))),
                    When(paused_until__gt=timezone.now(), then=Value(force_str(_("paused")))),
                    When(has_consent=True, then=Value(force_str(_("reachable")))),
                    default=Value(force_str(_("no consent"))),
                    output_field=CharField(),
                )
            )
        )

    def search_queryset(self, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        words = self.search_query if self.is_searching else ""
        return search_contacts(queryset, words, self.request.user)

    @property
    def no_results_message(self) -> str:
        hint = search_hint(self.search_query) if self.is_searching else ""
        return " ".join(filter(None, [super().no_results_message, hint]))

    @cached_property
    def columns(self) -> list[Column]:
        # Wagtail would lead to the form; people look contacts up far more often than they change them.
        title = self._get_title_column_class(TitleColumn)
        user = self.request.user
        boxes = [BulkActionsCheckboxColumn("bulk_actions", obj_type="contact")] if self.bulk_actions else []
        return [
            *boxes,
            title(
                "email",
                label=_("Address"),
                accessor=lambda contact: address_with_name(shown_address(contact.email, user), contact.full_name),
                # An order by what is masked would tell it.
                sort_key="email" if self.sees_addresses and not is_encrypting() else None,
                get_url=self.profile_url,
                get_title_id=lambda contact: f"contact_{contact.pk}_title",
                width="34%",
            ),
            WideColumn("full_name", label=_("Name"), sort_key=None if is_encrypting() else "last_name"),
            WideColumn("country", label=_("Country"), sort_key="country", width="10%"),
            StatusTagColumn("mail_state", label=_("Mail"), primary=_is_reachable),
            WideDateColumn("created_at", label=_("Created"), sort_key="created_at", width="14%"),
        ]

    def profile_url(self, contact: Contact) -> str:
        return reverse(self.inspect_url_name, args=[contact.pk])

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(*args, **kwargs), "bulk_actions": self.bulk_actions}


def _is_reachable(contact: Any) -> bool:
    return contact.mail_state == force_str(_("reachable"))
