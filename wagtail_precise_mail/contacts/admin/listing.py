"""The listing of contacts, with its filters and its export."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, StatusTagColumn, TitleColumn
from wagtail.admin.views import generic

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.columns import WideColumn, WideDateColumn
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentStatus,
    Contact,
    ContactList,
    Suppression,
    SuppressionReason,
    Topic,
)

# Spreadsheets run a cell that begins with one of these.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def known_countries(_request: HttpRequest | None = None) -> list[tuple[str, str]]:
    """The countries that contacts live in, for the filter."""
    countries = Contact.objects.exclude(country="").order_by("country").values_list("country", flat=True).distinct()
    return [(country, country) for country in countries]


class ContactFilterSet(WagtailFilterSet):
    """By country, list, consent, whether mail may go there, and time."""

    country = django_filters.MultipleChoiceFilter(
        label=_("Country"), choices=known_countries, widget=CheckboxSelectMultiple, distinct=False
    )
    lists = django_filters.ModelChoiceFilter(label=_("List"), queryset=ContactList.objects.all())
    topic = django_filters.ModelChoiceFilter(
        label=_("Consent to"), queryset=Topic.objects.all(), method="filter_by_consent"
    )
    suppression = django_filters.ChoiceFilter(
        label=_("Mail"),
        choices=[("none", _("not suppressed")), *SuppressionReason.choices],
        method="filter_by_suppression",
    )
    created_at = django_filters.DateFromToRangeFilter(label=_("Created"), widget=DateRangePickerWidget)

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_by_consent(self, contacts: Any, _name: str, topic: Topic) -> Any:
        return contacts.with_consent(topic.pk)

    def filter_by_suppression(self, contacts: Any, _name: str, value: str) -> Any:
        if value == "none":
            return contacts.not_suppressed()
        in_force = Suppression.objects.in_force(timezone.now())
        return contacts.filter(Exists(in_force.filter(address_hash=OuterRef("address_hash"), reason=value)))


class ContactIndex(SeesContacts, generic.IndexView):
    """All contacts, the newest first."""

    any_permission_required = ["view"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Hiding the buttons is no lock: the export is an address that anybody can type.
        if "export" in request.GET and not self.user_has_permission("export"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def show_export_buttons(self) -> bool:
        return bool(super().show_export_buttons and self.user_has_permission("export"))

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
                    When(has_consent=True, then=Value(force_str(_("reachable")))),
                    default=Value(force_str(_("no consent"))),
                    output_field=CharField(),
                )
            )
        )

    def search_queryset(self, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        # Word by word, so that "ann smith" finds her. Not the search index: bulk imports do not feed it.
        for word in self.search_query.split() if self.is_searching else []:
            fields = (Q(**{f"{field}__icontains": word}) for field in self.search_fields)
            matches = Q()
            for field in fields:
                matches |= field
            queryset = queryset.filter(matches)
        return queryset

    @cached_property
    def columns(self) -> list[Column]:
        # Wagtail would lead to the form; people look contacts up far more often than they change them.
        title = self._get_title_column_class(TitleColumn)
        return [
            title("email", label=_("Address"), sort_key="email", get_url=self.profile_url, width="34%"),
            Column("full_name", label=_("Name"), sort_key="last_name"),
            WideColumn("country", label=_("Country"), sort_key="country", width="10%"),
            StatusTagColumn(
                "mail_state", label=_("Mail"), primary=lambda contact: contact.has_consent and not contact.reason
            ),
            WideDateColumn("created_at", label=_("Created"), sort_key="created_at", width="14%"),
        ]

    def profile_url(self, contact: Contact) -> str:
        return reverse(self.inspect_url_name, args=[contact.pk])

    def get_preprocess_function(self, field: str, value: Any, export_format: str) -> Any:
        if isinstance(value, str) and export_format == self.FORMAT_CSV and value.startswith(_FORMULA_STARTS):
            return lambda text: f"'{text}"
        return super().get_preprocess_function(field, value, export_format)
