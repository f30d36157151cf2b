"""The table of segments."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import DraftStateMixin, LockableMixin, PreviewableMixin, RevisionMixin
from wagtail.search import index

from wagtail_precise_mail.fields import RegistryStreamField
from wagtail_precise_mail.segments.blocks import make_rules_block


class Segment(DraftStateMixin, LockableMixin, RevisionMixin, PreviewableMixin, index.Indexed, models.Model):
    """A saved set of contacts, described by conditions and evaluated whenever it is asked for."""

    name = models.CharField(_("name"), max_length=150)
    slug = models.SlugField(_("slug"), max_length=150, unique=True)
    description = models.CharField(_("description"), max_length=250, blank=True)
    # All of these must hold; a group block inside says any, all or none of its own.
    rules = RegistryStreamField(make_rules_block, verbose_name=_("rules"), blank=True)
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
