"""Giving welcome coupons: one for each person, after they confirmed, and later when there is no code left."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from wagtail.models import Site

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.commerce.coupons import free_count, take_code, take_turns
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.commerce.welcome import Incentive, WelcomeCoupon, waiting
from wagtail_precise_mail.contacts.letters import Letter, send_letter
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Suppression
from wagtail_precise_mail.contacts.public import page_language
from wagtail_precise_mail.contacts.services import lock_contact
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.exceptions import PreciseMailError

logger = logging.getLogger(__name__)

Row = TypeVar("Row")

BLOCK = "welcome_coupon"
"""Key of the block of emails that shows it."""

# By its path: tasks are on a floor above.
MAIL_CODE = "wagtail_precise_mail.commerce.tasks.mail_welcome_coupon"

# A confirmation whose announcement was lost is found within these days.
_LOOKS_BACK = timedelta(days=7)
_MAILS_FOR = timedelta(days=30)
_BATCH = 200


def welcome(sign_up: SignUp, *, at: datetime | None = None) -> WelcomeCoupon | None:
    """Promise whoever confirmed a sign-up what its source gives, and give it if there is a code.

    Call it as often as you like, from as many workers: each person gets one code, ever.

    Returns:
        The coupon of this sign-up; None where it brings none: the source gives nothing, nobody confirmed by mail, or
        the person has one already.
    """
    at = at or timezone.now()
    coupon = _promise(sign_up, at)
    if coupon is None:
        return None
    coupon = give_code(coupon, at=at)
    if coupon.code and coupon.is_to_be_mailed and not coupon.mailed_at:
        enqueue(MAIL_CODE, coupon.pk)
    return coupon


def _promise(sign_up: SignUp, at: datetime) -> WelcomeCoupon | None:
    incentive = Incentive.objects.filter(source__slug=sign_up.source).select_related("pool").first()
    # A topic without a mail that asks proves no mailbox: anybody could empty the pool.
    if incentive is None or not sign_up.confirmed_at or not sign_up.mail_count:
        return None
    if sign_up.confirmed_at < incentive.created_at:
        return None
    contact = sign_up.contact
    try:
        with transaction.atomic():
            lock_contact(contact)
            if known := _known(sign_up):
                return known if known.sign_up_id == sign_up.pk else None
            return WelcomeCoupon.objects.create(
                contact=contact,
                address_hash=contact.address_hash,
                incentive=incentive,
                sign_up=sign_up,
                is_to_be_mailed=incentive.is_mailed,
                promised_at=at,
                **incentive.words(),
            )
    except IntegrityError:  # another worker was quicker, or the contact has just gone
        known = _known(sign_up)
        return known if known and known.sign_up_id == sign_up.pk else None


def _known(sign_up: SignUp) -> WelcomeCoupon | None:
    theirs = Q(contact=sign_up.contact_id) | Q(address_hash=sign_up.contact.address_hash)
    return WelcomeCoupon.objects.filter(theirs).order_by("pk").first()


@transaction.atomic
def give_code(coupon: WelcomeCoupon, *, at: datetime) -> WelcomeCoupon:
    """Return a coupon as it is now, with a code if there is one for it. Two at once give the same one."""
    take_turns(coupon.pool_id)
    # Without joins: whoever waits for the lock reads this row anew, and PostgreSQL a joined one as it was before.
    coupon = WelcomeCoupon.objects.select_for_update().get(pk=coupon.pk)
    if coupon.code is None and coupon.contact is not None and not coupon.pool.is_expired(at):
        coupon.code = take_code(coupon.pool, coupon.contact, at=at)
        if coupon.code:
            coupon.given_at = at
        else:
            # They were told that it comes by mail.
            coupon.is_to_be_mailed = True
        coupon.save(update_fields=["code", "given_at", "is_to_be_mailed"])
    return coupon


@transaction.atomic
def mail_code(coupon_id: int, *, at: datetime | None = None) -> bool:
    """Write to somebody which code they got, once; not to those who left since, or must not be written to.

    Returns:
        Whether the mail is on its way by this.

    Raises:
        ConfigurationError: the site has no sender. Nothing is lost: the next run tries again.
    """
    at = at or timezone.now()
    rows = WelcomeCoupon.objects.select_for_update(of=("self",)).select_related("contact", "sign_up__site")
    coupon = _may_be_written_to(rows, at).filter(pk=coupon_id, code__isnull=False, mailed_at=None).first()
    if coupon is None or coupon.contact is None or not coupon.is_to_be_mailed:
        return False
    WelcomeCoupon.objects.filter(pk=coupon.pk).update(mailed_at=at)
    site = (coupon.sign_up and coupon.sign_up.site) or Site.objects.get(is_default_site=True)
    language = coupon.sign_up.language if coupon.sign_up and not coupon.contact.locale else ""
    send_letter(coupon.contact, _letter(coupon, language or page_language(coupon.contact)), site)
    return True


def _letter(coupon: WelcomeCoupon, language: str) -> Letter:
    with translation.override(language):
        return Letter(
            subject=_("Your welcome coupon"),
            preheader=coupon.title,
            paragraphs=[_("Thank you for signing up! Here is what we promised you.")],
            block=BLOCK,
            button=_("Use it now"),
            link="",
            url=coupon.url or "/",
            language=language,
        )


def _may_be_written_to(coupons: QuerySet[WelcomeCoupon], at: datetime) -> QuerySet[WelcomeCoupon]:
    """Return the coupons of people who still agree to hear from us; the gate of all mail looks again."""
    granted = Consent.objects.filter(contact=OuterRef("contact"), status=ConsentStatus.GRANTED)
    held = Suppression.objects.holding_back(is_marketing=True, at=at)
    return coupons.filter(Exists(granted), ~Exists(held.filter(address_hash=OuterRef("contact__address_hash")))).filter(
        contact__quarantined_at=None
    )


def catch_up(*, seconds: float = 20, at: datetime | None = None) -> int:
    """Give what was promised and not given: the pool was empty, or a worker died. It goes on at the next run.

    Returns:
        To how many it gave a code.
    """
    at, until = at or timezone.now(), time.monotonic() + seconds
    _in_turn(_missed(at), lambda row: welcome(row, at=at), until)
    _follow_incentives()
    given = 0
    for pool in CouponPool.objects.filter(pk__in=waiting().values("pool")).distinct():
        # Whoever left gets nothing, and nobody behind them waits for it.
        rows = _may_be_written_to(waiting(pool.welcome_coupons.all()), at)
        ready = [] if pool.is_expired(at) else rows[: min(free_count(pool), _BATCH)]
        given += _in_turn(ready, lambda row: give_code(row, at=at).code is not None, until)
    unmailed = WelcomeCoupon.objects.filter(
        given_at__gt=at - _MAILS_FOR, mailed_at=None, is_to_be_mailed=True, contact__isnull=False
    )
    rows = _may_be_written_to(unmailed, at).order_by("pk")[:_BATCH]
    _in_turn(rows, lambda row: mail_code(row.pk, at=at), until)
    return given


def _missed(at: datetime) -> QuerySet[SignUp]:
    """Sign-ups that were confirmed, and whose source gives something that they did not get."""
    incentive = Incentive.objects.filter(source__slug=OuterRef("source"), created_at__lte=OuterRef("confirmed_at"))
    theirs = Q(contact=OuterRef("contact")) | Q(address_hash=OuterRef("contact__address_hash"))
    # By the source first, which has an index: sites without incentives ask for nothing.
    slugs = Incentive.objects.values("source__slug")
    rows = SignUp.objects.filter(source__in=slugs, confirmed_at__gt=at - _LOOKS_BACK, mail_count__gt=0)
    rows = rows.filter(Exists(incentive), ~Exists(WelcomeCoupon.objects.filter(theirs)))
    return rows.select_related("contact").order_by("pk")[:_BATCH]


def _follow_incentives() -> None:
    """Let those who wait have what their source gives by now: another pool may have codes."""
    for incentive in Incentive.objects.filter(coupons__code=None).distinct().select_related("pool"):
        waiting(incentive.coupons.all()).exclude(pool=incentive.pool).update(**incentive.words())


def _in_turn(rows: Iterable[Row], act: Callable[[Row], object], until: float) -> int:
    """Do something with each row until the time is over; one that fails stops no other. Count what was done."""
    done = 0
    for row in rows:
        if time.monotonic() >= until:
            break
        try:
            done += bool(act(row))
        except PreciseMailError:
            logger.exception("A welcome coupon has to wait: %r", row)
    return done
