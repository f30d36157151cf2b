"""Emails, saved blocks and the brand in the admin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from wagtail.models import Task, Workflow, WorkflowContentType, WorkflowTask
from wagtail.snippets.models import create_extra_permissions
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from tests.factories.contacts import make_contact
from tests.factories.emails import block_form, default_site, make_email, make_image, make_svg, raw_block
from wagtail_precise_mail.emails.models import BrandSettings, Email

pytestmark = pytest.mark.django_db

EMAILS = "wagtailsnippets_wagtail_precise_mail_email"


def login(client: Client, *permissions: str) -> Any:
    """Log in somebody with these permissions in the admin."""
    user = get_user_model().objects.create_user("editor", "editor@example.com", "x")
    # Wagtail makes "publish" when it migrates after its viewsets were found, which a test database does not.
    reverse("wagtailadmin_home")
    create_extra_permissions(apps.get_app_config("wagtailsnippets"))
    names = ["access_admin", *permissions]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return user


@pytest.fixture
def editor(client: Client) -> Client:
    login(client, "add_email", "change_email", "delete_email", "publish_email", "view_contact", "view_contact_address")
    return client


def form(title: str = "Hello", **overrides: Any) -> dict[str, Any]:
    body = streamfield([("heading", block_form(title=title, level="2"))])
    values = {
        "name": "June",
        "subject": "News",
        "preheader": "For you",
        "body": body,
        "sample_contact": "",
        "sample_segment": "",
    }
    return nested_form_data({**values, **overrides})


def test_editor_writes_and_publishes_an_email(editor: Client) -> None:
    response = editor.post(reverse(f"{EMAILS}:add"), {**form(), "action-publish": "1"})
    assert response.status_code == 302
    email = Email.objects.get()
    assert email.live
    assert email.body[0].value["title"] == "Hello"


def test_wrong_merge_tag_keeps_an_email_from_being_published(editor: Client) -> None:
    response = editor.post(reverse(f"{EMAILS}:add"), {**form("Hi {{ contact.first_name }}"), "action-publish": "1"})
    assert response.status_code == 200
    assert "needs a fallback" in response.content.decode()
    assert not Email.objects.exists()


def test_wrong_merge_tag_in_the_subject_is_shown_at_the_subject(editor: Client) -> None:
    response = editor.post(reverse(f"{EMAILS}:add"), {**form(subject="{{ contact.foo }}"), "action-publish": "1"})
    assert "no field" in response.context["form"].errors["subject"][0]


def test_half_written_merge_tag_is_kept_in_a_draft(editor: Client) -> None:
    editor.post(reverse(f"{EMAILS}:add"), form("Hi {{ contact.fir", subject="Hi {{"))
    email = Email.objects.get()
    assert not email.live
    assert email.get_latest_revision_as_object().body[0].value["title"] == "Hi {{ contact.fir"


def test_autosave_of_a_draft_answers_with_json(editor: Client) -> None:
    email = make_email()
    email.save_revision()
    url = reverse(f"{EMAILS}:edit", args=[email.pk])
    response = editor.post(url, form("Half {{ wri"), headers={"Accept": "application/json"})
    assert response.status_code == 200
    assert json.loads(response.content)["success"] is True
    email.refresh_from_db()
    assert email.get_latest_revision_as_object().body[0].value["title"] == "Half {{ wri"


def test_preview_panel_shows_what_is_being_typed(editor: Client) -> None:
    email = make_email()
    url = reverse(f"{EMAILS}:preview_on_edit", args=[email.pk])
    assert editor.post(url, form("Being typed")).json() == {"is_valid": True, "is_available": True}
    assert "Being typed" in editor.get(url, {"mode": "contact", "in_preview_panel": "true"}).content.decode()


def test_edit_page_shows_the_checks_of_an_email(editor: Client) -> None:
    email = make_email(raw_block("page", page=None))
    page = editor.get(reverse(f"{EMAILS}:edit", args=[email.pk])).content.decode()
    assert "Page, block 1" in page
    assert "There is no button." in page


def test_edit_page_names_the_merge_fields(editor: Client) -> None:
    page = editor.get(reverse(f"{EMAILS}:add")).content.decode()
    assert "{{ contact.city | default: &quot;…&quot; }}" in page


@pytest.mark.parametrize("name", ["list", "add"])
def test_emails_are_closed_to_people_without_the_permission(client: Client, name: str) -> None:
    login(client)
    response = client.get(reverse(f"{EMAILS}:{name}"))
    assert response.status_code == 302
    assert response["Location"] == reverse("wagtailadmin_home")


@pytest.mark.parametrize("name", ["edit", "preview_on_edit", "delete", "history"])
def test_an_email_is_closed_to_people_without_the_permission(client: Client, name: str) -> None:
    login(client)
    response = client.get(reverse(f"{EMAILS}:{name}", args=[make_email().pk]))
    assert response.status_code in (302, 403)


@pytest.mark.usefixtures("in_clear")
def test_contacts_are_chosen_by_address_or_name(editor: Client) -> None:
    make_contact(email="ada@example.com", first_name="Ada")
    make_contact(email="bob@example.com", first_name="Bob")
    page = editor.get(reverse("precise_mail_contact_chooser:choose_results"), {"q": "ada"}).content.decode()
    assert "ada@example.com" in page
    assert "bob@example.com" not in page


@pytest.mark.parametrize("name", ["choose", "choose_results"])
def test_chooser_of_contacts_is_closed_to_people_who_may_not_see_contacts(client: Client, name: str) -> None:
    login(client, "change_email")
    response = client.get(reverse(f"precise_mail_contact_chooser:{name}"))
    assert response.status_code in (302, 403)


def test_preview_shows_no_contact_to_people_who_may_not_see_contacts(client: Client) -> None:
    login(client, "add_email", "change_email")
    email = make_email()
    contact = make_contact(first_name="Ada")
    url = reverse(f"{EMAILS}:preview_on_edit", args=[email.pk])
    title = 'Hi {{ contact.first_name | default: "friend" }}'
    client.post(url, form(title, sample_contact=str(contact.pk)))
    page = client.get(url, {"mode": "contact"}).content.decode()
    assert "Hi Alex" in page
    assert "Ada" not in page


def test_preview_shows_the_chosen_contact(editor: Client) -> None:
    email = make_email()
    contact = make_contact(first_name="Ada")
    url = reverse(f"{EMAILS}:preview_on_edit", args=[email.pk])
    editor.post(url, form('Hi {{ contact.first_name | default: "friend" }}', sample_contact=str(contact.pk)))
    assert "Hi Ada" in editor.get(url, {"mode": "contact"}).content.decode()


def test_workflow_publishes_an_email_when_it_is_approved(editor: Client) -> None:
    workflow = Workflow.objects.create(name="Two people")
    task = Task.objects.create(name="Read it")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    WorkflowContentType.objects.create(workflow=workflow, content_type=ContentType.objects.get_for_model(Email))
    email = make_email(live=False)
    email.save_revision()
    user = get_user_model().objects.get(username="editor")
    email.get_workflow().start(email, user)
    email.current_workflow_task_state.approve(user=user)
    email.refresh_from_db()
    assert email.live


def brand_url() -> str:
    site = default_site()
    return reverse("wagtailsettings:edit", args=["wagtail_precise_mail", "brandsettings", site.pk])


def brand_form(**overrides: Any) -> dict[str, Any]:
    values = {
        "company_name": "Fern",
        "postal_address": "12 Moss Lane",
        "logo_width": "180",
        "theme": "paper",
        "primary_color": "#112233",
        "font_family": "Georgia, serif",
        "footer_links": streamfield([]),
        "social_accounts": streamfield([]),
    }
    return nested_form_data({**values, **overrides})


def test_brand_is_a_setting_of_the_site(client: Client) -> None:
    login(client, "change_brandsettings")
    assert client.post(brand_url(), brand_form()).status_code == 302
    assert BrandSettings.objects.get().primary_color == "#112233"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("primary_color", "red"),
        ("text_color", "#12345g"),
        ("font_family", "serif;color:red"),
        ("font_family", "a{}"),
        ("font_family", "'Times, serif"),
        ("heading_font_family", "x</style><script>"),
        ("theme", "gone"),
        ("web_font", "gone"),
        ("corner_radius", "41"),
        ("logo_width", "2000"),
        ("own_font_name", "Fern'"),
    ],
)
def test_brand_refuses_what_no_mail_can_show(client: Client, field: str, value: str) -> None:
    login(client, "change_brandsettings")
    response = client.post(brand_url(), brand_form(**{field: value}))
    assert field in response.context["form"].errors


@pytest.mark.parametrize(
    "url", ["http://example.com/a.css", "https://example.com/a.css')", "javascript:alert(1)", "/a.css"]
)
def test_brand_refuses_addresses_of_fonts_that_no_style_sheet_can_hold(client: Client, url: str) -> None:
    login(client, "change_brandsettings")
    response = client.post(brand_url(), brand_form(own_font_name="Fern", own_font_url=url))
    assert "https://example.com/fonts/serif.woff2" in response.context["form"].errors["own_font_url"][0]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"own_font_url": "https://example.com/a.css"}, {"own_font_name"}),
        ({"own_font_name": "Fern"}, {"own_font_url"}),
        ({"heading_web_font": "own"}, {"own_font_name", "own_font_url"}),
    ],
)
def test_brand_asks_for_the_other_half_of_a_web_font(client: Client, given: dict[str, str], missing: set[str]) -> None:
    login(client, "change_brandsettings")
    assert set(client.post(brand_url(), brand_form(**given)).context["form"].errors) == missing


def test_brand_takes_a_web_font_of_ones_own(client: Client) -> None:
    login(client, "change_brandsettings")
    font = {"own_font_name": "Fern Serif", "own_font_url": "https://example.com/fern.woff2", "web_font": "own"}
    assert client.post(brand_url(), brand_form(**font)).status_code == 302


@pytest.mark.parametrize(
    "link",
    [
        {"label": "Imprint", "page": "", "url": ""},
        {"label": "Imprint", "page": "", "url": "javascript:alert(1)"},
        {"label": "", "page": "", "url": "https://example.com/"},
    ],
)
def test_brand_refuses_links_that_lead_nowhere(client: Client, link: dict[str, str]) -> None:
    login(client, "change_brandsettings")
    response = client.post(brand_url(), brand_form(footer_links=streamfield([("link", link)])))
    assert "footer_links" in response.context["form"].errors


def test_brand_refuses_a_vector_graphic_as_logo(client: Client) -> None:
    login(client, "change_brandsettings")
    logo = make_svg()
    response = client.post(brand_url(), brand_form(logo=str(logo.pk)))
    assert "choose a PNG" in response.context["form"].errors["logo"][0]


def test_logo_for_dark_grounds_asks_for_one_for_light_grounds(client: Client) -> None:
    login(client, "change_brandsettings")
    response = client.post(brand_url(), brand_form(logo_dark=str(make_image(name="dark.png").pk)))
    assert "logo" in response.context["form"].errors


def test_preview_of_the_brand_shows_what_is_being_typed_in_light_and_dark(client: Client) -> None:
    login(client, "change_brandsettings")
    url = reverse("wagtailsettings:preview_on_edit", args=["wagtail_precise_mail", "brandsettings", default_site().pk])
    assert client.post(url, brand_form(theme="bold", primary_color="#aa1166")).json()["is_valid"]
    light, dark = (client.get(url, {"mode": mode}).content.decode() for mode in ("light", "dark"))
    assert "#aa1166" in light
    assert "@media all" in dark
    assert "@media not all" in light


def test_brand_is_closed_to_people_without_the_permission(client: Client) -> None:
    login(client, "change_email")
    assert client.post(brand_url(), brand_form()).status_code in (302, 403)
    assert BrandSettings.objects.get().primary_color != "#112233"


def test_rich_text_of_an_email_offers_what_mail_clients_show(editor: Client) -> None:
    body = streamfield([("rich_text", block_form(content=rich_text("<p>One <b>two</b></p>")))])
    editor.post(reverse(f"{EMAILS}:add"), {**form(body=body), "action-publish": "1"})
    assert "<b>two</b>" in Email.objects.get().body[0].value["content"].source


def test_the_listing_shows_subjects_with_their_fallbacks(client: Client) -> None:
    login(client, "view_email")
    make_email(subject='Tea for {{ contact.first_name | default: "friends" }}')
    page = client.get(reverse(f"{EMAILS}:list")).content.decode()
    assert "Tea for friends" in page
    assert "contact.first_name" not in page
