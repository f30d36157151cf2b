"""The sign-up form in templates of the site: ``{% load precise_mail_sign_up %}{% sign_up_form source="footer" %}``."""

from __future__ import annotations

from typing import Any

from django import template

from wagtail_precise_mail.contacts.sign_up_forms import SignUpForm
from wagtail_precise_mail.contacts.visits import default_spec, form_context

register = template.Library()


@register.inclusion_tag("wagtail_precise_mail/contacts/sign_up_block.html", takes_context=True)
def sign_up_form(
    context: dict[str, Any], topics: str = "", source: str = "", title: str = "", button_label: str = ""
) -> dict[str, Any]:
    """Render the form.

    Args:
        topics: slugs with blanks between; "" offers every public topic.
        source: the slug of a source; "" takes ``?source=`` of the page, else "site".
    """
    request = context["request"]
    form = SignUpForm(default_spec(request, topics=topics, source=source))
    return {"title": title, "button_label": button_label, **form_context(request, form)}
