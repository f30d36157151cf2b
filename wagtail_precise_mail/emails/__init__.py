"""Emails: blocks, their composition, MJML to HTML and text, and filling in one contact's values."""
