"""Where the lists in emails come from. Importing this registers the sources that come with the package."""

from wagtail_precise_mail.emails.sources import fixed, products

__all__ = ["fixed", "products"]
