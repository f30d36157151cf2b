"""The filters of the listing of contacts, and of everything that works on "all in this listing"."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.cache import cache
from django.db.models import Exists, OuterRef, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet

from wagtail_precise_mail.contacts.fields import ContactField, FieldKind, blocked_keys
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentStatus,
    Contact,
    ContactList,
    Suppression,
    SuppressionReason,
    Topic,
)
from wagtail_precise_mail.contacts.tags import ContactTag, Tag

_COUNTRIES = "wagtail_precise_mail.contact_countries"


def known_countries(_request: HttpRequest | None = None) -> list[tuple[str, str]]:
    """The countries that contacts live in, for the filter; looked up once in five minutes."""
    return cache.get_or_set(_COUNTRIES, _read_countries, 300) or []


def _read_countries() -> list[tuple[str, str]]:
    countries = Contact.objects.exclude(country="").order_by("country").values_list("country", flat=True).distinct()
    return [(country, country) for country in countries]


def _known_fields(_request: HttpRequest | None = None) -> list[tuple[str, str]]:
    blocked = blocked_keys()
    return [(field.key, field.label) for field in ContactField.objects.all() if field.key not in blocked]


STATES = [
    ("reachable", _("reachable")),
    ("no_consent", _("no consent")),
    ("suppressed", _("suppressed")),
    *((reason, label) for reason, label in SuppressionReason.choices),
    ("quarantine", _("in quarantine")),
    ("paused", _("paused")),
]


class ContactFilterSet(WagtailFilterSet):
    """By country, list, tag, consent, whether mail may go there, fields, source, and time."""

    country = django_filters.MultipleChoiceFilter(
        label=_("Country"), choices=known_countries, widget=CheckboxSelectMultiple, distinct=False
    )
    lists = django_filters.ModelChoiceFilter(label=_("List"), queryset=ContactList.objects.all())
    tag = django_filters.ModelChoiceFilter(label=_("Tag"), queryset=Tag.objects.all(), method="filter_by_tag")
    topic = django_filters.ModelChoiceFilter(
        label=_("Consent to"), queryset=Topic.objects.all(), method="filter_by_consent"
    )
    state = django_filters.ChoiceFilter(label=_("Mail"), choices=STATES, method="filter_by_state")
    field = django_filters.ChoiceFilter(label=_("Field"), choices=_known_fields, method="filter_by_field")
    value = django_filters.CharFilter(
        label=_("with the value"), method="ignore", help_text=_("Of the field; empty for any value.")
    )
    source = django_filters.CharFilter(label=_("Source begins with"), lookup_expr="startswith")
    created_at = django_filters.DateFromToRangeFilter(label=_("Created"), widget=DateRangePickerWidget)

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_by_tag(self, contacts: Any, _name: str, tag: Tag) -> Any:
        return contacts.filter(Exists(ContactTag.objects.filter(tag=tag, contact=OuterRef("pk"))))

    def filter_by_consent(self, contacts: Any, _name: str, topic: Topic) -> Any:
        return contacts.with_consent(topic.pk)

    def filter_by_state(self, contacts: Any, _name: str, value: str) -> Any:
        return in_state(contacts, value)

    def filter_by_field(self, contacts: Any, _name: str, key: str) -> Any:
        held = contacts.filter(attributes__has_key=key)
        wanted = self.form.cleaned_data.get("value") or ""
        if not wanted:
            return held
        text = Cast(KeyTextTransform(key, "attributes"), TextField())
        field = ContactField.objects.filter(key=key).first()
        lookup = "icontains" if field and field.kind == FieldKind.CHOICES else "iexact"
        return held.alias(wpm_value=text).filter(**{f"wpm_value__{lookup}": wanted})

    def ignore(self, contacts: Any, _name: str, _value: str) -> Any:
        """The value belongs to the field."""
        return contacts


def in_state(contacts: Any, state: str) -> Any:
    """Return the contacts in one of :data:`STATES`; "reachable" is what the listing calls so."""
    suppressions = Suppression.objects.in_force(timezone.now()).filter(address_hash=OuterRef("address_hash"))
    match state:
        case "suppressed":
            return contacts.suppressed()
        case "quarantine":
            return contacts.not_suppressed().filter(quarantined_at__isnull=False)
        case "paused":
            return contacts.not_suppressed().filter(quarantined_at=None, paused_until__gt=timezone.now())
        case "reachable" | "no_consent":
            granted = Exists(Consent.objects.filter(contact=OuterRef("pk"), status=ConsentStatus.GRANTED))
            free = contacts.not_suppressed().filter(quarantined_at=None).exclude(paused_until__gt=timezone.now())
            return free.filter(granted if state == "reachable" else ~granted)
    return contacts.filter(Exists(suppressions.filter(reason=state)))
