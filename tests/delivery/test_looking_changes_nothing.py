"""Scanners follow every link of a mail, and the links behind them: none of that changes anything."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.test import Client

from tests.factories.contacts import make_topic
from tests.factories.delivery import make_message, make_reader
from tests.factories.emails import compiled, make_brand, make_email, raw_block
from tests.tracking.hits import count_now
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.tracking.hit_pages import hit_buffer
from wagtail_precise_mail.tracking.models import MessageEvent

pytestmark = pytest.mark.django_db

BASE = "https://shop.example.com"
SCANNER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"}


@pytest.fixture
def mail(settings: Any) -> EmailMessage:
    """A mail that left, with links of each kind: tracked, personal, to leave, to settings, to answer, to pass it on."""
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()
    make_brand()
    survey = {"type": "survey", "value": {"question": "How was it?", "kind": "stars"}, "id": "s1"}
    share = {"type": "share", "value": {"words": "", "networks": ["x"], "show_web_version": True}, "id": "s2"}
    body = raw_block("rich_text", content='<p>See <a href="/new/">what is new</a> and <a href="/old/">old</a>.</p>')
    send = services.start_send(
        origin_kind="campaign",
        origin_id=12,
        compiled=compiled(make_email(body, survey, share, subject="News")),
        topic=make_topic(),
        from_address="shop@example.com",
        base_url=BASE,
    )
    Send.objects.filter(pk=send.pk).update(state=Send.State.RUNNING)
    make_message(send, make_reader(send, first_name="Ada"))
    services.deliver(send.pk)
    return email.message_from_bytes(MemoryChannel.outbox[-1].content, policy=default)  # type: ignore[return-value]


def links_of(mail: EmailMessage) -> set[str]:
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    found = set(re.findall(r"https?://[^\s<>\"]+", text.get_content() + str(mail["List-Unsubscribe"])))
    return found | set(links_in(html.get_content(), BASE))


def links_in(html: str, base: str) -> Iterator[str]:
    for tag in BeautifulSoup(html, "html.parser").find_all(["a", "img", "link", "form"]):
        for name in ("href", "src", "action"):
            if tag.get(name):
                yield urljoin(base, str(tag[name]))


def everything() -> dict[str, list[Any]]:
    """Every row of every table, but for the hits, which are what a look leaves behind."""
    models = [model for model in apps.get_models() if model._meta.managed]
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in models}


def look_at(url: str, method: str) -> Any:
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return getattr(Client(headers=SCANNER, enforce_csrf_checks=True), method)(path)


@pytest.mark.parametrize("method", ["head", "get"])
def test_following_every_link_of_a_mail_and_behind_it_changes_nothing(mail: EmailMessage, method: str) -> None:
    before, seen, next_ones = everything(), set(), links_of(mail)
    assert len([url for url in next_ones if urlsplit(url).path.startswith("/mail/")]) >= 10
    for _depth in range(3):
        todo = {url for url in next_ones - seen if url.startswith(BASE)}
        seen |= todo
        next_ones = set()
        for url in sorted(todo):
            response = look_at(url, method)
            assert response.status_code < 500, url
            if response.status_code == 200 and "html" in response["Content-Type"]:
                next_ones |= set(links_in(look_at(url, "get").content.decode(), url))
    assert everything() == before
    kinds = {urlsplit(url).path.split("/")[2] for url in seen if urlsplit(url).path.startswith("/mail/")}
    assert {"c", "o", "unsubscribe", "p", "q", "w", "f"} <= kinds, "it looked at links of each kind"
    assert bool(len(hit_buffer)) is (method == "get")


def test_what_a_scanner_left_behind_is_counted_as_a_machines(mail: EmailMessage) -> None:
    for url in sorted(links_of(mail)):
        if url.startswith(BASE):
            look_at(url, "get")
    count_now()
    assert set(MessageEvent.objects.values_list("kind", "is_machine")) == {
        ("open", True),
        ("click", True),
        ("scan", True),
    }
