"""How letters begin and end, by language. "#" stands for the name."""

# ruff: noqa: E501  a table is read line by line

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Manners:
    """How one language opens and closes a letter.

    Attributes:
        informal, formal: what is written to somebody whose name is known.
        informal_unknown, formal_unknown: what is written to somebody whose name is not.
        closing, formal_closing: what stands above the signature.
        name, formal_name: the field of the contact that "#" stands for.
    """

    informal: str
    informal_unknown: str
    formal: str
    formal_unknown: str
    closing: str
    formal_closing: str
    name: str = "contact.first_name"
    formal_name: str = "contact.full_name"


MANNERS = {
    "ar": Manners("مرحبًا #،", "مرحبًا،", "السيد/السيدة # المحترم/ة،", "تحية طيبة وبعد،", "مع أطيب التحيات،", "وتفضلوا بقبول فائق الاحترام،"),
    "cs": Manners("Dobrý den, #,", "Dobrý den,", "Vážená paní, vážený pane #,", "Vážená paní, vážený pane,", "Srdečně zdraví", "S pozdravem"),
    "da": Manners("Kære #,", "Hej,", "Kære #,", "Kære læser,", "Kærlig hilsen", "Med venlig hilsen"),
    "de": Manners("Hallo #,", "Hallo,", "Guten Tag #,", "Sehr geehrte Damen und Herren,", "Herzliche Grüße", "Mit freundlichen Grüßen"),
    "el": Manners("Γεια σας #,", "Γεια σας,", "Αξιότιμε/η #,", "Αξιότιμοι κύριοι,", "Με θερμούς χαιρετισμούς,", "Με εκτίμηση,"),
    "en": Manners("Dear #,", "Hello,", "Dear #,", "Dear Sir or Madam,", "Warm wishes,", "Kind regards,"),
    "es": Manners("Hola, #:", "Hola:", "Estimado/a #:", "Estimado señor o estimada señora:", "Un abrazo,", "Atentamente,"),
    "fa": Manners("# عزیز،", "سلام،", "جناب/سرکار #،", "با سلام و احترام،", "با آرزوی بهترین‌ها،", "با احترام،"),
    "fi": Manners("Hei #,", "Hei,", "Hyvä #,", "Hyvä vastaanottaja,", "Terveisin", "Ystävällisin terveisin"),
    "fr": Manners("Bonjour #,", "Bonjour,", "Bonjour #,", "Madame, Monsieur,", "Bien à vous,", "Cordialement,"),
    "he": Manners("היי #,", "היי,", "לכבוד #,", "שלום רב,", "בברכה חמה,", "בברכה,"),
    "it": Manners("Ciao #,", "Ciao,", "Gentile #,", "Gentile Signora, Gentile Signore,", "Un caro saluto,", "Cordiali saluti,"),
    "ja": Manners("#さん、", "こんにちは、", "# 様", "お客様各位", "それでは、また。", "敬具", formal_name="contact.last_name"),
    "ko": Manners("#님, 안녕하세요.", "안녕하세요.", "# 님께", "고객님께", "감사합니다.", "감사합니다.", formal_name="contact.last_name"),
    "nb": Manners("Hei #,", "Hei,", "Kjære #,", "Kjære leser,", "Vennlig hilsen", "Med vennlig hilsen"),
    "nl": Manners("Beste #,", "Hallo,", "Geachte #,", "Geachte heer, mevrouw,", "Hartelijke groet,", "Met vriendelijke groet,"),
    "pl": Manners("Dzień dobry, #,", "Dzień dobry,", "Szanowni Państwo,", "Szanowni Państwo,", "Serdecznie pozdrawiamy", "Z poważaniem"),
    "pt": Manners("Olá, #,", "Olá,", "Prezado(a) #,", "Prezado(a) senhor(a),", "Um abraço,", "Atenciosamente,"),
    "ru": Manners("Здравствуйте, #!", "Здравствуйте!", "Здравствуйте, #!", "Здравствуйте!", "С теплом,", "С уважением,"),
    "sv": Manners("Hej #,", "Hej,", "Hej #,", "Hej,", "Varma hälsningar", "Med vänlig hälsning"),
    "tr": Manners("Merhaba #,", "Merhaba,", "Sayın #,", "Sayın yetkili,", "Sevgilerle,", "Saygılarımızla,"),
    "uk": Manners("Вітаємо, #!", "Вітаємо!", "Шановний(а) #!", "Доброго дня!", "З теплом,", "З повагою,"),
    "zh": Manners("#，您好：", "您好：", "尊敬的#：", "尊敬的客户：", "祝好！", "此致\n敬礼"),
    "zh-hant": Manners("#，您好：", "您好：", "敬愛的#：", "敬愛的客戶：", "祝好！", "敬祝\n順心"),
}  # fmt: skip
"""By the code of the language, or its first part."""


def manners_of(language: str) -> Manners:
    """Return how letters begin and end in a language; in English where it is not in the table."""
    code = language.lower().replace("_", "-")
    return MANNERS.get(code) or MANNERS.get(code.partition("-")[0]) or MANNERS["en"]
