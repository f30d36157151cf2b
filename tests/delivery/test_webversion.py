"""Mails on the web: exactly what was sent for the one who got it, nothing personal for others, public if wanted."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from tests.factories.commerce import make_product
from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message, make_reader
from tests.factories.emails import compiled, default_site, make_brand, make_email, make_image, raw_block
from tests.testapp.models import StoryPage
from wagtail_precise_mail.contacts.tokens import read_unsubscribe_token
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.tokens import Purpose, make_message_token, read_message_token
from wagtail_precise_mail.delivery.webversion import own_page, public_page, shared_copy_path
from wagtail_precise_mail.emails.models import BrandSettings, CompiledEmail, Email
from wagtail_precise_mail.emails.readers import ItemSource, item_sources
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign
from wagtail_precise_mail.tracking.models import MessageEvent

pytestmark = pytest.mark.django_db
BASE = "https://shop.example.com"


@pytest.fixture(autouse=True)
def _memory(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()


def greeting() -> dict[str, Any]:
    return raw_block(
        "rich_text",
        content='<p>Dear {{ contact.first_name | default: "friend" }}, see <a href="/new/">what is new</a>.</p>',
    )


def sent(*blocks: dict[str, Any], brand: dict[str, Any] | None = None, **email: Any) -> OutboxMessage:
    """A message to Ada that has left."""
    make_brand(**(brand or {}))
    made = make_email(*(blocks or [greeting()]), **{"subject": "News", "preheader": "What grows", **email})
    send = services.start_send(
        origin_kind="campaign",
        origin_id=12,
        compiled=compiled(made),
        topic=None,
        from_address="shop@example.com",
        base_url=BASE,
    )
    Send.objects.filter(pk=send.pk).update(state=Send.State.RUNNING)
    message = make_message(send, make_reader(send, first_name="Ada", email="ada@example.com"))
    services.deliver(send.pk)
    return OutboxMessage.objects.select_related("send__compiled", "contact").get(pk=message.pk)


def own_path(message: OutboxMessage) -> str:
    return reverse("wagtail_precise_mail:web_version", args=[make_message_token(Purpose.OWN, message.pk)])


def forward_path(message: OutboxMessage, via: str = "") -> str:
    return reverse("wagtail_precise_mail:forward", args=[make_message_token(Purpose.FORWARD, message.pk, via)])


def public_path(message: OutboxMessage) -> str:
    return reverse("wagtail_precise_mail:public_original", args=[message.send_id])


def look(path: str, status: int = 200) -> BeautifulSoup:
    response = Client().get(path)
    assert response.status_code == status
    return BeautifulSoup(response.content.decode(), "html.parser")


def mail_html() -> str:
    import email
    from email.policy import default

    message = email.message_from_bytes(MemoryChannel.outbox[-1].content, policy=default)
    return message.get_body(("html",)).get_content()


def in_words(html: str) -> str:
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def test_a_message_links_to_its_web_version() -> None:
    message = sent()
    link = BeautifulSoup(mail_html(), "html.parser").find("a", string="View in browser")
    assert link is not None
    assert link["href"] == BASE + own_path(message)
    assert look(own_path(message)).find("a", string="View in browser") is None, "one is there already"


def test_the_line_can_be_left_out() -> None:
    sent(shows_web_link=False)
    assert "View in browser" not in MemoryChannel.outbox[-1].content.decode()


def test_the_owner_sees_what_was_sent() -> None:
    message = sent(brand={"shows_join_line": False})
    page = own_page(message).html
    assert in_words(mail_html()).replace("View in browser ", "") == in_words(page)
    assert "Dear Ada" in page


def test_links_of_the_web_version_count_nowhere() -> None:
    message = sent()
    assert "/mail/c/" in mail_html()
    soup = look(own_path(message))
    assert soup.find("a", string="what is new")["href"] == f"{BASE}/new/"
    assert not soup.find_all("img", src=re.compile(r"\.gif$"))
    assert not MessageEvent.objects.exists()


def test_the_owner_can_unsubscribe_from_the_web_version() -> None:
    message = sent()
    href = look(own_path(message)).find("a", string="Unsubscribe")["href"]
    token = str(href).rstrip("/").rpartition("/")[2]
    assert read_unsubscribe_token(token) == (message.contact_id, message.pk)


@time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC), tick=False)  # links carry the second they were made in
def test_later_edits_change_nothing() -> None:
    story = default_site().root_page.add_child(instance=StoryPage(title="Seven ferns", intro="Dark."))
    product = make_product(name="Teapot", price=Decimal("38"), url="/pot/")
    message = sent(
        greeting(),
        raw_block("page", page=story.pk, layout="none"),
        raw_block("product", product=product.pk, layout="none", show_price=True),
    )
    before = own_page(message).html
    make_brand(company_name="Moss & Mug", primary_color="#ff0000")
    story.title = "Eight ferns"
    story.save_revision().publish()
    product.price = Decimal("45")
    product.save()
    Email.objects.update(subject="Old news")
    message.contact.first_name = "Augusta"
    message.contact.save()
    message = OutboxMessage.objects.get(pk=message.pk)
    assert own_page(message).html == before


def test_web_version_of_an_erased_contact_shows_fallbacks() -> None:
    message = sent()
    message.contact.delete()
    soup = look(own_path(message))
    assert "Dear friend" in soup.get_text()
    assert "Ada" not in str(soup)
    href = soup.find("a", string="Unsubscribe")["href"]
    assert read_unsubscribe_token(str(href).rstrip("/").rpartition("/")[2]) == (0, message.pk)


def test_a_mail_that_was_deleted_is_gone() -> None:
    message = sent()
    paths = [own_path(message), shared_copy_path(message.pk), forward_path(message)]
    message.send.delete()
    for path in paths:
        assert "no longer here" in look(path, status=410).get_text()


def test_a_mail_of_a_newer_version_is_gone_rather_than_an_error() -> None:
    message = sent()
    CompiledEmail.objects.update(payload={**message.send.compiled.payload, "version": 99})
    for path in [own_path(message), shared_copy_path(message.pk), forward_path(message)]:
        look(path, status=410)


@pytest.mark.parametrize("name", ["web_version", "shared_copy", "forward", "join"])
def test_bad_links_are_told_so(name: str) -> None:
    foreign = {purpose: make_message_token(purpose, 1) for purpose in Purpose}
    own = foreign[Purpose(name)]
    bad = ["x", "x.y", own[:-2], own.replace(".", "A."), sign("unsubscribe", b"\0" * 16), sign(name, b"short")]
    bad += [token for purpose, token in foreign.items() if purpose != name]
    for token in bad:
        response = Client().get(reverse(f"wagtail_precise_mail:{name}", args=[token]))
        assert response.status_code == 400, token
        assert "This link does not work" in response.content.decode()


def test_a_token_carries_its_message_and_its_word() -> None:
    token = make_message_token(Purpose.FORWARD, 2**40, "facebook")
    assert read_message_token(Purpose.FORWARD, token) == (2**40, "facebook")
    with pytest.raises(InvalidToken):
        read_message_token(Purpose.SHARED, token)


def test_headers_keep_the_page_to_itself() -> None:
    message = sent()
    for path in [own_path(message), shared_copy_path(message.pk)]:
        response = Client().get(path)
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["Cache-Control"] == "no-store"
        policy = response["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "default-src 'none'" in policy
        assert "allow-scripts" not in policy
        assert "script-src" not in policy
        soup = BeautifulSoup(response.content, "html.parser")
        assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex, nofollow"


def test_a_shared_copy_has_nothing_personal() -> None:
    message = sent(
        greeting(),
        raw_block(
            "rich_text", content="<p>This went to {{ contact.email }} in {{ contact.city | default: 'town' }}.</p>"
        ),
    )
    soup = look(shared_copy_path(message.pk))
    whole = str(soup)
    assert "Dear friend" in whole
    assert "what is new" in whole
    for secret in ["Ada", "ada@example.com", "nsubscribe", "/mail/w/", "/mail/f/", "wpm-private"]:
        assert secret not in whole


def test_a_shared_copy_keeps_the_parts_that_the_contact_saw() -> None:
    message = sent()
    kept = message.content
    compiled_email = message.send.compiled
    parts = [{"if": ["in", 5], "parts": ["<p>For fans.</p>"]}]
    CompiledEmail.objects.filter(pk=compiled_email.pk).update(
        payload={**compiled_email.payload, "html": [*compiled_email.payload["html"], *parts]}
    )
    assert "For fans." not in str(look(shared_copy_path(message.pk)))
    kept.data = {**kept.data, "segments": [5]}
    kept.save()
    assert "For fans." in str(look(shared_copy_path(message.pk)))


def test_lists_that_are_nobody_elses_business_are_left_out() -> None:
    class Codes(ItemSource):
        def load(self, spec: Any, contacts: Any, *, limit: int, occasion: Any) -> Any:
            return {contact.pk or 0: [{"key": "code:1", "name": "SECRET-77"}] for contact in contacts}

    class Tips(Codes):
        def may_be_shared(self, spec: Any) -> bool:
            return True

        def load(self, spec: Any, contacts: Any, *, limit: int, occasion: Any) -> Any:
            return {contact.pk or 0: [{"key": "tip:1", "name": "Water it"}] for contact in contacts}

    message = sent(is_indexable=True)
    payload = message.send.compiled.payload
    lists = {
        "list0": {"source": "codes", "count": 1, "block_id": "a"},
        "list1": {"source": "tips", "count": 1, "block_id": "b"},
    }
    shown = [{"repeat": name, "per_row": 1, "parts": [{"item": "name", "escape": "html"}]} for name in lists]
    empty = [{"empty": "list0", "parts": ["Ask us for a code."]}]
    CompiledEmail.objects.update(payload={**payload, "lists": lists, "html": [*payload["html"], *shown, *empty]})
    with item_sources.temporarily("codes", Codes), item_sources.temporarily("tips", Tips):
        send = services.start_send(
            origin_kind="campaign",
            origin_id=1,
            compiled=CompiledEmail.objects.get(pk=message.send.compiled_id),
            topic=None,
            from_address="shop@example.com",
            base_url=BASE,
        )
        Send.objects.filter(pk=send.pk).update(state=Send.State.RUNNING)
        message = make_message(send, make_reader(send))
        services.deliver(send.pk)
        assert "SECRET-77" in str(look(own_path(message)))
        for path in [shared_copy_path(message.pk), public_path(message)]:
            page = str(look(path))
            assert "SECRET-77" not in page
            assert "Ask us for a code." in page
            assert "Water it" in page


def test_others_are_invited_to_subscribe() -> None:
    message = sent(brand={"join_url": "/join/?from=mail"})
    bar = look(shared_copy_path(message.pk)).find("a", string="Subscribe")
    assert bar["href"] == f"{BASE}/join/?from=mail&source=forward-campaign-12"
    assert look(own_path(message)).find("a", string="Subscribe") is None


def test_without_a_page_of_the_sites_own_others_are_invited_to_ours() -> None:
    message = sent()
    bar = look(shared_copy_path(message.pk)).find("a", string="Subscribe")
    assert bar["href"] == f"{BASE}/mail/join/?source=forward-campaign-12"
    assert "friend?" in mail_html()


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.example.com/x", "mailto:a@b.c"])
def test_an_address_that_is_none_invites_nobody(address: str) -> None:
    message = sent(brand={"join_url": address})
    page = str(look(shared_copy_path(message.pk)))
    assert "friend?" not in page or 'href="https://' in page
    assert "javascript:" not in page


def test_the_mail_itself_tells_forwarded_readers_how_to_join() -> None:
    message = sent(brand={"join_url": "/join/"})
    link = BeautifulSoup(mail_html(), "html.parser").find("a", string="Subscribe")
    path = str(link["href"]).removeprefix(BASE)
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"] == f"{BASE}/join/?source=forward-campaign-12"
    BrandSettings.objects.update(join_url="")
    assert Client().get(path)["Location"] == f"{BASE}/mail/join/?source=forward-campaign-12", "an old mail still works"
    assert str(message.contact_id) not in path


def test_the_line_in_the_mail_can_be_turned_off() -> None:
    sent(brand={"join_url": "/join/", "shows_join_line": False})
    assert "friend?" not in mail_html()


def test_public_page_is_there_only_if_the_email_says_so_and_was_sent() -> None:
    message = sent(is_indexable=False)
    look(public_path(message), status=404)
    Email.objects.update(is_indexable=True)
    look(public_path(message))
    OutboxMessage.objects.update(state=OutboxMessage.State.PENDING)
    look(public_path(message), status=404)


def test_public_page_can_be_found_and_is_about_nobody() -> None:
    message = sent(is_indexable=True, web_title='Seven "ferns"', web_description="Read <all> about them")
    response = Client().get(public_path(message))
    soup = BeautifulSoup(response.content, "html.parser")
    canonical = BASE + reverse("wagtail_precise_mail:public_version", args=[message.send_id, "en"])
    assert soup.title.string == 'Seven "ferns"'
    assert soup.find("link", rel="canonical")["href"] == canonical
    assert soup.find("meta", attrs={"name": "robots"})["content"] == "index, follow"
    assert soup.find("meta", attrs={"name": "description"})["content"] == "Read <all> about them"
    assert response["X-Robots-Tag"] == "index, follow"
    assert "Dear friend" in soup.get_text()
    for secret in ["Ada", "nsubscribe", "/mail/w/"]:
        assert secret not in str(soup)
    assert Client().get(canonical.removeprefix(BASE)).status_code == 200


def test_pages_of_persons_name_the_public_page_as_the_one_to_list() -> None:
    message = sent(is_indexable=True)
    for path in [own_path(message), shared_copy_path(message.pk)]:
        soup = look(path)
        assert soup.find("link", rel="canonical") is not None
        assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex, nofollow"
    Email.objects.update(is_indexable=False)
    assert look(own_path(message)).find("link", rel="canonical") is None


def test_public_page_without_words_of_its_own_takes_subject_and_preheader() -> None:
    message = sent(is_indexable=True, subject='Hello {{ contact.first_name | default: "you" }}')
    page = public_page(message.send.versions.get())
    assert (page.title, page.description) == ("Hello you", "What grows")


def test_public_page_of_a_test_or_of_a_foreign_language_is_not_there() -> None:
    message = sent(is_indexable=True)
    look(reverse("wagtail_precise_mail:public_version", args=[message.send_id, "de"]), status=404)
    Send.objects.update(is_test=True)
    look(public_path(message), status=404)


def test_test_mail_has_a_web_version() -> None:
    make_brand()
    contact = make_contact(first_name="Ada")
    test = services.send_test(
        compiled(make_email(greeting())),
        "colleague@example.com",
        contact=contact,
        from_address="shop@example.com",
        base_url=BASE,
    )
    services.deliver(test.send_id)
    soup = look(own_path(test))
    assert "Dear Ada" in soup.get_text()
    href = soup.find("a", string="Unsubscribe")["href"]
    assert read_unsubscribe_token(str(href).rstrip("/").rpartition("/")[2])[0] == 0, "unsubscribes nobody"


def test_web_version_costs_few_queries() -> None:
    message = sent()
    path = own_path(message)
    Client().get(path)
    with CaptureQueriesContext(connection) as captured:
        assert Client().get(path).status_code == 200
    assert len(captured) <= 3, captured.captured_queries


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_are_for_reading(method: str) -> None:
    message = sent()
    for path in [own_path(message), shared_copy_path(message.pk), public_path(message)]:
        assert getattr(Client(), method)(path).status_code == 405


# Passing a mail on.


def test_looking_at_the_ways_to_pass_it_on_counts_nothing() -> None:
    message = sent()
    soup = look(forward_path(message))
    assert soup.find("input", type="url")["value"] == BASE + shared_copy_path(message.pk)
    assert not MessageEvent.objects.exists()


def test_forward_is_counted_once_per_person() -> None:
    message, strict = sent(), Client(enforce_csrf_checks=True)
    for via in ["mail", "link", "mail"]:
        assert strict.post(forward_path(message), {"via": via}).status_code == 200
    event = MessageEvent.objects.get()
    assert (event.kind, event.detail, event.contact_id) == ("forward", "mail", message.contact_id)


def test_share_leads_to_the_network_and_is_counted_apart() -> None:
    message = sent(subject="Tea & ferns")
    response = Client().post(forward_path(message, "weibo"), {"via": "weibo"})
    assert response.status_code == 302
    assert response["Location"].startswith("https://service.weibo.com/share/share.php?url=https%3A%2F%2Fshop")
    assert response["Location"].endswith("title=Tea%20%26%20ferns")
    Client().post(forward_path(message), {"via": "facebook"})
    assert [(event.kind, event.detail) for event in MessageEvent.objects.all()] == [("share", "weibo")]


def test_network_of_the_link_comes_first() -> None:
    soup = look(forward_path(sent(), "whatsapp"))
    values = [button["value"] for button in soup.find_all("button")]
    assert values[:2] == ["mail", "whatsapp"]
    primary = [button["value"] for button in soup.find_all("button", class_="button") if len(button["class"]) == 1]
    assert primary == ["whatsapp"]


def test_unknown_way_counts_nothing() -> None:
    message = sent()
    assert Client().post(forward_path(message, "<script>"), {"via": "myspace"}).status_code == 200
    assert not MessageEvent.objects.exists()


def test_the_mail_to_a_friend_holds_the_link() -> None:
    message = sent(subject="Tea & ferns\u202e")
    soup = BeautifulSoup(Client().post(forward_path(message), {"via": "mail"}).content, "html.parser")
    href = soup.find("a", string="Write the mail")["href"]
    assert str(href).startswith("mailto:?subject=Tea%20%26%20ferns")


def test_tests_and_untracked_contacts_are_not_counted() -> None:
    message = sent()
    message.contact.is_tracking_allowed = False
    message.contact.save()
    Client().post(forward_path(message), {"via": "mail"})
    Send.objects.update(is_test=True)
    Client().post(forward_path(message), {"via": "mail"})
    assert not MessageEvent.objects.exists()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"source": "products", "selection": "newest"}, True),
        ({"source": "products", "selection": "related"}, False),
        ({"source": "products", "selection": "buy_again"}, False),
        ({"source": "pages"}, True),
        ({"source": "coupon"}, True),
        ({"source": "pool_coupon"}, False),
        ({"source": "order"}, False),
        ({"source": "order_lines"}, False),
    ],
)
def test_what_a_contact_bought_and_was_given_is_no_one_elses(spec: dict[str, Any], expected: bool) -> None:
    assert item_sources.get(spec["source"])().may_be_shared(spec) is expected


@time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC), tick=False)  # links carry the second they were made in
def test_list_of_products_is_shown_as_it_was_sent() -> None:
    pot = make_product(name="Teapot", price=Decimal("38"), url="/pot/", image=make_image())
    message = sent(raw_block("product_list", selection="newest", count=3))
    before = own_page(message).html
    assert "Teapot" in before
    assert "38" in before
    pot.price, pot.name = Decimal("45"), "Kettle"
    pot.save()
    assert own_page(message).html == before
    assert "Teapot" in str(look(shared_copy_path(message.pk)))
