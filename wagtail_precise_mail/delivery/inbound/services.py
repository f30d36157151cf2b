"""Writes of answers: what people write to us, on the timeline of whoever wrote it."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from functools import partial

from django.db import transaction

from wagtail_precise_mail.delivery.bounces.free_forms import addresses_in
from wagtail_precise_mail.delivery.bounces.matching import last_message_to, named_message
from wagtail_precise_mail.delivery.bounces.parsing import Report
from wagtail_precise_mail.delivery.bounces.reading import read_mail
from wagtail_precise_mail.delivery.inbound.models import Reply
from wagtail_precise_mail.delivery.signals import replied

logger = logging.getLogger(__name__)

_MOST_LETTERS = 5000
_ANSWERS = re.compile(r"\s*(?:re|aw|antw|sv|vs|odp|r|回复|答复|回覆|返信|답장)\s*[:：]", re.IGNORECASE)
# Where the mail begins that is answered, in the words of mail programs.
_QUOTED = re.compile(
    r"^\s*(?:>|-{2,}\s*(?:original|forwarded|urspr|mensaje|message d|原始|原邮件)|_{10,}|from:\s.*@|"
    r"(?:on|am|le|el|il|op|den)\b.{5,200}(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev)\b.{0,80}:\s*$|"
    r"在.{3,200}写道[:：])",
    re.IGNORECASE | re.MULTILINE,
)


def keep_reply(raw: bytes, report: Report, *, at: datetime) -> tuple[Reply, bool] | None:
    """Keep a mail that a person wrote in answer to one of ours. The same mail twice counts once.

    The mail says which message it answers by our signed Message-ID. Where a provider replaced that, it is the last
    message to whoever wrote it; anybody can write any sender, so this proves nothing, and has no consequence.

    Args:
        report: what the bounces made of it: nothing, for what a program wrote is no answer.

    Returns:
        The answer, and whether it is new; None when the mail is none.
    """
    mail = read_mail(raw)
    message = named_message(report)
    if message is None and (mail.header("in-reply-to") or _ANSWERS.match(report.subject)):
        message = last_message_to(addresses_in(mail.header("from"))[:1], at=at)
    if message is None or message.contact_id is None:
        return None
    with transaction.atomic():
        reply, is_new = Reply.objects.get_or_create(
            key=report.key,
            defaults={
                "message": message,
                "contact_id": message.contact_id,
                "subject": _storable(report.subject)[:250],
                "text": unquoted(_storable(mail.text)),
                "happened_at": at,
            },
        )
        if is_new:
            transaction.on_commit(partial(replied.send_robust, sender=Reply, reply=reply))
            logger.info("Message %s was answered.", message.pk)
    return reply, is_new


def unquoted(text: str) -> str:
    """Return what somebody wrote, without the mail below it that they answered."""
    found = _QUOTED.search(text)
    own = text[: found.start()].strip() if found else text.strip()
    return (own or text.strip())[:_MOST_LETTERS]


def _storable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
