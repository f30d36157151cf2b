"""Invented people: where they live, what they like, how often they buy."""
# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

INTERESTS = {"tea": 0.62, "plants": 0.46, "kitchen": 0.38, "garden": 0.34, "reading": 0.22, "presents": 0.18}


@dataclass(frozen=True)
class Land:
    """A country with its share of the customers, and names as they are there."""

    code: str
    share: float
    locale: str
    time_zone: str
    cities: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


LANDS = (
    Land("GB", 0.5, "en", "Europe/London", _words("London Leeds Bristol Edinburgh Cardiff York Norwich Sheffield Manchester Bath Glasgow Exeter"), _words("Olivia Amelia Isla Ava Freya Grace Poppy Ivy Florence Harriet Nadia Priya Zara Beth Megan Sian Eilidh Morag Esther Joan"), _words("Oliver George Arthur Noah Leo Theo Callum Owen Rhys Hamish Imran Tariq Kwame Daniel Edwin Hugh Alfie Felix Ravi Graham"), _words("Smith Jones Taylor Brown Williams Patel Khan Evans Walker Hughes Clarke Campbell Murray Okafor Singh Bennett Ward Foster Ellis Hartley Greenwood Sutcliffe Ashworth Whitaker Adeyemi")),
    Land("IE", 0.06, "en", "Europe/Dublin", _words("Dublin Cork Galway Limerick Sligo"), _words("Aoife Saoirse Niamh Ciara Roisin Maeve Orla Sinead"), _words("Conor Cian Oisin Fionn Declan Eoin Padraig Liam"), _words("Murphy Kelly Byrne Ryan Walsh Doyle Nolan Brennan Quinn Daly")),
    Land("DE", 0.13, "de", "Europe/Berlin", _words("Berlin Hamburg München Köln Leipzig Freiburg Bremen Dresden"), _words("Emma Mia Hannah Lina Klara Greta Anke Heike Jule Friederike Sabine Ayşe"), _words("Ben Paul Jonas Finn Lukas Moritz Jürgen Götz Henning Emre Sören Matthias"), _words("Müller Schmidt Schneider Weber Wagner Becker Hoffmann Schäfer Köhler Krüger Yılmaz Groß Lindner Brandt")),
    Land("FR", 0.09, "fr", "Europe/Paris", _words("Paris Lyon Nantes Rennes Lille Annecy"), _words("Louise Jade Chloé Manon Inès Camille Élodie Margaux Aïcha Hélène"), _words("Hugo Louis Jules Théo Raphaël Étienne Mathis Benoît Karim Gaël"), _words("Martin Bernard Dubois Petit Moreau Lefèvre Girard Fontaine Chevalier Benali")),
    Land("NL", 0.06, "nl", "Europe/Amsterdam", _words("Amsterdam Utrecht Groningen Haarlem Leiden"), _words("Sanne Lotte Fleur Anouk Femke Marijke"), _words("Daan Sem Bram Joris Pieter Wouter"), _words("de_Vries Jansen Bakker Visser van_Dijk Mulder de_Boer")),
    Land("ES", 0.04, "es", "Europe/Madrid", _words("Madrid Bilbao Sevilla Gijón"), _words("Lucía Carmen Nuria Inés Marta Ainhoa"), _words("Pablo Álvaro Iker Javier Andrés Nicolás"), _words("García Fernández López Ibáñez Núñez Ortega")),
    Land("SE", 0.04, "sv", "Europe/Stockholm", _words("Stockholm Göteborg Malmö Uppsala"), _words("Alva Elsa Astrid Maja Linnéa"), _words("Nils Axel Björn Gustav Åke"), _words("Andersson Lindqvist Nyström Sjöberg Öberg")),
    Land("US", 0.05, "en", "America/New_York", _words("Boston Portland Brooklyn Madison Asheville"), _words("Emily Maya Hazel Nora Rosa Denise"), _words("Liam Mason Ethan Miguel Walter Caleb"), _words("Johnson Miller Davis Nguyen Rivera Kowalski")),
    Land("CN", 0.03, "zh-hans", "Asia/Shanghai", _words("上海 北京 杭州 成都"), _words("静 丽 敏 雨桐 思涵 美玲"), _words("伟 强 子轩 浩然 建国 明"), _words("王 李 张 刘 陈 杨 赵 黄")),
)  # fmt: skip

