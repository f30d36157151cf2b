"""From a starter to an email: the draft that an editor goes on with, and what the gallery shows of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import translation
from wagtail.log_actions import log
from wagtail.models import Site

from wagtail_precise_mail.emails.languages import locale_id_of, site_language
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.starters.base import Material, Starter

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def draft_of(starter: Starter, site: Site, *, language: str = "") -> Email:
    """Return an email that is not saved, in the words and with the material of a site.

    Args:
        language: its code, one that Wagtail has a locale for; "" takes the site's, and so does any other.
    """
    locale_id = locale_id_of(language) if language else None
    # The words are the editor's own from here on, so they are written in the language of the site's readers.
    with translation.override(language if locale_id else site_language(site)):
        return Email(
            name=str(starter.label),
            subject=str(starter.subject),
            preheader=str(starter.preheader),
            body=json.dumps(starter.blocks(Material(site))),
            live=False,
            site_id=site.pk,
            locale_id=locale_id or site.root_page.locale_id,
        )


def make_email(starter: Starter, site: Site, *, by: AbstractBaseUser) -> Email:
    """Save a draft made from a starter."""
    email = draft_of(starter, site)
    with transaction.atomic():
        email.save()
        email.save_revision(user=by)
        log(instance=email, action="wagtail.create", user=by, data={"starter": str(starter.label)})
    return email
