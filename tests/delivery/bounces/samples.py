"""Mails that come back, written for the tests in the forms in which programs write them."""

from __future__ import annotations

REPORT = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{name}@mx.example.net>
Date: Mon, 02 Mar 2026 10:00:00 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

This is the mail system at host mx.example.net.

<{recipient}>: {diagnostic}

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--B
Content-Type: message/rfc822

From: shop@example.com
To: {recipient}
Message-ID: {message_id}
Subject: News

Hello
--B--
"""

COMPLAINT = """\
From: feedback@isp.example
To: {to}
Subject: Abuse report
Message-ID: <complaint@isp.example>
Date: Mon, 02 Mar 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

This is an email abuse report.

--B
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: Example/1.0
Version: 1

--B
Content-Type: message/rfc822

From: shop@example.com
To: undisclosed
Message-ID: {message_id}
Subject: News

Hello
--B--
"""

FORMS = {
    "qmail": """\
From: MAILER-DAEMON@mx.example.net
To: shop@example.com
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

From: shop@example.com
To: ann@example.org
""",
    "exim": """\
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: shop@example.com
Subject: Mail delivery failed: returning message to sender
X-Failed-Recipients: ann@example.org

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ann@example.org
    SMTP error from remote mail server after RCPT TO:<ann@example.org>:
    host mx.example.org [192.0.2.1]: 550 No such user here
""",
    "exchange": """\
From: System Administrator <postmaster@example.org>
To: shop@example.com
Subject: Undeliverable: News

Your message

  To:      shop@example.com
  Subject: News

did not reach the following recipient(s):

ann@example.org on Mon, 2 Mar 2026 10:00:00 +0000
    The recipient name is not recognized
""",
    "notes": """\
From: Postmaster@example.org
To: shop@example.com
Subject: DELIVERY FAILURE: User ann not listed in Domino Directory

Your message

  Subject: News

was not delivered to:

  ann@example.org

because:

  User ann (ann@example.org) not listed in Domino Directory
""",
    "groupwise": """\
From: Mailer-Daemon@example.org
To: shop@example.com
Subject: Message status - undeliverable

The message that you sent was undeliverable to the following:
    ann@example.org (user not found)
""",
    "old sendmail": """\
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>
To: shop@example.com
Subject: Returned mail: User unknown

   ----- Transcript of session follows -----
While talking to mx.example.org:
>>> RCPT To:<ann@example.org>
<<< 550 <ann@example.org>, User Unknown
550 <ann@example.org>... User unknown

   ----- Unsent message follows -----
From: shop@example.com
""",
    "yahoo": """\
From: MAILER-DAEMON@yahoo.example
To: shop@example.com
Subject: Failure Notice

Sorry, we were unable to deliver your message to the following address.

<ann@example.org>:
554 delivery error: dd This user doesn't have a yahoo.example account (ann@example.org) [0]
""",
    "gmx": """\
From: mailer-daemon@gmx.example
To: shop@example.com
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.
The following address failed:

"ann@example.org":
SMTP error from remote server after RCPT command:
host: mx.example.org
5.1.1 <ann@example.org>... User Unknown
""",
    "163": """\
From: Postmaster@163.example
To: shop@example.com
Subject: 系统退信
Content-Type: text/plain; charset=utf-8

抱歉，您的邮件被退回来了。
收件人：ann@example.org
退信原因：550 用户不存在
""",
    "qq": """\
From: PostMaster@qq.example
To: shop@example.com
Subject: 来自qq.example的退信
Content-Type: text/plain; charset=utf-8

很抱歉，您的邮件无法投递到 ann@example.org
邮箱不存在，请检查收件人地址。
""",
    "japanese": """\
From: Postmaster <postmaster@example.jp>
To: shop@example.com
Subject: 配信できませんでした
Content-Type: text/plain; charset=utf-8

以下の宛先に送信できませんでした。
<ann@example.org>
宛先のメールアドレスが見つかりません。
""",
}


def make_report(**values: str) -> bytes:
    """A bounce as Postfix writes it."""
    known = {
        "to": "shop@example.com",
        "name": "report",
        "recipient": "ann@example.org",
        "action": "failed",
        "status": "5.1.1",
        "diagnostic": "550 5.1.1 User unknown",
        "message_id": "<other@example.net>",
    }
    return REPORT.format(**{**known, **values}).encode()


def make_complaint(**values: str) -> bytes:
    """A complaint (RFC 5965)."""
    known = {"to": "shop@example.com", "feedback": "abuse", "message_id": "<other@example.net>"}
    return COMPLAINT.format(**{**known, **values}).encode()


def make_mail(text: str, **headers: str) -> bytes:
    """Any other mail."""
    known = {"From": "ann@example.org", "To": "shop@example.com", "Subject": "Re: News"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in {**known, **named}.items())
    return f"{head}\n{text}\n".encode()
