"""Replies of real servers, and what they mean, quoted from documentation of providers and from public logs."""

from __future__ import annotations

import pytest

from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.replies import ReplyClass, classify, read

C = ReplyClass

# Gmail: support.google.com/a/answer/3726730. Outlook: postmaster.live.com and learn.microsoft.com (NDR codes).
# Yahoo: senders.yahooinc.com/smtp-error-codes. iCloud: support.apple.com/102322. QQ: service.mail.qq.com/detail/122.
# NetEase: help.mail.163.com. Mimecast: its community, "SMTP error codes". Others: RFC 3463, 5321, and Postfix's README.
KNOWN: list[tuple[str, ReplyClass]] = [
    ("250 2.0.0 Ok: queued as 4F1A2B3C", C.ACCEPTED),
    ("250 2.1.5 OK a1-20020a05 - gsmtp", C.ACCEPTED),
    ("550-5.1.1 The email account that you tried to reach does not exist. Please try - gsmtp", C.ADDRESS),
    ("550 5.2.1 The email account that you tried to reach is disabled. - gsmtp", C.ADDRESS),
    ("452 4.2.2 The email account that you tried to reach is over quota.", C.TEMPORARY),
    ("552 5.2.2 The email account that you tried to reach is over quota. - gsmtp", C.TEMPORARY),
    (
        "450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a "
        "later time. - gsmtp",
        C.THROTTLED,
    ),
    (
        "421 4.7.28 Gmail has detected an unusual rate of mail originating from your IP address 192.0.2.25. To protect "
        "our users from spam, mail has been temporarily rate limited. - gsmtp",
        C.THROTTLED,
    ),
    (
        "421-4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address. To "
        "protect our users from spam, mail sent from your IP address has been temporarily rate limited.",
        C.THROTTLED,
    ),
    (
        "421 4.7.26 This mail has been rate limited because it is unauthenticated. Gmail requires all senders to "
        "authenticate with either SPF or DKIM. - gsmtp",
        C.THROTTLED,
    ),
    (
        "550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy. - gsmtp",
        C.BLOCKED,
    ),
    (
        "550-5.7.1 Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam "
        "sent to Gmail, this message has been blocked.",
        C.CONTENT,
    ),
    (
        "550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation of "
        "the sending domain. To best protect our users from spam, the message has been blocked. - gsmtp",
        C.BLOCKED,
    ),
    (
        "550 5.7.28 There is an unusual rate of unsolicited mail originating from your IP address. To protect our "
        "users from spam, mail sent from your IP address has been blocked. - gsmtp",
        C.BLOCKED,
    ),
    ("552 5.3.4 Your message exceeded Google's message size limits. - gsmtp", C.CONTENT),
    ("552 5.7.0 This message was blocked because its content presents a potential security issue. - gsmtp", C.CONTENT),
    ("421 4.4.5 Server busy, try again later. - gsmtp", C.TEMPORARY),
    ("451 4.3.0 Mail server temporarily rejected message. - gsmtp", C.TEMPORARY),
    ("451 4.4.2 Timeout - closing connection. - gsmtp", C.CONNECTION),
    ("535 5.7.8 Username and Password not accepted. - gsmtp", C.AUTH),
    ("530 5.7.0 Must issue a STARTTLS command first. - gsmtp", C.AUTH),
    ("530-5.5.1 Authentication Required. Learn more at - gsmtp", C.AUTH),
    ("550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", C.ADDRESS),
    (
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service "
        "provider since part of their network is on our block list (S3140).",
        C.BLOCKED,
    ),
    (
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service "
        "provider since part of their network is on our block list (S3150).",
        C.BLOCKED,
    ),
    (
        "451 4.7.650 The mail server [192.0.2.5] has been temporarily rate limited due to IP reputation. For e-mail "
        "delivery information, see https://postmaster.live.com (S775)",
        C.THROTTLED,
    ),
    ("550 SC-001 (BAY004-MC3F1) Unfortunately, messages from 192.0.2.1 weren't sent.", C.BLOCKED),
    (
        "421 RP-001 (SNT004-MC2F5) Unfortunately, some messages from 192.0.2.1 weren't sent. Please try again. We have "
        "limits for how many messages can be sent per hour and per day.",
        C.THROTTLED,
    ),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", C.ADDRESS),
    (
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@example.org not found by SMTP address lookup",
        C.ADDRESS,
    ),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1].", C.BLOCKED),
    ("550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification", C.BLOCKED),
    ("530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", C.AUTH),
    ("451 4.7.500 Server busy. Please try again later from [192.0.2.1].", C.THROTTLED),
    ("432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", C.TEMPORARY),
    (
        "421 4.7.0 [TSS04] Messages from 192.0.2.25 temporarily deferred due to unexpected volume or user complaints - "
        "4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
        C.THROTTLED,
    ),
    (
        "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.25, because the ip is in Spamhaus's list",
        C.BLOCKED,
    ),
    (
        "553 5.7.2 [TSS09] All messages from 192.0.2.25 will be permanently deferred; Retrying will NOT succeed.",
        C.BLOCKED,
    ),
    ("554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes", C.BLOCKED),
    ("554 delivery error: dd This user doesn't have a yahoo.com account (ann@yahoo.com) [0]", C.ADDRESS),
    ("550 5.7.9 This mail has been blocked because the sender is unauthenticated.", C.BLOCKED),
    ("421 Max message per connection reached, closing transmission channel", C.THROTTLED),
    ("450 User is receiving mail too quickly", C.THROTTLED),
    ("550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000728", C.ADDRESS),
    ("550 Ip frequency limited. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000725", C.THROTTLED),
    ("550 Domain frequency limited. http://service.mail.qq.com/cgi-bin/help?id=20022&no=1000726", C.THROTTLED),
    ("550 Connection frequency limited. http://service.mail.qq.com/cgi-bin/help?id=20022", C.THROTTLED),
    ("550 Mail content denied. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000726", C.CONTENT),
    ("550 Suspected spam ip. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022", C.BLOCKED),
    ("550 SPF check failed. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022", C.BLOCKED),
    ("550 User not found: 12345@163.com", C.ADDRESS),
    ("421 HL:IFC 163 mx38, U8CowAD3, please see http://mail.163.com/help/help_spam_16.htm?ip=192.0.2.1", C.THROTTLED),
    ("421 HL:ICC 163 mx14, please see http://mail.163.com/help/help_spam_16.htm?ip=192.0.2.1", C.THROTTLED),
    ("451 MI:SFQ 163 smtp8, please see http://mail.163.com/help/help_spam_16.htm", C.THROTTLED),
    ("552 Mailbox limit exceeded, please see http://mail.163.com", C.TEMPORARY),
    ("550 5.1.1 <ann@icloud.com>: inactive email address", C.ADDRESS),
    ("552 5.2.2 <ann@icloud.com>: user is over quota", C.TEMPORARY),
    (
        "550 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/HT204137",
        C.BLOCKED,
    ),
    ("421 4.7.1 Messages to ann@icloud.com deferred due to excessive volume. Try again later", C.THROTTLED),
    ("554 5.7.1 Your message was rejected due to example.com's DMARC policy.", C.BLOCKED),
    ("550 5.7.1 Mail from IP 192.0.2.1 was rejected due to listing in Spamhaus SBL.", C.BLOCKED),
    ("550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.1", C.BLOCKED),
    ("554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", C.BLOCKED),
    ("550 5.1.1 User Unknown", C.ADDRESS),
    ("550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [x]", C.ADDRESS),
    (
        "451 Internal resources are temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451",
        C.TEMPORARY,
    ),
    ("554 Email rejected due to security policies - https://community.mimecast.com/docs/DOC-1369#554", C.BLOCKED),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", C.BLOCKED),
    ("554 5.7.1 <ann@example.org>: Relay access denied", C.BLOCKED),
    (
        "450 4.2.0 <ann@example.org>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/",
        C.TEMPORARY,
    ),
    ("451 4.7.1 Greylisting in action, please come back later", C.TEMPORARY),
    ("450 4.1.1 <ann@example.org>: Recipient address rejected: unverified address: unknown user", C.TEMPORARY),
    ("452 4.3.1 Insufficient system storage", C.TEMPORARY),
    ("550 5.1.2 Bad destination system address", C.ADDRESS),
    ("556 5.1.10 Domain example.org does not accept mail (nullMX)", C.ADDRESS),
    ("554 5.6.0 Message contains invalid header", C.CONTENT),
    ("552 5.2.3 Message size exceeds fixed limit", C.CONTENT),
    ("450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", C.BLOCKED),
    ("454 4.7.0 Temporary authentication failure: Connection lost to authentication server", C.AUTH),
    ("535 Error: authentication failed", C.AUTH),
    ("452 4.5.3 Error: too many recipients", C.THROTTLED),
    ("421 4.7.0 mx.example.org Error: too many errors", C.THROTTLED),
    ("421 4.3.2 Service not available, closing transmission channel", C.TEMPORARY),
    ("no answer in time", C.CONNECTION),
    ("[Errno 111] Connection refused", C.CONNECTION),
    ("", C.UNKNOWN),
]