# Addresses keep to ASCII: these are the spellings that people choose for themselves.
_PINYIN = {
    "静": "jing", "丽": "li", "敏": "min", "雨桐": "yutong", "思涵": "sihan", "美玲": "meiling", "伟": "wei",
    "强": "qiang", "子轩": "zixuan", "浩然": "haoran", "建国": "jianguo", "明": "ming", "王": "wang", "李": "li",
    "张": "zhang", "刘": "liu", "陈": "chen", "杨": "yang", "赵": "zhao", "黄": "huang", "ß": "ss", "ı": "i",
}  # fmt: skip
_JOBS = ("", "", "", "", "teacher", "nurse", "engineer", "gardener", "designer", "accountant", "librarian", "cook", "translator", "retired", "student")  # fmt: skip


@dataclass
class Person:
    """Somebody, before they become a contact."""

    email: str
    first_name: str
    last_name: str
    land: Land
    city: str
    gender: str
    birthday_on: date | None
    job_title: str
    interests: list[str]
    joined_at: datetime
    source: str
    # How buying goes: mean days between orders, or None for those who only read.
    interval_days: float | None
    lapses_at: datetime | None
    last_bought: dict[str, datetime] = field(default_factory=dict)


def make_people(count: int, *, chance: random.Random, at: datetime) -> list[Person]:
    """Invent ``count`` people who came to the shop in the last two years and a bit."""
    taken: Counter[str] = Counter()
    return [_make_person(chance, at, taken) for _number in range(count)]


def _make_person(chance: random.Random, at: datetime, taken: Counter[str]) -> Person:
    land = chance.choices(LANDS, [land.share for land in LANDS])[0]
    gender = chance.choices(["female", "male", ""], [0.6, 0.36, 0.04])[0]
    first = chance.choice(land.men if gender == "male" else land.women)
    last = chance.choice(land.families)
    # More people come in the second year than in the first: the shop grows.
    joined_at = at - timedelta(days=760 * chance.random() ** 1.35, seconds=chance.randrange(86400))
    kind = chance.choices(["regular", "occasional", "once", "reader"], [0.3, 0.36, 0.2, 0.14])[0]
    interval = {
        "regular": chance.lognormvariate(3.75, 0.35),
        "occasional": chance.lognormvariate(5.0, 0.4),
        "once": 9999.0,
    }.get(kind)
    lapses = chance.random() < 0.34 and kind == "regular"
    return Person(
        email=_address(first, last, taken),
        first_name=first,
        last_name=last,
        land=land,
        city=chance.choice(land.cities),
        gender=gender,
        birthday_on=_birthday(chance, at) if chance.random() < 0.58 else None,
        job_title=chance.choice(_JOBS),
        interests=[name for name, share in INTERESTS.items() if chance.random() < share] or ["tea"],
        joined_at=joined_at,
        source=chance.choices(["checkout", "sign-up form", "market stall", "tea tasting"], [0.6, 0.27, 0.08, 0.05])[0],
        interval_days=interval,
        lapses_at=joined_at + (at - joined_at) * chance.uniform(0.25, 0.8) if lapses else None,
    )


def _birthday(chance: random.Random, at: datetime) -> date:
    age = min(88.0, max(18.0, chance.gauss(45, 15)))
    return (at - timedelta(days=age * 365.25)).date()


def _address(first: str, last: str, taken: Counter[str]) -> str:
    local = f"{_ascii(first)}.{_ascii(last)}"
    taken[local] += 1
    return f"{local}{taken[local] if taken[local] > 1 else ''}@example.com"


def _ascii(name: str) -> str:
    spelled = _PINYIN.get(name) or "".join(_PINYIN.get(letter, letter) for letter in name)
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode().lower()
    return plain.replace(" ", "").replace("'", "")
