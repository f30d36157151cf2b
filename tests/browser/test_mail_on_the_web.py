"""A mail on the web, a survey answered with one click, and passing it on: by a person, on a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.browser.admin import overflow
from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message
from tests.factories.emails import compiled, default_site, make_brand, make_email, raw_block
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.composing import personal_links_of
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer

TEAS = [{"type": "item", "value": {"label": label, "value": ""}, "id": label} for label in ["Green tea", "Black tea"]]


@pytest.fixture
def message(house: object, live_server: LiveServer, settings: Settings) -> Iterator[OutboxMessage]:
    """A mail with two questions that Ada got."""
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    make_brand(join_url="/")
    email = make_email(
        raw_block("heading", title="A quiet morning", level="1"),
        raw_block("rich_text", content='<p>Dear {{ contact.first_name | default: "friend" }}, the kettle is on.</p>'),
        {"type": "survey", "id": "tea", "value": {"question": "Which tea?", "kind": "choice", "choices": TEAS}},
        {"type": "survey", "id": "score", "value": {"question": "Would you tell a friend?", "kind": "score"}},
    )
    send = services.start_send(
        origin_kind="campaign",
        origin_id=1,
        compiled=compiled(email, site=default_site(), base_url=live_server.url),
        topic=None,
        from_address="shop@example.com",
        base_url=live_server.url,
    )
    Send.objects.filter(pk=send.pk).update(state=Send.State.RUNNING)
    made = make_message(send, make_contact(first_name="Ada"))
    services.deliver(send.pk)
    yield OutboxMessage.objects.select_related("send").get(pk=made.pk)
    MemoryChannel.outbox.clear()


def address(message: OutboxMessage, name: str, block_id: str = "", argument: str = "") -> str:
    return personal_links_of(message.send, message)(name, block_id, argument)


def test_reader_answers_a_survey_from_the_web_version(page: Page, message: OutboxMessage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address(message, "web_version"))
    expect(page.get_by_text("Dear Ada, the kettle is on.")).to_be_visible()
    assert overflow(page) == []

    page.get_by_role("link", name="Black tea").click()
    expect(page.get_by_role("radio", name="Black tea")).to_be_checked()
    assert not SurveyAnswer.objects.exists(), "looking changes nothing"
    assert overflow(page) == []

    page.get_by_role("radio", name="Green tea").check()
    page.get_by_label("Anything else you would like to tell us?").fill("More mint, please.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    answer = SurveyAnswer.objects.get()
    assert (answer.value, answer.comment) == ("Green tea", "More mint, please.")

    page.get_by_role("link", name="Change the answer").click()
    expect(page.get_by_text("You answered “Green tea” before")).to_be_visible()


def test_survey_can_be_answered_by_keyboard(page: Page, message: OutboxMessage) -> None:
    page.goto(address(message, "survey_answer", "score", "8"))
    expect(page.get_by_role("radio", name="8", exact=True)).to_be_checked()
    page.get_by_role("radio", name="8", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert SurveyAnswer.objects.get().value == "9"


def test_reader_passes_a_mail_on(page: Page, message: OutboxMessage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address(message, "forward"))
    assert overflow(page) == []
    link = page.get_by_label("The link").input_value()
    page.get_by_role("button", name="By email").click()
    expect(page.get_by_role("link", name="Write the mail")).to_have_attribute("href", re.compile("^mailto:"))
    assert MessageEvent.objects.get().kind == "forward"

    page.goto(link)
    expect(page.get_by_text("Dear friend, the kettle is on.")).to_be_visible()
    expect(page.get_by_text("Which tea?")).to_have_count(0)
    assert overflow(page) == []
    page.get_by_role("link", name="Subscribe").click()
    page.wait_for_url("**/?source=forward-campaign-1")


def test_scripts_in_a_mail_do_not_run(page: Page, message: OutboxMessage) -> None:
    compiled_email = message.send.compiled
    evil = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
    compiled_email.payload["html"].append(evil)
    compiled_email.save()
    errors: list[str] = []
    fresh = page.context.new_page()
    fresh.on("console", lambda one: errors.append(one.text))
    fresh.goto(address(message, "web_version"))
    assert fresh.title() != "owned"
    assert any("sandboxed" in error or "Content Security Policy" in error for error in errors)
