"""The pages of the magazine, with the home page of the whole site."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey
from taggit.models import Tag, TaggedItemBase
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.images import get_image_model_string
from wagtail.models import Page
from wagtail.query import PageQuerySet
from wagtail.search import index

from example_site.magazine.blocks import StoryBlock
from example_site.magazine.emails import STORY_IN_EMAILS
from example_site.shop.queries import favorites, shop_window
from wagtail_precise_mail.emails.bridge import EmailableMixin
from wagtail_precise_mail.emails.cards import Card

_IMAGE = get_image_model_string()


class HomePage(Page):
    """The front of the shop and of the magazine."""

    headline = models.CharField(max_length=120)
    intro = models.TextField(blank=True)
    hero_image = models.ForeignKey(_IMAGE, models.SET_NULL, null=True, blank=True, related_name="+")

    content_panels = [*Page.content_panels, FieldPanel("headline"), FieldPanel("intro"), FieldPanel("hero_image")]
    parent_page_types = ["wagtailcore.Page"]
    template = "magazine/home_page.html"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["articles"] = list(newest_articles()[:4])
        context["window"] = shop_window()
        context["favorites"] = favorites()
        return context


class MagazineIndexPage(Page):
    """All articles, newest first, of one topic if asked."""

    intro = models.TextField(blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["magazine.HomePage"]
    subpage_types = ["magazine.ArticlePage"]
    template = "magazine/magazine_index_page.html"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        topic = request.GET.get("topic", "")
        articles = newest_articles().child_of(self)
        context["topic"] = topic
        context["topics"] = Tag.objects.filter(magazine_articletag_items__content_object__live=True).distinct()
        shown = articles.filter(tags__slug=topic) if topic else articles
        context["articles"] = Paginator(shown, 12).get_page(request.GET.get("page"))
        return context


class ArticleTag(TaggedItemBase):
    """A topic of an article."""

    content_object = ParentalKey("magazine.ArticlePage", on_delete=models.CASCADE, related_name="tagged_items")


class ArticlePage(EmailableMixin, Page):
    """One article."""

    published_on = models.DateField("date")
    author = models.CharField(max_length=100, blank=True)
    intro = models.TextField(max_length=400)
    hero_image = models.ForeignKey(_IMAGE, models.SET_NULL, null=True, blank=True, related_name="+")
    body = StreamField(StoryBlock(), blank=True)
    tags = ClusterTaggableManager(through=ArticleTag, blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("intro"),
        FieldPanel("hero_image"),
        FieldPanel("body"),
        FieldPanel("author"),
        FieldPanel("published_on"),
        FieldPanel("tags"),
    ]
    search_fields = [*Page.search_fields, index.SearchField("intro"), index.SearchField("body")]
    parent_page_types = ["magazine.MagazineIndexPage"]
    subpage_types: list[str] = []
    template = "magazine/article_page.html"
    email_blocks = STORY_IN_EMAILS

    @property
    def reading_minutes(self) -> int:
        """How long it takes to read, at 200 words a minute."""
        words = len(" ".join(self.body.stream_block.get_searchable_content(self.body)).split())
        return max(1, round(words / 200))

    def get_email_card(self) -> Card:
        """What a mail shows of an article: the introduction, which is written to be read before it."""
        return Card(
            title=self.title,
            summary=self.intro,
            image=self.hero_image,
            published_on=self.published_on,
            author=self.author,
        )

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["more"] = list(newest_articles().exclude(pk=self.pk)[:3])
        return context


class FlexPage(EmailableMixin, Page):
    """A page of its own, such as "About us"."""

    intro = models.TextField(blank=True)
    hero_image = models.ForeignKey(_IMAGE, models.SET_NULL, null=True, blank=True, related_name="+")
    body = StreamField(StoryBlock(), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("hero_image"), FieldPanel("body")]
    search_fields = [*Page.search_fields, index.SearchField("intro"), index.SearchField("body")]
    parent_page_types = ["magazine.HomePage"]
    subpage_types: list[str] = []
    template = "magazine/flex_page.html"
    email_blocks = STORY_IN_EMAILS


def newest_articles() -> PageQuerySet:
    """Return the articles that visitors see, newest first, ready for cards."""
    return (
        ArticlePage.objects.live()
        .public()
        .order_by("-published_on", "-pk")
        .select_related("hero_image")
        .prefetch_related("hero_image__renditions", "tagged_items__tag")
    )
