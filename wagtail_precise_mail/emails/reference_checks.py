"""What is wrong with the things that an email refers to: deleted, not published, private, or of another site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue
from wagtail.images import get_image_model
from wagtail.models import PageViewRestriction, Site

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.blocks.basic import LinkChildren
from wagtail_precise_mail.emails.checks import Finding, Level
from wagtail_precise_mail.emails.references import Reference, references_of
from wagtail_precise_mail.fields import page_model


def check_references(body: StreamValue, site: Site) -> list[Finding]:
    """Return what is wrong with pages, products and images that a body refers to: a constant number of queries.

    What a block cannot be rendered without is left to the block: :func:`~.checks.check_email` reports it.
    """
    references = references_of(body)
    pages = _find(page_model().objects.select_related("alias_of"), references.pages)
    products = _find(Product.objects.all(), references.products)
    images = _find(get_image_model().objects.all(), references.images)
    return [
        *_gone(references.pages, pages, _("The page that this block leads to was deleted.")),
        *_gone(references.products, products, _("A product of this block was deleted.")),
        *_gone(references.images, images, _("An image of this block was deleted.")),
        *_unpublished(references.pages, pages),
        *_private(references.pages, pages),
        *_of_another_site(references.pages, pages, site),
    ]


def _find(queryset: Any, ids: Iterable[int]) -> dict[int, Any]:
    return {found.pk: found for found in queryset.filter(pk__in=ids)} if ids else {}


def _gone(references: dict[int, list[Reference]], found: dict[int, Any], message: str) -> Iterator[Finding]:
    for pk, mentions in references.items():
        for mention in mentions if pk not in found else []:
            if not mention.is_required:
                yield Finding(Level.WARNING, message, _("Choose another one, or remove it."), mention.place)


def _unpublished(references: dict[int, list[Reference]], pages: dict[int, Any]) -> Iterator[Finding]:
    for page, mention in _mentioned(references, pages):
        # A card of a page says it itself.
        if not page.live and (mention.is_link or isinstance(mention.block, LinkChildren)):
            message = _("The page “%(page)s” is not published: readers would find nothing.") % {"page": page.title}
            yield Finding(Level.ERROR, message, _("Publish the page, or link to another one."), mention.place)


def _private(references: dict[int, list[Reference]], pages: dict[int, Any]) -> Iterator[Finding]:
    # An alias is as private as its source.
    paths = {pk: {page.path, (page.alias_of or page).path} for pk, page in pages.items()}
    restricted = tuple(PageViewRestriction.objects.values_list("page__path", flat=True)) if pages else ()
    for page, mention in _mentioned(references, pages):
        if any(path.startswith(restricted) for path in paths[page.pk]):
            message = _("The page “%(page)s” is private: readers may not see it.") % {"page": page.title}
            yield Finding(
                Level.WARNING, message, _("Make sure that they can log in, or know its password."), mention.place
            )


def _of_another_site(references: dict[int, list[Reference]], pages: dict[int, Any], site: Site) -> Iterator[Finding]:
    names = {one.pk: one.site_name or one.hostname for one in Site.objects.all()} if pages else {}
    for page, mention in _mentioned(references, pages):
        parts = page.get_url_parts()
        if parts and parts[0] != site.pk:
            words = {"page": page.title, "site": names.get(parts[0], "")}
            message = _("The page “%(page)s” belongs to the site “%(site)s”: its links lead there.") % words
            yield Finding(Level.WARNING, message, _("Check that this is meant."), mention.place)


def _mentioned(references: dict[int, list[Reference]], pages: dict[int, Any]) -> Iterator[tuple[Any, Reference]]:
    for pk, mentions in references.items():
        if page := pages.get(pk):
            yield from ((page, mention) for mention in mentions)
