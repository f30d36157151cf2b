"""Further fields that no contact has: mistyped ones are errors, new ones are not."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from tests.emails.checks import found
from tests.emails.test_admin import EMAILS, form
from tests.factories.contacts import make_contact
from tests.factories.emails import make_saved_block, raw_block
from wagtail_precise_mail.emails.attribute_words import attribute_names, check_words, unknown_attributes
from wagtail_precise_mail.exceptions import ConfigurationError

pytestmark = pytest.mark.django_db


def tag(key: str) -> str:
    return f'{{{{ contact.attributes.{key} | default: "none" }}}}'


@pytest.fixture
def _known() -> None:
    make_contact(attributes={"points": 12, "shoe-size": "42"})


def declare(settings: Any, *keys: str) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"contact_attributes": list(keys)}


@pytest.mark.usefixtures("_known")
class TestWords:
    @pytest.mark.parametrize("key", ["pionts", "point", "Points", "shoe_size", "SHOE-SIZES"])
    def test_name_close_to_a_known_one_is_an_error_that_names_it(self, key: str) -> None:
        meant = "shoe-size" if key[0] in "sS" else "points"
        with pytest.raises(ValidationError, match=f"Did you mean contact.attributes.{meant}"):
            check_words(f"You have {tag(key)}.")

    def test_name_like_none_may_come_with_an_import(self) -> None:
        check_words(tag("garden"))
        (unknown,) = unknown_attributes(tag("garden"))
        assert not unknown.is_certain
        assert "contact.attributes.points, contact.attributes.shoe-size" in unknown.remedy

    def test_where_fields_are_declared_every_other_name_is_an_error(self, settings: Any) -> None:
        declare(settings, "garden")
        check_words(f"{tag('garden')} {tag('points')}")
        with pytest.raises(
            ValidationError, match=r"There are: contact\.attributes\.garden, contact\.attributes\.points"
        ):
            check_words(tag("zodiac"))

    def test_declared_name_may_be_close_to_another(self, settings: Any) -> None:
        declare(settings, "point")
        check_words(tag("point"))

    def test_field_that_only_one_old_contact_has_is_known(self, monkeypatch: Any) -> None:
        monkeypatch.setattr("wagtail_precise_mail.emails.merge_attributes.SAMPLE_SIZE", 1)
        make_contact(attributes={"garden": "yes"})
        assert attribute_names() == ["garden"]
        check_words(tag("points"))

    def test_field_that_is_empty_for_everybody_is_as_good_as_none(self) -> None:
        make_contact(attributes={"zodiac": " "})
        assert [one.key for one in unknown_attributes(tag("zodiac"))] == ["zodiac"]

    def test_text_without_such_tags_asks_nothing(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            check_words('Dear {{ contact.first_name | default: "friend" }}')

    def test_known_names_are_looked_up_once(self, django_assert_max_num_queries: Any) -> None:
        with django_assert_max_num_queries(7) as asked:
            for _number in range(3):
                check_words(tag("points"))
        # Whether a field is sensitive is asked each time: a decision counts at once.
        others = [one["sql"] for one in asked.captured_queries if "contactfield" not in one["sql"]]
        assert len(others) == 1


@pytest.mark.usefixtures("_known")
class TestChecks:
    def test_mistyped_field_is_an_error_at_its_block(self) -> None:
        heading = raw_block("heading", title=f"You have {tag('pionts')}", level="2")
        (finding,) = found("attribute_mistyped", heading)
        assert finding.is_error
        assert finding.block_id == heading["id"]
        assert "contact.attributes.points" in finding.remedy
        assert found("attribute_empty", heading) == []

    def test_mistyped_field_is_an_error_in_columns_links_rich_text_and_saved_blocks(self) -> None:
        text = raw_block("rich_text", content=f"<p><b>{tag('pionts')}</b></p>")
        columns = raw_block("columns", columns=[{"content": [text]}])
        saved = raw_block("saved_block", saved_block=make_saved_block(text).pk)
        link = raw_block("button", label="Go", url=f"https://example.org/?p={tag('pionts')}")
        ids = [finding.block_id for finding in found("attribute_mistyped", columns, saved, link)]
        assert ids == [text["id"], saved["id"], link["id"]]

    @pytest.mark.parametrize("field", ["subject", "preheader"])
    def test_mistyped_field_is_an_error_at_subject_and_preheader(self, field: str) -> None:
        (finding,) = found("attribute_mistyped", **{field: tag("pionts")})
        assert finding.field == field

    def test_field_that_may_come_is_a_warning(self) -> None:
        (finding,) = found("attribute_empty", subject=tag("garden"))
        assert (finding.level, finding.field) == ("warning", "subject")
        assert found("attribute_mistyped", subject=tag("garden")) == []
        assert found("attribute_empty", subject=tag("points")) == []


def test_site_whose_contacts_have_no_further_field_is_warned_only() -> None:
    (finding,) = found("attribute_empty", subject=tag("garden"))
    assert "until an import brings some" in finding.remedy


@pytest.mark.usefixtures("_known")
class TestEditor:
    @pytest.fixture
    def editor(self, client: Client) -> Client:
        client.force_login(User.objects.create_superuser("root"))
        return client

    def test_error_stands_at_its_field_when_it_is_published(self, editor: Client) -> None:
        path = reverse(f"{EMAILS}:add")
        response = editor.post(path, {**form(subject=tag("pionts")), "action-publish": "1"})
        assert "Did you mean contact.attributes.points?" in response.context["form"].errors["subject"][0]
        response = editor.post(path, {**form(f"Hi {tag('pionts')}"), "action-publish": "1"})
        assert "Did you mean contact.attributes.points?" in response.content.decode()
        assert editor.post(path, {**form(f"Hi {tag('points')}"), "action-publish": "1"}).status_code == 302

    def test_draft_may_have_it(self, editor: Client) -> None:
        assert editor.post(reverse(f"{EMAILS}:add"), form(subject=tag("pionts"))).status_code == 302

    def test_declared_field_is_in_the_list(self, editor: Client, settings: Any) -> None:
        declare(settings, "garden")
        page = editor.get(reverse("precise_mail_merge_fields")).content.decode()
        assert "contact.attributes.garden" in page


@pytest.mark.parametrize("keys", ["points", ["a b"], [""], [1]])
def test_names_that_no_field_can_have_are_refused(settings: Any, keys: Any) -> None:
    from wagtail_precise_mail.conf import options

    settings.WAGTAIL_PRECISE_MAIL = {"contact_attributes": keys}
    with pytest.raises(ConfigurationError, match="contact_attributes"):
        options()
