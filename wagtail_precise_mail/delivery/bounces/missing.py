"""How servers say, in many languages, that a mailbox or a domain does not exist, or is switched off.

The words are those of mail servers. They were collected from what the programs and providers document, from the reason
lists of Sisimai (BSD-2-Clause) and PHP-Bounce-Handler (BSD-3-Clause), and from replies that the rules of PHPMailer-BMH
quote. No code and no list is taken over: they are written here as forms, a noun, a few words, and what is wrong with
it.
"""

from __future__ import annotations

_MAILBOX = (
    r"(?:user(?: ?id| ?name)?|recipient|mail ?box|mail ?drop|account|address(?:e[es])?|alias|customer|subscriber|"
    r"member|person|inbox|rcpt|"
    # German, French, Spanish, Italian, Portuguese
    r"empf(?:[aä]|ae)nger\w*|benutzer\w*|nutzer|postfach|konto|adressat\w*|adress(?:e|en)?|teilnehmer|"
    r"destinataires?|utilisateur|bo[iî]te(?: aux lettres)?|compte|"
    r"usuario|destinatari[oa]s?|destin|buz[oó]n|cuenta|casilla|direcci[oó]n|utente|casella|indirizzo|"
    r"usu[aá]rio|destinat[aá]rio|endere[cç]o|conta|caixa(?: postal)?|"
    # Polish, Czech, Dutch, the North, Hungarian, Turkish
    r"odbiorc\w+|adres\w*|u[zż]ytkownik\w*|skrzynk\w+|u[zž]ivatel\w*|schr[aá]nk\w+|p[rř][ií]jemce|"
    r"gebruiker\w*|postvak|ontvanger|brugeren?|modtageren?|anv[aä]ndaren?|mottagaren?|brukeren?|mottakeren?|"
    r"k[aä]ytt[aä]j[aä]\w*|felhaszn[aá]l[oó]|c[ií]mzett|postafi[oó]k|kullan[iı]c[iı]|al[iı]c[iı]|hesap)"
)
_NOT_THERE = (
    r"(?:(?<!reason )(?<!reason: )(?<!cause )unknown(?! (?:reason|error|problem|cause|command))|"
    r"not ?found|n[o']?t be found|not (?:be )?known|not recogni[sz]ed|not listed|not registered|"
    r"not (?:a )?local|not our|not here|not ok|not valid|not a(?:n)? (?:active|valid|known|email)|isn't valid|invalid|"
    r"illegal|undeliverable|(?:is|was) wrong|(?:do(?:es)?(?: not|n[o']?t)|not|no) (?:exists?|have an?)|"
    r"non-?existent|no longer (?:exists?|valid|available|here|on|in use|with|at|employed|accept)|has moved|"
    r"w(?:as|ere)(?: not|n't) found|has been replaced by|"
    r"nicht (?:gefunden|vorhanden|bekannt|existent|zugestellt werden, da)|"
    r"unbekannt(?!e[nrs]? (?:fehler|grund))|existier(?:t|en) nicht|"
    r"gibt es nicht|ung(?:[uü]|ue)ltig|"
    r"(?<!erreur )inconnue?s?\b|n'exist(?:e|ent) (?:pas|plus)|inexistante?|invalide|introuvable|non r[eé]pertori[eé]|"
    r"(?<!error )desconocid[oa]|no (?:se )?(?:existe|encuentra|encontr)|inexistente|inv[aá]lid[oa]|no v[aá]lid[oa]|"
    r"(?<!errore )sconosciut[oa]|inesistente|errat[oa]|non (?:esiste|trovat[oa]|valid[oa])|"
    r"(?<!erro )desconhecid[oa]|n[aã]o (?:existe|(?:foi )?encontrad[oa]|localizad[oa])|"
    r"nie (?:istnieje|znalezion\w+|ma)|nieznan\w+\b(?! b[lł][aą]d)|neexistuje|nenalezen\w?|nezn[aá]m\w+|"
    r"onbekend(?!e (?:fout|reden))|bestaat niet|niet (?:gevonden|bekend)|ongeldig|"
    r"ukendt(?! fejl)|ukjent|ok[aä]nd|find?e?s (?:ikke|inte)|finn(?:es|s) (?:ikke|inte)|existerar inte|eksisterer ikke|"
    r"ei l[oö]ydy|tuntematon|nem l[eé]tezik|ismeretlen|bulunamad[iı]|mevcut de[gğ]il|ge[cç]ersiz)"
)
# Enough without a noun.
_NEVER = (
    r"n'exist(?:e|ent) (?:pas|plus)|existiert nicht|nie istnieje|nie ma takie\w+|neexistuje|\bno existe\b|"
    r"n[aã]o existe|non esiste|bestaat niet|finn(?:es|s) (?:ikke|inte)|findes ikke|nem l[eé]tezik|"
    r"kein\w* solche\w*|nessun[oa']* (?:tale )?(?:utente|indirizzo|destinatario)|ningun[oa]? (?:usuario|cuenta)|"
    r"aucun (?:utilisateur|destinataire|compte)|no se encuentra en el directorio|"
    r"non r[eé]pertori[eé]|pas d[e'] ?(?:utilisateur|compte|bo[iî]te)"
)
_CYRILLIC = (
    r"(?:пользовател|получател|адресат|ящик|адрес|учетн|аккаунт|абонент|логин)\w*.{0,40}(?:не (?:найден|существует|"
    r"зарегистр|обнаружен)|неизвест(?!\w* ошибк)|недейств|удал[её]н|отсутствует)|"
    r"(?:неизвестн|несуществующ)\w+ (?:пользовател|"
    r"получател|адрес|ящик)|нет такого|несуществ|\bне существует"
)
_CHINESE = (
    r"(?:收件人|用户|邮箱|地址|信箱|帐号|账号|帳號|用戶|使用者|收件者|郵箱|收信人|账户|帳戶).{0,12}"
    r"(?:不存在|未找到|无效|無效|未知(?!错误)|(?<!未知)错误|找不到|有误|已注销)|找不到.{0,8}(?:收件|用户|邮箱|信箱)|(?:没有|"
    r"无)此?(?:用户|邮箱|收件)|查无此"
)
_JAPANESE = (
    r"(?:宛先|送信先|ユーザー?|アドレス|アカウント|受信者|受取人|メールボックス|ディレクトリ).{0,20}(?:見つかり(?:ません|"
    r"ませ)|見つけられ|存在し(?:ません|ない|ておりません)|ありません|不明(?!なエラー)|間違|無効)|該当.{0,12}(?:ユーザ|アドレス|宛先)"
)
_KOREAN = r"(?:사용자|수신자|주소|계정|메일함).{0,14}(?:없|존재하지|잘못|찾을 수)"

