"""The Wagtail side of this room: "Send test" of an email, and the outbox of a send."""

from wagtail_precise_mail.delivery.admin import outbox, send_test

__all__ = ["outbox", "send_test"]
