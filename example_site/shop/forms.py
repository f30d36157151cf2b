"""Forms of the shop."""

from __future__ import annotations

from django import forms

from example_site.shop.basket import MAXIMUM
from wagtail_precise_mail.contacts.addresses import normalize_address

COUNTRIES = [
    ("GB", "United Kingdom"), ("IE", "Ireland"), ("DE", "Germany"), ("FR", "France"), ("NL", "Netherlands"),
    ("BE", "Belgium"), ("ES", "Spain"), ("IT", "Italy"), ("SE", "Sweden"), ("DK", "Denmark"), ("PL", "Poland"),
    ("AT", "Austria"), ("CH", "Switzerland"), ("PT", "Portugal"), ("US", "United States"), ("CN", "China"),
]  # fmt: skip


class QuantityForm(forms.Form):
    """How many of a product."""

    quantity = forms.IntegerField(min_value=0, max_value=MAXIMUM, initial=1)


class CheckoutForm(forms.Form):
    """Who buys. A real shop would ask for an address and a payment; this one believes you."""

    first_name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    email = forms.EmailField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    country = forms.ChoiceField(choices=COUNTRIES, widget=forms.Select(attrs={"autocomplete": "country"}))
    number = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        """Refuse what the plugin could not write to."""
        try:
            normalize_address(self.cleaned_data["email"])
        except ValueError as error:
            raise forms.ValidationError("Please check this address: no mail would arrive there.") from error
        return self.cleaned_data["email"]
