"""Starters that read like a letter."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.starters.base import Material, RawBlock, Starter, block, heading, starters, text


def _letter(material: Material) -> list[RawBlock]:
    return [
        block("salutation", tone="informal", words=""),
        text(
            _("This is a letter, and not an advertisement: write it as you would to one person."),
            _("Say in the first sentence why you write. Tell one thing, in your own words, and leave out the rest."),
            _("If there is something to do, ask for it plainly, and say until when."),
        ),
        block("button", label=_("Answer with one click"), page=material.home, style="outline"),
        block("signature", tone="informal"),
    ]


def _story(material: Material) -> list[RawBlock]:
    return [
        block("hero", layout="above", image=material.picture(), title=_("How it began"), words="", aida="attention"),
        text(_("Begin in the middle: a place, a person, a moment. Readers decide here whether they stay.")),
        heading(_("What went wrong first")),
        text(_("Every story worth telling has a turn. Say what nobody expected, and what it cost.")),
        block("image", image=material.picture(1), caption=_("A picture that shows what words cannot"), width="full"),
        heading(_("What came of it")),
        text(_("Come back to today, and to what your readers have from it.")),
        block("quote", words=_("One sentence that somebody really said."), author=_("Who said it"), role=""),
        block("product", product=material.product(), layout="beside", show_price=True, aida="desire"),
        block("button", label=_("Read the whole story"), page=material.page(), aida="action"),
        block("share", words="", networks=[], show_forward=True, show_web_version=True, style="words"),
    ]


def _welcome(material: Material) -> list[RawBlock]:
    return [
        block(
            "hero",
            layout="background",
            image=material.picture(),
            title=_('Welcome, {{ contact.first_name | default: "how nice to have you" }}'),
            words=_("You hear from us when there is something worth your time, and never more often than that."),
            label=_("Look around"),
            page=material.home,
            aida="attention",
        ),
        heading(_("What you can expect")),
        block(
            "rich_text",
            content="<ul>"
            + "".join(
                f"<li>{line}</li>"
                for line in (
                    _("Stories from behind the counter, about twice a month"),
                    _("New things before they stand in the shop"),
                    _("One click to leave, in every single email"),
                )
            )
            + "</ul>",
        ),
        heading(_("A good place to start")),
        block("page_list", heading="", selection="newest", count=2, columns="2", layout="above", skip_sent_days=None),
        block("divider", style="line"),
        block(
            "product_list", heading=_("Loved by many"), selection="best_selling", count=4, columns="2", layout="above"
        ),
        block("button", label=_("Visit the shop"), page=material.home, aida="action"),
        block("signature", tone="informal"),
    ]


for _key, _starter in {
    "letter": Starter(
        gettext_lazy("Letter"),
        gettext_lazy("Plain and personal: a salutation, a few paragraphs, your name."),
        gettext_lazy('A word to you, {{ contact.first_name | default: "dear reader" }}'),
        gettext_lazy("No pictures, no offers: just a letter"),
        _letter,
    ),
    "story": Starter(
        gettext_lazy("Story"),
        gettext_lazy("One story in chapters, with pictures, a voice and a way to read on."),
        gettext_lazy("How it began"),
        gettext_lazy("A story from behind the counter"),
        _story,
    ),
    "welcome": Starter(
        gettext_lazy("Welcome"),
        gettext_lazy("For people who have just joined: what they can expect, and where to start."),
        gettext_lazy("Welcome: here is what happens next"),
        gettext_lazy("What you get, how often, and a good place to start"),
        _welcome,
    ),
}.items():
    starters.register(_key)(_starter)
