"""Senders in the admin: written, sent a confirmation, listed with their state, and chosen by a brand."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.factories.campaigns import make_campaign, make_user
from tests.factories.emails import default_site, make_brand, make_identity
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.senders import SenderIdentity

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _brand() -> None:
    """No sender is there, and no brand that has it, before a test writes it."""


def url(name: str, *args: int) -> str:
    return reverse(f"precise-mail-senders:{name}", args=args)


def as_user(client: Client, *codenames: str) -> User:
    user = make_user("access_admin", *codenames)
    client.force_login(user)
    return user


@pytest.fixture
def colleague(client: Client) -> Client:
    as_user(client, "add_senderidentity", "change_senderidentity", "delete_senderidentity", "view_senderidentity")
    return client


def words(response: Any) -> str:
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


class TestForm:
    def test_new_sender_leads_to_its_page_which_offers_the_confirmation(self, colleague: Client) -> None:
        answer = colleague.post(
            url("add"), {"name": "Ada", "address": " Ada@Example.com ", "reply_to": ""}, follow=True
        )
        sender = SenderIdentity.objects.get()
        assert (sender.address, answer.redirect_chain[-1][0]) == ("ada@example.com", url("edit", sender.pk))
        assert "Not verified" in words(answer)
        assert "Send the confirmation" in words(answer)

    def test_who_may_not_change_senders_is_led_to_the_list(self, client: Client) -> None:
        as_user(client, "add_senderidentity", "view_senderidentity")
        answer = client.post(url("add"), {"name": "Ada", "address": "ada@example.com"})
        assert answer["Location"] == url("index")

    @pytest.mark.parametrize("address", ["HELLO@shop.example.com", "hello@SHOP.example.com"])
    def test_second_spelling_of_an_address_is_refused_at_its_field(self, colleague: Client, address: str) -> None:
        make_identity("hello@shop.example.com")
        answer = colleague.post(url("add"), {"name": "Twin", "address": address})
        assert "already" in str(answer.context["form"].errors["address"])

    def test_punycode_is_another_spelling(self, colleague: Client) -> None:
        make_identity("ruth@bücher.example")
        answer = colleague.post(url("add"), {"name": "Twin", "address": "ruth@xn--bcher-kva.example"})
        assert "already" in str(answer.context["form"].errors["address"])

    @pytest.mark.parametrize("data", [{"name": ""}, {"address": ""}, {"address": "x"}, {"reply_to": "x@"}])
    def test_what_is_missing_or_wrong_is_said(self, colleague: Client, data: dict[str, str]) -> None:
        answer = colleague.post(url("add"), {"name": "Ada", "address": "ada@example.com", "reply_to": "", **data})
        assert list(answer.context["form"].errors) == list(data)
        assert not SenderIdentity.objects.exists()

    def test_address_that_nobody_answers_is_warned_about(self, colleague: Client) -> None:
        page = words(colleague.get(url("edit", make_identity("no-reply@example.com").pk)))
        assert "no-reply@example.com tells people not to answer." in page

    def test_another_address_needs_another_confirmation(self, colleague: Client) -> None:
        sender = make_identity()
        page = colleague.post(
            url("edit", sender.pk), {"name": "Fern", "address": "new@example.com", "reply_to": ""}, follow=True
        )
        assert "Not verified" in words(page)


class TestConfirmation:
    def test_button_sends_it(self, colleague: Client) -> None:
        sender = make_identity(is_verified=False)
        answer = colleague.post(url("confirm", sender.pk), follow=True)
        assert [message.to for message in mail.outbox] == [["hello@shop.example.com"]]
        assert "on its way to hello@shop.example.com" in said(answer)
        assert "Confirmation sent" in words(answer)

    def test_refusal_is_said(self, colleague: Client) -> None:
        sender = make_identity(is_verified=False)
        colleague.post(url("confirm", sender.pk))
        assert "less than a minute ago" in said(colleague.post(url("confirm", sender.pk), follow=True))
        assert len(mail.outbox) == 1

    @pytest.mark.parametrize("codenames", [[], ["view_senderidentity", "add_senderidentity"], ["change_email"]])
    def test_it_needs_the_permission_to_change_senders(self, client: Client, codenames: list[str]) -> None:
        as_user(client, *codenames)
        assert client.post(url("confirm", make_identity(is_verified=False).pk)).status_code in (302, 403)
        assert mail.outbox == []

    def test_following_a_link_sends_nothing(self, colleague: Client) -> None:
        assert colleague.get(url("confirm", make_identity(is_verified=False).pk)).status_code == 405
        assert mail.outbox == []

    def test_verified_sender_has_no_button(self, colleague: Client) -> None:
        page = words(colleague.get(url("edit", make_identity().pk)))
        assert "by the link in its confirmation" in page
        assert "Send the confirmation" not in page

    def test_history_tells_who_asked(self, colleague: Client) -> None:
        sender = make_identity(is_verified=False)
        colleague.post(url("confirm", sender.pk))
        assert "Sent the confirmation to hello@shop.example.com" in words(colleague.get(url("history", sender.pk)))


class TestList:
    def test_states_and_uses_are_shown(self, colleague: Client) -> None:
        make_brand(sender=make_identity(name="Shop"))
        make_identity("ruth@example.com", name="Ruth", is_verified=False)
        page = words(colleague.get(url("index")))
        for part in ("Shop", "hello@shop.example.com", "verified", "Ruth", "not verified", "localhost"):
            assert part in page

    @pytest.mark.usefixtures("reference_index")
    def test_campaigns_are_counted(self, colleague: Client) -> None:
        sender = make_identity("ruth@example.com")
        for _number in range(2):
            make_campaign(sender=sender)
        assert "2 campaigns" in words(colleague.get(url("index")))

    def test_it_costs_the_same_number_of_queries_whatever_its_size(self, colleague: Client) -> None:
        counts = []
        for size in (2, 12):
            for number in range(size):
                make_identity(f"sender-{number}@example.com")
            colleague.get(url("index"))
            with CaptureQueriesContext(connection) as queries:
                colleague.get(url("index"))
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestDeleting:
    @pytest.mark.parametrize("user", ["brand", "campaign"])
    def test_sender_that_is_used_stays(self, colleague: Client, user: str) -> None:
        sender = make_identity("ruth@example.com")
        if user == "brand":
            make_brand(sender=sender)
        else:
            make_campaign(sender=sender)
        answer = colleague.post(url("delete", sender.pk))
        assert answer.status_code in (302, 403)
        assert SenderIdentity.objects.filter(pk=sender.pk).exists()

    def test_sender_that_the_index_does_not_know_to_be_used_stays(self, colleague: Client) -> None:
        sender = make_identity("ruth@example.com")
        make_brand()
        BrandSettings.objects.update(sender=sender)  # the index of references hears of saves only
        assert "is used by a brand" in said(colleague.post(url("delete", sender.pk), follow=True))
        assert SenderIdentity.objects.filter(pk=sender.pk).exists()

    def test_sender_that_nobody_uses_goes(self, colleague: Client) -> None:
        sender = make_identity()
        colleague.post(url("delete", sender.pk))
        assert not SenderIdentity.objects.exists()


class TestBrand:
    @pytest.fixture
    def brand_url(self, client: Client) -> str:
        as_user(client, "change_brandsettings")
        return reverse("wagtailsettings:edit", args=["wagtail_precise_mail", "brandsettings", default_site().pk])

    def form(self, sender: SenderIdentity) -> dict[str, Any]:
        values = {"company_name": "Fern", "postal_address": "1", "logo_width": "180", "theme": "paper"}
        streams = {"footer_links": streamfield([]), "social_accounts": streamfield([])}
        return nested_form_data({**values, **streams, "sender": str(sender.pk)})

    def options(self, client: Client, brand_url: str) -> dict[str, bool]:
        page = BeautifulSoup(client.get(brand_url).content, "html.parser")
        return {
            option.get_text(strip=True): option.has_attr("disabled")
            for option in page.select("select[name=sender] option[value]")
            if option["value"]
        }

    def test_form_offers_senders_and_says_which_cannot_be_used(self, client: Client, brand_url: str) -> None:
        make_identity("a@example.com", name="Ada")
        make_identity("b@example.com", name="Ben", is_verified=False)
        assert self.options(client, brand_url) == {
            "Ada <a@example.com>": False,
            "Ben <b@example.com> (not verified)": True,
        }

    def test_verified_sender_can_be_chosen(self, client: Client, brand_url: str) -> None:
        sender = make_identity()
        assert client.post(brand_url, self.form(sender)).status_code == 302
        assert BrandSettings.for_site(default_site()).sender == sender

    def test_other_sender_is_refused_with_the_reason(self, client: Client, brand_url: str) -> None:
        answer = client.post(brand_url, self.form(make_identity(is_verified=False)))
        assert "is not verified" in str(answer.context["form"].errors["sender"])
        assert BrandSettings.for_site(default_site()).sender is None

    def test_sender_that_lost_its_verification_does_not_get_lost(self, client: Client, brand_url: str) -> None:
        sender = make_identity()
        make_brand(sender=sender)
        make_identity(is_verified=False)
        assert self.options(client, brand_url) == {"Fern & Kettle <hello@shop.example.com> (not verified)": False}
        assert client.post(brand_url, self.form(sender)).status_code == 302
        assert BrandSettings.for_site(default_site()).sender == sender
