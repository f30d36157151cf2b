"""What is known of somebody who opens a public page, as far as signing up goes."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.joining import Visit, sign_up
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.contacts.proofs import Shown
from wagtail_precise_mail.contacts.questions import SignUpQuestion
from wagtail_precise_mail.contacts.sign_up_forms import SignUpForm
from wagtail_precise_mail.contacts.sign_up_specs import FormSpec, SpecField, SpecQuestion, make_spec
from wagtail_precise_mail.contacts.wordings import DEFAULT_WORDING, policy_in_force

DEFAULT_SOURCE = "site"
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\Z")


def client_ip(request: HttpRequest) -> str:
    """Return the visitor's IP address: what the connection says, or the site's own proxy by ``client_ip_header``."""
    given = request.META.get(options().client_ip_header or "REMOTE_ADDR", "")
    # A proxy appends: the last one is what it saw itself, and anything before it the visitor may have made up.
    return str(given).rpartition(",")[2].strip()


def source_of(request: HttpRequest) -> str:
    """Return the source that an address names, such as ``?source=social-x``."""
    given = request.GET.get("source", "").lower()
    return given if _SOURCE.match(given) else DEFAULT_SOURCE


def public_topics(slugs: str = "") -> list[Topic]:
    """Return the topics that people can choose: those named, with blanks or commas between, or all."""
    wanted = [slug for slug in re.split(r"[\s,]+", slugs) if slug]
    topics = Topic.objects.filter(is_public=True)
    return list(topics.filter(slug__in=wanted) if wanted else topics)


def default_spec(request: HttpRequest, *, topics: str = "", source: str = "") -> FormSpec:
    """Return the form of our own page: the address and the name, of every topic or of some."""
    return make_spec(
        public_topics(topics) or public_topics(),
        language=translation.get_language() or "en",
        source=source or source_of(request),
        fields=[SpecField("first_name")],
        questions=[
            SpecQuestion(pk) for pk in SignUpQuestion.objects.filter(is_on_own_page=True).values_list("pk", flat=True)
        ],
        wording=DEFAULT_WORDING,
        page_url=request.build_absolute_uri(request.path),
    )


def take_form(request: HttpRequest, form: SignUpForm) -> None:
    """Take a form that is valid.

    Raises:
        InvalidAddress: a check of addresses refuses it.
        TooManySignUps: too many came from this place.
    """
    site, spec = Site.find_for_request(request), form.spec
    shown = Shown(form.kept_wording(), policy_in_force(site), client_ip(request), spec.page_url, spec.page_id)
    visit = Visit(site, spec.language, shown, form.answers(), form.chosen_choices())
    sign_up(form.cleaned_data["email"], form.chosen_topics(), source=spec.source, visit=visit)


def form_context(request: HttpRequest | None, form: SignUpForm) -> dict[str, Any]:
    """Return what the template of a form needs."""
    site = Site.find_for_request(request) if request else None
    return {"form": form, "policy": policy_in_force(site), "captcha": form.captcha}
