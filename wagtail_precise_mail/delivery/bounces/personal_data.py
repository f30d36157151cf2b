"""What bounces say about people."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of
from wagtail_precise_mail.delivery.bounces.models import Bounce


@personal_data.register("bounces")
class BounceData(PersonalData):
    """That mail came back, and what the server said."""

    label = _("Mail that came back")
    models = ("wagtail_precise_mail.Bounce",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        bounces = Bounce.objects.filter(contact=contact).order_by("pk")
        return {
            "bounces": rows_of(
                bounces,
                "message_id",
                "address",
                "kind",
                "status",
                "reply_code",
                "diagnostic",
                "is_final",
                "happened_at",
            )
        }

    def anonymize(self, contact: Contact) -> None:
        """Keep the kind and the codes: the words may name the mailbox."""
        Bounce.objects.filter(contact=contact).update(address="", recipient_key="", diagnostic="")
