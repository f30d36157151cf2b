"""What tests do again and again in the admin."""

from __future__ import annotations

from typing import cast

from playwright.sync_api import Locator, Page, expect

_OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > width + 1)
    .map((element) => `${element.tagName} ${element.className}`);
}"""


# Wagtail looks two seconds long how the form was; what changes before that is no change to it.
_WATCHED = """() => {
  const form = document.querySelector("[data-controller~='w-unsaved']");
  return window.wagtail?.app?.getControllerForElementAndIdentifier(form, "w-unsaved")?.initialFormData !== undefined;
}"""


def wait_until_watched(page: Page) -> None:
    """Return when changes of the form lead to autosave and preview."""
    page.wait_for_function(_WATCHED)


def overflow(page: Page) -> list[str]:
    """Return what makes the page scroll sideways."""
    return cast("list[str]", page.evaluate(_OVERFLOW))


def choose(scope: Page | Locator, button: str, title: str) -> None:
    """Choose one thing in the modal behind the first button of that name."""
    page = scope if isinstance(scope, Page) else scope.page
    scope.get_by_role("button", name=button, exact=True).first.click()
    modal = page.get_by_role("dialog")
    modal.get_by_role("textbox", name="Search").fill(title)
    modal.get_by_role("link", name=title).click()
    # Not before it has faded out: it would take the next one along.
    expect(page.locator(".modal, .modal-backdrop")).to_have_count(0)


def insert_block(scope: Page | Locator, option: str) -> None:
    """Append a block to the stream in a panel or block; its field comes into view with it."""
    page = scope if isinstance(scope, Page) else scope.page
    scope.get_by_role("button", name="Insert a block").last.click()
    page.get_by_role("option", name=option, exact=True).click()
    # The picker fades out: the next one would stand beside it for a moment.
    expect(page.locator(".w-combobox__option")).to_have_count(0)


def press_in_menu(page: Page, name: str) -> None:
    """Press one of the actions that stand above "Save draft"."""
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name=name, exact=True).click()