# Written down after the rules were done, from other sources (Comcast, GMX, T-Online, Orange, OVH, Zoho, Cox, Fastmail,
# Rackspace, Exim, Sendmail, qmail, and the providers above again); 50 of the 56 were understood at first sight.
UNSEEN: list[tuple[str, ReplyClass]] = [
    ("421 4.1.0 192.0.2.1 Throttled. Mail from your IP has been rate limited - see comcast RL000010", C.THROTTLED),
    ("554 resimta-po-12v.sys.comcast.net comcast 192.0.2.1 found on one or more DNSBLs, see BL000001", C.BLOCKED),
    ("550 5.1.1 <ann@comcast.net> Account not available", C.ADDRESS),
    (
        "554-gmx.net (mxgmx012) Nemesis ESMTP Service not available No SMTP service Bad DNS PTR resource record.",
        C.BLOCKED,
    ),
    ("550 Requested action not taken: mailbox unavailable For explanation visit https://postmaster.gmx.net", C.ADDRESS),
    ("450 Requested mail action not taken: mailbox unavailable Mail send limit exceeded.", C.THROTTLED),
    ("554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact us to clarify.)", C.BLOCKED),
    (
        "421 mwinf5c04 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. "
        "OFR004_104 [104]",
        C.THROTTLED,
    ),
    ("550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR204_416 [416]", C.ADDRESS),
    ("550 5.2.0 Mail rejete. Mail rejected. ofr_506 [506]", C.CONTENT),
    ("550 5.5.0 Service refuse. Veuillez essayer plus tard. service refused, please try later. LPN105_510", C.BLOCKED),
    ("550-Verification failed for <shop@example.com> 550 Sender verify failed", C.BLOCKED),
    ("550-Callout verification failed: 550 No Such User Here", C.ADDRESS),
    ("451 Temporary local problem - please try later", C.TEMPORARY),
    ("550 Administrative prohibition", C.BLOCKED),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", C.BLOCKED),
    ("550 sorry, no mailbox here by that name (#5.1.1 - chkuser)", C.ADDRESS),
    ("552 sorry, that message size exceeds my databytes limit (#5.3.4)", C.CONTENT),
    ("421 Too many concurrent connections from this client (G2)", C.THROTTLED),
    ("451 4.7.1 Received too many messages from a new or untrusted IP: 192.0.2.1 (G28)", C.THROTTLED),
    ("450 4.7.1 Client host 192.0.2.1 has no PTR record (G1F)", C.BLOCKED),
    ("554 eastrmimpi110.cox.net cox 192.0.2.1 blocked - Refer to Error Codes section AUP#CXBL", C.BLOCKED),
    ("550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=x or report details", C.CONTENT),
    (
        "550 Message was not accepted -- invalid mailbox. Local mailbox ann@mail.ru is unavailable: user not found",
        C.ADDRESS,
    ),
    ("450 Ratelimit exceeded for your IP/network. Try again later", C.THROTTLED),
    ("554 5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc 1234567890", C.CONTENT),
    ("550 5.7.1 No such user! 1234567890", C.ADDRESS),
    ("451 4.7.1 Sorry, the service is currently unavailable. Please come back later.", C.TEMPORARY),
    ("452 4.2.2 Mailbox size limit exceeded 1234567890", C.TEMPORARY),
    ("454 Throttling failure: Maximum sending rate exceeded.", C.THROTTLED),
    ("454 Throttling failure: Daily message quota exceeded.", C.THROTTLED),
    ("554 Message rejected: Email address is not verified.", C.BLOCKED),
    ("535 Authentication Credentials Invalid", C.AUTH),
    ("550 Unauthenticated senders not allowed", C.AUTH),
    ("550 smtp-32.iol.local smtp-32.iol.local IP blacklisted by CSI. For remove request follow this link", C.BLOCKED),
    ("421 Too many spams from your IP (192.0.2.1), please visit http://postmaster.free.fr/", C.BLOCKED),
    ("554 Service unavailable; Client host [192.0.2.1] blocked using Barracuda Reputation", C.BLOCKED),
    ("550 permanent failure for one or more recipients (ann@example.org:blocked)", C.BLOCKED),
    (
        "554 Your access to this mail system has been rejected due to the sending MTA's poor reputation. If you believe "
        "that this failure is in error, please contact the intended recipient via alternate means.",
        C.BLOCKED,
    ),
    ("550 #5.1.0 Address rejected.", C.ADDRESS),
    (
        "553-Message filtered. Refer to the Troubleshooting page at http://www.symanteccloud.com/troubleshooting",
        C.CONTENT,
    ),
    ("501 Connection rejected by policy [7.7] 20805, please visit www.messagelabs.com/support", C.BLOCKED),
    ("550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.", C.BLOCKED),
    ("550 5.7.705 Access denied, tenant has exceeded threshold", C.BLOCKED),
    ("452 4.5.3 Too many recipients (AS780090)", C.THROTTLED),
    ("550 5.2.2 <ann@example.org>: Recipient address rejected: Mailbox is full", C.TEMPORARY),
    ("550 5.4.6 Routing loop detected", C.TEMPORARY),
    ("503 5.5.1 Error: need RCPT command", C.BLOCKED),
    ("421 4.4.2 mx.example.org Error: timeout exceeded", C.CONNECTION),
    ("454 4.7.0 TLS not available due to local problem", C.BLOCKED),
    ("550 5.1.6 recipient no longer on server: ann@icloud.com", C.ADDRESS),
    ("553 5.3.0 <ann@example.org>... Rejected due to invalid RBL lookup", C.BLOCKED),
    ("550 5.7.1 Sender Domain greylisted for 5 minutes", C.TEMPORARY),
    ("[Errno 104] Connection reset by peer", C.CONNECTION),
    ("550 收件人不存在", C.ADDRESS),
    ("550 发送过于频繁,请稍后再试", C.THROTTLED),
]


