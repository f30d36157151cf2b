"""The arrival monitor: which mails to seeds came, in which folder and how soon; people are told of the others."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime, timedelta

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from wagtail.admin.mail import send_mail
from wagtail.users.models import UserProfile

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.mime import make_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.pacing.notices import people_to_tell
from wagtail_precise_mail.delivery.seeds.mailbox import SeedMailbox
from wagtail_precise_mail.delivery.seeds.models import SeedAddress, SeedArrival
from wagtail_precise_mail.exceptions import ChannelUnavailable, ConfigurationError

logger = logging.getLogger(__name__)

State = OutboxMessage.State

# Nobody looks any more for what did not come in three days.
_PATIENCE = timedelta(days=3)


def check_arrivals(*, at: datetime | None = None) -> int:
    """Look into the mailboxes of seeds that wait for a mail, and tell people what is missing; returns how many came."""
    at = at or timezone.now()
    waiting = SeedArrival.objects.filter(
        arrived_at=None,
        seed__is_active=True,
        message__state=State.ACCEPTED,
        created_at__gt=at - _PATIENCE,
    ).select_related("seed", "message__send", "send__compiled__email")
    by_seed: dict[SeedAddress, list[SeedArrival]] = defaultdict(list)
    for arrival in waiting:
        if arrival.seed.mailbox:
            by_seed[arrival.seed].append(arrival)
    found = sum(_look(seed, arrivals, at) for seed, arrivals in by_seed.items())
    _note_missing([one for arrivals in by_seed.values() for one in arrivals if one.arrived_at is None], at)
    return found


def _look(seed: SeedAddress, arrivals: list[SeedArrival], at: datetime) -> int:
    """Look for the mails of one seed; a mailbox that does not open keeps no other from being looked at."""
    ids = {make_message_id(one.message_id, one.message.send.from_address): one for one in arrivals}
    problem, places = "", {}
    try:
        with SeedMailbox(seed.mailbox) as mailbox:
            places = mailbox.find(list(ids))
    except (ChannelUnavailable, ConfigurationError) as error:
        problem = str(error)[:300]
        logger.warning("Seed %s: %s", seed.pk, problem)
    SeedAddress.objects.filter(pk=seed.pk).update(problem=problem, checked_at=at)
    seed.problem = problem
    for message_id, (folder, arrived_at) in places.items():
        arrival = ids[message_id]
        arrival.folder, arrival.arrived_at = folder, arrived_at
        arrival.save(update_fields=["folder", "arrived_at"])
    return len(places)


def _note_missing(arrivals: list[SeedArrival], at: datetime) -> None:
    """Tell people once of mails that should have come by now; one mail about all of them."""
    limit = at - timedelta(minutes=options().seed_minutes)
    late = [
        one
        for one in arrivals
        # What could not be looked for is not missing.
        if not one.missed_at and not one.seed.problem and one.message.finished_at and one.message.finished_at <= limit
    ]
    if not late:
        return
    SeedArrival.objects.filter(pk__in=[one.pk for one in late], missed_at=None).update(missed_at=at)
    for user in people_to_tell():
        with translation.override(UserProfile.get_for_user(user).get_preferred_language()):
            try:
                send_mail(_("Mail to seed addresses did not arrive"), _text(late), [user.email])
            except Exception:  # backends raise their own errors; the page shows it all the same
                logger.exception("Nobody could be told of %s missing seed mails.", len(late))


def _text(late: list[SeedArrival]) -> str:
    lines = [f"{one.seed.address}: {one.send.compiled.email or ''}" for one in late]
    intro = _(
        "These mails were accepted by the server of the provider at least %(minutes)s minutes ago, and are neither in "
        "the inbox nor in the spam folder. The provider may be holding back or discarding the same mail to contacts:"
    ) % {"minutes": options().seed_minutes}
    return "\n".join([intro, "", *lines])
