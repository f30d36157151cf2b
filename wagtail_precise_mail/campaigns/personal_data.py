"""What campaigns know about people beside their messages: runs of the sunset policy that they were in."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.campaigns.sunset import SunsetMember
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of


@personal_data.register("sunsets")
class SunsetData(PersonalData):
    """Runs that looked for people who show no sign of interest. It goes with the contact."""

    label = _("Whether you still read our mail")
    models = ("wagtail_precise_mail.SunsetMember",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        members = SunsetMember.objects.filter(contact=contact).order_by("pk")
        return {"sunsets": rows_of(members, "sunset__created_at", "sunset__mails", "sunset__days")}
