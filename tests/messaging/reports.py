"""What do mail servers write when a mail does not arrive? Reports in the shapes of Postfix, Exchange, Gmail and Exim.

Written by hand, with invented addresses; `MARK` stands where our message's key is.
"""

MARK = "0123456789abcdef0123456789abcdef"
ADDRESS = "zoe@cabinet.example.org"

_OURS = f"""\
Received: from relais (unknown [192.0.2.1]) by mx.cpts.example.org (Postfix) id 4F1ks; Mon, 5 Jan 2026 09:00:01 +0100
From: relais@cpts.example.org
To: {ADDRESS}
Subject: Message de CPTS Tarn O
Message-ID: <{MARK}@cpts.example.org>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 8bit
"""

POSTFIX = f"""\
Return-Path: <>
Date: Mon,  5 Jan 2026 09:00:02 +0100 (CET)
From: MAILER-DAEMON@mx.cpts.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: relais@cpts.example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F1ks2Xq.1767600002/mx.cpts.example.org"
Content-Transfer-Encoding: 8bit
Message-Id: <20260105080002.9A1B2C3D4E@mx.cpts.example.org>

This is a MIME-encapsulated message.

--4F1ks2Xq.1767600002/mx.cpts.example.org
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.cpts.example.org.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

                   The mail system

<{ADDRESS}>: host mx.cabinet.example.org[198.51.100.7] said: 550 5.1.1
    <{ADDRESS}>: Recipient address rejected: User unknown in virtual
    mailbox table (in reply to RCPT TO command)

--4F1ks2Xq.1767600002/mx.cpts.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.cpts.example.org
X-Postfix-Queue-ID: 4F1ks2Xq
X-Postfix-Sender: rfc822; relais@cpts.example.org
Arrival-Date: Mon,  5 Jan 2026 09:00:01 +0100 (CET)

Final-Recipient: rfc822; {ADDRESS}
Original-Recipient: rfc822;{ADDRESS}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.cabinet.example.org
Diagnostic-Code: smtp; 550 5.1.1 <{ADDRESS}>: Recipient address rejected: User
    unknown in virtual mailbox table

--4F1ks2Xq.1767600002/mx.cpts.example.org
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

{_OURS}
Rendez-vous à 9h30

--4F1ks2Xq.1767600002/mx.cpts.example.org--
"""

POSTFIX_HEADERS = (
    POSTFIX.replace("Content-Type: message/rfc822\n", "Content-Type: text/rfc822-headers\n")
    .replace("Undelivered Message\n", "Undelivered Message Headers\n")
    .replace("\nRendez-vous à 9h30\n", "")
)
"""Postfix when only the headers are to be returned (RET=HDRS, or a mail above bounce_size_limit)."""

DELAYED = (
    POSTFIX.replace("Undelivered Mail Returned to Sender", "Delayed Mail (still being retried)")
    .replace("Action: failed", "Action: delayed")
    .replace("Status: 5.1.1", "Status: 4.4.1")
    .replace("smtp; 550 5.1.1", "X-Postfix; connect to mx.cabinet.example.org[198.51.100.7]:25: timed out; was")
    .replace("Remote-MTA", "Will-Retry-Until: Sat, 10 Jan 2026 09:00:01 +0100 (CET)\nRemote-MTA")
)

GIVEN_UP = (
    POSTFIX.replace("Status: 5.1.1", "Status: 4.4.1").replace("smtp; 550 5.1.1", "X-Postfix; connect: timed out; was")
)  # fmt: skip
"""Postfix after five days: failed for good, with the status of what was in its way."""

DELIVERED = (
    POSTFIX.replace("Undelivered Mail Returned to Sender", "Successful Mail Delivery Report")
    .replace("Action: failed", "Action: delivered")
    .replace("Status: 5.1.1", "Status: 2.0.0")
    .replace("550 5.1.1", "250 2.0.0 Ok: queued as 5C1F; was")
)

