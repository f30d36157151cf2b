"""Forms of the preference centre. They check; the services write."""

from __future__ import annotations

from typing import Any

from babel import Locale, UnknownLocaleError
from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Cadence, Contact, Topic
from wagtail_precise_mail.contacts.preferences import DETAILS, OWN_FIELDS, Wishes


class WishesForm(forms.Form):
    """Topics, pace, language, and what may be derived from what a contact does."""

    topics = forms.ModelMultipleChoiceField(queryset=Topic.objects.all(), required=False)
    cadence = forms.ChoiceField(label=_("How often"), choices=Cadence.choices)
    language = forms.ChoiceField(label=_("Language"), required=False)
    is_tracking_allowed = forms.BooleanField(
        label=_("Measure whether I open mails and follow their links"),
        help_text=_("It tells us what is read. Without it, no link of yours is counted."),
        required=False,
    )
    is_profiling_allowed = forms.BooleanField(
        label=_("Choose content by what I bought and read"),
        help_text=_("Without it, you see what everybody sees."),
        required=False,
    )

    def __init__(self, contact: Contact, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = language_choices(contact)  # type: ignore[attr-defined]

    def wishes(self) -> Wishes:
        """Return what was chosen, once the form is valid."""
        data = self.cleaned_data
        return Wishes(
            topics=[topic.pk for topic in data["topics"]],
            cadence=data["cadence"],
            language=data["language"],
            is_tracking_allowed=data["is_tracking_allowed"],
            is_profiling_allowed=data["is_profiling_allowed"],
        )


class OwnDataForm(forms.ModelForm):
    """What contacts correct about themselves."""

    country = forms.ChoiceField(label=_("Country"), required=False)

    class Meta:
        model = Contact
        fields = list(OWN_FIELDS)
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "birthday_on": forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
            "organization": forms.TextInput(attrs={"autocomplete": "organization"}),
            "job_title": forms.TextInput(attrs={"autocomplete": "organization-title"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.country
        choices = country_choices()
        if known and known not in dict(choices):
            choices.insert(0, (known, known))
        self.fields["country"].choices = [("", "—"), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        # The address is no field here, and a contact is not refused for what stands in the others.
        return super(forms.ModelForm, self).clean() or self.cleaned_data

    def _post_clean(self) -> None:
        """The service writes: the instance stays as it is stored, so that the audit sees what was there."""


class DetailsForm(OwnDataForm):
    """What the mail showed that led here."""

    class Meta(OwnDataForm.Meta):
        fields = list(DETAILS)


def language_choices(contact: Contact) -> list[tuple[str, str]]:
    """Return the languages that the site speaks, each in itself; and the contact's own, if that is another."""
    names = {code: translation.get_language_info(code)["name_local"] for code, _name in settings.LANGUAGES}
    own = {contact.locale: contact.locale} if contact.locale and contact.locale not in names else {}
    return [("", str(_("As the mail is written"))), *own.items(), *names.items()]


def country_choices() -> list[tuple[str, str]]:
    """Return the codes of countries with their names in the language of the page, by name."""
    code = (translation.get_language() or "en").replace("-", "_")
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(code.split("_")[0]) if code[:2].isalpha() else Locale("en")
    names = [(key, name) for key, name in locale.territories.items() if len(key) == 2 and key.isalpha()]
    # Not places: "Eurozone", "United Nations", "Pseudo-Accents" and so on.
    return sorted(((key, name) for key, name in names if key not in _NO_COUNTRIES), key=lambda pair: pair[1])


_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
