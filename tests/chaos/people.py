"""The audience of the storm, the campaign that is sent to it, and what became of each of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.utils import timezone

from tests.factories.campaigns import make_brand, make_campaign
from tests.factories.contacts import make_topic
from tests.factories.emails import make_identity
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, Suppression, SuppressionReason
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.exceptions import InvalidTransition

# Of each hundred: what their addresses begin with, and so what must become of them.
KINDS = {"refused": 2, "silent": 2, "closed": 1, "leaver": 1}
_SKIPPED = {"silent": {"no_consent"}, "closed": {"suppressed"}, "leaver": {"unsubscribed"}}


def kind_of(address: str) -> str:
    """Return what an address begins with."""
    return address.partition("-")[0]


def prepare(count: int) -> Campaign:
    """Make ``count`` contacts and a campaign to all of them that is due now."""
    topic = make_topic()
    kinds = [kind for kind, share in KINDS.items() for _one in range(share)]
    addresses = [
        f"{kinds[number % 100] if number % 100 < len(kinds) else 'reader'}-{number}@example.com"
        for number in range(count)
    ]
    hashes = {one: address_hash(normalize_address(one)) for one in addresses}
    Contact.objects.bulk_create(
        [Contact(email=one, address_hash=hashes[one], first_name="Ida") for one in addresses], batch_size=1000
    )
    now = timezone.now()
    agreed = [pk for pk, email in Contact.objects.values_list("pk", "email") if kind_of(email) != "silent"]
    granted = {"topic": topic, "status": ConsentStatus.GRANTED, "changed_at": now}
    Consent.objects.bulk_create([Consent(contact_id=pk, **granted) for pk in agreed], batch_size=1000)
    closed = [hashes[one] for one in addresses if kind_of(one) == "closed"]
    reason = {"reason": SuppressionReason.COMPLAINT, "created_at": now}
    Suppression.objects.bulk_create([Suppression(address_hash=one, **reason) for one in closed], batch_size=1000)
    make_brand(sender=make_identity("shop@example.com"))
    campaign = make_campaign(topic=topic)
    by = User.objects.create_superuser("chaos", password="chaos")
    return services.schedule(campaign, scheduled_at=now, by=by, at=now)


def leavers() -> dict[str, str]:
    """Return the paths that unsubscribe by address, of those who leave during the send."""
    found = Contact.objects.values_list("pk", "email").order_by("-pk")
    return {
        email: f"/mail/unsubscribe/{make_unsubscribe_token(pk, 0)}/"
        for pk, email in found
        if kind_of(email) == "leaver"
    }


def look_after(campaign_id: int) -> tuple[bool, bool]:
    """Do what a person would do: resume a campaign that was paused.

    Returns:
        Whether it is over, and whether it was resumed.
    """
    campaign = Campaign.objects.select_related("send").get(pk=campaign_id)
    if campaign.state == Campaign.State.PAUSED or (campaign.send and campaign.send.state == Send.State.PAUSED):
        try:
            services.resume(campaign, by=User.objects.get(username="chaos"))
        except InvalidTransition:  # the campaign follows its send within a pump
            return False, False
        return False, True
    return campaign.state == Campaign.State.SENT, False


@dataclass
class Judgement:
    """What became of everybody; each list holds sentences about what must not be."""

    by_state: dict[str, int] = field(default_factory=dict)
    duplicates: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unknown_count: int = 0
    unknown_kept_count: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


def judge(campaign_id: int, kept: dict[str, list[float]], refused: set[str], left_at: dict[str, float]) -> Judgement:
    """Compare the outbox with what the mail server wrote down.

    Args:
        kept: by address, the moments at which the server took a mail.
        refused: addresses that it gave a 5xx by the dice.
        left_at: when the site had answered to those who unsubscribed.
    """
    found = Judgement()
    rows = {row.address: row for row in OutboxMessage.objects.filter(send__campaign=campaign_id)}
    found.duplicates = [f"{one}: {len(times)} mails" for one, times in kept.items() if len(times) > 1]
    everybody = set(Contact.objects.values_list("email", flat=True))
    found.lost += [f"{one} has no message" for one in everybody - set(rows)]
    found.wrong += [f"{one} was mailed, and is not in the audience" for one in set(kept) - set(rows)]
    for address, row in rows.items():
        found.by_state[row.state] = found.by_state.get(row.state, 0) + 1
        _judge_one(found, row, kept.get(address, []), address in refused)
        if address in left_at and any(moment > left_at[address] + _SLACK_SECONDS for moment in kept.get(address, [])):
            found.wrong.append(f"{address} was mailed after leaving")
    return found


# What was being handed over when they left still leaves: a batch, against a server that answers slowly.
_SLACK_SECONDS = 5.0


def _judge_one(found: Judgement, row: OutboxMessage, kept: list[float], was_refused: bool) -> None:
    state, kind, name = OutboxMessage.State, kind_of(row.address), row.address
    if row.state in OutboxMessage.OPEN_STATES:
        found.lost.append(f"{name} is still {row.state}")
    elif row.state == state.ACCEPTED and not kept:
        found.lost.append(f"{name} is accepted, and nothing arrived")
    elif row.state == state.UNKNOWN:
        found.unknown_count += 1
        found.unknown_kept_count += bool(kept)
    elif row.state in (state.REJECTED, state.SKIPPED, state.CANCELLED) and kept:
        found.wrong.append(f"{name} is {row.state}, and was mailed")
    elif row.state == state.REJECTED and not (kind == "refused" or was_refused or row.reply.startswith("4")):
        found.wrong.append(f"{name} is rejected, and nobody refused it: {row.reply}")
    elif row.state == state.SKIPPED:
        found.skipped[row.skip_reason] = found.skipped.get(row.skip_reason, 0) + 1
        if row.skip_reason not in _SKIPPED.get(kind, set()):
            found.wrong.append(f"{name} is skipped: {row.skip_reason}")
    if kind in ("silent", "closed") and row.state != state.SKIPPED:
        found.wrong.append(f"{name} must not be written to, and is {row.state}")
