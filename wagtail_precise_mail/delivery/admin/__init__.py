"""The Wagtail side of this room: "Send test" of an email, mail to one person, and the outbox of a send."""

from wagtail_precise_mail.delivery.admin import outbox, send_test, write

__all__ = ["outbox", "send_test", "write"]
