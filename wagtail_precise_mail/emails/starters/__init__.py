"""Starter emails: finished examples that an editor begins with. Importing this registers the ones that come along."""

from wagtail_precise_mail.emails.starters import news, letters, selling, service, joining, digesting  # isort: skip  the order of the gallery
from wagtail_precise_mail.emails.starters.base import Material, Starter, starters

__all__ = ["Material", "Starter", "digesting", "joining", "letters", "news", "selling", "service", "starters"]
