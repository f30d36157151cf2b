"""The table of what contacts looked at on the site: pages, products and searches, with how long they stayed.

Only of those who agreed to it, and whom a click in a mail or a login made known; nobody else leaves a row.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.contacts.models import Contact


class SiteView(models.Model):
    """That a contact looked at a page of the site once."""

    class Kind(models.TextChoices):
        PAGE = "page", _("page")
        PRODUCT = "product", _("product")
        SEARCH = "search", _("search")

    # It is about this person: erasing the contact erases it.
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="site_views")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    # Without scheme, host and query: what a form wrote into an address is nobody's business.
    path = models.CharField(_("address"), max_length=500, blank=True)
    product = models.ForeignKey(Product, models.SET_NULL, null=True, related_name="site_views")
    words = models.CharField(_("searched for"), max_length=200, blank=True)
    # While the page was in front; as far as the browser told before it was closed.
    seconds = models.PositiveIntegerField(_("seconds"), default=0)
    source = models.CharField(_("source"), max_length=50, default="site")
    happened_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("view of a page")
        verbose_name_plural = _("views of pages")
        indexes = [
            models.Index(fields=["contact", "happened_at"], name="wpm_site_view_contact"),
            models.Index(fields=["kind", "happened_at", "contact"], name="wpm_site_view_recent"),
            models.Index(fields=["product", "happened_at", "contact"], name="wpm_site_view_product"),
            models.Index(fields=["happened_at"], name="wpm_site_view_age"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.happened_at:%Y-%m-%d %H:%M}: {self.kind} {self.path}"
