"""Recipients and reasons in reports that follow no standard: qmail, Exim, old Sendmail, Exchange, Notes, and the rest.

All of them put the address on a line of its own, in front of the reason, or behind words such as "delivered to". So
there are a few shapes of lines, and no list of programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_RECIPIENTS = 50

ADDRESS = r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}"
_ADDRESS = re.compile(rf"(?<![\w.@/+-])({ADDRESS})")
_MARKED = rf"(?:[<\"'(]?(?:mailto:)?({ADDRESS})[>\"')]?)"

# The address opens the line, with nothing, a reason or a date behind it; of all the shapes the surest.
_OPENS = re.compile(
    rf"^[\s>*|•\[-]{{0,12}}(?:[^\s<>@][^<>@]{{0,40}})?<(?:mailto:)?({ADDRESS})>\s*(?:$|:|\.\.\.|,|\(|\[|-|delivery|"
    rf"<mailto:)"
    rf"|^[\s>*|•\[-]{{0,12}}{_MARKED}\]?\s*(?:$|:(?!\S*//)|\.\.\.|\(|\[|<mailto:|\bon \w{{3}},|\s-\s|invalid|error|"
    rf"delivery failed|\d{{3}}[ :-])",
    re.IGNORECASE,
)
# A reply of a server opens the line, and names the address.
_REPLY_OPENS = re.compile(
    rf"^[\s<>-]{{0,8}}[45]\d\d[ -](?:[45]\.\d+\.\d+ )?[<(]?({ADDRESS})[>)]?(?:\.\.\.|:|,)", re.IGNORECASE
)
# Words lead to the address, in the languages that programs speak.
_LED_TO = re.compile(
    rf"(?:(?<!\w)(?:rcpt to|recipients?(?: address)?|address(?:es|ed)?(?: to)?|deliver(?:ed|y|"
    rf"ing)?(?: your)?(?: message| mail)?(?: to)?|"
    rf"(?:mail|messages?|email) (?:to|for|addressed to)|sent to|send to|forward(?:ed)? to|user ?id|mailbox|user|"
    rf"account|"
    rf"undeliverable(?: to)?|failed(?: to| for)?|failure for|reach|generated from|to|for|an|à|destinataires?|"
    rf"destinatario|"
    rf"empf[aä]nger)(?:\s(?:is|was|are))?(?:\s?[:=]\s{{0,6}}|\s{{1,6}}|(?=[<\"'(\[]))"
    rf"|(?:收件人|收信人|发送(?:到|给)|发往|寄往|宛先|あて先|宛て?|получател[юяь])\s?[:=：]?\s{{0,6}})"
    rf"[<\"'「“‘(\[]?(?:mailto:)?({ADDRESS})",
    re.IGNORECASE,
)
# Behind a colon, at the end of a line.
_ENDS = re.compile(rf"[:：]\s*{_MARKED}\s*[.]?\s*$", re.IGNORECASE)
_EXPANDED = re.compile(rf"(?:expanded|generated) from:?\s*<?({ADDRESS})>?", re.IGNORECASE)
_NO_PERSON = re.compile(r"(?:mailer-?daemon|postmaster|no-?reply|abuse|support|helpdesk)@", re.IGNORECASE)
_HEADER_LINE = re.compile(
    r"^[\s>|]{0,12}(?:from|to|sender|reply-to|cc|message-id|return-path|x-\S+|subject|date|sent|received)\s?:",
    re.IGNORECASE,
)
# Whom to ask is no recipient.
_HELP = re.compile(r"\b(?:contact|assistance|questions?|help|ご連絡)\b.{0,40}@", re.IGNORECASE)
# Old AOL and GroupWise name the mailbox without its domain, in lines below such a sentence.
_WITHOUT_DOMAIN = re.compile(
    r"(?:recipients?|address|following|deliver)[^\n]{0,200}:[ \t]*\n{1,3}[ \t]+([\w.+-]{2,64})"
    r"(?:[ \t]\([^()\n]{1,60}\))?[ \t]*(?:\n|$)",
    re.IGNORECASE,
)
_X400 = re.compile(r"^(?:\S*[:=])?smtp[=:]", re.IGNORECASE)


@dataclass
class Finding:
    """One recipient, with the lines that say why, and those between the recipient before and this one.

    ``aliases`` are other addresses of the same delivery.
    """

    recipient: str
    lines: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """Return the lines as text."""
        return "\n".join(self.lines)


def find_recipients(text: str, *, own: set[str]) -> list[Finding]:
    """Return the recipients that a report names, the surest shape of line that occurs deciding.

    Args:
        own: addresses in lower case that are not recipients, such as the sender's.
    """
    lines = text.split("\n")[:1500]
    for shape, known in ((_OPENS, own), (_REPLY_OPENS, own), (_LED_TO, own), (_ENDS, own), (_OPENS, set())):
        found = _collect(lines, shape, known)  # the last one is for those who write to themselves
        if found:
            return found[:MOST_RECIPIENTS]
    loose = [one for one in addresses_in(text) if one.lower() not in own]
    people = [one for one in loose if not _NO_PERSON.match(one)]
    return [Finding(one) for one in (people or loose)[:1]]


def addresses_in(text: str) -> list[str]:
    """Return the addresses in a text, each once, in order."""
    found: dict[str, str] = {}
    for match in _ADDRESS.finditer(text):
        address = _bare(match.group(1))
        found.setdefault(address.lower(), address)
        if len(found) >= MOST_RECIPIENTS:
            break
    return list(found.values())


def recipients_of_returned(returned: str, *, own: set[str]) -> list[str]:
    """Return whom the returned mail was for, by its headers: the last resort."""
    head = re.split(r"\n\s*\n", returned.strip("\n"), maxsplit=1)[0]
    for pattern in (
        rf"\bfor <?({ADDRESS})>?[\s;]",
        rf"^[\s>]*(?:x-failed-recipients|x-original-to|delivered-to|envelope-to|x-envelope-to|"
        rf"x-hmxmroriginalrecipient):\s*<?({ADDRESS})",
        rf"^[\s>]*to:[^\n]{{0,200}}?({ADDRESS})",
    ):
        found = [
            one for one in re.findall(pattern, head + "\n", re.IGNORECASE | re.MULTILINE) if one.lower() not in own
        ]
        if found:
            return list(dict.fromkeys(found))[:1]
    return []


def recipient_without_domain(text: str, author: str) -> str:
    """Return the mailbox that a text names by its local part only: it is in the domain of the author. Or ""."""
    found, domain = _WITHOUT_DOMAIN.search(text[:4000]), author.rpartition("@")[2]
    return f"{found.group(1)}@{domain}" if found and domain else ""


def _collect(lines: list[str], shape: re.Pattern[str], own: set[str]) -> list[Finding]:
    found: dict[str, Finding] = {}
    current: Finding | None = None
    between: list[str] = []
    for line in lines:
        address = _address_of(line, shape, own)
        if address:
            current = found.setdefault(address.lower(), Finding(address, before=between))
            between = []
        if current and (address or shape is not _REPLY_OPENS):
            current.lines.append(line.strip())
            current.aliases += [one for one in _EXPANDED.findall(line) if one not in current.aliases]
        else:
            between.append(line.strip())
    return list(found.values())


def _address_of(line: str, shape: re.Pattern[str], own: set[str]) -> str:
    """Return the recipient that a line names in this shape, or ""."""
    if "@" not in line or _HEADER_LINE.match(line) or "envelope-from" in line.lower():
        return ""
    for found in shape.finditer(line):
        address = _bare(next(group for group in found.groups() if group))
        if address.lower() not in own and not _is_sender(line, found.start()):
            return address
    return ""


def _bare(address: str) -> str:
    """Return an address without what stands around it, such as the "dda:SMTP=" of X.400."""
    return _X400.sub("", address).strip("'`").rstrip(".")


def _is_sender(line: str, position: int) -> bool:
    near = line[max(0, position - 14) : position + 14].lower()
    return "mail from" in near or "sender" in near or bool(_HELP.search(line))


def split_addresses(value: str) -> Iterator[str]:
    """Yield the addresses of a header such as X-Failed-Recipients."""
    yield from addresses_in(value.replace(",", " , "))
