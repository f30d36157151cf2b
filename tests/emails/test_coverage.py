"""Counting who would see the fallback of a merge tag."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.emails import default_site, make_email, raw_block
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.coverage import coverage_of, tags_of
from wagtail_precise_mail.emails.merge import Tag, parse
from wagtail_precise_mail.emails.merge_fields import MergeField, contact_fields, contact_values, field_names

pytestmark = pytest.mark.django_db


def tags(*written: str) -> list[Tag]:
    return [part for text in written for part in parse(f"{{{{ {text} }}}}") if isinstance(part, Tag)]


def counts(*written: str) -> list[int | None]:
    return [line.count for line in coverage_of(tags(*written), Contact.objects.all()).tags]


def test_contacts_without_a_value_are_counted_per_tag_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    bought = make_contact(first_name="Ada", birthday_on="1990-01-01", attributes={"shoe-size": 38})
    make_order(bought)
    make_contact(first_name="  ", last_name="Lovelace")
    make_contact(attributes={"shoe-size": " "})
    written = [
        'contact.first_name | default: "friend"',
        'contact.full_name | default: "friend"',
        'contact.birthday_on | default: "soon"',
        'contact.last_order_on | default: "never"',
        'contact.attributes.shoe-size | default: "yours"',
    ]
    read = tags(*written)
    with django_assert_num_queries(1):
        coverage = coverage_of(read, Contact.objects.all())
    assert coverage.total_count == 3
    assert [line.count for line in coverage.tags] == [2, 1, 2, 2, 2]
    assert coverage.tags[0].percent == pytest.approx(66.67, abs=0.01)


def test_further_fields_are_counted_as_they_are_shown() -> None:
    keys = ["text", "number", "zero", "blank", "none", "yes", "list", "object", "0", "isnull", "shoe-size", "missing"]
    attributes = {"text": "x", "number": 1.5, "zero": 0, "blank": " ", "none": None, "yes": True, "list": [1]}
    contact = make_contact(attributes={**attributes, "object": {"a": 1}, "0": "x", "isnull": "x", "shoe-size": "x"})
    values = contact_values(contact, {f"contact.attributes.{key}" for key in keys})
    counted = counts(*[f'contact.attributes.{key} | default: "x"' for key in keys])
    assert counted == [int(not values[f"contact.attributes.{key}"].strip()) for key in keys]
    assert sum(count or 0 for count in counted) == 6


def test_every_built_in_field_that_may_be_empty_is_counted_as_it_is_shown() -> None:
    full = {"first_name": "A", "last_name": "B", "city": "C", "region": "D", "country": "GB", "locale": "en"}
    full |= {"gender": "f", "birthday_on": "1990-01-01", "organization": "E", "job_title": "G"}
    make_order(make_contact(**full))
    make_contact()
    names = [name for name in field_names() if name.startswith("contact.")]
    written = [f'{name} | default: "x"' for name in names]
    coverage = coverage_of(tags(*written), Contact.objects.all())
    assert {line.tag.field: line.count for line in coverage.tags} == {
        name: 1 for name in names if not contact_fields.get(name.partition(".")[2]).is_always_filled
    }


def test_one_tag_twice_is_one_line_and_two_fallbacks_are_two() -> None:
    written = 'contact.city | default: "here"'
    assert counts(written, written) == [0]
    assert counts(written, 'contact.city | default: "there"') == [0, 0]


def test_nobody_at_all_is_no_share_of_nothing() -> None:
    [line] = coverage_of(tags('contact.city | default: "here"'), Contact.objects.none()).tags
    assert (line.count, line.percent) == (0, 0)


def test_field_without_a_condition_is_said_not_to_be_counted() -> None:
    with contact_fields.temporarily("points", MergeField("Points", lambda contact: "")):
        [line] = coverage_of(tags('contact.points | default: "none"'), Contact.objects.all()).tags
    assert line.count is None


def test_value_that_a_filter_may_not_read_makes_it_a_least_count() -> None:
    written = ['contact.attributes.since | date | default: "x"', 'contact.attributes.since | default: "x"']
    lines = coverage_of(tags(*written), Contact.objects.all()).tags
    assert [line.is_least for line in lines] == [True, False]


def test_fields_that_are_never_empty_and_those_of_the_brand_are_left_out() -> None:
    assert counts("contact.email", 'brand.company_name | default: "us"') == []


def test_tags_of_an_email_are_those_of_its_lines_blocks_and_addresses() -> None:
    tag = "{{ contact.%s | default: 'x' }}"
    email = make_email(
        raw_block("heading", title=tag % "first_name", level="1"),
        raw_block("rich_text", content=f'<p><span data-wpm-merge="">{tag % "city"}</span></p>'),
        raw_block("button", label="Go", url=f"https://example.com/?o={tag % 'organization'}"),
        subject=tag % "last_name",
    )
    fields = [found.field for found in tags_of(email, default_site(), at=timezone.now())]
    assert sorted(fields) == ["contact.city", "contact.first_name", "contact.last_name", "contact.organization"]


def url(pk: int) -> str:
    return reverse("precise_mail_merge_coverage", args=[pk])


def sign_in(client: Client, *codenames: str) -> None:
    user = User.objects.create_user("editor", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client.force_login(user)


def test_editor_sees_the_count_of_the_version_that_was_saved_last(client: Client) -> None:
    sign_in(client, "change_email")
    make_contact(first_name="Ada")
    make_contact()
    email = make_email(subject="Nothing yet")
    email.subject = 'Dear {{ contact.first_name | default: "<friend>" }}'
    email.save_revision()
    page = " ".join(client.get(url(email.pk)).content.decode().split())
    assert "Of all 2 contacts" in page
    assert "&lt;friend&gt;" in page
    assert "50.0%" in page


def test_count_is_closed_to_people_without_a_permission_for_emails(client: Client) -> None:
    sign_in(client, "view_contact")
    assert client.get(url(make_email().pk)).status_code in (302, 403)


def test_count_changes_nothing_and_takes_no_post(client: Client) -> None:
    sign_in(client, "change_email")
    assert client.post(url(make_email().pk)).status_code == 405
    assert client.get(url(987654)).status_code == 404
