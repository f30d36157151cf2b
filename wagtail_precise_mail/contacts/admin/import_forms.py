"""Forms of imports: the file, how it is written, what its columns become, and why these people may be written to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.charts import as_percent
from wagtail_precise_mail.contacts.importing import targets
from wagtail_precise_mail.contacts.importing.states import Said
from wagtail_precise_mail.contacts.imports import Filling, ImportBasis, ImportBatch
from wagtail_precise_mail.contacts.models import ContactList, Topic
from wagtail_precise_mail.tabular.guessing import ENCODINGS

DELIMITERS = {",": _("Comma"), ";": _("Semicolon"), "\t": _("Tab"), "|": _("Bar")}
DECIMALS = {".": _("Point: 1,234.50"), ",": _("Comma: 1.234,50")}
DAY_ORDERS = {"dmy": _("Day first: 31/12/2026"), "mdy": _("Month first: 12/31/2026")}
# What people are whose row says nothing; words of providers are translated to these.
DEFAULT_STATES = {
    Said.GRANTED: _("They agreed"),
    Said.PENDING: _("They were asked and have not confirmed"),
    Said.NEVER: _("They never subscribed: contacts without consent"),
    Said.UNSUBSCRIBED: _("They unsubscribed: never write to them"),
    Said.BOUNCED: _("Their addresses bounced: never write to them"),
}


class UploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, TSV or Excel (.xlsx), with the names of the columns in the first row. It may be gzipped."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.gz"}),
    )


class FormatForm(forms.ModelForm):
    """How the file is written, as guessed; people know better."""

    encoding = forms.ChoiceField(label=_("Encoding"))
    delimiter = forms.ChoiceField(label=_("Between values"), choices=list(DELIMITERS.items()))
    decimal = forms.ChoiceField(label=_("Before decimals"), choices=list(DECIMALS.items()))
    day_order = forms.ChoiceField(label=_("Dates with slashes or dots"), choices=list(DAY_ORDERS.items()))

    class Meta:
        model = ImportBatch
        fields = ["encoding", "delimiter", "decimal", "day_order"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {**ENCODINGS}
        known.setdefault(self.instance.encoding, self.instance.encoding)
        self.fields["encoding"].choices = list(known.items())  # type: ignore[attr-defined]
        for name, percent in self.instance.guesses.items():
            if name in self.fields:
                words = gettext("Guessed, %(percent)s sure.") % {"percent": as_percent(percent, 0)}
                self.fields[name].help_text = words if percent < 100 else ""


class PeopleForm(forms.ModelForm):
    """Who these people are, and why they may be written to."""

    default_state = forms.ChoiceField(label=_("People whose row does not say"))
    basis = forms.ChoiceField(label=_("Why may we write to them?"), required=False)
    evidence = forms.CharField(
        label=_("What proves it?"),
        help_text=_("Where and when they agreed, and to which words. It is kept with each consent."),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    topics = forms.ModelMultipleChoiceField(
        label=_("Topics they agreed to"),
        queryset=Topic.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    contact_list = forms.ModelChoiceField(
        label=_("Put them on the list"), queryset=ContactList.objects.all(), required=False, empty_label=_("none")
    )
    new_list = forms.CharField(label=_("or on a new one"), max_length=100, required=False)
    source_name = forms.CharField(
        label=_("Where they come from"), max_length=100, help_text=_("Reports count growth by this.")
    )
    filling = forms.ChoiceField(label=_("Contacts that are here already"), choices=Filling.choices)
    is_cleaning = forms.BooleanField(
        label=_("Give names typed in capitals or small letters their proper case"), required=False
    )

    class Meta:
        model = ImportBatch
        fields = [
            "basis",
            "evidence",
            "default_state",
            "topics",
            "contact_list",
            "source_name",
            "filling",
            "is_cleaning",
        ]

    field_order = [
        "basis",
        "evidence",
        "topics",
        "default_state",
        "contact_list",
        "new_list",
        "source_name",
        "filling",
        "is_cleaning",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["basis"].choices = [("", "—"), *ImportBasis.choices]  # type: ignore[attr-defined]
        states = [(said.name.lower(), words) for said, words in DEFAULT_STATES.items()]
        self.fields["default_state"].choices = states  # type: ignore[attr-defined]


def target_choices(topics: Sequence[Topic], header: str) -> list[tuple[str, Any]]:
    """Return what a column can become, in groups, for a select."""
    key = targets.attribute_key(header)
    of_topics = [
        (f"{kind}:{topic.slug}", words % {"topic": topic.name})
        for topic in topics
        for kind, words in targets.OF_TOPIC.items()
    ]
    return [
        ("", _("Leave it out")),
        (targets.ADDRESS, _("Email address")),
        (str(_("Person")), [*targets.TEXT_FIELDS.items(), *targets.CHECKED_FIELDS.items()]),
        (str(_("Consent")), [*targets.CONSENT.items(), *of_topics]),
        (str(_("Groups")), list(targets.GROUPS.items())),
        (str(_("Further")), [(f"{kind}:{key}", words) for kind, words in targets.KINDS.items()]),
    ]


class ReasonForm(forms.Form):
    """Why something is done that should be explained later."""

    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