MISSING_MAILBOX = (
    _MAILBOX + r"(?:\b|s\b|\(s\)).{0,60}?\b" + _NOT_THERE + r"|"
    r"(?:unknown|invalid|no such|non-?existent|not a(?:n)? (?:valid|active|known|local)|unrecogni[sz]ed|undefined|"
    r"not our|wrong|incorrect|bad|illegal|unbekannter?|inconnu|nieznany) "
    r"(?:or illegal |or invalid |or unknown |local |final delivery |delivery |e-?mail |mail |virtual |destination |"
    r"recipient |relay |to )*(?:alias|" + _MAILBOX + r")|"
    r"no (?:such )?(?:valid |local |known |matching |mail |e-?mail )*"
    r"(?:mail ?box|mail ?drop|user|account|recipient|person|address|alias|customer)\b"
    r"(?! (?:from|in this|specified|given|path|rights?|access))|"
    r"bad[ _-]?recipient|address not found|user ?unknown\b|not our (?:user|customer)|"
    r"user(?:'s)? .{0,20}name is not|"
    r"(?:user|recipient) (?:is )?(?:no longer|not (?:at|on|in))|n[o']?t have an? (?:\S+ )?(?:account|mailbox)|"
    r"recipient ?name is not|recip(?:ient)?\.? ?not ?found|recipient rejected: undeliver|"
    r"(?:nobody|no[ -]one) (?:here )?(?:with|by|at|named|called|th)\b|"
    r"name is not recogni[sz]ed|recipient address rejected: access denied|\brecipient rejected\W*$|"
    r"recipient is not accepted|envelope recipient (?:has been denied|is in my)|"
    r"user not a member of|reserved by rfc ?2606|recipients? cannot be verified|"
    r"left the (?:company|organi[sz]ation)|name not found|"
    r"not found in (?:\S+ ){0,3}?(?:directory|address book|name|ldap|database|table)|"
    r"^[\d\s.#:-]{0,14}not found|(?:in|from) (?:the )?name directory|"
    r"(?:unable to|can(?:not|'?t)|could(?: not|n't)) find (?:the |an? |any )?(?:\w+ )?(?:user|mailbox|recipient|alias|"
    r"account)|"
    r"n[o']t (?:handle|accept) (?:e-?)?mail for (?:that|this) (?:user|recipient|address)|mailbox is not allowed|"
    r"address (?:was |has )?changed|(?:user|account|mailbox|recipient|has|have) moved|(?:moved|change of) address|"
    r"^[\d\s.#:-]{0,14}has been replaced by|"
    r"wasn't found at|couldn't be found|not exists? here|can't accept user|local[ -]?part|"
    r"bad ?(?:rcpt|recipient)to|not in my valid ?rcptto|not present|not (?:a )?local address|not email address|"
    r"recipients? (?:was|were) undeliverable|no valid recipients for|unknown name\b|missing home directory|"
    r"\b(?:rcp-p1|int-p[134])\b|" + "|".join((_NEVER, _CYRILLIC, _CHINESE, _JAPANESE, _KOREAN))
)
"""The mailbox is what is missing."""

