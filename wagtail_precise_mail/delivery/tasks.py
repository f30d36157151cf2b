"""Doors for the background. A task says only that there is work; the truth is the outbox."""

from __future__ import annotations

import logging

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.bounces import cases, processing
from wagtail_precise_mail.delivery.digests import gathering
from wagtail_precise_mail.delivery.domains.services import check_domains as look_at_domains
from wagtail_precise_mail.delivery.domains.tallying import tally_domains as count_domains
from wagtail_precise_mail.delivery.operations import beats
from wagtail_precise_mail.delivery.pacing.circuit import check_circuits as look_at_senders
from wagtail_precise_mail.delivery.pacing.hosting import look_up_hosts
from wagtail_precise_mail.delivery.seeds.monitoring import check_arrivals as look_for_arrivals
from wagtail_precise_mail.exceptions import MissingExtra

logger = logging.getLogger(__name__)


def deliver_send(send_id: int) -> None:
    """Send for a while what is waiting in a send."""
    services.deliver(send_id)


def sweep() -> None:
    """Put the outbox in order, every minute."""
    services.sweep()


def check_circuits() -> None:
    """Stop senders whom too many complain about or refuse, every two minutes."""
    look_at_senders(at=timezone.now())


def check_arrivals() -> None:
    """Look into the mailboxes of seeds, every five minutes; without seeds, nothing."""
    look_for_arrivals(at=timezone.now())


def send_digests() -> None:
    """Send the digests of those whose day, week, month or quarter is over, every few minutes."""
    gathering.send_due_digests()


def process_bounces() -> None:
    """Read the bounce mailbox for a while, every few minutes; without one in the settings, nothing."""
    processing.process_configured_mailbox()


def tell_of_complaint(bounce_id: int) -> None:
    """Write to those who handle complaints that there is one."""
    site = getattr(settings, "WAGTAILADMIN_BASE_URL", "").rstrip("/")
    cases.tell_of_complaint(bounce_id, url=f"{site}{reverse('precise-mail-bounces:index')}?case=open")


def check_domains() -> None:
    """Look at the domains behind our mail, and at whose servers it goes to, every night and when somebody asks."""
    try:
        look_at_domains(at=timezone.now())
        look_up_hosts(at=timezone.now())
    except MissingExtra as error:  # who does not want it need not install it
        logger.info("%s", error)


def tally_domains() -> None:
    """Count what became of mail to each domain, every hour."""
    count_domains(at=timezone.now())


def beat() -> None:
    """Show that this cluster runs tasks; what is written down, the start of any task writes."""
    beats.forget_old(at=timezone.now())
