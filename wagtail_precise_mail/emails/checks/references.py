"""The things of the site that an email refers to: gone, private, of another site, or not as they were approved.

What a block cannot be rendered without, the block reports itself; what a text links to, the checks of links do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.images import get_image_model
from wagtail.models import PageViewRestriction, Site

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails import pins
from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.references import Reference, references_of
from wagtail_precise_mail.fields import page_model


@email_checks.register("reference_gone")
class ReferenceGone(EmailCheck):
    """Nothing was deleted that a block would show or lead to, such as the product that replaces a sold-out one."""

    label = gettext_lazy("Nothing was deleted")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        references = references_of(facts.email.body)
        for kind, mentions, message in [
            (page_model(), references.pages, _("The page that this block leads to was deleted.")),
            (Product, references.products, _("A product of this block was deleted.")),
            (get_image_model(), references.images, _("An image of this block was deleted.")),
        ]:
            found = _find(kind._default_manager.all(), mentions)
            gone = (one for pk, ones in mentions.items() if pk not in found for one in ones)
            for mention in gone:
                if not mention.is_required and not mention.is_link:
                    block = facts.block(mention.block_id)
                    yield self.finding(message, _("Choose another one, or remove it."), block=block)


@email_checks.register("page_private")
class PagePrivate(EmailCheck):
    """Every page can be read by everybody: no login, no password."""

    label = gettext_lazy("Pages are open to readers")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        mentioned = _mentioned_pages(facts)
        restricted = tuple(PageViewRestriction.objects.values_list("page__path", flat=True)) if mentioned else ()
        for page, mention in mentioned:
            # An alias is as private as its source.
            if restricted and any(one.path.startswith(restricted) for one in (page, page.alias_of or page)):
                yield self.finding(
                    _("The page “%(page)s” is private: readers may not see it.") % {"page": page.title},
                    _("Make sure that they can log in, or know its password."),
                    block=facts.block(mention.block_id),
                )


@email_checks.register("page_elsewhere")
class PageElsewhere(EmailCheck):
    """Every page belongs to the site that the email is sent for."""

    label = gettext_lazy("Pages of this site")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        mentioned = _mentioned_pages(facts)
        names = {one.pk: one.site_name or one.hostname for one in Site.objects.all()} if mentioned else {}
        for page, mention in mentioned:
            parts = page.get_url_parts()
            if parts and parts[0] != facts.site.pk:
                words = {"page": page.title, "site": names.get(parts[0], "")}
                yield self.finding(
                    _("The page “%(page)s” belongs to the site “%(site)s”: its links lead there.") % words,
                    _("Check that this is meant."),
                    block=facts.block(mention.block_id),
                )


@email_checks.register("changed_since_approval")
class ChangedSinceApproval(EmailCheck):
    """Prices, products, pages and saved blocks are what they were when the email was published; a hint names lists that
    show others now."""

    label = gettext_lazy("As it was approved")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        if not isinstance(email := facts.email, Email):
            return
        # The object of a revision does not know that it was published.
        live_id = Email.objects.filter(pk=email.pk).values_list("live_revision_id", flat=True).first()
        for change in pins.changes_since(pins.approval_of(email, revision_id=live_id), at=facts.at):
            if change.is_hint:
                remedy = _("Lists choose anew for each mail. Nothing to do, unless you want to look at it again.")
                yield replace(self.finding(str(change), remedy), level=Level.HINT)
                continue
            yield self.finding(
                str(change),
                _("Changed since the email was approved. Publish it again, or schedule it, if it should say that."),
            )


def _mentioned_pages(facts: EmailFacts) -> list[tuple[Any, Reference]]:
    mentions = references_of(facts.email.body).pages
    pages = _find(page_model()._default_manager.select_related("alias_of"), mentions)
    return [(pages[pk], one) for pk, ones in mentions.items() if pk in pages for one in ones]


def _find(queryset: Any, ids: Iterable[Any]) -> dict[Any, Any]:
    return {found.pk: found for found in queryset.filter(pk__in=ids)} if ids else {}
