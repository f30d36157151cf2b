"""The Wagtail side of this room: "Send test", mail to one person, the outbox of a send, bounces, and limits."""

from wagtail_precise_mail.delivery.admin import outbox, pacing, send_test, write
from wagtail_precise_mail.delivery.admin.bounces import BounceViewSet

__all__ = ["outbox", "pacing", "send_test", "viewsets", "write"]

viewsets = (BounceViewSet,)
