"""Conditions on purchases. A purchase is an order of kind sale; refunds count where a condition says so."""

# isort: skip_file
# They register themselves when they are imported, in the order in which the editor offers them.
from wagtail_precise_mail.commerce.conditions import products  # noqa: F401
from wagtail_precise_mail.commerce.conditions import sequences  # noqa: F401
from wagtail_precise_mail.commerce.conditions import sums  # noqa: F401
from wagtail_precise_mail.commerce.conditions import moments  # noqa: F401
from wagtail_precise_mail.commerce.conditions import forecasts  # noqa: F401
from wagtail_precise_mail.commerce.conditions import orders  # noqa: F401
from wagtail_precise_mail.commerce.conditions import shares  # noqa: F401
from wagtail_precise_mail.commerce.conditions import rhythm  # noqa: F401
from wagtail_precise_mail.commerce.conditions import carts  # noqa: F401
from wagtail_precise_mail.commerce.conditions import standing  # noqa: F401
