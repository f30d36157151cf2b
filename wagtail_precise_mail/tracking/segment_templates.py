"""Segment templates that ask about reactions to mail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.segments.templates import SegmentTemplate, add_template

REACTIONS = _("Reactions to mail")

add_template(
    "engaged_clickers",
    SegmentTemplate(
        _("Engaged clickers"),
        _("Clicked in at least two mails within 60 days."),
        REACTIONS,
        [{"clicked_mail": {"times": 2, "days": 60}}],
    ),
)
add_template(
    "unengaged",
    SegmentTemplate(
        _("No reaction to many mails"),
        _("Did not react to the last eight mails: write less, or ask whether they want to stay."),
        REACTIONS,
        [{"unengaged": {"mails": 8}}],
    ),
)
add_template(
    "never_opened",
    SegmentTemplate(
        _("Never opened"),
        _("Got at least three mails, and never opened one; opens by machines do not count."),
        REACTIONS,
        [{"received_mail": {"times": 3}}],
        [{"opened_mail": {}}],
    ),
)
add_template(
    "cooling_readers",
    SegmentTemplate(
        _("Readers who cool down"),
        _("Used to react, and lately do not: the moment to change something."),
        REACTIONS,
        [{"engagement": {"stages": ["cooling"]}}, {"reachable": {}}],
    ),
)
