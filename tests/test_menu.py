"""The menu: an item is called as the page that it opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.http import HttpRequest
from django.test import Client, RequestFactory
from wagtail.admin.menu import Menu, admin_menu

pytestmark = pytest.mark.django_db


def pages(menu: Menu, request: HttpRequest) -> Iterator[tuple[str, str]]:
    for item in menu.menu_items_for_request(request):
        if hasattr(item, "menu"):
            yield from pages(item.menu, request)
        elif "precise-mail" in item.url or "wagtail_precise_mail" in item.url:
            yield str(item.label), item.url


def headings(page: Any) -> list[str]:
    soup = BeautifulSoup(page.content, "html.parser")
    return [found.get_text(" ", strip=True) for found in soup.select("h1, .w-breadcrumbs li:last-child")]


def test_every_page_has_the_name_of_its_menu_item(admin_client: Client, admin_user: Any) -> None:
    request = RequestFactory().get("/admin/")
    request.user = admin_user
    found = {label: url for label, url in pages(admin_menu, request) if "/settings/" not in url}
    assert len(found) > 40
    shown = {label: headings(admin_client.get(url)) for label, url in found.items()}
    # Behind the name, a heading may say how much there is.
    wrong = {
        label: names
        for label, names in shown.items()
        if not any(name == label or name.startswith(f"{label}:") for name in names)
    }
    assert not wrong
