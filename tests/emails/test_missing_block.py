"""A block whose code was removed from the project: said by name, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from wagtail.blocks import CharBlock
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.emails.conftest import fill
from tests.factories.emails import block_form, compiled, default_site, make_email, make_saved_block, raw_block
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks, make_body_block
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db

GONE = raw_block("recipe", "00000000-0000-0000-0000-00000000aaaa", dish="Plum cake", steps=[{"text": "Bake."}])


class RecipeBlock(EmailBlock):
    """What the project had once."""

    dish = CharBlock()

    def compile(self, value: Any, context: Any) -> Any:
        return self.render_mjml("wagtail_precise_mail/emails/blocks/raw.mjml", {"content": value["dish"]}, context)

    def text(self, value: Any, context: Any) -> str:
        return str(value["dish"])


def stored(email: Email) -> list[dict[str, Any]]:
    return Email._meta.get_field("body").stream_block.get_prep_value(email.body)


@pytest.fixture
def _fields_forget() -> Iterator[None]:
    """A field builds its block once; a test that registers one needs it anew, and so does the next test."""
    field = Email._meta.get_field("body")
    field.__dict__.pop("stream_block", None)
    yield
    field.__dict__.pop("stream_block", None)


def test_send_stops_and_names_the_block() -> None:
    with pytest.raises(RenderError, match="The block “recipe” is no longer part") as caught:
        compiled(make_email(raw_block("divider"), GONE))
    assert caught.value.block.endswith("block 2")


def test_checks_name_the_block() -> None:
    messages = [finding.message for finding in check_email(make_email(GONE), default_site()) if finding.is_error]
    assert "The block “recipe” is no longer part of this site." in messages


def test_block_in_a_column_is_named_too() -> None:
    with pytest.raises(RenderError, match="recipe"):
        compiled(make_email(raw_block("columns", columns=[{"content": [GONE]}])))


def test_block_in_a_saved_block_is_named_too() -> None:
    with pytest.raises(RenderError, match="recipe"):
        compiled(make_email(raw_block("saved_block", saved_block=make_saved_block(GONE).pk)))


def test_preview_shows_a_note_and_the_rest() -> None:
    email = make_email(GONE, raw_block("heading", title="Below", level="2"))
    page = email.serve_preview(None, "contact").content.decode()
    assert "no longer part of this site" in page
    assert "Below" in page


@pytest.mark.parametrize("wrapped", [False, True])
def test_save_keeps_what_the_block_held(wrapped: bool) -> None:
    column = {"type": "item", "id": "00000000-0000-0000-0000-00000000cccc", "value": {"content": [GONE]}}
    email = make_email(raw_block("columns", columns=[column]) if wrapped else GONE, raw_block("divider"))
    email = Email.objects.get(pk=email.pk)
    assert [list(child.value.values()) for child in email.body]  # read, so that it is written from what was read
    email.name = "Renamed"
    email.save()
    email.save_revision().publish()
    email = Email.objects.get(pk=email.pk)
    found = stored(email)[0]
    if wrapped:
        found = found["value"]["columns"][0]["value"]["content"][0]
    assert found == GONE


def test_save_in_the_editor_keeps_what_the_block_held(admin_client: Client) -> None:
    email = make_email(GONE)
    child = email.body[0]
    body = {"body-count": 1, "body-0-type": "missing", "body-0-order": 0, "body-0-deleted": "", "body-0-id": GONE["id"]}
    value = {f"body-0-value-{name}": child.value[name] for name in ("kind", "content")}
    names = {"name": "Renamed", "subject": "", "preheader": "", "sample_contact": ""}
    admin_client.post(
        reverse("wagtailsnippets_wagtail_precise_mail_email:edit", args=[email.pk]), {**names, **body, **value}
    )
    saved = Email.objects.get(pk=email.pk).get_latest_revision_as_object()
    assert saved.name == "Renamed"
    assert stored(saved) == [GONE]


def test_editor_shows_what_the_block_held(admin_client: Client) -> None:
    page = admin_client.get(reverse("wagtailsnippets_wagtail_precise_mail_email:edit", args=[make_email(GONE).pk]))
    assert "Plum cake" in page.content.decode()


@pytest.mark.usefixtures("_fields_forget")
def test_block_comes_back_with_its_code() -> None:
    email = make_email(GONE)
    email.save()
    with email_blocks.temporarily("recipe", RecipeBlock):
        Email._meta.get_field("body").__dict__.pop("stream_block", None)
        assert "Plum cake" in fill(Email.objects.get(pk=email.pk)).text


def test_placeholder_cannot_stand_for_a_block_that_is_there() -> None:
    body = make_body_block()
    value = body.to_python([GONE])
    value[0].value["kind"] = "heading"
    with pytest.raises(ValidationError):
        body.clean(value)


def test_placeholder_is_never_stored() -> None:
    body = make_body_block()
    value = body.to_python([GONE])
    assert [child.block_type for child in value] == ["missing"]
    assert [child["type"] for child in body.get_prep_value(value)] == ["recipe"]


def test_picker_does_not_offer_the_placeholder(admin_client: Client) -> None:
    response = admin_client.get(reverse("wagtailsnippets_wagtail_precise_mail_email:add"))
    block = response.context["form"].fields["body"].block
    assert block.hidden == {"missing"}
    assert "missing" not in {child.name for _group, children in block.grouped_child_blocks() for child in children}
    assert "emails/stream-block.js" in response.content.decode()


def test_form_value_of_other_blocks_is_as_before() -> None:
    body = make_body_block()
    data = nested_form_data({"b": streamfield([("divider", block_form(style="line"))])})
    value = body.value_from_datadict(data, {}, "b")
    assert [child.block_type for child in body.clean(value)] == ["divider"]
