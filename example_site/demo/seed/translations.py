"""Writes the German and Chinese translations of the campaign's email: readers get theirs, the others the original."""

# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from wagtail.models import Locale

from wagtail_precise_mail.emails.models import Email, SavedBlock

_NAME = "{{ contact.first_name | default: "

GERMAN = {
    f'{_NAME}"Hello" }}}}, the kettle is on': f'{_NAME}"Hallo" }}}}, das Teewasser kocht',
    "Three teas for the quiet season, and the pot they deserve.": "Drei Tees für die stille Zeit, und die Kanne dazu.",
    "Three teas for the quiet season, the pot they deserve, and something green for the dark corner.": "Drei Tees für die stille Zeit, die Kanne dazu, und etwas Grünes für die dunkle Ecke.",
    "Teas": "Tees",
    "Plants": "Pflanzen",
    "Magazine": "Magazin",
    "A kettle and a cup before a sunny arch": "Ein Kessel und eine Tasse vor einem sonnigen Bogen",
    "We have missed you at the table": "Du hast uns am Tisch gefehlt",
    f'<p>Dear {_NAME}"friend" }}}},</p><p>it has been a while. In the meantime we have tasted <b>thirty cups a week</b>, moved the ferns out of the draft, and asked Hannah for one more round of teapots.</p><p>Here is what we would put before you if you came in out of the rain.</p>': f'<p>Hallo {_NAME}"zusammen" }}}},</p><p>wir haben uns lange nicht gelesen. Inzwischen haben wir <b>dreißig Tassen die Woche</b> verkostet, die Farne aus dem Luftzug geholt und Hannah um noch eine Runde Kannen gebeten.</p><p>Das würden wir dir hinstellen, wenn du aus dem Regen hereinkämst.</p>',
    "To the Assam": "Zum Assam",
    "To the Darjeeling": "Zum Darjeeling",
    "See all the teas": "Alle Tees ansehen",
    "Get a tasting packet": "Ein Probierpäckchen holen",
    "Worth a quarter of an hour": "Eine Viertelstunde wert",
    "How to make it": "So wird er gemacht",
    "To pour from, to drink from": "Zum Einschenken, zum Trinken",
    "To the teapot": "Zur Kanne",
    "To the mug": "Zum Becher",
    "You get this because you have bought tea from us, and not for a while.": "Du bekommst diese Mail, weil du bei uns Tee gekauft hast, und eine Weile keinen mehr.",
    "Until soon": "Bis bald",
    "<p>Ruth, Tomasz and Mei</p><p>The shop is open Tuesday to Saturday, nine to five. The kettle is on from eight.</p>": "<p>Ruth, Tomasz und Mei</p><p>Der Laden ist von Dienstag bis Samstag geöffnet, von neun bis fünf. Das Teewasser kocht ab acht.</p>",
}
CHINESE = {
    f'{_NAME}"Hello" }}}}, the kettle is on': f'{_NAME}"您好" }}}}，水开了，喝茶吧',
    "Three teas for the quiet season, and the pot they deserve.": "为安静的季节准备的三款茶，和一把配得上它们的壶。",
    "Three teas for the quiet season, the pot they deserve, and something green for the dark corner.": "为安静的季节准备的三款茶，一把配得上它们的壶，还有给暗角的一抹绿意。",
    "Teas": "茶叶",
    "Plants": "植物",
    "Magazine": "杂志",
    "A kettle and a cup before a sunny arch": "阳光拱门前的水壶和茶杯",
    "We have missed you at the table": "茶桌旁一直留着您的位置",
    f'<p>Dear {_NAME}"friend" }}}},</p><p>it has been a while. In the meantime we have tasted <b>thirty cups a week</b>, moved the ferns out of the draft, and asked Hannah for one more round of teapots.</p><p>Here is what we would put before you if you came in out of the rain.</p>': f'<p>{_NAME}"朋友" }}}}，您好：</p><p>好久不见。这段时间我们<b>每周品三十杯茶</b>，把蕨类植物搬离了风口，又请汉娜烧了一批茶壶。</p><p>如果您从雨中走进店里，我们会为您端上这些。</p>',
    "To the Assam": "看看阿萨姆",
    "To the Darjeeling": "看看大吉岭",
    "See all the teas": "查看全部茶叶",
    "Get a tasting packet": "领取品尝装",
    "Worth a quarter of an hour": "值得花一刻钟",
    "How to make it": "怎么泡",
    "To pour from, to drink from": "倒茶的壶，喝茶的杯",
    "To the teapot": "看看茶壶",
    "To the mug": "看看茶杯",
    "You get this because you have bought tea from us, and not for a while.": "您收到这封邮件，是因为您曾在我们这里买过茶，而且有一阵子没来了。",
    "Until soon": "下次见",
    "<p>Ruth, Tomasz and Mei</p><p>The shop is open Tuesday to Saturday, nine to five. The kettle is on from eight.</p>": "<p>Ruth、Tomasz 和 Mei</p><p>小店周二至周六营业，早九点到下午五点。八点起水就烧上了。</p>",
}
LANGUAGES = {"de": GERMAN, "zh-hans": CHINESE}


def make_translations(email: Email, saved: SavedBlock, admin: User) -> None:
    """Write what is missing of the translations of an email and the saved block that it shows."""
    for code, words in LANGUAGES.items():
        locale = Locale.objects.get_or_create(language_code=code)[0]
        for original in (saved, email):
            if not original.has_translation(locale):
                _translate(original, locale, words, admin)


def _translate(original: Email | SavedBlock, locale: Locale, words: dict[str, str], admin: User) -> None:
    translation = original.copy_for_translation(locale)
    translation.body = json.dumps(_in_words(original.body.get_prep_value(), words))
    if isinstance(translation, Email):
        translation.subject = words[translation.subject]
        translation.preheader = words[translation.preheader]
    translation.save()
    translation.save_revision(user=admin).publish()


def _in_words(stored: Any, words: dict[str, str]) -> Any:
    if isinstance(stored, dict):
        return {name: _in_words(value, words) for name, value in stored.items()}
    if isinstance(stored, list):
        return [_in_words(value, words) for value in stored]
    return words.get(stored, stored) if isinstance(stored, str) else stored
