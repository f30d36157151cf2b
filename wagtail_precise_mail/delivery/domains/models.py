"""Tables of what checks of domains found, and of what became of mail to each domain."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.delivery.domains.findings import Finding, Level
from wagtail_precise_mail.delivery.domains.words import level_of


class DomainReport(models.Model):
    """What the last look at one domain, or at one group of servers, found."""

    class Role(models.TextChoices):
        SENDER = "sender", _("mail comes from it")
        LINKS = "links", _("links lead to it")
        HOSTS = "hosts", _("servers that hand mail over")

    role = models.CharField(max_length=10, choices=Role.choices)
    # The domain of a sender in ASCII, the scheme and host of links, and "" for the servers of the settings.
    name = models.CharField(_("domain"), max_length=300, blank=True)
    # Codes and particulars, not words: each reader gets them in their own language.
    findings = models.JSONField(default=list)
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.UNKNOWN)
    checked_at = models.DateTimeField(_("checked"))

    class Meta:
        verbose_name = _("report about a domain")
        verbose_name_plural = _("reports about domains")
        ordering = ["role", "name"]
        constraints = [models.UniqueConstraint(fields=["role", "name"], name="wpm_domain_report_once")]
        permissions = [("check_domainreport", _("Can have domains checked now"))]

    def __str__(self) -> str:
        return f"{self.name or self.role}: {self.level}"

    @property
    def found(self) -> list[Finding]:
        """The findings, in the order of the checks; those of checks that are gone are left out."""
        findings = (Finding.from_json(data) for data in self.findings)
        return [finding for finding in findings if level_of(finding) is not None]


class Outcome(models.TextChoices):
    """What became of a message, by who or what was at fault."""

    ACCEPTED = "accepted", _("accepted")
    ADDRESS = "address", _("no such address")
    FULL = "full", _("mailbox full")
    POLICY = "policy", _("blocked")
    CONTENT = "content", _("content refused")
    OTHER = "other", _("other refusals")
    UNKNOWN = "unknown", _("outcome unknown")
    COMPLAINT = "complaint", _("complaints")


class DomainDay(models.Model):
    """How many messages of one sender domain to one domain came to one end on one day."""

    on = models.DateField()
    sender = models.CharField(max_length=253)
    # Behind the @ of the recipients; "" where their addresses are no longer known.
    domain = models.CharField(max_length=253, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("day of a domain")
        verbose_name_plural = _("days of domains")
        constraints = [
            # The unique index is the one that the report reads: a range of days.
            models.UniqueConstraint(fields=["on", "sender", "domain", "outcome"], name="wpm_domain_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.domain}: {self.count} {self.outcome}"
