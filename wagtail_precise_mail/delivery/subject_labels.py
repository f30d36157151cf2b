"""Labels that the law of some places wants in front of subjects, such as 【广告】."""

from __future__ import annotations

from wagtail.models import Site

from wagtail_precise_mail.contacts.jurisdictions import jurisdictions
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import Send


class SubjectLabels:
    """The labels of one send: read once, then a look-up for each contact.

    Mail about topics gets them; mail about orders, and tests without a contact, do not.
    """

    def __init__(self, send: Send, site_id: int | None) -> None:
        self._settings: LegalSettings | None = None
        site = Site.objects.filter(pk=site_id).first() if site_id and self._may_need_one(send) else None
        if site:
            settings = LegalSettings.of(site)
            self._settings = settings if settings.adds_labels else None

    def of(self, contact: Contact | None, language: str, subject: str) -> str:
        """Return what goes in front of a subject for a contact; "" also where it stands there already.

        Args:
            language: of the subject.
        """
        if self._settings is None or contact is None:
            return ""
        profile = self._settings.profile_for(contact.country)
        label = profile.label_for(language)
        return "" if profile.is_labelled(subject) else label

    @staticmethod
    def _may_need_one(send: Send) -> bool:
        has_any = any(one.subject_labels for _key, one in jurisdictions.items())
        return has_any and (send.is_marketing or send.is_test)
