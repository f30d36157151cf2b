"""What servers say when they refuse a mail, by meaning and in many languages.

Servers word the same few things in endless ways, so these are patterns of words near each other, not whole sentences.
They are tried in this order: a more exact meaning comes before a wider one that may stand in the same sentence. All
patterns look at most a few words far, so that a long or hostile text costs no more than its length. Where the words
were collected is told in :mod:`.missing`.
"""

from __future__ import annotations

import re

from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.missing import (
    DOMAIN_NOT_IN_DNS,
    MISSING_DOMAIN,
    MISSING_MAILBOX,
    SURE_EVEN_AFTER_THE_MESSAGE,
    SUSPENDED,
)

# The codes are those of Yahoo, Outlook and NetEase, which say "slow down" by them, whatever the words are.
_TOO_FAST = (
    r"too many (?:connections?|concurrent|sessions?|recipients|(?:e-?)?mails?|messages|invalid|unknown|bad|"
    r"errors?|rcpt|failures)|too much (?:mail|traffic)|"
    r"(?:connection|message|sending|send|mail|delivery|recipient|hourly|daily) (?:rate|frequency|limit)\b|"
    r"rate[- ]?limit|throttl|unusual (?:rate|amount|number|volume)|(?:unexpected|excessive) volume|"
    r"frequency limit|too (?:quickly|fast|frequent)|slow down|"
    r"(?:sent|sending|send|receiving|mail) (?:to )?(?:too|at a rate)|exceed\w*.{0,40}(?:rate|per (?:hour|day|"
    r"minute|second)|"
    r"connections?|hourly|daily|limit of|max(?:imum)? (?:number|connections|recipients|emails))|"
    r"max(?:imum)? messages? per connection|limits? (?:for|on) how many|"
    r"\btss0[1-4]\b|\brp-00\d\b|\bs77[0-9]\b|\b(?:hl:(?:icc|ifc|ifq)|mi:(?:dmc|sfq)|rp:(?:drc|qrc))\b|"
    r"trop de|频率|连接(?:过多|超)|发送.{0,6}(?:频繁|超限)"
)

