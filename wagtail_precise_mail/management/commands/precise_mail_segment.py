"""Evaluate a segment, by its name or from a file, at any moment."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidRules
from wagtail_precise_mail.segments.files import parse
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import explain, members, read_rules
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.schema import make_schema


class Command(BaseCommand):
    """``(NAME | --rules FILE.json) [--at ISO-TIME] [--count | --emails | --sql | --explain ADDRESS]``."""

    help = "Evaluate a segment: say it in words and count its members, or list them, show the SQL, explain one contact."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME", help="slug or name of a segment")
        parser.add_argument("--rules", metavar="FILE.json", help="read the rules from a file instead")
        parser.add_argument(
            "--at", metavar="ISO-TIME", help="as of this moment (UTC without offset); now, when left out"
        )
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--count", action="store_true", help="print the number of members, and nothing else")
        what.add_argument("--emails", action="store_true", help="print the address of every member, one per line")
        what.add_argument("--sql", action="store_true", help="print the query")
        what.add_argument("--explain", metavar="ADDRESS", help="print why a contact belongs, or not, rule by rule")
        what.add_argument("--schema", action="store_true", help="print the JSON Schema of a rules file")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en-us"):
            if options["schema"]:
                self.stdout.write(json.dumps(make_schema(), indent=2))
                return
            if bool(options["name"]) == bool(options["rules"]):
                raise CommandError("Give either the NAME of a segment or --rules FILE.json.")
            at = _read_moment(options["at"])
            try:
                self._answer(options, at)
            except InvalidRules as error:
                raise CommandError(str(error)) from error

    def _answer(self, options: dict[str, Any], at: datetime) -> None:
        rules = _read_file(options["rules"]) if options["rules"] else _find_rules(options["name"])
        found = members(rules, at=at)
        if options["count"]:
            self.stdout.write(str(found.count()))
        elif options["emails"]:
            for email in found.order_by("pk").values_list("email", flat=True).iterator(chunk_size=5000):
                self.stdout.write(email)
        elif options["sql"]:
            self.stdout.write(_sql(found) + ";")
        elif options["explain"]:
            self._explain(rules, options["explain"], at)
        else:
            self.stdout.write(rules.sentence())
            self.stdout.write(f"{found.count()} members at {at.isoformat()}")

    def _explain(self, rules: Rules, address: str, at: datetime) -> None:
        try:
            contact = Contact.objects.with_address(address).first()
        except InvalidAddress as error:
            raise CommandError(str(error)) from error
        if not contact:
            raise CommandError(f"There is no contact with the address {address}.")
        answer = explain(rules, contact, at=at)
        belongs = "belongs" if answer.holds else "does not belong"
        self.stdout.write(f"{contact.email} {belongs} at {at.isoformat()}:")
        for line in answer.lines():
            self.stdout.write(line)


def _find_rules(name: str) -> Rules:
    segment = Segment.objects.filter(slug=name).first()
    if not segment:
        named = list(Segment.objects.filter(name=name)[:2])
        if len(named) > 1:
            raise CommandError(f"Several segments are named {name!r}; give the slug.")
        if not named:
            known = ", ".join(Segment.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none"
            raise CommandError(f"There is no segment {name!r}. There are: {known}.")
        segment = named[0]
    if not segment.live:
        raise CommandError(f"The segment {name!r} is not published.")
    return read_rules(segment)


def _read_file(path: str) -> Rules:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"Cannot read {path}: {error}") from error
    return Rules.from_json(parse(text))


def _read_moment(text: str | None) -> datetime:
    if not text:
        return timezone.now()
    try:
        moment = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--at {text!r} is not a time such as 2011-12-10T00:00Z.") from None
    if moment.year < 1900:  # windows of up to a hundred years end here
        raise CommandError(f"--at {text!r} is before 1900.")
    return moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)


def _sql(found: ContactQuerySet) -> str:
    """Return the query with its values filled in, ready to be pasted into the database's shell."""
    connection = connections[found.db]
    sql, params = found.query.sql_with_params()
    if hasattr(connection.ops, "compose_sql"):  # PostgreSQL
        return str(connection.ops.compose_sql(sql, params))
    with connection.cursor() as cursor:
        return connection.ops.last_executed_query(cursor, sql, params)
