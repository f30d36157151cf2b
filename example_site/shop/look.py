"""How the shop's emails may look beside what comes with the package: a web font and a theme of its own."""

from django.templatetags.static import static
from django.utils.functional import lazy

from wagtail_precise_mail.emails.fonts import WebFont, web_fonts
from wagtail_precise_mail.emails.themes import Theme, themes

web_fonts.register("fern_and_kettle")(
    WebFont(family="Fraunces", url=lazy(static, str)("site/fonts/fraunces.woff2"), label="Fern & Kettle (Fraunces)")
)

themes.register("seed_packet")(
    Theme(
        label="Seed packet",
        description="A packet from the shelf: a framed sheet on moss green, with room to breathe.",
        primary_color="#a9492a",
        text_color="#26312c",
        background_color="#2f4a3c",
        panel_color="#fbf6e9",
        font_family="Palatino, 'Palatino Linotype', 'Book Antiqua', Georgia, serif",
        heading_weight=400,
        heading_sizes=((40, 32), (28, 24), (20, 20)),
        button_shape="square",
        radius=0,
        panel_radius=0,
        dark_background="#121a15",
        dark_panel="#1b241f",
        css="shop/seed_packet.css",
    )
)
