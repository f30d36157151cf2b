"""Every address of ours in the admin, found by walking the URLs: closed without a permission, and GET changes nothing.

A new view is covered on the day it is added; nobody has to remember to list it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.core import serializers
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from tests.factories.campaigns import make_campaign, make_email, make_segment
from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import make_contact, make_list, make_policy, make_request, make_topic
from tests.factories.delivery import make_message, make_send
from tests.factories.emails import make_identity, make_image, make_saved_block
from tests.factories.imports import upload
from tests.factories.pacing import limit, make_alarm, make_plan
from tests.factories.sunsets import make_sunset
from wagtail_precise_mail.contacts.hygiene.cleaning import begin_cleanup
from wagtail_precise_mail.contacts.wordings import add_wording
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.services import record_bounce
from wagtail_precise_mail.models import (
    Campaign,
    Cluster,
    ClusterRun,
    Email,
    ImageRights,
    SavedBlock,
    SeedAddress,
    Segment,
    SignUpSource,
)

pytestmark = pytest.mark.django_db

_OURS = re.compile(r"^admin/(precise-mail|reports/precise-mail|snippets/(choose/)?wagtail_precise_mail)")
# Wagtail's own dialog asks nobody; it shows a question and no word of ours.
_WAGTAILS_OWN = "/workflow/confirm_cancellation/"
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


def _walk(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif _OURS.match(route):
            yield route


@cache
def _routes() -> list[str]:
    return sorted(set(_walk(get_resolver().url_patterns)))


def _make_cluster() -> Cluster:
    run = ClusterRun.objects.create(state=ClusterRun.State.DONE, finished_at=timezone.now())
    return Cluster.objects.create(run=run, number=1, contact_count=1, rules={"rules": [{"order_count": {"min": 1}}]})


@pytest.fixture
def addresses() -> list[str]:
    """Every route with the ids of things that are there."""
    contact = make_contact()
    make_list(contact)
    email, segment, saved_block = make_email(), make_segment(), make_saved_block()
    campaign = make_campaign(email=email, segment=segment)
    order = make_order(contact=contact, lines=[("KETTLE", 1, "20")])
    send = make_send()
    make_message(send, contact)
    complaint = record_bounce(
        make_message(send, state="accepted"), kind=Kind.COMPLAINT, diagnostic="", at=timezone.now()
    )
    ids = {
        "campaigns": campaign.pk,
        "products": make_product().pk,
        "orders": order.pk,
        "contacts": contact.pk,
        "emails": email.pk,
        "/email/": email.pk,
        "/segment/": segment.pk,
        "/savedblock/": saved_block.pk,
        "/imagerights/": ImageRights.objects.create(image=make_image()).pk,
        "outbox": send.pk,
        "precise-mail/bounces": complaint.pk,
        "senders": make_identity().pk,
        "imports": upload("email\nann@example.com\n").pk,
        "wordings": add_wording("Yes.", topics=[make_topic()], language="en").pk,
        "policies": make_policy(asks_again=True).pk,
        "sources": SignUpSource.objects.create(name="X", slug="social-x").pk,
        "cleanups": begin_cleanup().pk,
        "sunsets": make_sunset().pk,
        "precise-mail-requests": make_request(contact).pk,
        "precise-mail-limits": limit("gmail", 10).pk,
        "precise-mail-warm-ups": make_plan([50]).pk,
        "precise-mail-seeds": SeedAddress.objects.create(address="seed@example.com").pk,
        "precise-mail-alarms": make_alarm().pk,
        "precise-mail-clusters": _make_cluster().pk,
    }
    revisions = {
        "/email/": email.latest_revision_id,
        "/segment/": segment.latest_revision_id,
        "/savedblock/": saved_block.latest_revision_id,
    }

    def filled(route: str) -> str:
        def value(match: re.Match[str]) -> str:
            name = match.group(1) or match.group(2)
            if name.startswith("revision_id"):
                return str(next((pk for part, pk in revisions.items() if part in route), None) or 1)
            if name == "action_name":
                return "approve"
            return str(next((pk for part, pk in ids.items() if part in route), 1))

        return "/" + _ARGUMENT.sub(value, route).replace("\\", "").rstrip("$")

    return [filled(route) for route in _routes()]


def _client(*codenames: str) -> Client:
    user = User.objects.create_user("somebody", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *codenames]))
    client = Client()
    client.force_login(user)
    return client


def _everything() -> str:
    models = list(apps.get_app_config("wagtail_precise_mail").get_models())
    models += [apps.get_model("wagtailcore", "Revision"), apps.get_model("wagtailcore", "ModelLogEntry")]
    models += [apps.get_model("django_q", "OrmQ"), apps.get_model("django_q", "Schedule")]
    return "".join(
        serializers.serialize("json", model._default_manager.order_by("pk"))
        for model in models
        if not model._meta.proxy
    )


def test_the_walk_finds_our_addresses(addresses: list[str]) -> None:
    found = "\n".join(addresses)

    for part in (
        "schedule/",
        "pause/",
        "outbox/",
        "test/",
        "calendar/",
        "/email/edit/",
        "/segment/preview/",
        "inspect/",
        "quick-add/",
        "ask-again/",
        "proof/",
        "/checks/links/",
        "/imagerights/edit/",
        "senders/confirm/",
    ):
        assert part in found
    assert not re.search(r"[<>()]", found)


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_is_open_to_a_colleague_without_our_permissions(addresses: list[str], method: str) -> None:
    client = _client()
    before = _everything()

    open_to_them = []
    for address in addresses:
        response = getattr(client, method)(address)
        if response.status_code not in (302, 403, 404, 405) and _WAGTAILS_OWN not in address:
            open_to_them.append((address, response.status_code))
        if response.status_code == 302:
            assert response["Location"] in ("/admin/", "/admin/login/?next=" + address), address

    assert open_to_them == []
    assert _everything() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_are_sent_to_the_login(addresses: list[str], method: str) -> None:
    for address in addresses:
        response = getattr(Client(), method)(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith("/admin/login/"), address


@pytest.mark.slow
def test_get_changes_nothing_whoever_asks(addresses: list[str]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    before = _everything()

    for address in addresses:
        response = client.get(address)
        assert response.status_code < 500, address
        assert _everything() == before, address


def test_the_models_have_the_states_that_the_walk_relies_on() -> None:
    """Were there nothing to lock, publish or schedule, the walk would pass for want of anything to change."""
    for model in (Email, Segment, SavedBlock):
        assert hasattr(model, "latest_revision")
    assert Campaign.State.DRAFT
