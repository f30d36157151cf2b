"""Lists of pages: what is published when a mail leaves, and was not sent before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Locale, Page, PageViewRestriction

from example_site.magazine.models import ArticlePage, HomePage, MagazineIndexPage
from tests.emails.lists import body, fill, load, read, text_of, titles
from tests.emails.test_varied import is_whole
from tests.factories.contacts import make_contact
from tests.factories.emails import compiled, default_site, make_email, make_image, raw_block
from tests.testapp.models import StoryPage
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.blocks.page_lists import PageListBlock
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.preview import picker_preview

pytestmark = pytest.mark.django_db


def make_story(title: str, *, parent: Page | None = None, at: datetime | None = None, **overrides: Any) -> StoryPage:
    parent = parent or default_site().root_page
    page = parent.add_child(instance=StoryPage(title=title, intro=f"About {title}.", **overrides))
    Page.objects.filter(pk=page.pk).update(first_published_at=at or timezone.now())
    return page


def list_block(**overrides: Any) -> dict[str, Any]:
    value = {"selection": "newest", "count": 3, "layout": "above", "columns": "2", "max_length": 140}
    return raw_block("page_list", **{**value, **overrides})


def shown(email: Email) -> list[str]:
    return titles(read(email, make_contact()))


def test_newest_pages_come_with_summary_picture_and_link() -> None:
    make_story("Ferns")
    make_story("Pots & pans", hero_image=make_image())
    filled = read(make_email(list_block(heading="To read", link_label="Read on")), make_contact())
    assert titles(filled) == ["Pots & pans", "Ferns"]
    pictures = [tag for tag in body(filled).find_all("img") if "/media/" in str(tag["src"])]
    assert [tag["alt"] for tag in pictures] == ["Pots & pans"]
    assert ".fill-680x425." in str(pictures[0]["src"])
    assert is_whole(filled.html)
    assert text_of(filled) == (
        "To read\n-------\n\n"
        "Pots & pans\nAbout Pots & pans.\nhttps://shop.example.com/pots-pans/\n\n"
        "Ferns\nAbout Ferns.\nhttps://shop.example.com/ferns/"
    )


def test_page_published_after_the_email_was_written_is_in_it() -> None:
    make_story("Old", at=timezone.now() - timedelta(days=3))
    email, contact = make_email(list_block()), make_contact()
    before = compiled(email)
    make_story("New")
    filled = fill(email, load(email, contact)[contact.pk])
    assert compiled(email) == before
    assert titles(filled) == ["New", "Old"]


def test_only_live_pages_that_everybody_may_see_on_this_site_in_its_language_are_shown() -> None:
    make_story("Seen")
    draft = make_story("Draft")
    draft.unpublish()
    members = make_story("Members")
    PageViewRestriction.objects.create(page=members, restriction_type=PageViewRestriction.LOGIN)
    other_root = Page.get_first_root_node().add_child(instance=StoryPage(title="Elsewhere", slug="elsewhere"))
    make_story("Not ours", parent=other_root)
    french = Locale.objects.create(language_code="fr")
    make_story("Autre langue", locale=french)
    assert "Seen" in shown(make_email(list_block(count=12)))
    assert not {"Draft", "Members", "Not ours", "Elsewhere", "Autre langue"} & set(
        shown(make_email(list_block(count=12)))
    )


def make_magazine() -> tuple[MagazineIndexPage, list[ArticlePage]]:
    home = default_site().root_page.add_child(instance=HomePage(title="Home", headline="Hello"))
    index = home.add_child(instance=MagazineIndexPage(title="Magazine"))
    articles = []
    for number, tag in enumerate(["Tea", "Plants", "tea"]):
        article = index.add_child(
            instance=ArticlePage(title=f"Article {number}", intro="Words.", published_on="2026-01-01")
        )
        article.tags.add(tag)
        article.save()
        articles.append(article)
    Page.objects.filter(first_published_at=None).update(first_published_at=timezone.now())
    return index, articles


def test_pages_can_be_of_a_type_with_a_tag_below_a_page() -> None:
    index, _articles = make_magazine()
    make_story("Story")
    assert shown(make_email(list_block(page_type="magazine.ArticlePage"))) == ["Article 2", "Article 1", "Article 0"]
    assert shown(make_email(list_block(tag="TEA"))) == ["Article 2", "Article 0"]
    assert shown(make_email(list_block(below=index.pk, count=2))) == ["Article 2", "Article 1"]
    assert shown(make_email(list_block(tag="no such tag"))) == []


def test_picked_pages_keep_the_order_of_the_editor() -> None:
    one, two, three = (make_story(title) for title in ("One", "Two", "Three"))
    email = make_email(list_block(selection="picked", pages=[three.pk, one.pk, two.pk]))
    one.unpublish()
    assert shown(email) == ["Three", "Two"]


def test_page_that_the_email_shows_elsewhere_is_not_repeated() -> None:
    ferns = make_story("Ferns")
    make_story("Pots")
    email = make_email(raw_block("page", page=ferns.pk, layout="above", max_length=0), list_block())
    assert shown(email).count("Ferns") == 1
    assert "Pots" in shown(email)


def test_list_with_nothing_new_says_so_or_disappears() -> None:
    hidden = list_block(heading="Fresh", tag="none")
    told = list_block(heading="Fresh", tag="none", empty_words="A quiet week.")
    assert "Fresh" not in read(make_email(hidden), make_contact()).html
    filled = read(make_email(told), make_contact())
    assert "A quiet week." in filled.html
    assert text_of(filled) == "A quiet week."


@pytest.mark.parametrize("layout", ["above", "beside", "compact"])
def test_hostile_page_stays_text(layout: str) -> None:
    bad = '<script>x</script>{{ contact.email }}\u202e"'
    make_story(bad, slug="bad", hero_image=make_image())
    filled = read(make_email(list_block(layout=layout, show_date=True)), make_contact())
    assert not body(filled).find_all("script")
    assert "\u202e" not in filled.html + filled.text
    assert "contact-" not in text_of(filled)
    assert is_whole(filled.html)


def test_deleted_page_leaves_the_list() -> None:
    story = make_story("Ferns")
    email = make_email(list_block(selection="picked", pages=[story.pk]), raw_block("heading", title="Bye"))
    story.delete()
    assert titles(read(Email.objects.get(pk=email.pk), make_contact())) == []


def test_more_readers_and_more_pages_cost_no_more_queries() -> None:
    image = make_image()
    for number in range(12):
        make_story(f"Story {number}", hero_image=image)
    contacts = Contact.objects.bulk_create(
        [Contact(email=f"c{number}@example.com", address_hash=f"{number:064d}") for number in range(1000)]
    )

    def queries(email: Email, some: list[Contact]) -> int:
        with CaptureQueriesContext(connection) as captured:
            readers = load(email, *some)
        assert all(reader.lists["list0"] for reader in readers.values())
        return len(captured)

    small, large = make_email(list_block(count=1)), make_email(list_block(count=12))
    for email in (small, large):
        load(email, contacts[0])  # makes the files of the pictures, and fills Wagtail's cache of sites
    assert queries(large, contacts[:2]) == queries(large, contacts) == queries(small, contacts[:2])


def test_picker_shows_a_list_before_there_is_a_page() -> None:
    assert "Seven ferns that like the dark" in picker_preview(PageListBlock())


def test_picked_without_pages_is_refused() -> None:
    block = PageListBlock()
    with pytest.raises(ValidationError) as caught:
        block.clean(block.to_python({"selection": "picked", "count": 3}))
    assert "pages" in caught.value.block_errors
    assert ("magazine.ArticlePage", "Article page") in block.child_blocks["page_type"].field.choices
