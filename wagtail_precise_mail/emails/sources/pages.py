"""Lists of pages: what is published on the site, the newest first, without what a contact was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from babel.dates import format_date
from django.apps import apps
from django.db.models import ForeignKey, Q, prefetch_related_objects
from django.utils.timezone import localtime
from taggit.managers import TaggableManager
from wagtail.images import get_image_model
from wagtail.models import Page, Site, get_page_models
from wagtail.query import PageQuerySet

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.cards import card_of, shorten
from wagtail_precise_mail.emails.languages import babel_locale
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.pictures import picture_urls
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources
from wagtail_precise_mail.fields import page_model


@item_sources.register("pages")
class PageItems(ItemSource):
    """Live, public pages of the site and language. The spec says:

    - "pages": ids of picked pages, in their order; else
    - "page_type", "tag", "below": what the newest pages must be, carry, and stand under; each may be "" or None;
    - "summary_length", "pixels", "ratio": of what is shown.
    """

    def may_be_shared(self, spec: Spec) -> bool:
        return True

    def finds_by_itself(self, spec: Spec) -> bool:
        """All but those that an editor picked."""
        return "pages" not in spec

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return the same pages for everybody; what each was sent is left out by the caller."""
        items: list[Item] = [{"key": f"page:{pk}"} for pk in _page_ids(spec, limit, occasion)]
        return {contact.pk or 0: items for contact in contacts}

    def describe(self, spec: Spec, keys: Sequence[str], *, occasion: Occasion) -> Mapping[str, Item]:
        """Return the cards of pages, as they are now, in a number of queries that depends on their types only."""
        ids = [int(key.partition(":")[2]) for key in keys]
        pages = list(published(occasion.site_id).filter(pk__in=ids).specific())
        _fetch_images(pages)
        site_id = occasion.site_id or 0
        cards = {page.pk: card_of(page, base_url=occasion.base_url, site_id=site_id) for page in pages}
        images = [card.image for card in cards.values() if card.image]
        size = {"pixels": spec.get("pixels", 680), "ratio": spec.get("ratio", 1)}
        urls = picture_urls(images, **size, base_url=occasion.base_url)
        return {
            f"page:{page.pk}": {
                "name": card.title,
                "summary": shorten(card.summary, int(spec.get("summary_length") or 0)),
                "url": absolute(card.url, occasion.base_url),
                "image_url": urls.get(card.image.pk, "") if card.image else "",
                "no_image": "" if card.image and card.image.pk in urls else "1",
                "date": _date(page, occasion.language),
            }
            for page in pages
            for card in [cards[page.pk]]
            if card.url
        }


def published(site_id: int | None) -> PageQuerySet:
    """Return the live pages of a site that everybody may see, in the language of its start page."""
    site = Site.objects.select_related("root_page").filter(pk=site_id).first()
    pages = page_model()._default_manager.live().public().filter(first_published_at__isnull=False)
    if site is None:
        return pages.none()
    return pages.descendant_of(site.root_page).filter(locale=site.root_page.locale_id)


def unlisted_models() -> list[type[Page]]:
    """Return the types of pages that lists show only when they are asked for, such as landing pages."""
    return [model for model in get_page_models() if not getattr(model, "is_listed_in_emails", True)]


def tagged(tag: str) -> Q:
    """Return the condition that a page of whatever type has a tag of this name."""
    found = Q(pk__in=[])
    for model in get_page_models():
        for field in model._meta.get_fields():
            if isinstance(field, TaggableManager) and not model._meta.abstract:
                found |= Q(pk__in=model._default_manager.filter(**{f"{field.name}__name__iexact": tag}).values("pk"))
    return found


def _page_ids(spec: Spec, limit: int, occasion: Occasion) -> list[int]:
    pages = published(occasion.site_id)
    if "pages" in spec:
        wanted = list(spec["pages"])
        there = set(pages.filter(pk__in=wanted).values_list("pk", flat=True))
        return [pk for pk in wanted if pk in there]
    if page_type := spec.get("page_type"):
        pages = pages.type(apps.get_model(page_type))
    elif unlisted := unlisted_models():
        pages = pages.not_exact_type(*unlisted)
    if tag := spec.get("tag"):
        pages = pages.filter(tagged(tag))
    if below := spec.get("below"):
        above = page_model()._default_manager.filter(pk=below).first()
        pages = pages.descendant_of(above) if above else pages.none()
    newest = pages.order_by("-first_published_at", "-pk")
    return list(newest.values_list("pk", flat=True)[:limit])


def _fetch_images(pages: Iterable[Page]) -> None:
    """Fetch what cards look at: the images of pages, type by type."""
    by_type: dict[type[Page], list[Page]] = {}
    for page in pages:
        by_type.setdefault(type(page), []).append(page)
    for model, group in by_type.items():
        names = [
            field.name
            for field in model._meta.get_fields()
            if isinstance(field, ForeignKey) and issubclass(field.related_model, get_image_model())
        ]
        if names:
            prefetch_related_objects(group, *names)


def _date(page: Page, language: str) -> str:
    moment = page.first_published_at
    return format_date(localtime(moment), "long", locale=babel_locale(language)) if moment else ""
