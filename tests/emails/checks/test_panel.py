"""The panel beside the editor, what it asks for after a save, and links on demand."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.emails.checks import button, columns, heading, text
from tests.emails.test_admin import EMAILS, form, login
from tests.factories.emails import make_brand, make_email, make_identity, make_image, raw_block
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.rights import ImageRights

pytestmark = pytest.mark.django_db

RIGHTS = "wagtailsnippets_wagtail_precise_mail_imagerights"


@pytest.fixture
def editor(client: Client) -> Client:
    login(client, "add_email", "change_email", "publish_email")
    return client


def panel(response: Any) -> BeautifulSoup:
    soup = BeautifulSoup(response.content, "html.parser")
    return soup.select_one("[data-side-panel=checks]") or soup


def edit(email: Email) -> str:
    return reverse(f"{EMAILS}:edit", args=[email.pk])


def ask(client: Client, email: Email, name: str = "checks", method: str = "get") -> Any:
    return getattr(client, method)(reverse(f"precise_mail_email_{name}", args=[email.pk]))


def test_findings_are_grouped_by_level_and_lead_to_their_blocks(editor: Client) -> None:
    inner = button(label="")
    email = make_email(heading(1), columns([inner]), subject="", preheader="")
    shown = panel(editor.get(edit(email)))
    groups = [heading.get_text(" ", strip=True) for heading in shown.select(".wpm-checks__group h3")]
    assert groups == ["Must be corrected 2", "Worth a look 2", "Measured"]
    places = {link.get_text(strip=True): link["href"] for link in shown.select("a.wpm-checks__place")}
    assert places["Columns, block 2 › Button, block 1"] == f"#block-{inner['id']}-section"
    assert places["Subject"] == "#id_subject"
    assert places["Preheader"] == "#id_preheader"


def test_anchors_are_those_of_the_editor(editor: Client) -> None:
    """Wagtail draws a block's panel in JavaScript, from the id that its value has."""
    email = make_email(button())
    page = editor.get(edit(email)).content.decode()
    assert email.body[0].id in page
    assert 'id="id_subject"' in page
    assert 'id="id_preheader"' in page


def test_toggle_counts_errors(editor: Client) -> None:
    page = BeautifulSoup(editor.get(edit(make_email(button(), subject="", preheader=""))).content, "html.parser")
    counter = page.select_one("[data-side-panel-toggle=checks] [data-side-panel-toggle-counter]")
    assert counter is not None
    assert counter.get_text(strip=True) == "1"


def test_good_email_can_go_out(editor: Client) -> None:
    assert "Nothing to correct" not in panel(editor.get(edit(make_email(button(), subject="")))).get_text()
    assert "Nothing to correct" in panel(editor.get(edit(make_email(button(), subject="What grows?")))).get_text()


def test_brand_leads_to_its_settings_for_those_who_may_change_it(client: Client) -> None:
    make_brand(sender=None)
    login(client, "change_email")
    assert not panel(client.get(edit(make_email(button())))).select("a[href*=brandsettings]")


def test_brand_leads_to_its_settings(client: Client) -> None:
    make_brand(sender=None)
    login(client, "change_email", "change_brandsettings")
    assert panel(client.get(edit(make_email(button())))).select("a[href*=brandsettings]")


def test_sender_leads_to_its_page_for_those_who_may_change_it(client: Client) -> None:
    sender = make_identity(is_verified=False)
    page = reverse("precise-mail-senders:edit", args=[sender.pk])
    login(client, "change_email", "change_brandsettings")
    assert "is not verified" in panel(client.get(edit(make_email(button())))).get_text()
    assert not panel(client.get(edit(make_email(button())))).select(f"a[href='{page}']")


def test_sender_leads_to_its_page(client: Client) -> None:
    sender = make_identity(is_verified=False)
    page = reverse("precise-mail-senders:edit", args=[sender.pk])
    login(client, "change_email", "change_senderidentity")
    assert panel(client.get(edit(make_email(button())))).select(f"a[href='{page}']")


def test_new_email_is_checked_when_it_was_saved(editor: Client) -> None:
    shown = panel(editor.get(reverse(f"{EMAILS}:add")))
    assert "saved for the first time" in shown.get_text()
    assert not shown.select("[data-controller~=wpm-checks]")


def test_first_autosave_brings_the_panel_to_life(editor: Client) -> None:
    saved = editor.post(reverse(f"{EMAILS}:add"), form(), headers={"Accept": "application/json"}).json()
    partials = editor.get(saved["hydrate_url"]).content.decode()
    assert reverse("precise_mail_email_checks", args=[Email.objects.get().pk]) in partials


