"""What a site decides about the law: whose holds where nobody knows a country, labels in subjects, quiet hours."""

from __future__ import annotations

from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.models import Site

from wagtail_precise_mail.contacts.jurisdictions import FALLBACK, Jurisdiction, jurisdictions, key_of


def jurisdiction_choices() -> list[tuple[str, str | Promise]]:
    """Return every profile."""
    return [(key, one.label) for key, one in jurisdictions.items()]


@register_setting(icon="clipboard-list")
class LegalSettings(BaseSiteSetting):
    """What a site decides about the law."""

    jurisdiction = models.CharField(
        _("law where the country is not known"),
        max_length=30,
        default=FALLBACK,
        choices=jurisdiction_choices,
        help_text=_("Contacts of a country that a profile names get what it asks for; all others get this one's."),
    )
    adds_labels = models.BooleanField(
        _("add labels to subjects"),
        default=True,
        help_text=_("Such as 【广告】 for contacts in China. Without it, write the label into the subject yourself."),
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(
        _("quiet until"), null=True, blank=True, help_text=_("No campaign starts in these hours, on its own clocks.")
    )

    permission_months = models.PositiveSmallIntegerField(
        _("months until people are asked again"),
        default=12,
        validators=[MaxValueValidator(120)],
        help_text=_(
            "Campaigns skip who got no mail, agreed to nothing and bought nothing for so long, until they have been "
            "asked again. 0: nobody is skipped."
        ),
    )

    panels = [
        HelpPanel(_("These profiles were checked by no lawyer. Ask yours before you rely on them.")),
        FieldPanel("jurisdiction"),
        FieldPanel("adds_labels"),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("quiet_from"), FieldPanel("quiet_until")])],
            heading=_("Quiet hours of the house"),
            icon="time",
        ),
        FieldPanel("permission_months"),
    ]

    class Meta:
        verbose_name = _("law and mail")

    @classmethod
    def of(cls, site: Site) -> LegalSettings:
        """Return what a site decided, else the defaults; unlike ``for_site``, looking writes nothing."""
        return cls._default_manager.filter(site=site).first() or cls(site=site)

    def clean(self) -> None:
        super().clean()
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValidationError({"quiet_until": _("Quiet hours need a beginning and an end.")})
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValidationError({"quiet_until": _("Quiet hours must end at another time than they begin.")})

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """The house's own quiet hours."""
        return (self.quiet_from, self.quiet_until) if self.quiet_from and self.quiet_until else None

    def key_for(self, country: str) -> str:
        """Return the key of the profile that holds for a contact of a country, or of none."""
        return key_of(country, default=self.jurisdiction)

    def profile_for(self, country: str) -> Jurisdiction:
        """Return the profile that holds for a contact of a country, or of none."""
        return jurisdictions.get(self.key_for(country))