SURE_EVEN_AFTER_THE_MESSAGE = r"(?:user|dd) .{0,20}doesn't have an? \S{0,80} ?account"
"""Yahoo takes every recipient, and says only behind the whole message that there is none."""

DOMAIN_NOT_IN_DNS = (
    r"unable to get mx|failed to get mx|dial tcp: lookup .{0,80}no such host|"
    r"because the domain is not reachable|all host address lookups failed permanently|point to non-?existent hosts?|"
    # The words of cPanel for what Exim calls unrouteable.
    r"account or domain may not exist|dns server returned answer with no data"
)
"""Said of a domain, in words that would mean something else in a sentence of their own."""

MISSING_DOMAIN = (
    r"(?:host|domain)(?: ?name)?s?\b.{0,50}\b(?:unknown|not found|does ?n[o']?t exist|does not exist|not exist|"
    r"must exist|n[o']t be (?:found|resolved)|couldn't be found|not valid|invalid|non-?existent|unbekannt|"
    r"inconnu|existiert nicht|n'existe pas|no existe|non esiste)|"
    r"(?:unknown|no such|invalid|illegal|bad|non-?existent) "
    r"(?:mail )?(?:host|domain|destination system|destination host|destination mail ?host)|any host (?:named|by)|"
    r"couldn't find (?:any|a) (?:host|mail exchanger)|find the recipient domain|"
    r"bad destination (?:system|host|mail)|nxdomain|name or service not known|null ?mx|no (?:valid )?mx\b|"
    r"no smtp service|(?:host|domain|server) (?:does not|doesn't) accept (?:any )?(?:mail|e-?mail)|"
    r"does not accept (?:mail|e-?mail)(?! from)|seems? to reject all mail|unresolvable host|"
    r"no mail (?:exchanger|server|hosts?)|unroute?able|(?:域名|主机).{0,8}(?:不存在|无效|错误)|"
    r"(?:ドメイン|ホスト).{0,16}(?:見つかりません|存在しません|不明)|домен.{0,20}не (?:найден|существует)"
)
"""The domain is what is missing, or it takes no mail at all."""

_OFF = (
    r"disabled|suspend\w*|inactiv(?!e (?:e-?mail )?address)\w*|locked|deactivated|frozen|closed|on hold|blocked|"
    r"expired|not active|isn't active|discontinued|terminated|"
    r"bloqu[eé]e?|d[eé]sactiv[eé]e?|archiv[eé]e?|gesperrt|deaktiviert|bloquead[oa]|desactivad[oa]|desativad[oa]|"
    r"inactiv[oa]|inativ[oa]|expirad[oa]|disabilitat[oa]|bloccat[oa]|disat+ivat[oa]|zablokowan\w+|nieaktywn\w+|"
    r"geblokkeerd|sp[aä]rrad"
)
SUSPENDED = (
    _MAILBOX + r"(?:\b|s\b|\(s\)).{0,40}\b(?:(?:is |has been |was |been )*(?:temporarily |currently |"
    r"administrativ\w*ly |temporary )*(?:" + _OFF + r"|limited\b))|"
    r"(?:disabled|suspended|inactive|locked|deactivated|frozen|closed|blocked|archived) (?:recipient|user|account|"
    r"mailbox|address|customer)(?! (?:domain|format))|(?:recipient|user)s? suspend|mailbox cannot be accessed|"
    r"banned recipient|unavailable or access den\w+|deactivated due to|"
    r"mail ?address is administrativ\w+ disabled|mail receiving disabled|"
    r"\[suspend\]|\brcp-t4\b|not accepting (?:any )?(?:messages|mail)\b|заблокирован|отключ[её]н|"
    r"(?:用户|帐号|账号|邮箱|信箱|帳號).{0,8}(?:冻结|禁用|停用|锁定|被锁|暂停|凍結)"
)
"""The mailbox exists, and takes nothing now."""
