"""Conditions on purchases. A purchase is an order of kind sale; refunds count in net spend only."""

# They register themselves when they are imported.
from wagtail_precise_mail.commerce.conditions import moments, products, sums  # noqa: F401
