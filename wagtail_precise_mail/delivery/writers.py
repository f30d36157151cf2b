"""Who may write to one person: asked when they write, and once more by the worker before the mail leaves."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from wagtail_precise_mail.delivery.models import Send

PERMISSION = "wagtail_precise_mail.write_to_contact"
NEEDED = (PERMISSION, "wagtail_precise_mail.view_contact")


def may_write(user: Any) -> bool:
    """Whether somebody may write to one person; nobody, such as a deleted account, may not."""
    return bool(user is not None and user.is_active and user.has_perms(NEEDED))


def may_still_leave(send: Send) -> bool:
    """Whether the colleague who wrote a mail to one person may still do so; other mail has no writer to ask about.

    The account is read anew: a worker may hold the send for a while.
    """
    if send.origin_kind != Send.TO_ONE:
        return True
    if send.written_by_id is None:
        return False
    return may_write(get_user_model()._default_manager.filter(pk=send.written_by_id).first())
