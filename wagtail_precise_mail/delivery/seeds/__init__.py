"""Seed addresses: mailboxes of our own at many providers, which get every send and show what arrives."""
