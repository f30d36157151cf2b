"""SMTP over kept-open connections, pipelined where the server offers it, in steps small enough to know what a failure
means.

Until the final dot nothing is accepted, whatever happens to the connection; after its reply everything is known. The
body and the dot are therefore written separately, so that only the dot and its reply are ambiguous (RFC 1047).
"""

from wagtail_precise_mail.delivery.channels.smtp.channel import SmtpChannel

__all__ = ["SmtpChannel"]
