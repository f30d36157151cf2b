"""A new email made from a page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import translation
from wagtail.models import Locale, ModelLogEntry, ReferenceIndex, Revision

from tests.emails.conftest import fill
from tests.factories.commerce import make_product
from tests.factories.emails import default_site, make_image
from tests.factories.pages import make_page
from tests.testapp.models import MixedPage, SelfMadeCardPage, StoryPage
from wagtail_precise_mail.emails.bridge import making
from wagtail_precise_mail.emails.bridge.making import Extent, email_from_page
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db


def kinds(email: Email) -> list[str]:
    return [child.block_type for child in email.body]


def story(**overrides: Any) -> StoryPage:
    values = {"title": "Spring tea", "intro": "Leaves in April.", "body": "<p>They are small.</p>", **overrides}
    page = StoryPage(**values)
    default_site().root_page.add_child(instance=page)
    return page


def test_email_has_title_picture_lead_body_and_a_way_to_the_page() -> None:
    image = make_image()
    image.description = "Young leaves"
    image.save()
    page = story(hero_image=image)
    email = email_from_page(page, by=None).email
    assert kinds(email) == ["heading", "image", "rich_text", "rich_text", "button"]
    title, picture, lead, body, button = (child.value for child in email.body)
    assert (title["title"], title["level"]) == ("Spring tea", "1")
    assert (picture["image"].pk, picture["page"].pk) == (image.pk, page.pk)
    assert picture["image"].contextual_alt_text == "Young leaves"
    assert (lead["content"].source, body["content"].source) == ("<p>Leaves in April.</p>", "<p>They are small.</p>")
    assert (button["label"], button["page"].pk) == ("Read it on the site", page.pk)


def test_email_is_named_after_the_page_and_remembers_it() -> None:
    page = story()
    email = email_from_page(page, by=None).email
    assert (email.name, email.subject, email.preheader) == ("Spring tea", "Spring tea", "Leaves in April.")
    assert email.source_page_id == page.pk


def test_email_is_a_draft_with_a_version_and_an_entry_in_the_log() -> None:
    user = User.objects.create_user("ada")
    email = email_from_page(story(), by=user).email
    email.refresh_from_db()
    assert (email.live, email.has_unpublished_changes) == (False, True)
    assert email.latest_revision.user == user
    entry = ModelLogEntry.objects.get(object_id=str(email.pk))
    assert (entry.action, entry.user) == ("wagtail.create", user)


def test_email_can_be_sent_as_it_is() -> None:
    image = make_image()
    image.description = "Young leaves"
    image.save()
    email = email_from_page(story(hero_image=image), by=None).email
    assert [one for one in check_email(email, default_site()) if one.level != "hint"] == []
    text = fill(email).text
    assert text.index("Spring tea") < text.index("Leaves in April.") < text.index("→ Read it on the site")
    assert "https://shop.example.com/spring-tea/" in text


def test_lead_is_not_said_twice_when_the_body_begins_with_it() -> None:
    page = make_page(("words", "<p>They are <b>small</b>. And green.</p>"))
    email = email_from_page(page, by=None).email
    assert kinds(email) == ["heading", "rich_text", "button"]


def test_teaser_is_a_card_that_refers_to_the_page() -> None:
    page = story()
    email = email_from_page(page, by=None, extent=Extent.TEASER).email
    assert kinds(email) == ["page"]
    page.title = "Summer tea"
    page.save()
    assert "Summer tea" in fill(email).text


def test_page_without_a_body_gives_a_teaser() -> None:
    page = SelfMadeCardPage(title="Scones")
    default_site().root_page.add_child(instance=page)
    email = email_from_page(page, by=None).email
    assert kinds(email) == ["page"]
    assert (email.name, email.subject) == ("Scones", "Recipe: Scones")


def test_what_is_left_out_is_told_also_when_nothing_is_left() -> None:
    made = email_from_page(make_page(("markup", "<hr>")), by=None)
    assert kinds(made.email) == ["page"]
    assert [one.label for one in made.left_out] == ["Markup, block 1"]


def test_product_stays_a_reference_to_its_price() -> None:
    product = make_product(price="38", name="Stoneware teapot")
    email = email_from_page(make_page(("product", product)), by=None).email
    type(product).objects.update(price="42")
    assert "£42.00" in fill(email).text


def test_headings_leave_no_level_out() -> None:
    page = make_page(("h3", "A tip first"), ("heading", "Then a section"), ("h3", "And its tip"))
    email = email_from_page(page, by=None).email
    levels = [child.value["level"] for child in email.body if child.block_type == "heading"]
    assert levels == ["1", "2", "2", "3"]


def test_latest_version_of_a_draft_is_taken() -> None:
    page = make_page(("words", "<p>Old</p>"), live=False)
    page.title = "Newer"
    page.content = [("words", "<p>New</p>")]
    page.save_revision()
    version = MixedPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    email = email_from_page(version, by=None).email
    assert email.subject == "Newer"
    assert email.body[1].value["content"].source == "<p>New</p>"


def test_email_from_a_draft_can_be_looked_at_but_not_sent() -> None:
    email = email_from_page(make_page(("words", "<p>New</p>"), title="Not yet", live=False), by=None).email
    with pytest.raises(RenderError, match="“Not yet” is not published"):
        fill(email)
    assert [one.key for one in check_email(email, default_site()) if one.is_error] == ["links_to_drafts"]


def test_alias_gives_an_email_of_its_own_address() -> None:
    page = story()
    alias = page.create_alias(update_slug="spring-tea-again")
    email = email_from_page(alias, by=None).email
    assert email.source_page_id == alias.pk
    assert "https://shop.example.com/spring-tea-again/" in fill(email).text


def test_email_is_in_the_language_of_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    chinese = Locale.objects.create(language_code="zh-hans")
    page = story()
    StoryPage.objects.filter(pk=page.pk).update(locale=chinese)
    said_in: list[str | None] = []
    monkeypatch.setattr(making, "_", lambda text: said_in.append(translation.get_language()) or text)
    email = email_from_page(StoryPage.objects.get(pk=page.pk), by=None).email
    assert email.locale == chinese
    assert said_in == ["zh-hans"], "the words of the button"


def test_deleted_page_leaves_its_emails_alone() -> None:
    page = story()
    email = email_from_page(page, by=None).email
    page.delete()
    email.refresh_from_db()
    assert email.source_page_id is None
    assert email.get_latest_revision_as_object().source_page is None


@pytest.mark.usefixtures("reference_index")
def test_usage_of_the_page_lists_its_emails() -> None:
    page = story()
    email = email_from_page(page, by=None).email
    found = ReferenceIndex.get_references_to(page).filter(object_id=str(email.pk), model_path="source_page")
    assert found.count() == 1


def test_very_long_titles_are_cut() -> None:
    email = email_from_page(story(title="Tea " * 60), by=None).email
    assert len(email.name) <= 150
    assert len(email.subject) <= 250
    assert Revision.objects.for_instance(email).count() == 1


def test_title_of_nothing_that_shows_takes_the_slug() -> None:
    email = email_from_page(story(title="\u202e\u2066", slug="spring"), by=None).email
    assert (email.name, email.subject) == ("spring", "spring")
