"""Colleagues with some permissions, and what being refused looks like in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse


def user_with(*codenames: str) -> User:
    """A colleague who may enter the admin and has these permissions."""
    user = User.objects.create_user(f"colleague-{User.objects.count()}", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=[*codenames, "access_admin"]))
    return user


def client_of(user: User) -> Client:
    """A client with the session of somebody."""
    client = Client()
    client.force_login(user)
    return client


def client_with(*codenames: str) -> Client:
    """A client of a colleague with these permissions."""
    return client_of(user_with(*codenames))


def is_refused(response: Any) -> bool:
    """Wagtail sends whoever may not back to the start."""
    return response.status_code == 302 and response["Location"] == reverse("wagtailadmin_home")
