"""Starters that tell what is new."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.starters.base import Material, RawBlock, Starter, block, heading, starters, text


def _newsletter(material: Material) -> list[RawBlock]:
    return [
        block(
            "hero",
            layout="above",
            image=material.picture(),
            title=_("What we have been up to"),
            words=_("The best of this month in three minutes."),
            aida="attention",
        ),
        block("salutation", tone="informal", words=""),
        text(_("Two or three sentences that say what this issue is about, and why it is worth reading now.")),
        block("page", page=material.page(), layout="above", max_length=180, aida="interest"),
        block("page_list", heading=_("More from the site"), selection="newest", count=2, columns="2", layout="above"),
        block("divider", style="line"),
        block(
            "product_list",
            heading=_("New in the shop"),
            selection="newest",
            count=4,
            columns="2",
            layout="above",
            show_price=True,
        ),
        block("button", label=_("Visit the shop"), page=material.home, aida="action"),
        block("survey", question=_("How did you like this issue?"), kind="stars", asks_comment=True),
        block("signature", tone="informal"),
        block("share", words="", networks=[], show_forward=True, show_web_version=False, style="words"),
    ]


def _digest(material: Material) -> list[RawBlock]:
    return [
        heading(_("New since last time"), 1, aida="attention"),
        text(_("Everything that was published since your last issue. Nothing comes twice.")),
        block(
            "page_list",
            heading="",
            selection="newest",
            count=6,
            columns="1",
            layout="beside",
            max_length=140,
            show_date=True,
            skip_sent_days=90,
            empty_words=_("Nothing new this time: you have read it all."),
            aida="interest",
        ),
        block("button", label=_("See everything"), page=material.home, style="outline", aida="action"),
    ]


def _launch(material: Material) -> list[RawBlock]:
    return [
        block(
            "hero",
            layout="background",
            image=material.picture(),
            title=_("It is here"),
            words=_("One sentence that says what it is and for whom."),
            label=_("See it"),
            page=material.home,
            aida="attention",
        ),
        block(
            "product",
            product=material.product(),
            layout="above",
            show_price=True,
            show_description=True,
            aida="interest",
        ),
        heading(_("Why we made it")),
        text(_("Say what was missing before. Readers recognize their own trouble faster than your solution.")),
        block(
            "columns",
            columns=[
                {"content": [heading(_("Made to last"), 3), text(_("The first thing that sets it apart."))]},
                {"content": [heading(_("Easy to care for"), 3), text(_("The second thing, as short."))]},
                {"content": [heading(_("Fairly priced"), 3), text(_("The third, and no fourth."))]},
            ],
            vertical_align="top",
            on_phones="below",
        ),
        block("quote", words=_("What the first customer said about it."), author=_("First customer"), role=""),
        block(
            "product_list",
            heading=_("Goes well with it"),
            selection="best_selling",
            count=2,
            columns="2",
            layout="above",
        ),
        block(
            "button",
            label=_("Be among the first"),
            page=material.home,
            background="tint",
            align="center",
            aida="action",
        ),
    ]


for _key, _starter in {
    "newsletter": Starter(
        gettext_lazy("Newsletter"),
        gettext_lazy("The regular issue: a lead story, more to read, something new from the shop, a question."),
        gettext_lazy("What we have been up to"),
        gettext_lazy("Stories, something new, and one question for you"),
        _newsletter,
    ),
    "digest": Starter(
        gettext_lazy("Digest"),
        gettext_lazy("Writes itself: the newest pages that each reader was not sent yet."),
        gettext_lazy("New since last time"),
        gettext_lazy("Everything new, and nothing twice"),
        _digest,
    ),
    "product_launch": Starter(
        gettext_lazy("Product launch"),
        gettext_lazy("One new thing in the light: what it is, why it exists, what it goes with."),
        gettext_lazy("It is here"),
        gettext_lazy("The thing we have been working on"),
        _launch,
    ),
}.items():
    starters.register(_key)(_starter)
