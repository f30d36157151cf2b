"""What servers say when they refuse a mail, by meaning and in many languages.

Servers word the same few things in endless ways, so these are patterns of words near each other, not whole sentences.
They are tried in this order: a more exact meaning comes before a wider one that may stand in the same sentence. All
patterns look at most a few words far, so that a long or hostile text costs no more than its length.
"""

from __future__ import annotations

import re

from wagtail_precise_mail.delivery.bounces.kinds import Kind

_MAILBOX = (
    r"(?:user|recipient|mailbox|mail ?box|account|address(?:ee)?|alias|customer|subscriber|member|maildrop|user ?id|"
    r"username|person|inbox|rcpt|odbiorc\w+|konto|adres|u[zż]ytkownik\w*|destinataire|adresse|utilisateur|"
    r"empf[aä]nger|benutzer|postfach|usuario|destinatario|"
    r"buz[oó]n|cuenta|utente|casella|indirizzo|gebruiker|postvak)"
)
_NOT_THERE = (
    r"(?:unknown|not found|n[o']t be found|not known|not recogni[sz]ed|not listed|not registered|not (?:a )?local|"
    r"not our|"
    r"not here|not valid|not a valid|isn't valid|invalid|illegal|undeliverable|(?:do(?:es)?(?: not|n[o']t)|"
    r"not) (?:exists?|have an?)|"
    r"non-?existent|no longer (?:exists?|valid|available|here|on|in use|with|at|employed|accept)|has moved|"
    r"wasn't found|"
    r"inconnue?|n'existe pas|inexistante?|invalide|introuvable|unbekannt|existiert nicht|nicht gefunden|ung[uü]ltig|"
    r"desconocid[oa]|no existe|inv[aá]lid[oa]|sconosciut[oa]|inesistente|non esiste|onbekend|bestaat niet|"
    r"n[aã]o existe|nie istnieje|nieznan\w)"
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
    # No trace of the domain in DNS, as programs in Go put it.
    (Kind.HARD, r"unable to get mx|failed to get mx|dial tcp: lookup .{0,80}no such host"),
    (Kind.SOFT, r"insufficient system (?:storage|resources)|4\.3\.1 "),
    (
        Kind.QUOTA,
        r"(?:mail ?box|inbox|account|user|recipient|storage|disk|maildir|folder|mailfolder)\b.{0,40}\b(?:is |was |"
        r"be |almost )*"
        r"(?:full\b(?! (?:name|address|e-?mail|message|text|report|head|detail))|over ?(?:the )?(?:quota|limit|size)|"
        r"exceed)|over[ -]?quota|quota.{0,30}(?:exceed|full|reached|violation)|"
        r"exceed\w*.{0,30}(?:quota|storage|mailbox|disk)|out of (?:quota|(?:disk )?space|storage)|"
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
        r"helo (?:command|name)?.{0,20}(?:reject|invalid|fail|refus)|open relay|spam ?trap|dynamic ip|dial-?up|"
        r"service (?:is )?refuse|refused to talk|黑名单|黑名單|"
        r"拒绝.{0,4}ip|被封|"
        r"messages from .{0,20}weren't sent|\b(?:sc|dy|ou)-00\d\b|spam ip\b|permanently deferred|"
        r"redundant|(?:please )?(?:contact|request) (?:the )?(?:removal|delist)|delist",
    ),
    # Who we are, or whether we are allowed to: about the sender, so before "unknown".
    (
        Kind.POLICY,
        r"\bdmarc\b|\bdkim\b|\bspf\b|sender[- ]?id\b|domainkeys|unauthenticated|authentication|not authenticated|"
        r"(?:(?<!to )(?<!to the )sender|from (?:address|domain|header)|return[- ]path|envelope|"
        r"originator)\b.{0,30}(?:address|domain|verif\w*)?.{0,20}"
        r"(?:reject|denied|refus|unknown|not (?:found|exist|allowed|valid|permitted|resolve|accepted)|does not|"
        r"doesn't|invalid|"
        r"verif|not a valid)|mail from .{0,30}(?:reject|denied|refus|not allowed|invalid)|(?:invalid|bad|illegal|"
        r"forged|unknown|fake|unverified) (?:sender|mail from|from|envelope)|"
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
    # A mailbox that exists but takes nothing now.
    (
        Kind.SOFT,
        _MAILBOX + r"\b.{0,40}\b(?:(?:is |has been |was |been )*(?:temporarily |currently |administratively )*"
        r"(?:disabled|suspend\w*|inactiv\w*|locked|deactivated|frozen|closed|on hold|blocked|expired|not active|"
        r"isn't active|discontinued|"
        r"bloqu[eé]e?|d[eé]sactiv[eé]e?|gesperrt|deaktiviert|bloquead[oa]|desactivad[oa]|disabilitat[oa]))|"
        r"(?:disabled|suspended|inactive|locked|deactivated|frozen|closed|blocked) (?:recipient|user|account|mailbox|"
        r"address|customer)|"
        r"not accepting (?:messages|mail)|заблокирован|отключ[её]н|(?:用户|帐号|账号|邮箱|信箱|帳號).{0,8}(?:冻结|"
        r"禁用|停用|锁定|被锁|暂停|凍結)",
    ),
    # Domains, before mailboxes; those that only do not answer now first.
    (
        Kind.SOFT,
        r"(?:host|domain|dns|name (?:server|service|lookup)).{0,40}(?:try again|temporar|timed? ?out|lookup fail|"
        r"look-?up fail|servfail)|"
        r"(?:requests?|attempts?|able|trying|failed) to connect|malformed .{0,30}name server|have been failing",
    ),
    (
        Kind.HARD,
        r"(?:host|domain)(?: ?name)?s?\b.{0,50}\b(?:unknown|not found|does ?n[o']t exist|does not exist|not exist|"
        r"n[o']t be (?:found|resolved)|couldn't be found|not valid|invalid|non-?existent)|(?:unknown|no such|invalid|"
        r"illegal|bad|non-?existent) "
        r"(?:mail )?(?:host|domain|destination system|destination host|destination mail ?host)|any host named|"
        r"couldn't find (?:any|a) (?:host|mail exchanger)|"
        r"bad destination (?:system|host|mail)|nxdomain|name or service not known|null ?mx|no (?:valid )?mx\b|"
        r"no smtp service|(?:host|domain|server) (?:does not|doesn't) accept (?:any )?(?:mail|e-?mail)|"
        r"does not accept (?:mail|e-?mail)|seems? to reject all mail|unresolvable host|no mail (?:exchanger|server|"
        r"hosts?)|unrouteable|unroutable|(?:域名|主机).{0,8}(?:不存在|无效|错误)|"
        r"(?:ドメイン|ホスト).{0,16}(?:見つかりません|存在しません|不明)|домен.{0,20}не (?:найден|существует)",
    ),
    (
        Kind.HARD,
        _MAILBOX + r"(?:\b|s\b|\(s\)).{0,60}?\b" + _NOT_THERE + r"|"
        r"(?:unknown|invalid|no such|non-?existent|not a valid|unrecogni[sz]ed|undefined|not our|not a known|wrong|"
        r"incorrect|bad|illegal) "
        r"(?:or illegal |or invalid |local |final delivery |delivery |e-?mail |mail |virtual |destination |"
        r"recipient |relay |to )*(?:alias|" + _MAILBOX + r")|"
        r"no (?:such )?(?:mail ?box|user|account|recipient|person|address|alias|customer)\b|not our (?:user|customer)|"
        r"(?:user|recipient) (?:is )?(?:no longer|not (?:at|on|in))|n[o']t have an? (?:\S+ )?(?:account|mailbox)|"
        r"recipient ?name is not|recip(?:ient)?not ?found|recipient rejected: undeliver|nobody (?:here )?(?:with|"
        r"by) that name|"
        r"name is not recogni[sz]ed|recipient address rejected: access denied|left the (?:company|organi[sz]ation)|"
        r"name not found|not found in (?:the )?(?:directory|address book|name)|can't find (?:the )?(?:user|mailbox|"
        r"recipient)|"
        r"address (?:was |has )?changed|(?:user|account|mailbox|recipient|has|have) moved|(?:moved|change of) address|"
        r"wasn't found at|couldn't be found|not exists? here|no existe |no one at th|can't accept user|local-?part|"
        r"badrcptto|not present|"
        r"recipients? (?:was|were) undeliverable|no valid recipients for|unknown name\b|missing home directory|"
        r"archived recipient|^\W{0,4}not found|no matches to|"
        r"(?:пользовател|получател|адресат|ящик|адрес|учетн)\w*.{0,40}(?:не (?:найден|существует|зарегистр)|неизвест|"
        r"недейств|удал[её]н)|"
        r"нет такого|несуществ|(?:收件人|用户|邮箱|地址|信箱|帐号|账号|帳號|用戶|使用者|收件者|郵箱|收信人|邮件地址|"
        r"信箱地址).{0,12}"
        r"(?:不存在|未找到|无效|無效|未知|错误|找不到|有误)|找不到.{0,8}(?:收件|用户|邮箱|信箱)|(?:没有|"
        r"无)此?(?:用户|邮箱|收件)|查无此|"
        r"(?:宛先|ユーザー?|アドレス|アカウント|受信者|メールボックス).{0,20}(?:見つかりません|存在しません|"
        r"ありません|不明|間違|存在しない)|"
        r"該当.{0,12}(?:ユーザ|アドレス|宛先)|(?:사용자|수신자|주소|계정).{0,14}(?:없|존재하지|잘못)",
    ),
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

TOO_FAST = re.compile(_TOO_FAST)
"""The server would take the mail if there were less of it in a time. Each of these is among the phrases of a block."""

MAILBOX_UNAVAILABLE = re.compile(r"(?:mail ?box|recipient|user)\b.{0,12}\bunavailable|unavailable mailbox")
"""The words of RFC 5321 for 450 and 550 alike: only the code tells whether there is such a mailbox."""

LOCAL_TROUBLE = re.compile(r"could ?n[o']t create|command output|procmail|operating system error|can't create output")
"""A program of the server failed; what it says of users is about that program."""
