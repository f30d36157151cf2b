"""What can be done with many contacts at once: those ticked, or everybody in the listing as it is filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail import hooks
from wagtail.admin.views.bulk_action import BulkAction

from wagtail_precise_mail.contacts.admin.filters import ContactFilterSet
from wagtail_precise_mail.contacts.admin.tags import TagForm
from wagtail_precise_mail.contacts.masking import shown_address
from wagtail_precise_mail.contacts.models import Contact, ContactList
from wagtail_precise_mail.contacts.quarantine import quarantine, release
from wagtail_precise_mail.contacts.queries import ContactQuerySet
from wagtail_precise_mail.contacts.searching import search_contacts
from wagtail_precise_mail.contacts.tagging import add_tag, remove_tag
from wagtail_precise_mail.contacts.tags import Tag

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_VIEW = "wagtail_precise_mail.view_contact"
_CHANGE = "wagtail_precise_mail.change_contact"
_SHOWN = 10


class ContactBulkAction(BulkAction):
    """One action on a set of contacts; the set is a query, however large."""

    models: ClassVar[list[Any]] = [Contact]
    permission: ClassVar[str] = _CHANGE
    question: ClassVar[str | Promise] = ""
    template_name = "wagtail_precise_mail/contacts/confirm_bulk.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perms([_VIEW, self.permission]):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_actionable_objects(self) -> tuple[ContactQuerySet, dict[str, Any]]:
        query = self.request.GET
        if "all" in query.getlist("id"):
            everybody = search_contacts(Contact.objects.all(), query.get("q", ""), self.request.user)
            filters = ContactFilterSet(query, queryset=everybody, request=self.request)
            # A filter that cannot be read must not mean everybody.
            contacts = filters.qs if filters.is_valid() else Contact.objects.none()
        else:
            ids = [int(one) for one in query.getlist("id") if one.isascii() and one.isdigit() and len(one) < 19]
            contacts = Contact.objects.filter(pk__in=ids)
        return contacts, {"items_with_no_access": []}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contacts, _none = self.get_actionable_objects()
        count = contacts.count()
        shown = contacts.order_by("-pk")[:_SHOWN]
        return {
            **forms_context(self, **kwargs),
            "count": count,
            "question": self.question,
            "title": self.display_name,
            "shown": [(one.full_name, shown_address(one.email, self.request.user)) for one in shown],
            "rest": max(count - _SHOWN, 0),
            "next": self.next_url,
            "submit_url": f"{self.request.path}?{self.request.META['QUERY_STRING']}",
        }

    def get_execution_context(self) -> dict[str, Any]:
        cleaned = self.cleaned_form.cleaned_data if self.cleaned_form else {}
        return {**cleaned, "by": self.request.user}

    @classmethod
    def execute_action(cls, objects: Any, **kwargs: Any) -> tuple[int, int]:
        return cls.act(objects, **kwargs), 0

    @classmethod
    def act(cls, contacts: ContactQuerySet, *, by: User, **given: Any) -> int:
        """Do it, and return of how many contacts something changed."""
        raise NotImplementedError

    def get_success_message(self, num_parent_objects: int, num_child_objects: int) -> str:
        words = ngettext("%(count)s contact changed.", "%(count)s contacts changed.", num_parent_objects)
        return f"{self.display_name}: {words % {'count': num_parent_objects}}"


def forms_context(view: ContactBulkAction, **kwargs: Any) -> dict[str, Any]:
    """Return what a form view brings, without Wagtail's list of every single object."""
    return super(BulkAction, view).get_context_data(**kwargs)


class AddTagAction(ContactBulkAction):
    """Put a tag on contacts."""

    display_name = _("Add tag")
    action_type = "add_tag"
    aria_label = _("Add a tag to the selected contacts")
    action_priority = 10
    form_class = TagForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "known_tags": Tag.objects.values_list("name", flat=True)[:200]}

    @classmethod
    def act(cls, contacts: ContactQuerySet, *, by: User, **given: Any) -> int:
        return add_tag(contacts, given["tag"], source="manual", by=by)


