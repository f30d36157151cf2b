"""Adding the seeds to a send that starts: copies of their own, so that no figure of the send ever counts them."""

from __future__ import annotations

from datetime import datetime

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.delivery.crew import DELIVER_SEND
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.seeds.models import SeedAddress, SeedArrival
from wagtail_precise_mail.emails.models import CompiledEmail


def add_seeds(send: Send, *, at: datetime) -> int:
    """Send each seed every language of a newsletter or campaign, exactly as contacts get it; returns how many mails.

    They are sends of kind ``Send.SEED`` beside it, marked as tests: every statistic leaves tests out, and consent is
    not asked for, for the mailboxes are ours. Calling it again adds nothing.
    """
    if not send.is_marketing or send.is_test or Send.objects.filter(origin_kind=Send.SEED, origin_id=send.pk).exists():
        return 0
    seeds = list(SeedAddress.objects.filter(is_active=True))
    if not seeds:
        return 0
    return sum(_copy(send, compiled, seeds, at) for compiled in _languages(send))


def _languages(send: Send) -> list[CompiledEmail]:
    """Return the email in each of its languages."""
    versions = [version.compiled for version in send.versions.select_related("compiled").order_by("language")]
    return list({one.pk: one for one in versions or [send.compiled]}.values())


def _copy(send: Send, compiled: CompiledEmail, seeds: list[SeedAddress], at: datetime) -> int:
    copy = Send.objects.create(
        origin_kind=Send.SEED,
        origin_id=send.pk,
        state=Send.State.RUNNING,
        compiled=compiled,
        topic=send.topic,
        is_test=True,
        priority=send.priority,
        from_name=send.from_name,
        from_address=send.from_address,
        reply_to=send.reply_to,
        base_url=send.base_url,
        frozen_at=at,
    )
    messages = OutboxMessage.objects.bulk_create(
        OutboxMessage(
            send=copy,
            address=normalize_address(seed.address),
            recipient_key=address_hash(normalize_address(seed.address)),
            priority=send.priority,
            created_at=at,
        )
        for seed in seeds
    )
    SeedArrival.objects.bulk_create(
        SeedArrival(seed=seed, message=message, send=send, created_at=at)
        for seed, message in zip(seeds, messages, strict=True)
    )
    enqueue(DELIVER_SEND, copy.pk)
    return len(messages)
