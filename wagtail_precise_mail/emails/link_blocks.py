"""Links and accounts that editors list: in the brand's footer, and in the menu of a header."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ChoiceBlock, PageChooserBlock, StreamBlock, StructBlock, StructValue
from wagtail.blocks.struct_block import StructBlockValidationError

from wagtail_precise_mail.emails.links import absolute

NETWORKS = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "pinterest": "Pinterest",
    "telegram": "Telegram",
    "threads": "Threads",
    "tiktok": "TikTok",
    "wechat": "WeChat",
    "weibo": "Weibo",
    "whatsapp": "WhatsApp",
    "x": "X",
    "xiaohongshu": "Xiaohongshu",
    "youtube": "YouTube",
    "website": _("Website"),
}
"""Names of social networks by their key."""

MENU_LIMIT = 5
"""Links of a menu: more do not fit beside a logo."""

# Any host will do: what is asked is whether an address can stand in a mail at all.
_SOME_BASE = "https://example.com"


class LinkBlock(StructBlock):
    """Words that lead to a page of the site, or to an address."""

    label = CharBlock(label=_("Words"), max_length=60)
    page = PageChooserBlock(label=_("Leads to a page"), required=False)
    url = CharBlock(label=_("or to an address"), required=False, max_length=2000)

    class Meta:
        icon = "link"
        label = _("Link")
        label_format = "{label}"

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if self.is_deferred_validation:
            return cleaned
        page, url = cleaned.get("page"), cleaned.get("url") or ""
        if bool(page) == bool(url):
            raise _at("page", _("Choose a page or write an address, not both."))
        if url and not absolute(url, _SOME_BASE):
            raise _at("url", _("Use an address such as https://example.com/page or mailto:hello@example.com."))
        return cleaned


class AccountBlock(StructBlock):
    """An account in a social network."""

    network = ChoiceBlock(label=_("Network"), choices=list(NETWORKS.items()))
    url = CharBlock(label=_("Address"), max_length=500)

    class Meta:
        icon = "group"
        label = _("Account")
        label_format = "{network}"

    def name_of(self, value: StructValue) -> str:
        """Return the name of the network, for people."""
        key = value.get("network") or ""
        return str(NETWORKS.get(key, key))

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and not absolute(cleaned["url"], "").startswith("https://"):
            raise _at("url", _("Use the whole address, such as https://example.social/@fern."))
        return cleaned


def make_links_block() -> StreamBlock:
    """Return the blocks of a list of links."""
    return StreamBlock([("link", LinkBlock())], required=False, max_num=8)


def make_accounts_block() -> StreamBlock:
    """Return the blocks of a list of accounts."""
    return StreamBlock([("account", AccountBlock())], required=False, max_num=8)


def _at(field: str, message: Any) -> StructBlockValidationError:
    return StructBlockValidationError(block_errors={field: ValidationError(message)})
