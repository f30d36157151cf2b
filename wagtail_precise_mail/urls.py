"""Every public URL of the package, gathered from its rooms; a site includes this once."""

from __future__ import annotations

from wagtail_precise_mail.api import urls as api
from wagtail_precise_mail.contacts import urls as contacts
from wagtail_precise_mail.delivery import urls as delivery
from wagtail_precise_mail.emails import urls as emails
from wagtail_precise_mail.tracking import urls as tracking

app_name = "wagtail_precise_mail"

urlpatterns = [
    # First, because every pattern that is tried before costs a pixel: those of the other rooms a tenth of its time.
    *tracking.urlpatterns,
    *contacts.urlpatterns,
    *emails.urlpatterns,
    *delivery.urlpatterns,
    *api.urlpatterns,
]
