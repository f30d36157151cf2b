"""Writes of categories: a tree without rings."""

from __future__ import annotations

from django.db import transaction
from django.utils.text import slugify

from wagtail_precise_mail.commerce.models import Category, is_below
from wagtail_precise_mail.exceptions import InvalidRecord

SEPARATOR = ">"
"""Between the names of a path, such as "Kitchen > Cups"."""

MOST_LEVELS = 20


@transaction.atomic
def upsert_category(
    slug: str, *, name: str = "", parent: Category | str | None = None, is_top: bool = False
) -> Category:
    """Return the category of a slug, made when there is none, with its name and place set.

    Args:
        name: "" leaves what is there; of a new one it is the slug.
        parent: a category or its slug; None leaves it where it is.
        is_top: takes it out of what it is below of.

    Raises:
        InvalidRecord: there is no such parent, or it is below this category, so that the two would go round in a ring.
    """
    if not slug or slug != slugify(slug):
        raise InvalidRecord(f"{slug!r} is no slug of small letters, digits, hyphens and underscores.", place="slug")
    above = _parent(parent) if isinstance(parent, str) else parent
    category, created = Category.objects.get_or_create(slug=slug, defaults={"name": name or slug, "parent": above})
    if created:
        return category
    if above and is_below(above.pk, category.pk):
        raise InvalidRecord(f"{above} is below {category}, so the two would go round in a ring.", place="parent")
    before = (category.name, category.parent_id)
    category.name = name or category.name
    category.parent = None if is_top else above or category.parent
    if before != (category.name, category.parent_id):
        category.save()
    return category


def _parent(slug: str) -> Category:
    try:
        return Category.objects.get(slug=slug)
    except Category.DoesNotExist:
        raise InvalidRecord(f"There is no category {slug!r}. Send it before those below it.", place="parent") from None


class CategoryBook:
    """Finds categories by their path, and makes what is missing; remembers what it met."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Category] = {}

    def find(self, path: str) -> Category:
        """Return the category at the end of a path, such as "Kitchen > Cups"; a single name has nothing above it.

        A name alone finds the category with its slug wherever that is, so that a shop may move it in the tree here.

        Raises:
            InvalidRecord: the path is empty or has too many levels.
        """
        names = tuple(name.strip()[:150] for name in path.split(SEPARATOR) if name.strip())
        if not 0 < len(names) <= MOST_LEVELS:
            raise InvalidRecord(f"{path!r} is no path of categories such as 'Kitchen > Cups'.", place="category")
        for level in range(1, len(names) + 1):
            if names[:level] not in self._known:
                self._known[names[:level]] = self._meet(names[:level])
        return self._known[names]

    def _meet(self, names: tuple[str, ...]) -> Category:
        name, above = names[-1], self._known.get(names[:-1])
        if above is None:
            category, _created = Category.objects.get_or_create(slug=_slug(name), defaults={"name": name})
            return category
        there = Category.objects.filter(parent=above, name=name).order_by("pk").first()
        if there:
            return there
        # The same name may stand below several: then its slug is that of the whole path.
        slugs = [_slug(name), _slug(" ".join(names))]
        free = next((slug for slug in slugs if not Category.objects.filter(slug=slug).exists()), slugs[-1])
        category, created = Category.objects.get_or_create(slug=free, defaults={"name": name, "parent": above})
        if not created and category.parent_id is None and not is_below(above.pk, category.pk):
            category.parent = above
            category.save()
        return category


def _slug(name: str) -> str:
    return slugify(name, allow_unicode=False)[:150] or slugify(name.encode("unicode_escape").decode())[:150]
