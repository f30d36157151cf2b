"""What the columns of known exports become: HubSpot, Mailchimp, Klaviyo, and headers that people write themselves.

Source: HubSpot knowledge base, "Export unsubscribes and bounces" and the properties "Unsubscribed from all email" and
"Opted out of email: ..."; Mailchimp, "About your audience export" (subscribed, unsubscribed and cleaned members are
three files); Klaviyo, profile exports with SUBSCRIBED, UNSUBSCRIBED and NEVER_SUBSCRIBED.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wagtail_precise_mail.contacts.importing.states import Said


@dataclass(frozen=True)
class Preset:
    """One kind of export.

    Attributes:
        marks: headers of which ``mark_count`` must be there, in lower case.
        columns: headers in lower case to targets.
        default: what people are whose row says nothing.
        topic_prefix: of headers that carry the name of a topic after it, with the target for these.
        keeps_rest: whether columns that nobody knows become further fields.
    """

    key: str
    label: str
    marks: frozenset[str]
    columns: Mapping[str, str]
    default: Said = Said.GRANTED
    mark_count: int = 1
    topic_prefix: tuple[str, str] | None = None
    keeps_rest: bool = True
    ignored: frozenset[str] = field(default_factory=frozenset)


_NAMES = {
    "first name": "first_name",
    "last name": "last_name",
    "city": "city",
    "country": "country",
    "country/region": "country",
    "state/region": "region",
    "state / region": "region",
    "job title": "job_title",
    "title": "job_title",
    "organization": "organization",
    "company name": "organization",
    "company": "organization",
    "preferred language": "locale",
    "gender": "gender",
    "time zone": "time_zone",
}
_MAILCHIMP = {
    "email address": "email",
    "first name": "first_name",
    "last name": "last_name",
    "optin_time": "opted_in_at",
    "optin_ip": "opt_in_ip",
    "confirm_time": "confirmed_at",
    "confirm_ip": "confirm_ip",
    "timezone": "time_zone",
    "cc": "country",
    "region": "region",
    "tags": "tags",
    "company": "organization",
    "member_rating": "number:member_rating",
    "notes": "text:notes",
}
_MAILCHIMP_IGNORED = frozenset(["latitude", "longitude", "gmtoff", "dstoff", "leid", "euid", "last_changed"])

PRESETS = (
    Preset(
        "mailchimp_cleaned",
        "Mailchimp, cleaned members",
        frozenset(["clean_time"]),
        {**_MAILCHIMP, "clean_time": "opted_out_at"},
        default=Said.BOUNCED,
        ignored=_MAILCHIMP_IGNORED,
    ),
    Preset(
        "mailchimp_unsubscribed",
        "Mailchimp, unsubscribed members",
        frozenset(["unsub_time"]),
        {**_MAILCHIMP, "unsub_time": "opted_out_at", "unsub_reason": "opt_out_reason"},
        default=Said.UNSUBSCRIBED,
        ignored=_MAILCHIMP_IGNORED,
    ),
    Preset(
        "mailchimp",
        "Mailchimp, members",
        frozenset(["member_rating", "optin_time", "confirm_time", "leid", "euid"]),
        _MAILCHIMP,
        mark_count=3,
        ignored=_MAILCHIMP_IGNORED,
    ),
    Preset(
        "klaviyo",
        "Klaviyo, profiles",
        frozenset(["email marketing consent"]),
        {
            **_NAMES,
            "email": "email",
            "timezone": "time_zone",
            "email marketing consent": "state",
            "email marketing consent timestamp": "opted_in_at",
            "email suppressions": "suppressions",
            "email suppressions timestamp": "opted_out_at",
            "lists": "lists",
            "tags": "tags",
        },
        # A profile whose consent is not said is a profile, not a subscriber.
        default=Said.NEVER,
        ignored=frozenset(["klaviyo id", "latitude", "longitude"]),
    ),
    Preset(
        "hubspot_opt_outs",
        "HubSpot, unsubscribes and bounces",
        frozenset(["portal unsubscribe", "portal bounce", "portal spam report"]),
        {
            "email": "email",
            "email address": "email",
            "recipient": "email",
            "portal unsubscribe": "unsubscribed",
            "portal bounce": "bounced",
            "portal spam report": "complained",
            "global bounce": "bounced",
            "global unsubscribe": "unsubscribed",
        },
        default=Said.NEVER,
        mark_count=2,
        topic_prefix=("", "opt_out"),
        keeps_rest=False,
    ),
    Preset(
        "hubspot",
        "HubSpot, contacts",
        frozenset(["record id", "marketing contact status", "unsubscribed from all email", "contact owner"]),
        {
            **_NAMES,
            "email": "email",
            "unsubscribed from all email": "unsubscribed",
            "email hard bounce reason": "bounced",
            "email address quarantined reason": "bounced",
            "date of birth": "birthday_on",
            "lifecycle stage": "text:lifecycle_stage",
        },
        mark_count=2,
        topic_prefix=("opted out of email: ", "opt_out"),
        ignored=frozenset(["contact owner"]),
    ),
)

# Headers of files that people make, by their letters and digits alone.
_COMMON = {
    "email": "email emailaddress mail mailaddress address mailadresse emailadresse courriel correo "
    "邮箱 电子邮件 电子邮箱 邮件地址 邮箱地址",
    "first_name": "firstname givenname forename vorname prénom prenom nombre fname 名",
    "last_name": "lastname surname familyname nachname nom apellido apellidos lname 姓",
    "full_name": "name fullname contactname kontakt 姓名 名字",
    "organization": "organization organisation company firma société empresa unternehmen 公司",
    "job_title": "job jobtitle position titel beruf poste cargo 职位",
    "gender": "gender sex geschlecht sexe 性别",
    "city": "city town ort stadt ville ciudad 城市",
    "region": "region state province bundesland 省 省份",
    "country": "country land pays país pais countrycode 国家",
    "locale": "language locale lang sprache langue idioma 语言",
    "time_zone": "timezone zeitzone 时区",
    "birthday_on": "birthday birthdate dateofbirth dob geburtstag geburtsdatum naissance 生日 出生日期",
    "state": "status subscriptionstatus subscription consent optin newsletter einwilligung 订阅状态",
    "opted_in_at": "optintime optindate consentdate subscribedat subscriptiondate signupdate anmeldedatum 订阅时间",
    "opt_in_ip": "optinip consentip signupip",
    "opted_out_at": "unsubscribedat optouttime optoutdate abmeldedatum 退订时间",
    "tags": "interest interests tag tags interessen 兴趣 标签",
    "lists": "list lists group groups liste listen gruppe gruppen 列表 分组",
}
_BY_HEADER = {word: target for target, words in _COMMON.items() for word in words.split()}


def find_preset(header: Sequence[str]) -> Preset | None:
    """Return the kind of export that a header belongs to."""
    names = {name.strip().casefold() for name in header}
    return next((preset for preset in PRESETS if len(preset.marks & names) >= preset.mark_count), None)


def common_target(name: str) -> str:
    """Return what a header that people write themselves most likely is, or ""."""
    return _BY_HEADER.get(re.sub(r"[\W_]", "", name.casefold()), "")
