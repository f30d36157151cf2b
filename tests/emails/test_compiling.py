"""Compiling: once per source, and the same for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from tests.emails.conftest import fill
from tests.factories.emails import (
    COMPILED_AT,
    compiled,
    default_site,
    make_brand,
    make_email,
    make_saved_block,
    raw_block,
)
from wagtail_precise_mail.emails import mjml
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks, make_body_block
from wagtail_precise_mail.emails.composition import compile_source, compose
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db


@pytest.fixture
def compilations() -> Iterator[list[int]]:
    """The size of each result of MJML while the test runs."""
    sizes: list[int] = []

    def note(size: int, **kwargs: Any) -> None:
        sizes.append(size)

    mjml.compiled.connect(note)
    yield sizes
    mjml.compiled.disconnect(note)


def test_email_is_compiled_once_whatever_the_number_of_contacts(compilations: list[int]) -> None:
    email = make_email(raw_block("heading", title='Hi {{ contact.first_name | default: "you" }}', level="1"))
    personalizer = Personalizer(compiled(email))
    for number in range(50):
        personalizer.fill(
            {"contact.first_name": str(number)}, rewrite_link=lambda link: link.url, system={"unsubscribe_url": "u"}
        )
    assert len(compilations) == 1


def test_equal_source_takes_the_row_that_there_is(compilations: list[int]) -> None:
    email = make_email()
    assert compiled(email) == compiled(email)
    assert len(compilations) == 1


def test_source_does_not_depend_on_the_language_of_the_colleague() -> None:
    email = make_email()
    with translation.override("zh-hans"):
        there = compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT)
    here = compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT)
    assert there.hash == here.hash


def test_source_does_not_depend_on_the_secret_key(settings: Any) -> None:
    email = make_email(subject='Hi {{ contact.first_name | default: "you" }}')
    before = compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT)
    settings.SECRET_KEY = "another"
    after = compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT)
    assert before.mjml != after.mjml
    assert before.hash == after.hash


def test_other_fallback_is_another_source() -> None:
    email = make_email(subject='Hi {{ contact.first_name | default: "you" }}')
    before = compiled(email)
    email.subject = 'Hi {{ contact.first_name | default: "friend" }}'
    assert compiled(email) != before


def test_copy_of_an_email_has_a_row_of_its_own() -> None:
    email = make_email()
    copy = make_email(subject=email.subject, body=email.body.raw_data)
    assert compiled(copy).email == copy


def test_new_brand_color_reaches_unsent_emails_and_no_sent_one() -> None:
    email = make_email()
    sent = compiled(email)
    make_brand(text_color="#102030")
    unsent = compiled(email)
    assert "#102030" in json.dumps(unsent.payload)
    assert "#102030" not in json.dumps(CompiledEmail.objects.get(pk=sent.pk).payload)


def test_edited_saved_block_reaches_unsent_emails_and_no_sent_one() -> None:
    saved = make_saved_block(raw_block("rich_text", content="<p>Free delivery.</p>"))
    email = make_email(raw_block("saved_block", saved_block=saved.pk))
    sent = compiled(email)
    saved.body = [raw_block("rich_text", content="<p>Delivery costs 3 pounds.</p>")]
    saved.save()
    email.refresh_from_db()
    assert "Delivery costs 3 pounds." in fill(email).text
    sent.refresh_from_db()
    assert "Free delivery." in json.dumps(sent.payload)


def test_draft_of_a_saved_block_reaches_no_email() -> None:
    saved = make_saved_block(raw_block("rich_text", content="<p>Free delivery.</p>"))
    email = make_email(raw_block("saved_block", saved_block=saved.pk))
    saved.body = [raw_block("rich_text", content="<p>Half written.</p>")]
    saved.save_revision()
    assert "Free delivery." in fill(email).text


def test_saved_block_that_was_never_published_is_an_error_with_its_name() -> None:
    saved = make_saved_block(name="Delivery", live=False)
    with pytest.raises(RenderError, match="“Delivery” is not published"):
        compiled(make_email(raw_block("saved_block", saved_block=saved.pk)))


def test_wrong_merge_tag_names_its_block() -> None:
    blocks = [raw_block("divider", style="line"), raw_block("heading", title="Hi {{ contact.first_name }}", level="1")]
    with pytest.raises(RenderError) as caught:
        compiled(make_email(*blocks))
    assert caught.value.block == "Heading, block 2"
    assert "fallback" in caught.value.message


def test_wrong_merge_tag_in_the_subject_names_the_subject() -> None:
    with pytest.raises(RenderError) as caught:
        compiled(make_email(subject="{{ contact.nonsense }}"))
    assert caught.value.block == "Subject"


def test_payload_holds_no_mark_and_no_mjml() -> None:
    email = make_email(
        raw_block("heading", title='Hi {{ contact.first_name | default: "you" }}', level="1"),
        raw_block("button", label="Go", url="https://example.org/"),
    )
    written = json.dumps(compiled(email).payload)
    assert "wpm" not in written.replace("wpm-", "")
    assert "<mj-" not in written
    assert "{{" not in written


def test_size_of_the_html_is_kept() -> None:
    row = compiled(make_email())
    assert 5_000 < row.html_size < 30_000


class RelativeBlock(EmailBlock):
    """Forgets where the mail is read."""

    def compile(self, value: Any, context: Any) -> SafeString:
        return mark_safe('<mj-text><a href="/teas/">Teas</a></mj-text>')

    def text(self, value: Any, context: Any) -> str:
        return "Teas"


def test_address_that_leads_nowhere_from_a_mail_names_its_block() -> None:
    with email_blocks.temporarily("relative", RelativeBlock):
        body = make_body_block().to_python([raw_block("divider"), raw_block("relative")])
        email = SimpleNamespace(subject="", preheader="", body=body)
        source = compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT)
        with pytest.raises(RenderError, match="“/teas/” leads nowhere") as caught:
            compile_source(source)
        assert caught.value.block == "Relative, block 2"
