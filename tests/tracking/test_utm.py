"""UTM parameters on the links of mails."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_compiled, make_reader, make_send
from tests.factories.tracking import make_message
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.processors import message_processors
from wagtail_precise_mail.emails.personalize import LinkInfo
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.tracking.tokens import read_click_token
from wagtail_precise_mail.tracking.utm import UtmProcessor, with_parameters

BASE = "https://shop.example.com"
OURS = f"{BASE}/tea/?a=%20x#leaves"


@pytest.fixture(autouse=True)
def parameters(settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL |= {
        "utm_parameters": {"utm_source": "news letter", "utm_campaign": "{email}", "utm_content": "{block}"},
        "utm_hosts": ["partner.example"],
    }


def rewritten(url: str, processor: UtmProcessor | None = None, **message: Any) -> str:
    made = make_message(**message)
    return (processor or UtmProcessor()).rewrite_link(made, made.contact, LinkInfo(2, url, "b1", "Buy"), BASE)  # type: ignore[arg-type]


@pytest.mark.django_db
class TestLinks:
    def test_links_to_our_sites_get_them_and_keep_the_rest(self) -> None:
        message = make_message()
        message.send.compiled.email.name = "Frühling & Tee"
        message.send.compiled.email.save()
        url = UtmProcessor().rewrite_link(message, message.contact, LinkInfo(2, OURS, "b1", ""), BASE)
        assert (
            url == f"{BASE}/tea/?a=%20x&utm_source=news%20letter&utm_campaign=fr%C3%BChling-tee&utm_content=b1#leaves"
        )

    def test_hosts_that_are_named_get_them_too(self) -> None:
        assert "utm_source" in rewritten("https://partner.example/")

    @pytest.mark.parametrize("url", ["https://elsewhere.example/", "mailto:a@shop.example.com", "tel:+4412345", "#top"])
    def test_other_links_stay(self, url: str) -> None:
        assert rewritten(url) == url

    def test_who_is_not_tracked_gets_plain_links(self) -> None:
        assert rewritten(OURS, contact=make_contact(is_tracking_allowed=False)) == OURS

    @pytest.mark.parametrize("url", [OURS, "https://elsewhere.example/", "mailto:a@shop.example.com"])
    def test_what_is_common_to_all_messages_is_what_each_gets(self, url: str) -> None:
        message, processor = make_message(), UtmProcessor()
        common = processor.common_link(message.send, LinkInfo(2, url, "b1", "Buy"), BASE)
        assert common.url == processor.rewrite_link(message, message.contact, LinkInfo(2, url, "b1", "Buy"), BASE)  # type: ignore[arg-type]
        assert not common.has_ending

    def test_a_mail_leads_through_ours_to_the_address_with_parameters(self) -> None:
        """Both processors change links, one after the other; who is not tracked finds plain ones in the same send."""
        compiled = make_compiled(links=[{"url": [OURS], "block_id": "b1", "label": "Tea"}])
        send = make_send(compiled=compiled)
        readers = [make_reader(send), make_reader(send), make_reader(send, is_tracking_allowed=False)]
        messages = [make_message(send, contact) for contact in readers]
        composer = Composer(send)
        known = composer.load(list(zip(messages, readers, strict=True)), at=timezone.now())
        found = []
        for message, contact in zip(messages, readers, strict=True):
            mail = composer.compose(message, contact, at=timezone.now(), known=known[message.pk])
            html = message_from_bytes(mail.content, policy=default).get_body(("html",)).get_content()  # type: ignore[union-attr]
            found.append(str(BeautifulSoup(html, "html.parser").a["href"]))  # type: ignore[index]
        assert found[2] == OURS
        tokens = [read_click_token(url.rpartition("/")[2]) for url in found[:2]]
        assert [token.message_id for token in tokens] == [message.pk for message in messages[:2]]
        assert {token.url for token in tokens} == {rewritten(OURS, send=send)}
        assert "utm_source" in tokens[0].url

    def test_without_the_option_links_stay(self, settings: Any, django_assert_num_queries: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {}
        message = make_message()
        with django_assert_num_queries(0):
            assert UtmProcessor().rewrite_link(message, message.contact, LinkInfo(2, OURS, "", ""), BASE) == OURS

    def test_a_batch_asks_once(self, django_assert_num_queries: Any) -> None:
        message, processor, link = make_message(), UtmProcessor(), LinkInfo(2, OURS, "b1", "")
        contact = message.contact
        processor.rewrite_link(message, contact, link, BASE)
        with django_assert_num_queries(0):
            processor.rewrite_link(message, contact, link, BASE)

    def test_tracking_comes_after_and_leads_to_the_tagged_link(self) -> None:
        keys = [key for key, _made in message_processors.items()]
        assert keys.index("utm") < keys.index("tracking")


def test_what_an_editor_wrote_stays() -> None:
    assert with_parameters("/?utm_source=me", {"utm_source": "us", "utm_medium": "email"}) == (
        "/?utm_source=me&utm_medium=email"
    )


def test_empty_values_are_left_out() -> None:
    assert with_parameters("/tea/", {"utm_content": ""}) == "/tea/"


@pytest.mark.parametrize(
    "wanted", ["utm_source", {"utm source": "x"}, {"utm_source": "{contact}"}, {"a": 1}, {"a": "{"}]
)
def test_what_is_no_parameter_is_refused(settings: Any, wanted: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"utm_parameters": wanted}
    with pytest.raises(ConfigurationError, match="utm_parameters"):
        options()
