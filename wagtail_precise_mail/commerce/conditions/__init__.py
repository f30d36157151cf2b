"""Conditions on purchases. A purchase is an order of kind sale; refunds count in net spend only."""

# isort: skip_file
# They register themselves when they are imported, in the order in which the editor offers them.
from wagtail_precise_mail.commerce.conditions import products  # noqa: F401
from wagtail_precise_mail.commerce.conditions import sums  # noqa: F401
from wagtail_precise_mail.commerce.conditions import moments  # noqa: F401
