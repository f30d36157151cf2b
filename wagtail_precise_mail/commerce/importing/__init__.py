"""Importing the order history of a shop from a file."""

from wagtail_precise_mail.commerce.importing.mapping import OrderMapping, load_mapping, read_mapping
from wagtail_precise_mail.commerce.importing.report import ImportReport
from wagtail_precise_mail.commerce.importing.run import import_orders

__all__ = ["ImportReport", "OrderMapping", "import_orders", "load_mapping", "read_mapping"]
