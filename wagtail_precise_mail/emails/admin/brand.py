"""The form of the brand in Wagtail's settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList, Panel, TabbedInterface

from wagtail_precise_mail.emails.forms import ColorInput, ThemeSelect
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.sender_forms import ChoosesSender


def _colors(*names: str) -> Panel:
    hints = {"placeholder": _("Automatic")}
    is_automatic = {"heading_color", "link_color", "accent_color"}
    return FieldRowPanel(
        [FieldPanel(name, widget=ColorInput(hints if name in is_automatic else None)) for name in names]
    )


class BrandForm(ChoosesSender, WagtailAdminModelForm):
    """The brand, with a sender that mail may come from."""


_COMPANY = [
    MultiFieldPanel(
        [
            FieldPanel("company_name"),
            FieldPanel("postal_address", attrs={"rows": 3}),
            FieldRowPanel([FieldPanel("phone"), FieldPanel("contact_address")]),
        ],
        heading=_("Company"),
    ),
    FieldPanel("sender"),
    MultiFieldPanel(
        [FieldRowPanel([FieldPanel("signer_name"), FieldPanel("signer_job")]), FieldPanel("signer_photo")],
        heading=_("Who signs"),
    ),
    MultiFieldPanel([FieldPanel("join_url"), FieldPanel("shows_join_line")], heading=_("Forwarded mails")),
    MultiFieldPanel([FieldPanel("confirmation_email")], heading=_("Sign-up")),
    MultiFieldPanel([FieldPanel("digest_email")], heading=_("Digests")),
]

_LOOK = [
    MultiFieldPanel([FieldPanel("theme", widget=ThemeSelect)], heading=_("Theme")),
    MultiFieldPanel(
        [FieldRowPanel([FieldPanel("logo"), FieldPanel("logo_dark")]), FieldPanel("logo_width")], heading=_("Logo")
    ),
    MultiFieldPanel(
        [
            _colors("primary_color", "accent_color"),
            _colors("text_color", "heading_color", "link_color"),
            _colors("background_color", "panel_color"),
        ],
        heading=_("Colors"),
    ),
    MultiFieldPanel(
        [
            FieldRowPanel([FieldPanel("font_family"), FieldPanel("web_font")]),
            FieldRowPanel([FieldPanel("heading_font_family"), FieldPanel("heading_web_font")]),
            FieldRowPanel([FieldPanel("own_font_name"), FieldPanel("own_font_url")]),
        ],
        heading=_("Fonts"),
    ),
    MultiFieldPanel(
        [
            FieldRowPanel([FieldPanel("button_shape"), FieldPanel("button_size")]),
            FieldRowPanel([FieldPanel("spacing"), FieldPanel("corner_radius")]),
        ],
        heading=_("Shapes"),
    ),
]

_FOOTER = [
    MultiFieldPanel(
        [FieldPanel("reason"), FieldPanel("footer_text", attrs={"rows": 2}), FieldPanel("footer_links")],
        heading=_("Footer"),
    ),
    FieldPanel("social_accounts"),
]

_WORDS = [
    MultiFieldPanel(
        [FieldPanel("tone", attrs={"rows": 4}), FieldPanel("words_to_avoid", attrs={"rows": 6})],
        heading=_("Tone of voice"),
        help_text=_("Stands beside every email while it is written; readers see nothing of it."),
    )
]

# Settings take their form from the model; it is set here because panels are no business of a table.
BrandSettings.edit_handler = TabbedInterface(
    [
        ObjectList(_LOOK, heading=_("Look")),
        ObjectList(_COMPANY, heading=_("Company and sender")),
        ObjectList(_FOOTER, heading=_("Footer")),
        ObjectList(_WORDS, heading=_("Words")),
    ],
    base_form_class=BrandForm,
)
