"""Which mailbox provider an address belongs to: domains that one company's servers receive mail for.

A provider counts what we send to all of its domains together, so limits and slow-downs are about groups, not domains.
The domains of companies whose mail it hosts belong to it too: their MX records name its servers (RFC 5321, 5.1), which
:mod:`.hosting` looks up. ``mx_groups`` in the settings comes before both.

Sources: the domains that the providers themselves offer for new or old accounts, by their sign-up and help pages, and
the MX records that they ask owners of domains to set.
"""

from __future__ import annotations

from functools import cache

from django.core.signals import setting_changed
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.conf import SETTING, options
from wagtail_precise_mail.contacts.addresses import domain_of

_TABLE: dict[str, tuple[str | Promise, str]] = {
    "gmail": ("Gmail", "gmail.com googlemail.com"),
    "outlook": (
        "Outlook, Hotmail, Live, MSN",
        "outlook.com hotmail.com live.com msn.com passport.com outlook.de outlook.fr outlook.es outlook.it outlook.jp "
        "outlook.com.br outlook.com.au hotmail.co.uk hotmail.de hotmail.fr hotmail.it hotmail.es hotmail.nl hotmail.be "
        "hotmail.se hotmail.no hotmail.dk hotmail.ca hotmail.com.br hotmail.com.ar hotmail.co.jp live.co.uk live.de "
        "live.fr live.it live.nl live.be live.se live.no live.dk live.ca live.cn live.jp live.com.au live.com.mx",
    ),
    "yahoo": (
        "Yahoo, AOL",
        "yahoo.com ymail.com rocketmail.com yahoo.co.uk yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.ca yahoo.in "
        "yahoo.co.in yahoo.com.br yahoo.com.ar yahoo.com.mx yahoo.com.au yahoo.co.id yahoo.com.sg yahoo.com.ph "
        "yahoo.com.vn yahoo.com.hk yahoo.com.tw yahoo.ie yahoo.se yahoo.no yahoo.dk yahoo.pl yahoo.gr yahoo.ro aol.com "
        "aol.co.uk aol.de aol.fr aim.com netscape.net verizon.net",
    ),
    "yahoo_japan": ("Yahoo! JAPAN", "yahoo.co.jp ymail.ne.jp"),
    "icloud": ("iCloud", "icloud.com me.com mac.com"),
    "qq": ("QQ, Foxmail", "qq.com foxmail.com vip.qq.com"),
    "netease": ("163, 126, yeah.net", "163.com 126.com yeah.net vip.163.com vip.126.com 188.com"),
    "sina": ("Sina", "sina.com sina.cn vip.sina.com"),
    "sohu": ("Sohu", "sohu.com"),
    "aliyun": ("Aliyun", "aliyun.com"),
    "china_mobile": ("139", "139.com"),
    "gmx": (
        "GMX, WEB.DE",
        "gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.co.uk gmx.fr gmx.es web.de email.de mail.com 1und1.de",
    ),
    "t_online": ("T-Online", "t-online.de magenta.de"),
    "freenet": ("freenet", "freenet.de"),
    "orange": ("Orange, Wanadoo", "orange.fr wanadoo.fr"),
    "free": ("Free", "free.fr"),
    "sfr": ("SFR", "sfr.fr neuf.fr cegetel.net"),
    "laposte": ("La Poste", "laposte.net"),
    "libero": ("Libero, Virgilio", "libero.it virgilio.it iol.it inwind.it blu.it giallo.it"),
    "tiscali": ("Tiscali", "tiscali.it"),
    "tim": ("TIM, Alice", "alice.it tim.it tin.it"),
    "mail_ru": ("Mail.ru", "mail.ru bk.ru inbox.ru list.ru internet.ru"),
    "yandex": ("Yandex", "yandex.ru yandex.com ya.ru yandex.by yandex.kz yandex.ua narod.ru"),
    "rambler": ("Rambler", "rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru"),
    "proton": ("Proton", "proton.me protonmail.com protonmail.ch pm.me"),
    "zoho": ("Zoho", "zoho.com zohomail.com zohomail.eu zoho.eu zoho.in"),
    "fastmail": ("Fastmail", "fastmail.com fastmail.fm"),
    "comcast": ("Comcast", "comcast.net"),
    "att": ("AT&T", "att.net sbcglobal.net bellsouth.net"),
    "bt": ("BT", "btinternet.com btopenworld.com"),
    "naver": ("Naver", "naver.com"),
    "daum": ("Daum, Kakao", "daum.net hanmail.net kakao.com"),
    "docomo": ("docomo", "docomo.ne.jp"),
    "au": ("au", "ezweb.ne.jp au.com"),
    "softbank": ("SoftBank", "softbank.ne.jp i.softbank.jp"),
    "wp": ("WP, o2 (Poland)", "wp.pl o2.pl tlen.pl"),
    "onet": ("Onet", "onet.pl op.pl onet.eu poczta.onet.pl vp.pl"),
    "interia": ("Interia", "interia.pl interia.eu poczta.fm"),
    "seznam": ("Seznam", "seznam.cz email.cz post.cz"),
    "ziggo": ("Ziggo", "ziggo.nl home.nl upcmail.nl"),
    "kpn": ("KPN", "kpnmail.nl planet.nl hetnet.nl"),
    "uol": ("UOL, BOL", "uol.com.br bol.com.br"),
    "rediff": ("Rediffmail", "rediffmail.com"),
    # These have no domains of their own to offer: they host those of others, or stand in front of them.
    "microsoft_365": ("Microsoft 365", ""),
    "exmail": (_("Tencent Exmail"), ""),
    "ionos": ("IONOS", ""),
    "ovh": ("OVHcloud", ""),
    "mimecast": ("Mimecast", ""),
    "proofpoint": ("Proofpoint", ""),
    "barracuda": ("Barracuda", ""),
}