EXCHANGE = f"""\
From: <postmaster@cabinet.example.org>
To: <relais@cpts.example.org>
Date: Mon, 5 Jan 2026 08:00:04 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="_af1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0_"
Content-Language: fr-FR
Message-ID: <f3a1b2c3-0001-4d5e-8f90-123456789abc@PR0P264MB0001.FRAP264.PROD.OUTLOOK.COM>
In-Reply-To: <{MARK}@cpts.example.org>
References: <{MARK}@cpts.example.org>
Thread-Topic: Message de CPTS Tarn O
Thread-Index: AQHcfg==
Subject: =?utf-8?B?Tm9uIHJlbWlzwqA6IE1lc3NhZ2UgZGUgQ1BUUyBUYXJuIE8=?=
Auto-Submitted: auto-replied
X-MS-Exchange-Message-Is-Ndr:
MIME-Version: 1.0

--_af1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0_
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="_b0c1d2e3-f405-1627-3849-5a6b7c8d9e0f_"

--_b0c1d2e3-f405-1627-3849-5a6b7c8d9e0f_
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

TGUgZGVzdGluYXRhaXJlIG4nYSBwYXMgw6l0w6kgdHJvdXbDqS4=

--_b0c1d2e3-f405-1627-3849-5a6b7c8d9e0f_
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

PGh0bWw+PGJvZHk+SW50cm91dmFibGU8L2JvZHk+PC9odG1sPg==

--_b0c1d2e3-f405-1627-3849-5a6b7c8d9e0f_--

--_af1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0_
Content-Type: message/delivery-status

Reporting-MTA: dns;PR0P264MB0001.FRAP264.PROD.OUTLOOK.COM
Received-From-MTA: dns;mx.cpts.example.org
Arrival-Date: Mon, 5 Jan 2026 08:00:02 +0000

Final-Recipient: rfc822;{ADDRESS}
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
X-Display-Name: {ADDRESS}


--_af1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0_
Content-Type: message/rfc822

{_OURS}
Rendez-vous

--_af1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0_--
"""

GMAIL = f"""\
Delivered-To: relais@cpts.example.org
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example.org>
To: relais@cpts.example.org
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <{MARK}@cpts.example.org>
In-Reply-To: <{MARK}@cpts.example.org>
X-Failed-Recipients: {ADDRESS}
Message-ID: <695b6f84.170a0220.1a2b3c.4d5e.GMR@mx.google.example.org>
Date: Mon, 05 Jan 2026 00:00:04 -0800 (PST)
Content-Type: multipart/report; boundary="0000000000001a2b3c0647a1b2c3"; report-type=delivery-status

--0000000000001a2b3c0647a1b2c3
Content-Type: multipart/related; boundary="0000000000001a2b4d0647a1b2c4"

--0000000000001a2b4d0647a1b2c4
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {ADDRESS} because the address couldn't be found, or is unable to receive mail.

--0000000000001a2b4d0647a1b2c4--
--0000000000001a2b3c0647a1b2c3
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example.org
Received-From-MTA: dns; relais@cpts.example.org
Arrival-Date: Mon, 05 Jan 2026 00:00:02 -0800 (PST)
X-Original-Message-ID: <{MARK}@cpts.example.org>

Final-Recipient: rfc822; {ADDRESS}
Action: failed
Status: 5.2.1
Remote-MTA: dns; gmail-smtp-in.l.google.example.org. (2001:db8::1b, the server for the domain
 cabinet.example.org.)
Diagnostic-Code: smtp; 550-5.2.1 The email account that you tried to reach is inactive. For more
 550-5.2.1 information, go to https://support.example.org/mail/?p=DisabledUser 4fb4d7f45d1cf-61 - gsmtp
Last-Attempt-Date: Mon, 05 Jan 2026 00:00:03 -0800 (PST)

--0000000000001a2b3c0647a1b2c3
Content-Type: message/rfc822

X-Google-DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed
From: relais@cpts.example.org
To: {ADDRESS}
Subject: Message de CPTS Tarn O

--0000000000001a2b3c0647a1b2c3--
"""
"""Here what is returned does not name the mail: only the report's own headers do."""

EXIM = POSTFIX.replace("Status: 5.1.1", "Status: 5.0.0").replace(
    "smtp; 550 5.1.1", "smtp; 552 host mx [5.9.1.1, 192.5.9.1] said 552 5.2.2 mailbox full,"
)
"""A server that knows no more than « failed », and repeats what the other one said."""

NO_REPORT = f"""\
From: {ADDRESS}
To: relais@cpts.example.org
Subject: Re: Message de CPTS Tarn O
In-Reply-To: <{MARK}@cpts.example.org>
Message-ID: <reply-1@cabinet.example.org>
Content-Type: text/plain; charset=utf-8

Merci, je viens. Action: failed
"""

OF_ANOTHER = POSTFIX.replace(f"<{MARK}@cpts.example.org>", "<20260104.newsletter@cpts-elsewhere.example.org>")

PASSED_ON = POSTFIX.replace("multipart/report; report-type=delivery-status", "multipart/mixed")
"""A human passes on a report that she got."""


def report(text: str, key: str = MARK, subject: str | None = None) -> bytes:
    """The mail as it arrives, about the message with this key."""
    if subject is not None:
        head = next(line for line in text.splitlines() if line.startswith("Subject:"))
        text = text.replace(head, f"Subject: {subject}", 1)
    return text.replace(MARK, key).replace("\n", "\r\n").encode()
