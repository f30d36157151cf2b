"""The nearest store in a mail: by the profile of each reader."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.emails.lists import BASE_URL, body, load, read, text_of
from tests.emails.test_varied import is_whole
from tests.factories.campaigns import make_user
from tests.factories.contacts import make_contact
from tests.factories.emails import COMPILED_AT, compiled, default_site, make_email, make_image, raw_block
from wagtail_precise_mail.commerce.stores import Store
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.readers import ReaderLoader

pytestmark = pytest.mark.django_db


def make_store(name: str, **overrides: Any) -> Store:
    values = {"address": "1 Mill Lane", "city": "Bath", "region": "Somerset", "country": "GB", **overrides}
    return Store.objects.create(name=name, **values)


def make_stores() -> None:
    make_store("Alpha", opening_hours="Mo–Fr 9–18\nSa 10–16", url="/alpha/")
    make_store("Beta", city="Leeds", region="Yorkshire")
    make_store("Gamma", city="Berlin", region="Berlin", country="DE")
    make_store("Delta", city="York", region="Yorkshire")


def shop(**overrides: Any) -> Email:
    return make_email(raw_block("store", **{"title": "Come by", **overrides}), raw_block("heading", title="Bye"))


def name_for(email: Email, **profile: str) -> str:
    items = next(iter(load(email, make_contact(**profile)).values())).lists["list0"]
    return items[0]["name"] if items else ""


def test_city_wins_over_region_and_region_over_country() -> None:
    make_stores()
    email = shop()
    assert name_for(email, city=" york ", region="Yorkshire", country="GB") == "Delta"
    assert name_for(email, city="Hull", region="YORKSHIRE", country="GB") == "Beta"
    assert name_for(email, region="Somerset") == "Alpha"
    assert name_for(email, city="Aachen", country="DE") == "Gamma"
    assert name_for(email, country="FR") == ""
    assert name_for(email) == ""


def test_cities_of_one_name_are_not_mixed_up() -> None:
    make_store("Texas", city="Paris", region="Texas", country="US")
    make_store("Zola", city="Paris", region="", country="FR")
    email = shop()
    assert name_for(email, city="Paris", country="FR") == "Zola"
    assert name_for(email, city="Paris", region="Texas", country="US") == "Texas"
    assert name_for(email, city="Paris", country="CA") == ""


def test_mail_of_each_reader_shows_their_store() -> None:
    make_stores()
    email = shop(link_label="Find us")
    filled = read(email, make_contact(region="Somerset", country="GB"))
    words = body(filled).get_text(" ", strip=True)
    assert "Alpha 1 Mill Lane, Bath Mo–Fr 9–18 Sa 10–16 Find us" in words
    assert text_of(filled).startswith(f"Come by\n\nAlpha\n1 Mill Lane, Bath\nMo–Fr 9–18\nSa 10–16\n{BASE_URL}/alpha/")
    other = read(email, make_contact(region="Yorkshire", country="GB"))
    assert "Beta" in other.html
    assert "Alpha" not in other.html + other.text
    assert is_whole(filled.html)


def test_readers_without_a_store_see_the_default_or_nothing() -> None:
    make_stores()
    contact = make_contact(country="FR")
    assert "Come by" not in read(shop(), contact).html
    assert "Beta" in read(shop(default=Store.objects.get(name="Beta").pk), contact).html


def test_two_blocks_show_the_same_store() -> None:
    make_stores()
    email = make_email(raw_block("store", title="One"), raw_block("store", title="Two"))
    assert read(email, make_contact(region="Yorkshire")).text.count("Beta") == 2


def test_picture_of_the_store_is_shown() -> None:
    make_store("Alpha", image=make_image())
    found = body(read(shop(show_picture=True), make_contact(country="GB"))).find("img", alt="Alpha")
    assert found is not None
    assert str(found["src"]).startswith(f"{BASE_URL}/")


def test_hostile_facts_stay_words() -> None:
    make_store("<script>x</script>", url="javascript:alert(1)", opening_hours="<b>9</b>")
    filled = read(shop(), make_contact(country="GB"))
    assert not body(filled).find_all(["script", "b"])
    assert "javascript:" not in filled.html


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_stores()
    payload = compiled(shop()).payload
    contacts = [make_contact(region="Somerset"), *(make_contact(region="Yorkshire") for _number in range(30))]
    loader = ReaderLoader(payload)
    for some in (contacts[:1], contacts):
        with django_assert_num_queries(1):
            loader.load(some, at=COMPILED_AT, base_url=BASE_URL)


def test_checks_say_when_there_is_no_store() -> None:
    assert any("no store yet" in finding.message for finding in check_email(shop(), default_site()))


def test_more_lines_than_a_mail_shows_are_refused() -> None:
    with pytest.raises(ValidationError, match="seven lines"):
        Store(name="A", address="B", city="C", opening_hours="\n".join("12345678")).full_clean()


def test_admin_asks_for_permission(client: Client) -> None:
    make_store("Alpha")
    client.force_login(make_user("access_admin"))
    assert client.get(reverse("precise-mail-stores:index")).status_code == 302
    client.force_login(make_user("access_admin", "change_store"))
    assert "Alpha" in client.get(reverse("precise-mail-stores:index")).content.decode()
