"""Selling in mails that everybody must get, such as order confirmations: to whom it is allowed, by their country.

What the law says is for each site to find out, with its own lawyer: see ``cross_sell_jurisdictions`` in the settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.db.models import Exists, OuterRef

from wagtail_precise_mail.conf import CROSS_SELL_RULES, SETTING, options
from wagtail_precise_mail.contacts.countries import country_code
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact
from wagtail_precise_mail.exceptions import ConfigurationError

ALLOWED, WITH_CONSENT, OFF = CROSS_SELL_RULES
OTHERS, UNKNOWN = "*", ""


def rule_for(country: str) -> str:
    """Return the rule for a country: its own, else that for all others.

    Args:
        country: ISO 3166 code. For "", and what is no country, the strictest of all rules counts unless the site says
            another: such a contact may live anywhere.
    """
    rules = _rules()
    if not (code := _code(country)):
        return rules.get(UNKNOWN) or max(rules.values(), key=CROSS_SELL_RULES.index)
    return rules.get(code, rules[OTHERS])


def is_off_everywhere() -> bool:
    """Whether no reader at all may be sold anything in such mails."""
    return set(_rules().values()) == {OFF}


def may_be_sold_to(contacts: Sequence[Contact]) -> list[Contact]:
    """Return the contacts who may be shown products in a mail that needs no consent: one query.

    Whoever left or is suppressed is never among them. Where the rule asks for a consent, one to any topic counts; where
    it does not, whoever said no and never yes is left out all the same. Somebody made up, whom previews show, counts as
    a contact with a consent.
    """
    stand = _standing(one.pk for one in contacts if one.pk)
    return [one for one in contacts if (_may(one, *stand.get(one.pk, _OUT)) if one.pk else not is_off_everywhere())]


def require_known_countries() -> None:
    """Refuse rules for what is no country: whoever wrote "UK" would believe that it holds in Great Britain.

    Raises:
        ConfigurationError: with what to write.
    """
    named = set(options().cross_sell_jurisdictions) - {OTHERS, UNKNOWN}
    if wrong := sorted(code for code in named if country_code(code) != code):
        raise ConfigurationError(
            f"{SETTING}['cross_sell_jurisdictions'] names no countries: {', '.join(wrong)}. Use codes of ISO 3166 such "
            "as 'GB', '*' for all others, or '' for contacts whose country is unknown."
        )


# For those who may not be written to at all.
_OUT = (False, False, False)


def _may(contact: Contact, is_reachable: bool, agreed: bool, declined: bool) -> bool:
    rule = rule_for(contact.country)
    if rule == OFF or not is_reachable:
        return False
    return agreed or (rule == ALLOWED and not declined)


def _standing(pks: Iterable[int]) -> dict[int, tuple[bool, bool, bool]]:
    """Return who may be written to, agreed to some topic, and said no to some."""
    consents = Consent.objects.filter(contact=OuterRef("pk"))
    found = Contact.objects.filter(pk__in=list(pks)).not_suppressed()
    rows = found.annotate(
        wpm_agreed=Exists(consents.filter(status=ConsentStatus.GRANTED)),
        wpm_declined=Exists(consents.filter(status=ConsentStatus.WITHDRAWN)),
    )
    return {pk: (True, agreed, no) for pk, agreed, no in rows.values_list("pk", "wpm_agreed", "wpm_declined")}


def _rules() -> dict[str, str]:
    return {OTHERS: WITH_CONSENT, **options().cross_sell_jurisdictions}


@lru_cache(maxsize=1000)
def _code(country: str) -> str:
    return country_code(country[:60]) or ""