def test_panel_asks_for_the_version_that_was_saved_last(editor: Client) -> None:
    email = make_email(button())
    assert ask(editor, email)["Wpm-Errors"] == "0"
    email.subject = ""
    email.save_revision()
    response = ask(editor, email)
    assert response["Wpm-Errors"] == "1"
    assert "The email has no subject." in response.content.decode()
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize(("name", "method"), [("checks", "get"), ("links", "post")])
def test_checks_are_for_those_who_may_change_emails(client: Client, name: str, method: str) -> None:
    login(client, "view_email", "add_email")
    assert ask(client, make_email(), name, method).status_code in (302, 403)


@pytest.mark.parametrize(("name", "method"), [("checks", "post"), ("links", "get")])
def test_verbs(editor: Client, name: str, method: str) -> None:
    assert ask(editor, make_email(), name, method).status_code == 405


@pytest.mark.parametrize("name", ["checks", "links"])
def test_email_that_does_not_exist(editor: Client, name: str) -> None:
    method = "get" if name == "checks" else "post"
    response = getattr(editor, method)(reverse(f"precise_mail_email_{name}", args=[98765]))
    assert response.status_code == 404


def test_links_are_shown_with_what_became_of_them(editor: Client, settings: Any) -> None:
    # So that the test asks no server, the site's own host is a private one, too.
    settings.WAGTAIL_PRECISE_MAIL = {"base_url": "http://10.0.0.1"}
    raw = text('<p>See <a href="http://127.0.0.1/secret">the inside</a> and <a href="mailto:a@b.example">us</a>.</p>')
    response = ask(editor, make_email(raw, button(url="http://[::1]/x")), "links", "post")
    shown = BeautifulSoup(response.content, "html.parser")
    items = [item.get_text(" ", strip=True) for item in shown.select("li")]
    assert len(items) == 3, "the home page in the header is the third"
    assert any("the inside Not checked" in item and "private network" in item for item in items)
    assert f"#block-{raw['id']}-section" in {link["href"] for link in shown.select("a")}
    assert "unsubscribe.invalid" not in response.content.decode()


def test_email_without_blocks_has_links_of_its_frame_only(editor: Client, settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"base_url": "http://10.0.0.1"}
    email = make_email()
    Email.objects.filter(pk=email.pk).update(body=[])
    assert ask(editor, email, "links", "post").status_code == 200


def test_page_is_drawn_with_few_queries(editor: Client, django_assert_max_num_queries: Any) -> None:
    image = make_image()
    block = raw_block("image", image={"image": image.pk, "alt_text": "x", "decorative": False})
    email = make_email(*(block | {"id": f"00000000-0000-0000-0000-0000000000{number}"} for number in range(10, 30)))
    ask(editor, email)
    with django_assert_max_num_queries(30):
        ask(editor, email)


def test_rights_of_an_image_are_written_down(client: Client) -> None:
    login(client, "add_imagerights", "change_imagerights", "view_imagerights")
    image = make_image("Fern")
    values = {"image": image.pk, "credit": "Photo: Ada", "license": "CC BY 4.0", "source": "", "expires_on": ""}
    assert client.post(reverse(f"{RIGHTS}:add"), values).status_code == 302
    assert ImageRights.objects.get().credit == "Photo: Ada"
    listing = client.get(reverse(f"{RIGHTS}:list")).content.decode()
    assert "Fern" in listing
    assert "CC BY 4.0" in listing


def test_license_that_ends_must_be_named(client: Client) -> None:
    login(client, "add_imagerights")
    values = {"image": make_image().pk, "credit": "", "license": "", "source": "", "expires_on": "2030-01-01"}
    response = client.post(reverse(f"{RIGHTS}:add"), values)
    assert response.status_code == 200
    assert "which license" in response.content.decode()


def test_listing_of_rights_is_filtered_by_what_has_ended(client: Client) -> None:
    login(client, "view_imagerights", "change_imagerights")
    for title, day in (("Old", timezone.localdate().replace(year=2020)), ("New", None)):
        ImageRights.objects.create(image=make_image(title), license="x", credit=title, expires_on=day)
    listing = client.get(reverse(f"{RIGHTS}:list"), {"state": "expired"}).content.decode()
    assert "Old" in listing
    assert ">New<" not in listing
    assert "Ended" in listing