class _KnownTagForm(forms.Form):
    tag = forms.ModelChoiceField(label=_("Tag"), queryset=Tag.objects.all(), empty_label=None)


class RemoveTagAction(ContactBulkAction):
    """Take a tag from contacts."""

    display_name = _("Remove tag")
    action_type = "remove_tag"
    aria_label = _("Remove a tag from the selected contacts")
    action_priority = 20
    form_class = _KnownTagForm

    @classmethod
    def act(cls, contacts: ContactQuerySet, *, by: User, **given: Any) -> int:
        return remove_tag(contacts, given["tag"], source="manual", by=by)


class _ListForm(forms.Form):
    list = forms.ModelChoiceField(label=_("List"), queryset=ContactList.objects.all(), empty_label=None)


class AddToListAction(ContactBulkAction):
    """Put contacts on a static list."""

    display_name = _("Add to list")
    action_type = "add_to_list"
    aria_label = _("Add the selected contacts to a list")
    action_priority = 30
    form_class = _ListForm

    @classmethod
    def act(cls, contacts: ContactQuerySet, *, by: User, **given: Any) -> int:
        entries, chosen = ContactList.contacts.through, given["list"]
        new = contacts.exclude(lists=chosen).order_by("pk").values_list("pk", flat=True)
        rows = [entries(contactlist_id=chosen.pk, contact_id=pk) for pk in new]
        entries.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
        return len(rows)


class RemoveFromListAction(ContactBulkAction):
    """Take contacts from a static list."""

    display_name = _("Remove from list")
    action_type = "remove_from_list"
    aria_label = _("Remove the selected contacts from a list")
    action_priority = 40
    form_class = _ListForm

    @classmethod
    def act(cls, contacts: ContactQuerySet, *, by: User, **given: Any) -> int:
        entries = ContactList.contacts.through.objects.filter(contactlist=given["list"])
        count, _by_model = entries.filter(contact__in=contacts.order_by().values("pk")).delete()
        return count


class _ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=250)


class QuarantineAction(ContactBulkAction):
    """Put contacts into quarantine."""

    display_name = _("Quarantine")
    action_type = "quarantine"
    aria_label = _("Put the selected contacts into quarantine")
    question = _("No mail goes there until somebody releases them.")
    permission = "wagtail_precise_mail.quarantine_contact"
    action_priority = 50
    form_class = _ReasonForm

    @classmethod
    def act(cls, contacts: ContactQuerySet, *, by: User, **given: Any) -> int:
        return quarantine(Contact.objects.filter(pk__in=_ids(contacts)), reason=given["reason"], by=by)


class ReleaseAction(ContactBulkAction):
    """Release contacts from quarantine."""

    display_name = _("Release")
    action_type = "release"
    aria_label = _("Release the selected contacts from quarantine")
    question = _("Mail may go there again, as far as consent and suppression allow.")
    permission = "wagtail_precise_mail.quarantine_contact"
    action_priority = 60

    @classmethod
    def act(cls, contacts: ContactQuerySet, *, by: User, **given: Any) -> int:
        return release(Contact.objects.filter(pk__in=_ids(contacts)), by=by)


def _ids(contacts: ContactQuerySet) -> Any:
    # A query for the ids: filters join and annotate, which an update cannot.
    return contacts.order_by().values("pk")


ACTIONS: list[type[ContactBulkAction]] = [
    AddTagAction,
    RemoveTagAction,
    AddToListAction,
    RemoveFromListAction,
    QuarantineAction,
    ReleaseAction,
]
for _action in ACTIONS:
    hooks.register("register_bulk_action", _action)


def actions_for(user: Any) -> list[dict[str, str]]:
    """Return the actions that somebody may take, for the foot of the listing."""
    return [
        {
            "label": str(action.display_name),
            "aria_label": str(action.aria_label),
            "url": reverse("wagtail_bulk_action", args=["wagtail_precise_mail", "contact", str(action.action_type)]),
        }
        for action in ACTIONS
        if user.has_perms([_VIEW, action.permission])
    ]