# What the names of servers end with that receive mail for domains of others. The longest ending counts.
_SERVERS: dict[str, str] = {
    "gmail": "google.com googlemail.com",
    "outlook": "olc.protection.outlook.com hotmail.com",
    "microsoft_365": "mail.protection.outlook.com mx.microsoft",
    "yahoo": "yahoodns.net",
    "icloud": "mail.icloud.com",
    "qq": "qq.com",
    "exmail": "mxbiz1.qq.com mxbiz2.qq.com exmail.qq.com",
    "netease": "netease.com 163.com",
    "aliyun": "mxhichina.com qiye.aliyun.com",
    "mail_ru": "mail.ru",
    "yandex": "yandex.net yandex.ru",
    "proton": "protonmail.ch",
    "zoho": "zoho.com zoho.eu zoho.in",
    "fastmail": "messagingengine.com",
    "gmx": "gmx.net web.de",
    "ionos": "kundenserver.de ionos.de ionos.com ionos.co.uk ionos.fr ionos.es ionos.it 1and1.com 1and1.co.uk 1and1.fr",
    "ovh": "mail.ovh.net",
    "mimecast": "mimecast.com mimecast.co.za",
    "proofpoint": "pphosted.com ppe-hosted.com",
    "barracuda": "barracudanetworks.com",
}

_BY_ENDING = {ending: key for key, endings in _SERVERS.items() for ending in endings.split()}

OTHERS = ""
"""The group of all domains that are in none."""


def group_of(address: str) -> str:
    """Return the key of the group that an address belongs to, or ``OTHERS``."""
    return _by_domain().get(domain_of(address), OTHERS)


def group_of_server(host: str) -> str:
    """Return the key of the group whose mail server this is, by its name in ASCII, or ``OTHERS``."""
    labels = host.lower().rstrip(".").split(".")
    endings = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_BY_ENDING[ending] for ending in endings if ending in _BY_ENDING), OTHERS)


def group_label(key: str) -> str:
    """Return what people call a group; one that is gone is called by its key."""
    known = _TABLE.get(key)
    return str(known[0]) if known else key or str(_("all others"))


def group_choices() -> list[tuple[str, str]]:
    """Return every group with its name: those of the table, and those that the settings add."""
    return [(key, group_label(key)) for key in dict.fromkeys([*_TABLE, *options().mx_groups])]


@cache
def _by_domain() -> dict[str, str]:
    found = {domain: key for key, (_label, domains) in _TABLE.items() for domain in domains.split()}
    for key, domains in options().mx_groups.items():
        found.update({domain.lower(): key for domain in domains})
    return found


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting == SETTING:
        _by_domain.cache_clear()


setting_changed.connect(_forget)
