"""A mailbox at home: a local SMTP server that keeps every mail, and pages to read them in.

It plays the outside world, so it shares nothing with the site: not its database, not its process.
"""