_TABLE: list[tuple[Kind, str]] = [
    # The mail itself is too large.
    (
        Kind.CONTENT,
        r"message (?:size|length)|(?:message|mail|size) (?:is )?(?:too (?:big|large|long)|exceed)|size exceed|"
        r"exceeds? (?:the |its |our )?(?:maximum |fixed |allowed |configured |size )*(?:message size|size limit)|"
        r"(?<!box )(?<!box)size ?(?:limit|=)|"
        r"maximum size|line (?:is )?too long|邮件过大|邮件大小|信件过大|サイズ.{0,12}(?:超|大き)",
    ),
    (Kind.HARD, DOMAIN_NOT_IN_DNS),
    (Kind.SOFT, r"insufficient system (?:storage|resources)|4\.3\.1 "),
    (
        Kind.QUOTA,
        r"(?:mail ?box|inbox|account|user|recipient|storage|disk|maildir|folder|mailfolder)\b.{0,40}\b(?:is |was |"
        r"be |almost )*"
        r"(?:full\b(?! (?:name|address|e-?mail|message|text|report|head|detail))|over ?(?:the )?(?:quota|limit|size)|"
        r"exceed)|full (?:mail ?box|inbox)|over[ -]?quota|quota.{0,30}(?:exceed|full|reached|violation)|"
        r"(?:exceed|exhaust)\w*.{0,30}(?:quota|storage|mailbox|disk)|storage (?:limit|allocation)|"
        r"space has been used up|too much mail data|zu ?viele mails auf|caixa.{0,30}cheia|"
        r"out of (?:quota|(?:disk )?space|storage)|"
        r"(?:not enough|insufficient|no) (?:disk |storage |free )?(?:space|storage|quota)(?: left)?|mailbox size|"
        r"too many messages (?:in|on) (?:this |the |your )?(?:mail|inbox|folder|server)|boites? (?:pleine|saturee)|"
        r"bo[iî]te.{0,20}pleine|"
        r"quota d[eé]pass|postfach.{0,20}voll|voll.{0,20}postfach|speicherplatz|(?:buz[oó]n|"
        r"casella).{0,20}(?:llen[oa]|piena)|"
        r"переполнен|превышен.{0,20}(?:квот|размер|лимит)|(?:邮箱|信箱|邮件|郵箱|空间|容量|用户).{0,10}(?:满|滿|不足|"
        r"超限|超出|超过)|"
        r"空间不足|(?:メールボックス|容量|ディスク).{0,20}(?:いっぱい|満|超|不足|一杯)|(?:메일함|용량).{0,12}(?:초과|"
        r"부족|가득)",
    ),
    # Lists, reputation and speed come before spam: "blocked using bl.spamcop.net" is not about this mail.
    (
        Kind.BLOCK,
        r"(?:black|block|deny|real-?time|reject) ?-?lists?|blacklisted|blocklisted|\brbls?\b|dnsbl|spamhaus|spamcop|"
        r"sorbs|"
        r"barracudacentral|senderbase|senderscore|spamrats|uceprotect|mailspike|cloudmark|invaluement|"
        r"blocked (?:using|by|at|due to your|for (?:abuse|spam))|(?<!not )listed (?:at|in|by|on) |reputation|"
        r"(?:your|client|sending|source|connecting|sender) (?:ip|host|server|network|mta|system)\b(?! admin).{0,50}"
        r"(?:block|bann|reject|denied|den[yi]|refus|not allowed|list|suspicious|dynamic|abus)|"
        r"\bips?\b.{0,40}(?:block|bann|denied|not allowed|reject|abus)|(?:mail|connections?|messages?|"
        r"email) from (?:your |this |the )?(?:ip|host|server)"
        r"|user complaints|" + _TOO_FAST + r"|"
        r"(?:reverse|rdns|ptr)\b.{0,12}(?:dns|record|lookup|name|resolution|entry|mapping|host|fail|check|is|not)|"
        r"\bno ptr\b|"
        r"(?:cannot|could not|can't|couldn't|unable to) (?:find|resolve|verify) (?:your|the|a) (?:reverse |"
        r"valid )?(?:host ?name|reverse|ip)|"
        r"\b(?:helo|ehlo)\b.{0,40}(?:reject|invalid|fail|refus|bad|not (?:exist|found|resolv|valid))|"
        r"(?:bad|invalid) .{0,20}\b(?:helo|ehlo)\b|open relay|spam ?trap|dynamic ip|dial-?up|"
        r"(?:adresse|direcci[oó]n|indirizzo) ip\b.{0,30}(?:bloqu|rejet|refus|blocc)|"
        r"ip-?adresse.{0,30}(?:gesperrt|blockiert)|"
        r"service (?:is )?refuse|refused to talk|黑名单|黑名單|"
        r"拒绝.{0,4}ip|被封|"
        r"messages from .{0,20}weren't sent|\b(?:sc|dy|ou)-00\d\b|spam ip\b|permanently deferred|"
        r"redundant|no matches to nameserver|suspected (?:spam ip|bounce attacks)|"
        r"(?:please )?(?:contact|request) (?:the )?(?:removal|delist)|delist",
    ),
    # Who we are, or whether we are allowed to: about the sender, so before "unknown".
    (
        Kind.POLICY,
        r"\bdmarc\b|\bdkim\b|\bspf\b|sender[- ]?id\b|domainkeys|unauthenticated|authentication|not authenticated|"
        r"(?:(?<!to )(?<!to the )sender|from:? (?:address|domain|header)|return[- ]path|envelope(?! recipient)|"
        r"originator)\b.{0,30}(?:address|domain|verif\w*)?.{0,20}"
        r"(?:reject|denied|refus|unknown|not (?:found|exist|allowed|valid|permitted|resolve|accepted)|does not|"
        r"doesn't|invalid|"
        r"verif|not a valid)|mail from .{0,30}(?:reject|denied|refus|not allowed|invalid)|(?:invalid|bad|illegal|"
        r"forged|unknown|fake|unverified) (?:sender|mail from|from|envelope)|"
        r"(?:absender|exp[eé]diteur|[eé]metteur|remitente|remetente|mittente|nadawc|afzender|avs[aä]nd|отправител)\w*\b"
        r".{0,40}(?:unbekannt|ung[uü]ltig|abgelehnt|inconnu|inval|refus|rejet|desconocid|desconhecid|rechaz|rejeitad|"
        r"sconosciut|rifiutat|nieznan|odrzuc|onbekend|geweigerd|ok[aä]nd|nekad|existiert nicht|n'existe|"
        r"n(?:o|[aã]o|on) e[xs]iste|nie istnieje|bestaat niet|finns inte|не (?:найден|существует)|отклон)|"
        r"unroute?able sender|(?:recipient|user)'?s? (?:preferences|rules|privacy)|\brcp-p[23]\b|"
        # Below each text of Google's, in whatever language: "it may not exist, or you may not write to it".
        r"google ?groups?\b|"
        r"(?:accept|receive) (?:any )?(?:e-?)?mails? from|"
        r"sender domain|your domain|valid sender|sender verify|domain of sender|badmailfrom|"
        r"email address is not verified|\btls\b|starttls|encryption|ssl\b|"
        r"发件人.{0,10}(?:拒|无效|不存在)|送信者.{0,12}(?:拒否|不明)",
    ),
    (
        Kind.CONTENT,
        r"virus|malware|infected|phish|trojan|suspicious|potentially (?:executable|dangerous|harmful)|"
        r"content (?:presents|reject|filter|denied|refus|type|restrict|not)|(?:message|mail|email|body|prohibited|"
        r"objectionable|unacceptable|inappropriate) "
        r"content|attachment|\bspam\b|\bspammy?\b|junk|unsolicited|\bube\b|\buce\b|bulk (?:mail|e-?mail)|(?:high|"
        r"exceed\w*) (?:spam )?score|"
        r"bayes|message filter|filter(?:ed|s)? (?:rule|match|by)|media error|banned (?:word|url|file|name|content)|"
        r"url.{0,20}(?:block|list|banned)|indésirable|垃圾邮件|垃圾郵件|内容.{0,8}(?:拒|违|不合)|スパム|迷惑メール|"
        r"ウイルス|спам|вирус|"
        r"mail rejete|header error|(?:invalid|malformed|bad|missing|multiple|duplicate|illegal).{0,30}\bheaders?\b|"
        r"in from: header|"
        r"from: header|non-?compliant|not (?:rfc )?compliant|rfc ?\d*5322|rfc ?\d*822 |bare (?:lf|cr)|"
        r"bad message format|message format|8-?bit",
    ),
    (Kind.SOFT, SUSPENDED),
    # Domains, before mailboxes; those that only do not answer now first.
    (
        Kind.SOFT,
        r"(?:host|domain|dns|name (?:server|service|lookup)).{0,40}(?:try again|temporar|timed? ?out|lookup fail|"
        r"look-?up fail|servfail)|"
        r"(?:requests?|attempts?|able|trying|failed) to connect|malformed .{0,30}name server|have been failing",
    ),
    (Kind.HARD, MISSING_DOMAIN),
    (Kind.HARD, MISSING_MAILBOX),
    (
        Kind.POLICY,
        r"relay|access (?:is )?denied|not permitted|permission|not authori[sz]ed|unauthori[sz]ed|authori[sz]ation|"
        r"policy|policies|"
        r"prohibit|restrict|not allowed|only accepts?|not accept(?:ed|ing)?|security|rejected by|rejected for|"
        r"administrat|"
        r"google ?groups?|not a member|members? only|closed list|moderat|must (?:issue|be|use|have)|violat|forbidden|"
        r"refused by|"
        r"syntax error|command (?:parameter|not)|sequence of commands|not implemented|protocol error|bad sequence|"
        r"策略|权限|拒绝|拒収|拒否|受信拒否|политик|запрещ|отказано",
    ),
    (
        Kind.SOFT,
        r"try (?:again|later)|temporar|deferr|timed? ?out|connection|unable to connect|route|loop|hop|grey ?list|"
        r"gray ?list|"
        r"expired|too long in|queue|retry|giving up|gave up|unavailable|not available|busy|(?:system|internal|server|"
        r"local|mailer|"
        r"transfer\w*|operating) (?:system )?(?:error|fail)|not reach|not respond|no response|not deliver\w* within|"
        r"delayed|"
        r"later|resources|could ?n[o']t (?:create|open|write)|duplicat|unable to contact|could not be delivered for|"
        r"稍后|繁忙|超时|タイムアウト|応答|しばらく|временн",
    ),
]

PHRASES: list[tuple[Kind, re.Pattern[str]]] = [(kind, re.compile(pattern)) for kind, pattern in _TABLE]
"""Patterns over text in lower case with single spaces, in the order in which they are tried."""

ADVICE = PHRASES[-1][1]
"""What is left when nothing else is said; "try again" may be advice to people beside a clear code as well."""

SURE = re.compile(SURE_EVEN_AFTER_THE_MESSAGE)

TOO_FAST = re.compile(_TOO_FAST)
"""The server would take the mail if there were less of it in a time. Each of these is among the phrases of a block."""

MAILBOX_UNAVAILABLE = re.compile(
    r"(?:mail ?box|recipient|user|account)\b.{0,12}\bunava[il]+able(?! or access)|unavailable mailbox"
)
"""The words of RFC 5321 for 450 and 550 alike: only the code tells whether there is such a mailbox."""

LOCAL_TROUBLE = re.compile(r"could ?n[o']t create|command output|procmail|operating system error|can't create output")
"""A program of the server failed; what it says of users is about that program."""
