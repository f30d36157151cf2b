"""What a live picture says of a product, in letters that its font has."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.live.drawing import LiveWords
from wagtail_precise_mail.emails.live.lettering import can_write
from wagtail_precise_mail.emails.product_facts import product_facts
from wagtail_precise_mail.emails.values import clean

_LATIN = "en"


def live_words(product: Product, language: str) -> LiveWords:
    """Return the words of a product now, in a language.

    Where the font lacks letters, a sum has the code of its currency in place of the sign, other words are English, and
    a name is left out.
    """
    wanted, plain = words_of(product, language), words_of(product, _LATIN)
    currency = product.currency
    return LiveWords(
        name=_writable(wanted.name),
        price=_writable(
            wanted.price, _with_code(wanted.price, currency), plain.price, _with_code(plain.price, currency)
        ),
        old_price=_writable(
            wanted.old_price, _with_code(wanted.old_price, currency), _with_code(plain.old_price, currency)
        ),
        discount=_writable(wanted.discount, plain.discount),
        stock=_writable(wanted.stock, plain.stock),
    )


def words_of(product: Product, language: str) -> LiveWords:
    """Return the words of a product now, whatever the font."""
    with translation.override(language):
        if not product.is_available:
            return LiveWords(clean(str(product)), gettext("Sold out"))
        facts = product_facts(product, locale=language)
    return LiveWords(*(facts[name] for name in ("name", "price", "old_price", "discount", "stock")))


def _with_code(amount: str, currency: str) -> str:
    """Return "24.00 GBP" for "£24.00"; "" for what is no sum."""
    number = "".join(letter for letter in amount if can_write(letter)).strip()
    return f"{number} {currency}" if any(letter.isdigit() for letter in number) else ""


def _writable(*candidates: str) -> str:
    # Fonts have a plain space, and not always those that hold a number together.
    spaced = (" ".join(words.split()) for words in candidates)
    return next((words for words in spaced if can_write(words)), "")
