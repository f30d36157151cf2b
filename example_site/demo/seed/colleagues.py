"""Writes the colleagues: who may edit, who may send."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User
from wagtail.models import GroupCollectionPermission, GroupPagePermission, Page

PASSWORD = "precise"
EDITORS = "Mail editors"
SENDERS = "Mail senders"
_APP = "wagtail_precise_mail"

# What each group may do with the plugin's models; everything about mails is read-only unless it stands here.
_EDITOR_MAY = [
    *(f"{verb}_{model}" for verb in ("add", "change", "view") for model in ("email", "savedblock", "segment")),
    *(f"view_{model}" for model in ("product", "category", "campaign", "topic")),
    *(f"{verb}_{model}" for verb in ("add", "change", "view") for model in ("couponpool", "idea", "store")),
    "view_review",
]
_SENDER_MAY = [
    *_EDITOR_MAY,
    *(f"publish_{model}" for model in ("email", "savedblock", "segment")),
    *(f"{verb}_campaign" for verb in ("add", "change", "delete", "send")),
    *(f"{verb}_suppression" for verb in ("add", "view")),
    *(f"view_{model}" for model in ("contact", "contactlist", "order", "outboxmessage")),
    "view_forecastmodel",
    *(f"{verb}_clusterrun" for verb in ("add", "view")),
    *(f"{verb}_productpair" for verb in ("add", "change", "view")),
    *(f"{verb}_senderidentity" for verb in ("add", "change", "view")),
    *(f"{verb}_domainreport" for verb in ("check", "view")),
    "moderate_review",
    "change_contact",
    "view_contact_address",
    "add_servicenote",
]


def make_colleagues() -> User:
    """Write groups and users that are missing, and return the administrator."""
    admin = _user("admin", "Ada", "Whitlock", is_superuser=True, is_staff=True)
    _user("editor", "Edith", "Moss").groups.add(_group(EDITORS, _EDITOR_MAY))
    _user("sender", "Sam", "Hartley").groups.add(_group(SENDERS, _SENDER_MAY))
    return admin


def sender() -> User:
    """Return who sends campaigns."""
    found: User = get_user_model().objects.get(username="sender")
    return found


def _user(username: str, first_name: str, last_name: str, **flags: bool) -> User:
    model = get_user_model()
    facts = {"first_name": first_name, "last_name": last_name, "email": f"{username}@example.com", **flags}
    user, created = model.objects.get_or_create(username=username, defaults=facts)
    if created:
        user.set_password(PASSWORD)
        user.save()
    return user


def _group(name: str, codenames: list[str]) -> Group:
    group, created = Group.objects.get_or_create(name=name)
    if created:
        wanted = Permission.objects.filter(content_type__app_label=_APP, codename__in=codenames)
        if missing := set(codenames) - set(wanted.values_list("codename", flat=True)):
            raise LookupError(f"There are no permissions {', '.join(sorted(missing))}.")
        admin_access = Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
        group.permissions.set([*wanted, admin_access])
        _let_write_pages(group)
    return group


def _let_write_pages(group: Group) -> None:
    """Editors of mails write the magazine, too."""
    for codename in ("add_page", "change_page", "publish_page"):
        permission = Permission.objects.get(content_type__app_label="wagtailcore", codename=codename)
        GroupPagePermission.objects.get_or_create(group=group, page=Page.get_first_root_node(), permission=permission)
    copied = GroupCollectionPermission.objects.filter(group__name="Editors")
    for row in copied:
        GroupCollectionPermission.objects.get_or_create(
            group=group, collection=row.collection, permission=row.permission
        )
