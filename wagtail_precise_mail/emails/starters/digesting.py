"""The starter that collects issues; without an email of the site's own, it is what readers of digests get."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.digesting import DIGEST_BLOCK
from wagtail_precise_mail.emails.starters.base import Material, RawBlock, Starter, block, heading, starters, text

DIGEST = "reader_digest"


def _digest(material: Material) -> list[RawBlock]:
    return [
        heading(_("{{ digest.period }}: {{ digest.issues }}"), 1, aida="attention"),
        text(_("You asked us to write less often. This is what came since your last mail, the latest first.")),
        block(DIGEST_BLOCK, heading="", layout="beside", link_label=_("Read this issue"), aida="interest"),
    ]


starters.register(DIGEST)(
    Starter(
        gettext_lazy("Digest of issues"),
        gettext_lazy("All issues of a day, a week or a month for those who want mail less often. See the email brand."),
        gettext_lazy("{{ digest.period }}: {{ digest.issues }} of {{ digest.topics }}"),
        gettext_lazy("{{ digest.subjects }}"),
        _digest,
    )
)
