"""Writes the pages: home, magazine with its articles, about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wagtail.images.models import AbstractImage
from wagtail.models import Page, Site

from example_site.demo.art.scenes import scene
from example_site.demo.seed.shopfront import keep_picture
from example_site.demo.seed.stories import ABOUT, STORIES, YOUR_DATA, Body, Story
from example_site.magazine.models import ArticlePage, FlexPage, HomePage, MagazineIndexPage
from wagtail_precise_mail.commerce.models import Product


def make_magazine(products: dict[str, Product], *, at: datetime, picture_width: int) -> HomePage:
    """Write what is missing of the site's pages, and return the home page."""
    home = HomePage.objects.first() or _make_home(picture_width)
    index = MagazineIndexPage.objects.first()
    if index is None:
        index = MagazineIndexPage(
            title="Read while it draws",
            slug="magazine",
            show_in_menus=True,
            search_description="Short articles about tea, plants and kitchens, each as long as a pot takes to draw.",
            intro="Short articles about tea, plants and kitchens. Each takes about as long as a pot.",
        )
        home.add_child(instance=index)
    known = set(ArticlePage.objects.values_list("slug", flat=True))
    for story in reversed(STORIES):
        if story.slug not in known:
            _make_article(story, index, products, at, picture_width)
    if not FlexPage.objects.filter(slug="about").exists():
        home.add_child(instance=_about(picture_width))
    if not FlexPage.objects.filter(slug="your-data").exists():
        home.add_child(instance=_your_data())
    return home


def _make_home(picture_width: int) -> HomePage:
    root = Page.get_first_root_node()
    home = HomePage(
        title="Fern & Kettle",
        slug="fern-and-kettle",
        seo_title="Teas, plants and the things they live in",
        search_description="A small shop with a magazine: teas, plants, pots and kettles from the Calder valley.",
        headline="Something green, something hot, and a quarter of an hour.",
        intro="Teas we blend on Tuesdays, plants we grow slowly, and the pots for both. With a magazine to go with it.",
        hero_image=_scene(
            "storefront", "A monstera, a copper kettle, a tin of tea and a cup before a sunny arch", picture_width
        ),
    )
    root.add_child(instance=home)
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True, hostname="localhost")
    welcome = site.root_page if site.pk else None
    site.root_page, site.site_name = home, "Fern & Kettle"
    site.save()
    # The page that Wagtail's own migration made would stand beside ours for ever.
    if welcome and type(welcome.specific) is Page:
        welcome.delete()
    return HomePage.objects.get(pk=home.pk)


def _about(picture_width: int) -> FlexPage:
    return FlexPage(
        title="Three people, one kettle",
        slug="about",
        show_in_menus=True,
        search_description="Who is behind Fern & Kettle, and what the example site is for.",
        intro="Who we are, what we sell and why we write.",
        hero_image=_scene("about", "A shop counter with a teapot, plants and shelves of tea", picture_width),
        body=_body(ABOUT, {}),
    )


def _your_data() -> FlexPage:
    return FlexPage(
        title="What we know about you",
        slug="your-data",
        search_description="What Fern & Kettle keeps about you, for how long, and how to have it deleted.",
        intro="Your name, your address, what you bought and looked at. That is all, and this is what we do with it.",
        body=_body(YOUR_DATA, {}),
    )


def _make_article(
    story: Story, index: MagazineIndexPage, products: dict[str, Product], at: datetime, picture_width: int
) -> None:
    article = ArticlePage(
        title=story.title,
        slug=story.slug,
        search_description=story.description,
        published_on=(at - timedelta(days=story.days_ago)).date(),
        first_published_at=at - timedelta(days=story.days_ago),
        author=story.author,
        intro=story.intro,
        hero_image=_scene(story.scene, story.alt, picture_width),
        body=_body(story.body, products),
    )
    article.tags.add(*story.tags)
    index.add_child(instance=article)
    article.save_revision().publish()


def _scene(name: str, alt: str, width: int) -> AbstractImage:
    title = f"Scene: {name.replace('_', ' ')}"
    return keep_picture(
        scene(name, width=width, height=width * 9 // 16), title=title, name=f"scene-{name}", description=alt
    )


def _body(body: Body, products: dict[str, Product]) -> list[tuple[str, Any]]:
    return [_block(kind, value, products) for kind, value in body]


def _block(kind: str, value: Any, products: dict[str, Product]) -> tuple[str, Any]:
    match kind:
        case "p":
            return "paragraph", f"<p>{value}</p>"
        case "h":
            return "heading", value
        case "q":
            return "quote", value
        case "tip":
            return "tip", {"title": value[0], "text": f"<p>{value[1]}</p>"}
        case "steps":
            return "steps", {"steps": [f"<p>{step}</p>" for step in value]}
        case "join":
            asked = [{"name": "first_name", "is_required": False, "reason": "So that Ruth knows how to begin."}]
            return "sign_up", {"title": value[0], "text": value[1], "topics": [], "asked": asked}
        case "shop":
            return "products", {"title": "From the shop", "products": [products[sku] for sku in value]}
    raise ValueError(f"{kind!r} is no block of the magazine")