@pytest.mark.parametrize(("reply", "expected"), KNOWN)
def test_a_known_reply_is_understood(reply: str, expected: ReplyClass) -> None:
    assert classify(reply) == expected


def test_replies_that_no_rule_was_made_for_are_understood() -> None:
    wrong = [(reply, classify(reply), expected) for reply, expected in UNSEEN if classify(reply) != expected]
    assert len(wrong) <= len(UNSEEN) // 10, wrong


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("550 5.1.1 user unknown", Kind.HARD),
        ("550 5.2.1 The email account that you tried to reach is disabled.", Kind.SOFT),
        ("552 5.2.2 mailbox full", Kind.QUOTA),
        ("554 5.7.1 Client host blocked using zen.spamhaus.org", Kind.BLOCK),
    ],
)
def test_a_reading_says_what_a_bounce_of_these_words_would_be(reply: str, kind: Kind) -> None:
    reading = read(reply)
    assert (reading.verdict.kind, reading.is_permanent) == (kind, True)


def test_the_code_counts_where_the_words_lack_it() -> None:
    assert classify("user unknown", 550) == C.ADDRESS
    assert classify("try again later", 451) == C.TEMPORARY


@pytest.mark.parametrize("reply", ["5" * 4000, "550 " + "a@b.c " * 2000, "550 5.1.1 \x00\ud800", "550-" + "-" * 9000])
def test_a_hostile_reply_is_read_as_well(reply: str) -> None:
    assert classify(reply) in ReplyClass
