"""What reports know about people: their place among potential customers."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.merge_rows import goes_with_its_contact
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import PersonalData, Rows, personal_data, rows_of
from wagtail_precise_mail.reports.models import RankedProspect

# Whoever stays is ranked anew at night.
goes_with_its_contact("wagtail_precise_mail.RankedProspect")


@personal_data.register("prospects")
class ProspectData(PersonalData):
    """Goes with them."""

    label = _("How likely we think it is that you buy")
    models = ("wagtail_precise_mail.RankedProspect",)

    def collect(self, contact: Contact) -> Mapping[str, Rows]:
        return {"potential_customer": rows_of(RankedProspect.objects.filter(contact=contact), "place", "score")}
