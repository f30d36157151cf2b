"""Where the lists in emails come from. Importing this registers the sources that come with the package."""

from wagtail_precise_mail.emails.sources import coupons, details, fixed, orders, pages, products, stores, welcome

__all__ = ["coupons", "details", "fixed", "orders", "pages", "products", "stores", "welcome"]
