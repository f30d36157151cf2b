"""Contacts: the people we may write to, their consent, and the addresses we must leave alone."""
