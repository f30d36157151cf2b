"""The table of segments."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.models import DraftStateMixin, LockableMixin, PreviewableMixin, RevisionMixin
from wagtail.search import index

from wagtail_precise_mail.fields import RegistryStreamField
from wagtail_precise_mail.segments.blocks import make_exclusions_block, make_rules_block, read_stream
from wagtail_precise_mail.segments.conditions import References
from wagtail_precise_mail.segments.preview import preview_response
from wagtail_precise_mail.segments.protection import why_protected
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.timing import HOUR_CHOICES, WEEKDAY_CHOICES, Timing


class Segment(DraftStateMixin, LockableMixin, RevisionMixin, PreviewableMixin, index.Indexed, models.Model):
    """A saved set of contacts, described by conditions and evaluated whenever it is asked for."""

    name = models.CharField(_("name"), max_length=150)
    slug = models.SlugField(_("slug"), max_length=150, unique=True)
    description = models.CharField(_("description"), max_length=250, blank=True)
    # All of these must hold; a group block inside says any, all or none of its own.
    rules = RegistryStreamField(make_rules_block, verbose_name=_("rules"))
    # Any of these takes a contact out again.
    exclusions = RegistryStreamField(make_exclusions_block, verbose_name=_("except"), blank=True)
    # By which rule campaigns propose a time; the two below it are for a time of one's own.
    timing = models.CharField(
        _("best time"),
        max_length=10,
        choices=Timing.choices,
        default=Timing.ACTIVITY,
        help_text=_(
            "What campaigns for this segment propose. With too little activity it is as usual in the industry."
        ),
    )
    send_weekday = models.PositiveSmallIntegerField(
        _("day"), null=True, blank=True, choices=WEEKDAY_CHOICES, help_text=_("Of a time of our own. Empty: any day.")
    )
    send_hour = models.PositiveSmallIntegerField(
        _("hour"), null=True, blank=True, choices=HOUR_CHOICES, help_text=_("Of a time of our own.")
    )
    is_system = models.BooleanField(default=False, editable=False)

    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="precise_mail_segment")

    search_fields = [index.SearchField("name"), index.AutocompleteField("name")]

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def revisions(self) -> GenericRelation:
        return self._revisions

    def read_rules(self, outer: References | None = None) -> Rules:
        """Return the rules as they stand in memory.

        Args:
            outer: what reads the segment that names this one.

        Raises:
            InvalidRules: they are empty or unfinished, name something that is gone, or lead back to this segment.
        """
        path = (*outer.path, self.slug) if outer else (self.slug,)
        return read_stream(self.rules, self.exclusions, references=References(path, outer))

    @property
    def approved_schedule(self) -> bool:
        """Whether a version waits for its moment; a listing has looked that up for all its rows at once."""
        known: bool | None = getattr(self, "is_scheduled", None)
        return super().approved_schedule if known is None else known

    preview_sizes = [
        {"name": "panel", "icon": "mobile-alt", "device_width": 375, "label": _("Narrow")},
        {"name": "desktop", "icon": "desktop", "device_width": 900, "label": _("Wide")},
    ]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Show who belongs, while the rules are edited."""
        return preview_response(self, request)


@receiver(pre_delete, sender=Segment)
def refuse_deletion(sender: type[Segment], instance: Segment, **kwargs: Any) -> None:
    """Keep segments that something counts on, whoever deletes.

    Raises:
        ProtectedError: a system segment, or one that is excluded somewhere. (Foreign keys protect themselves.)
    """
    if reason := why_protected(instance):
        raise models.ProtectedError(reason, {instance})
