"""What answers say about people."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of
from wagtail_precise_mail.delivery.inbound.models import Reply


@personal_data.register("replies")
class ReplyData(PersonalData):
    """What they answered to our mails."""

    label = _("Answers to our mails")
    models = ("wagtail_precise_mail.Reply",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        rows = Reply.objects.filter(contact=contact).order_by("pk")
        return {"replies": rows_of(rows, "message_id", "subject", "text", "happened_at")}

    def anonymize(self, contact: Contact) -> None:
        """Delete them: they are in the contact's own words."""
        Reply.objects.filter(contact=contact).delete()
