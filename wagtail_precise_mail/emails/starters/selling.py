"""Starters that sell something: each has one thing to do in it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.starters.base import Material, RawBlock, Starter, block, heading, starters, text


def _in_days(days: int) -> str:
    """Return the end of a day some days from now, as blocks store it."""
    end = timezone.localtime() + timedelta(days=days)
    return end.replace(hour=23, minute=59, second=0, microsecond=0).isoformat()


def _offer(material: Material) -> list[RawBlock]:
    return [
        block(
            "hero",
            layout="above",
            image=material.picture(),
            title=_("Ten percent off, this week"),
            words=_("On everything in the shop. It ends on Sunday, and we will not extend it."),
            aida="attention",
        ),
        block(
            "offer",
            title=_("10 % off everything"),
            words=_("Enter the code at the checkout."),
            end=_in_days(7),
            code="TEN",
            terms=_("Not on vouchers and delivery; cannot be combined. While stocks last."),
            label=_("Use the code"),
            page=material.home,
            background="tint",
            aida="desire",
        ),
        block("product_list", heading=_("Already reduced"), selection="on_offer", count=4, columns="2", layout="above"),
        block("page", page=material.page(), layout="beside", max_length=140, aida="interest"),
        block("button", label=_("Visit the shop"), page=material.home, aida="action"),
    ]


def _aida(material: Material) -> list[RawBlock]:
    return [
        block(
            "hero",
            layout="background",
            image=material.picture(),
            title=_("Attention: one sentence that stops the thumb"),
            words="",
            aida="attention",
        ),
        heading(_("Interest: why this concerns you"), aida="interest"),
        text(
            _("Name the trouble that your readers have, in their words, and what they tried before."), aida="interest"
        ),
        block("image", image=material.picture(1), caption="", width="full", aida="interest"),
        heading(_("Desire: how it feels when it is solved"), aida="desire"),
        block("quote", words=_("A voice that readers believe more than you."), author=_("A customer"), aida="desire"),
        block("product", product=material.product(), layout="beside", show_price=True, aida="desire"),
        block("button", label=_("Action: the one thing to do"), page=material.home, align="center", aida="action"),
    ]


def _win_back(material: Material) -> list[RawBlock]:
    return [
        heading(
            _('{{ contact.first_name | phrase: "We have missed you, #", "We have missed you" }}'), 1, aida="attention"
        ),
        text(
            _("It has been a while. Perhaps we wrote too often, perhaps about the wrong things."),
            _("Here is what is new. If it is not for you any more, leave with one click below."),
        ),
        block(
            "product_list",
            heading=_("Chosen for you"),
            selection="favorites",
            fallback="best_selling",
            count=4,
            columns="2",
            layout="above",
            show_reason=True,
            aida="desire",
        ),
        block(
            "offer",
            title=_("A parcel without postage"),
            words=_("Come back within two weeks, and the postage is on us."),
            end=_in_days(14),
            code="COMEBACK",
            terms=_("Once per person, from an order of 20 on."),
            label=_("Come back"),
            page=material.home,
            background="tint",
            aida="action",
        ),
        block(
            "survey",
            question=_("What kept you away?"),
            kind="choice",
            choices=[
                {"label": answer}
                for answer in (_("Too many emails"), _("Nothing for me"), _("Too expensive"), _("Just busy"))
            ],
            asks_comment=True,
        ),
        block("signature", tone="informal"),
    ]


def _birthday(material: Material) -> list[RawBlock]:
    return [
        block(
            "hero",
            layout="background",
            image=material.picture(),
            title=_('{{ contact.first_name | phrase: "Happy birthday, #", "Happy birthday" }}'),
            words=_("Put the kettle on: something small is waiting for you."),
            aida="attention",
        ),
        block(
            "offer",
            title=_("A present of 15 %"),
            words=_("For one order of your choice."),
            end=_in_days(30),
            code="BIRTHDAY",
            terms=_("Once per person. Not on vouchers and delivery."),
            label=_("Choose something nice"),
            page=material.home,
            background="tint",
            align="center",
            aida="action",
        ),
        block(
            "product_list",
            heading=_("You might like"),
            selection="favorites",
            fallback="best_selling",
            count=2,
            columns="2",
            layout="above",
            aida="desire",
        ),
        block("signature", tone="informal"),
    ]


for _key, _starter in {
    "offer": Starter(
        gettext_lazy("Offer"),
        gettext_lazy("Something for less, for a while: the terms, the code, what it applies to."),
        gettext_lazy("Ten percent off, until Sunday"),
        gettext_lazy("On everything in the shop, with one code"),
        _offer,
    ),
    "aida": Starter(
        gettext_lazy("AIDA"),
        gettext_lazy("Attention, interest, desire, action: a skeleton that says what belongs where."),
        gettext_lazy("Say what readers gain"),
        gettext_lazy("Go on where the subject stopped"),
        _aida,
    ),
    "win_back": Starter(
        gettext_lazy("Win back"),
        gettext_lazy("For customers gone quiet: what is new, a reason to return, and the question why."),
        gettext_lazy("It has been a while"),
        gettext_lazy("What is new, and a parcel without postage"),
        _win_back,
    ),
    "birthday": Starter(
        gettext_lazy("Birthday"),
        gettext_lazy("A wish and a small present, for the day itself."),
        gettext_lazy('{{ contact.first_name | phrase: "Happy birthday, #", "Happy birthday" }}'),
        gettext_lazy("Something small is waiting for you"),
        _birthday,
    ),
}.items():
    starters.register(_key)(_starter)
