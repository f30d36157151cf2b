"""Mails that answer ours and are no bounces: out of office, automatic replies, and challenges."""

from __future__ import annotations

import re

from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.reading import Mail

_VACATION = re.compile(
    r"out of (?:the )?office|out-of-office|\booo\b|on (?:vacation|holiday|leave|annual leave|maternity|parental|sick)|"
    r"vacation|away (?:from|until|till|message|notice)|\bi(?:'m| am) (?:currently )?(?:away|out|traveling|travelling|"
    r"absent)|"
    r"abwesen|nicht im (?:b[uü]ro|haus)|im urlaub|urlaub|zur[uü]ck am|au[sß]er haus|"
    r"absen(?:ce|t)|en cong[eé]|en vacances|fuera de (?:la )?oficina|de vacaciones|ausen[tc]|fuori (?:ufficio|sede)|"
    r"in ferie|assen[tz]|"
    r"afwezig|op vakantie|fr[aå]nvaro|semester|p[aå] ferie|frav[aæ]r|poissa|lomalla|urlop|nieobecno|mimo kancel|"
    r"dovolen|szabads[aá]g|"
    r"отпуск|отсутств|вне офиса|休假|外出|不在|出差|假期|休暇|夏季休業|年末年始|休業|부재|휴가",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(
    r"auto(?:matic|mated|matische|matique|m[aá]tica|matica|matyczna)?[- ]?(?:re(?:ply|sponse|spuesta|sposta)|"
    r"r[eé]ponse|respond|antwort|svar|antwoord|answer)|"
    r"r[eé]ponse automatique|respuesta autom|risposta automatica|resposta autom|automatische antwort|"
    r"automatisch antwoord|autosvar|"
    r"we (?:have )?received your (?:e-?mail|message|request|inquiry)|thank(?:s| you) for (?:your (?:e-?mail|message)|"
    r"contacting)|"
    r"автоответ|odpowied[zź]|自动(?:回复|答复)|自動(?:回覆|返信|応答|回复)|자동 ?(?:응답|회신)",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"(?:spam ?arrest|boxbe|choicemail|bluebottle|tmda|active spam killer|qurb|mailblocks|0spam|sanebox|spamblocker|"
    r"knowspam|"
    r"antispam ?uol|mail ?in ?black|cleanmail)|"
    r"challenge[- ]response|(?:confirm|prove|verify|show) (?:to me )?that you(?:'re| are) (?:a )?(?:real |human|"
    r"person|not a)|"
    r"(?:click|follow|visit|reply|respond).{0,80}(?:to (?:verify|confirm|authenticate) (?:yourself|"
    r"your(?: e-?mail)? address|that you|you are|your message|this message)|"
    r"so (?:that )?(?:your|this) (?:e-?mail|message).{0,30}deliver)|"
    r"(?:your|this) (?:message|e-?mail|mail).{0,60}(?:will (?:only )?be (?:delivered|released)|"
    r"(?:is )?(?:being )?held|on hold|quarantine).{0,120}"
    r"(?:confirm|verif|authenticat|approv|click|reply to this)|(?:one|first)[- ]time (?:verification|authentication|"
    r"confirmation)|"
    r"sender (?:verification|authentication|confirmation) (?:required|request|needed)|(?:add|added) (?:yourself|"
    r"you) to (?:my|the|their) (?:allowed|approved|guest|white|safe)|"
    r"(?:please )?(?:solve|complete|enter) (?:the |this |a )?(?:captcha|verification code|challenge)|"
    r"est[aá]s en mi lista|"
    r"验证.{0,12}(?:不是|真人|发件人|垃圾)|認証.{0,12}(?:送信者|クリック)",
    re.IGNORECASE | re.DOTALL,
)
_UNAPPROVED = re.compile(
    r"not (?:pre-?)?approved|(?:requires?|needs?|awaiting|pending) (?:your )?confirmation|challenge", re.IGNORECASE
)
_READ = re.compile(
    r"^(?:read|gelesen|lu|leído|letto|已读|開封済み|прочитано)\s?[:：]|read receipt|return receipt|lesebest[aä]tigung",
    re.IGNORECASE,
)

_MAIL_SYSTEM = re.compile(
    r"mailer-?daemon|mail ?delivery (?:sub)?system|post_?master|mail administrator|system administrator|"
    r"microsoft exchange|mail deliver|"
    r"email security|content-filter|mdaemon|bounces?[-+@]|daemon@",
    re.IGNORECASE,
)
# Programs of other kinds that write reports, too.
_MACHINE = re.compile(r"no[-_.]?reply|do-?not-?reply|daemon|admin|system|robot|notif|mailer|automat", re.IGNORECASE)
_QUOTED = re.compile(
    r"^\s?>(?!>>)|\b(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał\w*)\b[^\n]{0,60}:\s*$|"
    r"写道\s?[:：]|forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato|"
    r"转发邮件|^(?:from|von|de|da|van|от|发件人|差出人)\s?[:：][^\n]{1,200}\n(?:sent|gesendet|date|datum|envoyé|enviado|inviato|verzonden|"
    r"data|fecha|отправлено|发送时间|送信日時)\s?[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|not deliver|non-?deliver|delivery (?:status|fail|problem|notif|report|error|has failed|incomplete|"
    r"unsuccess|delay)|"
    r"fail(?:ed|ure) (?:notice|delivery|mail|to deliver)|deliver\w* (?:has )?fail|mail (?:delivery )?(?:fail|error|"
    r"system error|undeliv)|"
    r"returned (?:mail|message|to sender|e-?mail)|(?:mail|message|e-?mail) (?:was )?returned|could(?: not|"
    r"n't) (?:send|be (?:sent|deliver))|warning: |bounce|"
    r"user unknown|message (?:delivery )?(?:has )?fail|delayed mail|unzustellbar|zustellung|nicht zugestellt|"
    r"non remis|[eé]chec|no entregad|devuelto|"
    r"no se (?:pudo|puede|ha podido)|mancata consegna|impossibile|onbestelbaar|niet bezorgd|не доставлен|"
    r"не может быть доставлен|недостав|"
    r"退信|退回|投递失败|寄送失敗|无法(?:投递|送达|发送)|無法(?:投遞|送達|傳送)|未送达|系统退信|配信|"
    r"送信(?:できません|エラー|不能)|エラーメール|不達|届きません|배달|반송|전송 ?실패|"
    r"failure|mail system error|postmaster notify|loop alert|rejected",
    re.IGNORECASE,
)
_BOUNCE_WORDS = re.compile(
    r"[45]\d\d[ -]#?[45]\.\d{1,3}\.\d{1,3}|(?:could not|couldn't|cannot|can't|was not|not|unable to|"
    r"failed to) (?:be )?deliver|undeliver|"
    r"delivery (?:to|of).{0,60}fail|did not reach|permanent (?:error|fatal|failure)|returned to (?:the )?sender|"
    r"not a (?:valid|known) (?:user|recipient|mailbox|address)|(?:unknown|invalid) (?:user|recipient)|"
    r"no such (?:user|recipient|mailbox)|"
    r"5\d\d .{0,60}(?:unknown|reject|unavailable|no such)|(?:mailbox|user|recipient|account).{0,30}(?:full|unknown|"
    r"not found|does not exist|unavailable)|"
    r"退信|投递失败|无法(?:投递|送达)|無法(?:投遞|送達)|配信できません|送信できません|届けられません|не доставлен|"
    r"не может быть доставлен",
    re.IGNORECASE,
)


def is_challenge(mail: Mail) -> bool:
    """Whether somebody's filter asks the sender to prove to be a person, be it in the words of a report."""
    if mail.statuses:
        return any(_UNAPPROVED.search(group.get("diagnostic-code", "")) for group in mail.statuses)
    return bool(_CHALLENGE.search(_opening(mail)))


def is_from_mail_system(mail: Mail) -> bool:
    """Whether a program that carries mail wrote it, and no person's program."""
    if mail.header("x-failed-recipients"):
        return True
    sender = mail.header("from")
    return bool(_MAIL_SYSTEM.search(sender)) or sender.strip() in ("<>", "")


def is_by_person(mail: Mail) -> bool:
    """Whether a person wrote it who answers, or passes on, what they got: a bounce in it is not ours to read."""
    if _is_by_program(mail) or mail.report_type == "delivery-status":
        return False
    has_quotes = bool(_QUOTED.search(mail.text[:6000]))
    return has_quotes and not _BOUNCE_SUBJECT.match(mail.header("subject").strip())


def looks_like_bounce(mail: Mail) -> bool:
    """Whether the words are those of a mail that could not be delivered; those of a person have to be so twice."""
    has_subject = bool(_BOUNCE_SUBJECT.search(mail.header("subject")))
    has_words = bool(_BOUNCE_WORDS.search(mail.text[:6000]))
    if _is_by_program(mail):
        return has_subject or has_words
    return has_subject and has_words and not is_by_person(mail)


def _is_by_program(mail: Mail) -> bool:
    submitted = mail.header("auto-submitted").strip().lower()
    return (
        is_from_mail_system(mail)
        or mail.header("return-path").strip() == "<>"
        or submitted not in ("", "no")
        or bool(_MACHINE.search(mail.header("from")))
    )


def kind_of_reply(mail: Mail) -> Kind | None:
    """Return VACATION or AUTO_REPLY for what a person's program answered by itself, else None (RFC 3834)."""
    if (
        not _is_marked(mail)
        and not _AUTOMATIC.search(mail.header("subject"))
        and not _VACATION.search(mail.header("subject"))
    ):
        return None
    return Kind.VACATION if _VACATION.search(_opening(mail)) else Kind.AUTO_REPLY


def _is_marked(mail: Mail) -> bool:
    """Whether a header says that no person wrote it."""
    submitted = mail.header("auto-submitted").lower()
    if submitted.startswith(("auto-replied", "auto-generated", "auto-notified")):
        return True
    if mail.is_receipt or mail.report_type == "disposition-notification" or _READ.search(mail.header("subject")):
        return True
    names = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponder", "x-mail-autoreply", "x-vacation")
    if any(mail.header(name).lower() not in ("", "no", "false") for name in names):
        return True
    precedence = mail.header("precedence").lower()
    return precedence in ("auto_reply", "auto-reply") or mail.header("x-precedence").lower() == "auto_reply"


def _opening(mail: Mail) -> str:
    return f"{mail.header('subject')}\n{mail.text[:4000]}"
