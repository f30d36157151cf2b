"""The form of a segment: what its rules say together, which no block can tell alone."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.blocks.stream_block import StreamBlockValidationError

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.blocks import read_stream
from wagtail_precise_mail.segments.conditions import References
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.naming import names_used
from wagtail_precise_mail.segments.places import describe_place
from wagtail_precise_mail.segments.rules import EXCEPT
from wagtail_precise_mail.segments.timing import Timing


class SegmentForm(WagtailAdminModelForm):
    """Refuses circles, half a timing, and another slug while the rules of others name the segment."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Who leaves it out, as scripts do, leaves it as it is.
        self.fields["timing"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.is_deferred_validation and "rules" in cleaned and "exclusions" in cleaned:
            self._check_rules(cleaned)
        if "slug" in cleaned:
            self._check_slug(cleaned["slug"])
        is_fixed = (cleaned.get("timing") or self.instance.timing) == Timing.FIXED
        if not self.is_deferred_validation and is_fixed and cleaned.get("send_hour") is None:
            self.add_error("send_hour", _("Choose the hour of the time of your own."))
        return cleaned

    def _check_rules(self, cleaned: dict[str, Any]) -> None:
        try:
            references = References((cleaned.get("slug") or "",))
            read_stream(cleaned["rules"], cleaned["exclusions"], references=references)
        except InvalidRules as error:
            place = describe_place(error.place)
            words = f"{place}: {error.message}" if place else error.message
            # As an error of the stream: the editor shows no other kind beside it.
            wrong = StreamBlockValidationError(non_block_errors=[ValidationError(words)])
            self.add_error("exclusions" if error.place.startswith(EXCEPT) else "rules", wrong)

    def _check_slug(self, slug: str) -> None:
        before = Segment.objects.filter(pk=self.instance.pk).values_list("slug", flat=True).first()
        if before and before != slug and before in names_used(Segment):
            message = _("Other segments name “%(slug)s” in their rules: it cannot be called anything else.")
            self.add_error("slug", message % {"slug": before})
