"""Precise email marketing at home in Wagtail: blocks compile, nobody is mailed twice, nobody is forgotten."""

__version__ = "0.1.0.dev0"
