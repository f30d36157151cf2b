"""Making a landing page from a campaign: a draft with the blocks of its email."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from wagtail.log_actions import log

from wagtail_precise_mail.campaigns.landing.blocks import GOAL
from wagtail_precise_mail.campaigns.landing.models import landing_page_models
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.starting import pinned_email
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.brand import load_brand
from wagtail_precise_mail.emails.languages import language_of
from wagtail_precise_mail.emails.merge import parse
from wagtail_precise_mail.emails.merge_fields import brand_values

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from wagtail_precise_mail.emails.models import Email

RawBlock = dict[str, Any]


@dataclass
class MadePage:
    """A new landing page.

    Attributes:
        left_out: names of the blocks of the email that work in mails only.
        goal_label: words of the button that became the goal button, or "" when the email had none.
    """

    page: Any
    left_out: list[str] = field(default_factory=list)
    goal_label: str = ""


def model_for(parent: Any) -> Any | None:
    """Return the type of landing pages that can be made below a page, or None."""
    return next((model for model in landing_page_models() if model.can_create_at(parent)), None)


def email_for(campaign: Campaign) -> Email:
    """Return the version of the campaign's email that goes out: the pinned one, the approved one, or the draft.

    Raises:
        NotReady: the pinned version was deleted.
    """
    if campaign.email_revision_id:
        return pinned_email(campaign)
    email = campaign.email
    latest: Email = email if email.live else email.get_latest_revision_as_object()
    return latest


@transaction.atomic
def create_landing_page(campaign: Campaign, *, model: Any, parent: Any, by: AbstractBaseUser) -> MadePage:
    """Write a draft below a page, with what the campaign's email says. Who may do so is the caller's question.

    The first button of the email becomes the goal button. The email stays as it is.

    Raises:
        NotReady: the pinned version of the email was deleted.
    """
    email = email_for(campaign)
    left_out: list[str] = []
    body = list(_fitting(email.body.get_prep_value(), left_out))
    goal_label = _make_goal(body)
    page = model(title=title_of(email, campaign), campaign=campaign, owner=by, live=False, has_unpublished_changes=True)
    page.body = page._meta.get_field("body").stream_block.to_python(body)
    parent.add_child(instance=page)
    log(instance=page, action="wagtail.create", user=by, content_changed=True)
    page.save_revision(user=by, log_action=False)
    return MadePage(page, left_out, goal_label)


def title_of(email: Email, campaign: Campaign) -> str:
    """Return the subject as a title: with the fallbacks of its merge tags, for it is about nobody."""
    language, brand = language_of(email, campaign.site), brand_values(load_brand(campaign.site))
    try:
        written = parse(email.subject)
    except ValidationError:  # half a merge tag in a draft
        return campaign.name
    parts = (part if isinstance(part, str) else part.fill(brand.get(part.field, ""), language) for part in written)
    title = " ".join("".join(parts).split()).strip(" ,;:–-")
    title = title[:1].upper() + title[1:]
    return title[:255] or campaign.name


def _fitting(value: list[RawBlock], left_out: list[str]) -> Iterator[RawBlock]:
    for block in value:
        kind = email_blocks.get(block["type"]) if block["type"] in email_blocks else None
        if kind is not None and not kind.fits_on_page:
            left_out.append(str(kind().label))
        else:
            yield {**block, "value": _without_unfit(block["value"], left_out)}


def _without_unfit(value: Any, left_out: list[str]) -> Any:
    """Return the stored value of a block without the blocks inside of it that do not fit."""
    if isinstance(value, dict):
        return {name: _without_unfit(inner, left_out) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    if any(isinstance(one, dict) and one.get("type") in email_blocks for one in value):
        return list(_fitting(value, left_out))
    return [_without_unfit(one, left_out) for one in value]


def _make_goal(body: list[RawBlock]) -> str:
    """Turn the first button into the goal button, in place; one with merge tags in its address cannot be."""
    for block in body:
        value = block["value"]
        if block["type"] != "button" or not (value.get("page") or value.get("url")) or "{{" in (value.get("url") or ""):
            continue
        kept = ("label", "page", "url", "audience", "padding", "background", "align", "aida")
        block["type"] = GOAL
        block["value"] = {name: value[name] for name in kept if name in value}
        return str(value.get("label") or "")
    return ""
