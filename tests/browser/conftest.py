"""A real browser on a real server: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Collection, Locale, Site
from wagtail.models import Page as WagtailPage
from wagtail.snippets.models import create_extra_permissions

from example_site.demo.seed.colleagues import make_colleagues
from example_site.magazine.models import HomePage
from tests.browser.turnstile import Turnstile
from tests.conftest import chromium_path
from tests.factories.emails import make_brand
from wagtail_precise_mail.delivery.channels import channels

# Playwright's sync API keeps an event loop in this thread; Django would refuse the ORM beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# For machines that have more to do than this.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)

# Not "HeadlessChrome": that is a machine, as tracking knows.
HUMAN = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

SignIn = Callable[[User], Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            # One main journey per area is enough for everybody's run.
            if not item.get_closest_marker("journey"):
                item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _usage_is_known(reference_index: None) -> None:
    """As on a real site."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture
def house(transactional_db: None, settings: Settings, live_server: LiveServer, search_index: None) -> Site:
    """The example site without its content: transactional tests flush what migrations put in."""
    settings.WAGTAIL_PRECISE_MAIL = {"base_url": live_server.url, "channel": "turnstile"}
    cache.clear()
    locale = Locale.objects.get_or_create(language_code="en")[0]
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    root = WagtailPage.get_first_root_node() or WagtailPage.add_root(title="Root", slug="root", locale=locale)
    home = root.add_child(instance=HomePage(title="Fern & Kettle", slug="house", headline="Tea", locale=locale))
    facts = {"root_page": home, "hostname": "localhost", "site_name": "Fern & Kettle"}
    site = Site.objects.update_or_create(is_default_site=True, defaults=facts)[0]
    make_brand()
    # Wagtail makes "publish" when it migrates after its viewsets were found, which a test database does not.
    reverse("wagtailadmin_home")
    create_extra_permissions(apps.get_app_config("wagtailsnippets"))
    make_colleagues()
    return site


@pytest.fixture
def turnstile() -> Iterator[Turnstile]:
    """The channel of the house."""
    Turnstile.reset()
    with channels.temporarily("turnstile", Turnstile):
        yield Turnstile()
    Turnstile.reset()


@pytest.fixture
def context(chromium: Browser, house: Site, turnstile: Turnstile) -> Iterator[BrowserContext]:
    """A fresh session of a person. It ends before the database is flushed."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", user_agent=HUMAN)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of the session; a console error, a failed script or a broken answer fails the test."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(f"{message.text} {message.location}") if is_bad(message) else 0)
    yield page
    assert errors == []


def is_bad(message: ConsoleMessage) -> bool:
    # Browsers ask for it by themselves.
    return message.type == "error" and not message.location["url"].endswith("/favicon.ico")


@pytest.fixture
def no_autosave(settings: Settings) -> None:
    """Wagtail takes what is typed during an autosave for saved: neither autosave nor preview see it by itself."""
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 0


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> SignIn:
    """Give the page the session of somebody; the test of the login form is another."""

    def with_session(user: User) -> Page:
        client = Client()
        client.force_login(user)
        session = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return page

    return with_session


@pytest.fixture
def admin_page(sign_in: SignIn) -> Page:
    """The page of a superuser."""
    return sign_in(User.objects.get(username="admin"))


@pytest.fixture
def sender_page(sign_in: SignIn) -> Page:
    """The page of somebody whose group may write, approve and send mails, and no more."""
    return sign_in(User.objects.get(username="sender"))
