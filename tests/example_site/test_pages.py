"""The pages that mails lead to."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Something green"),
        ("/shop/", "Everything we brew"),
        ("/shop/?page=2", "Page 2 of 3"),
        ("/shop/?q=fern", "Boston Fern"),
        ("/shop/?q=zzz", "Nothing here"),
        ("/shop/category/tea/", "Assam Second Flush"),
        ("/shop/tea-assam/", "Put into the basket"),
        ("/shop/pot-travel/", "Sold out"),
        ("/shop/basket/", "Nothing in it yet"),
        ("/magazine/", "Read while it draws"),
        ("/magazine/?topic=plants", "Repotting without tears"),
        ("/magazine/a-proper-pot-of-tea/", "My grandmother"),
        ("/about/", "Three people"),
    ],
)
def test_the_page_loads(client: Client, path: str, words: str) -> None:
    response = client.get(path)

    assert response.status_code == 200
    assert words in response.content.decode()


@pytest.mark.parametrize("path", ["/shop/no-such-thing/", "/shop/category/no/", "/shop/thanks/FK-1/", "/nowhere/"])
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_charge_is_not_for_sale(client: Client) -> None:
    assert client.get("/shop/postage/").status_code == 404


def test_searched_words_are_escaped(client: Client) -> None:
    page = client.get("/shop/", {"q": '"><script>alert(1)</script>'}).content.decode()

    assert "<script>alert" not in page


def test_an_article_of_another_topic_is_left_out(client: Client) -> None:
    assert "Repotting without tears" not in client.get("/magazine/?topic=tea").content.decode()


@pytest.mark.parametrize("path", ["/shop/", "/magazine/", "/"])
def test_long_pages_ask_the_database_a_constant_number_of_times(
    client: Client, path: str, django_assert_max_num_queries: object
) -> None:
    client.get(path)  # pictures are resized the first time

    with django_assert_max_num_queries(30):
        client.get(path)
