"""The least that is valid of campaigns: an approved email, an audience of everybody, a brand with a sender."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from wagtail.models import Site

from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.emails import make_identity
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.emails.models import BrandSettings, Email
from wagtail_precise_mail.segments.models import Segment

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DUE_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)

EVERYBODY = [{"type": "everybody", "value": {}}]
BODY = [
    {"type": "heading", "value": {"text": "New in the shop", "level": 1}},
    {"type": "rich_text", "value": "<p>Look what came in.</p>"},
    {"type": "button", "value": {"label": "To the shop", "url": "https://shop.example.com/new/"}},
]

_number = count(1)


def make_brand(**overrides: Any) -> BrandSettings:
    """The brand of the default site, complete."""
    brand = BrandSettings.for_site(Site.objects.get(is_default_site=True))
    values = {
        "company_name": "Fern & Kettle",
        "postal_address": "1 Mill Lane\nBath",
        **overrides,
    }
    if "sender" not in values:
        values["sender"] = make_identity("shop@example.com")
    for name, value in values.items():
        setattr(brand, name, value)
    brand.save()
    return brand


def make_email(*, publish: bool = True, body: list | None = None, **overrides: Any) -> Email:
    """An email with a heading, a text and a button, approved."""
    email = Email(
        **{
            "name": f"Email {next(_number)}",
            "subject": "New in the shop",
            "preheader": "Mugs, ferns and more",
            "live": False,
            **overrides,
        }
    )
    email.body = json.dumps(BODY if body is None else body)
    email.save()
    revision = email.save_revision()
    if publish:
        revision.publish()
    email.refresh_from_db()
    return email


def make_segment(rules: list | None = None, **overrides: Any) -> Segment:
    """A published segment; everybody, unless rules (stream data) say otherwise."""
    number = next(_number)
    segment = Segment(**{"name": f"Segment {number}", "slug": f"audience-{number}", "live": True, **overrides})
    segment.rules = json.dumps(EVERYBODY if rules is None else rules)
    segment.save()
    return segment


def make_sender(**overrides: Any) -> User:
    """Somebody who may use the admin, see campaigns and send them."""
    return make_user("access_admin", "view_campaign", "send_campaign", **overrides)


def make_user(*codenames: str, **overrides: Any) -> User:
    """A user with these permissions, by way of a group, as Wagtail hands them out."""
    number = next(_number)
    user = User.objects.create_user(**{"username": f"user-{number}", "password": "secret", **overrides})
    group = Group.objects.create(name=f"group-{number}")
    group.permissions.set(Permission.objects.filter(codename__in=codenames))
    user.groups.add(group)
    return user


def make_campaign(**overrides: Any) -> Campaign:
    """A draft that is ready to be scheduled."""
    make_brand()
    values = {"name": f"Campaign {next(_number)}", **overrides}
    excluded = values.pop("excluded_segments", [])
    values.setdefault("email", None)
    values["email"] = values["email"] or make_email()
    values["segment"] = values.get("segment") or make_segment()
    values["topic"] = values.get("topic") or make_topic()
    values.setdefault("site", Site.objects.get(is_default_site=True))
    campaign = Campaign.objects.create(**values)
    campaign.excluded_segments.set(excluded)
    return campaign


def make_scheduled(**overrides: Any) -> Campaign:
    """A campaign that is due at ``DUE_AT``."""
    by = overrides.pop("by", None) or make_sender()
    scheduled_at = overrides.pop("scheduled_at", DUE_AT)
    return services.schedule(make_campaign(**overrides), scheduled_at=scheduled_at, by=by, at=NOW)


def make_readers(topic: Topic, number: int) -> list[Contact]:
    """Contacts who agreed to a topic."""
    readers = [make_contact() for _ in range(number)]
    for reader in readers:
        grant(reader, topic)
    return readers
