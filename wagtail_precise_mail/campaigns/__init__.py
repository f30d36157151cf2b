"""Campaigns: one email to one segment at one time."""
