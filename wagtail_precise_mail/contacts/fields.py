"""Further fields: what a shop keeps about people beside the usual, each with a type, a class and a purpose.

Values stay in ``Contact.attributes``, by the key of the field; what stands there without a field has no type and counts
as normal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Merge tags and conditions name fields like this; a number alone would mean a place in a list.
_KEY = re.compile(r"(?!\d+\Z)[A-Za-z0-9_-]{1,100}\Z")


class FieldKind(models.TextChoices):
    """What a further field holds."""

    TEXT = "text", _("text")
    NUMBER = "number", _("number")
    DATE = "date", _("date")
    YES_NO = "yes_no", _("yes or no")
    CHOICE = "choice", _("one of several choices")
    CHOICES = "choices", _("several choices")


class Classification(models.TextChoices):
    """How careful one has to be with a further field."""

    NORMAL = "normal", _("normal")
    PERSONAL = "personal", _("personal")
    SENSITIVE = "sensitive", _("sensitive")


def check_key(key: str) -> None:
    """Refuse keys that merge tags and conditions could not name."""
    if not _KEY.match(key):
        raise ValidationError(_("Use letters, digits, - and _ only, and not digits alone: such as shoe_size."))


class ContactField(models.Model):
    """The description of one further field."""

    key = models.CharField(
        _("key"),
        max_length=100,
        unique=True,
        validators=[check_key],
        help_text=_("Its name in merge fields, segments and files, such as shoe_size. It cannot be changed later."),
    )
    label = models.CharField(_("label"), max_length=100, help_text=_("What colleagues read, such as Shoe size."))
    kind = models.CharField(_("type"), max_length=10, choices=FieldKind.choices, default=FieldKind.TEXT)
    choices = models.TextField(_("choices"), blank=True, help_text=_("One a line."))
    classification = models.CharField(
        _("class"),
        max_length=10,
        choices=Classification.choices,
        default=Classification.NORMAL,
        help_text=_(
            "Sensitive is what the law protects most, such as health, religion or origin: segments, emails and exports "
            "cannot use it."
        ),
    )
    purpose = models.CharField(
        _("purpose"),
        max_length=250,
        help_text=_("What it is collected for, such as: to offer shoes that fit. Without a purpose, do not collect."),
    )
    # Why a sensitive field may be used all the same; "" as long as it may not.
    allowed_reason = models.CharField(_("why it may be used"), max_length=500, blank=True, editable=False)
    allowed_at = models.DateTimeField(_("allowed"), null=True, blank=True, editable=False)
    allowed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("allowed by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("contact field")
        verbose_name_plural = _("contact fields")
        ordering = ["label"]
        permissions = [("allow_sensitive_contactfield", _("Can allow the use of sensitive contact fields"))]

    ALLOW: ClassVar[str] = "wagtail_precise_mail.allow_sensitive_contactfield"

    def __str__(self) -> str:
        return self.label

    @property
    def choice_list(self) -> list[str]:
        """The choices, in their order."""
        return list(dict.fromkeys(filter(None, map(str.strip, self.choices.splitlines()))))

    @property
    def has_choices(self) -> bool:
        """Whether its values come from a list."""
        return self.kind in (FieldKind.CHOICE, FieldKind.CHOICES)

    @property
    def is_blocked(self) -> bool:
        """Whether segments, emails and exports must not use it."""
        return self.classification == Classification.SENSITIVE and not self.allowed_reason

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.classification != Classification.SENSITIVE:
            # Should it become sensitive again, somebody has to decide again.
            self.allowed_reason, self.allowed_at, self.allowed_by = "", None, None
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if self.has_choices and not self.choice_list:
            raise ValidationError({"choices": _("Give the choices, one a line.")})
        if any(len(choice) > 200 for choice in self.choice_list):
            raise ValidationError({"choices": _("A choice has at most 200 characters.")})


def blocked_keys(keys: Iterable[str] | None = None) -> set[str]:
    """Return the keys of sensitive fields that segments, emails and exports must not use.

    Args:
        keys: only these are asked about; all, when left out.
    """
    blocked = ContactField.objects.filter(classification=Classification.SENSITIVE, allowed_reason="")
    if keys is not None:
        blocked = blocked.filter(key__in=set(keys))
    return set(blocked.values_list("key", flat=True))


def may_allow(user: User) -> bool:
    """Whether somebody may decide about sensitive fields."""
    return bool(user.is_active and user.has_perm(ContactField.ALLOW))
