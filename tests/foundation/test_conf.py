"""Options: typed, with defaults, refused when wrong, forgotten when the settings change."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from wagtail_precise_mail.conf import Options, options
from wagtail_precise_mail.exceptions import ConfigurationError


def given(**values):
    return override_settings(WAGTAIL_PRECISE_MAIL=values)


def test_every_option_has_a_default():
    with given():
        assert options() == Options()


def test_no_setting_at_all_takes_the_defaults(settings):
    del settings.WAGTAIL_PRECISE_MAIL
    options.cache_clear()
    assert options() == Options()


def test_given_options_replace_the_defaults():
    with given(conversion_window_days=7, base_url="https://x.example"):
        assert (options().conversion_window_days, options().base_url) == (7, "https://x.example")


def test_a_changed_setting_is_noticed():
    with given(claim_size=7):
        assert options().claim_size == 7
    with given(claim_size=8):
        assert options().claim_size == 8


def test_options_are_read_once_and_cannot_be_changed():
    assert options() is options()
    with pytest.raises(FrozenInstanceError):
        options().claim_size = 1


def test_unknown_options_are_named_together_with_the_known_ones():
    with (
        given(claim_sise=7),
        pytest.raises(ConfigurationError, match=r"unknown keys: claim_sise\. Known: .*claim_size"),
    ):
        options()


def test_the_setting_must_be_a_dict(settings):
    settings.WAGTAIL_PRECISE_MAIL = ["claim_size"]
    with pytest.raises(ConfigurationError, match="must be a dict, not list"):
        options()


@pytest.mark.parametrize("value", ["7", 7.0, None, True, 0, -1])
def test_a_number_must_be_a_whole_one_above_zero(value):
    with given(claim_size=value), pytest.raises(ConfigurationError, match=r"\['claim_size'\] must be a whole number"):
        options()


@pytest.mark.parametrize("value", [7, None, ["x"]])
def test_a_text_must_be_a_text(value):
    with given(base_url=value), pytest.raises(ConfigurationError, match=r"\['base_url'\] must be a string"):
        options()


@pytest.mark.parametrize("value", [1, "yes", None])
def test_a_switch_must_be_on_or_off(value):
    with given(is_tracking_enabled=value), pytest.raises(ConfigurationError, match="must be True or False"):
        options()


@pytest.mark.parametrize("value", ["ask", "", "STOP"])
def test_a_change_of_price_warns_or_stops(value):
    with given(price_change=value), pytest.raises(ConfigurationError, match="must be 'warn' or 'stop'"):
        options()


def test_a_list_becomes_a_tuple():
    with given(api_tokens=["a", "b"]):
        assert options().api_tokens == ("a", "b")


@pytest.mark.parametrize("value", ["secret", [""], [7], None, {"secret": 1}])
def test_tokens_must_be_a_list_of_texts(value):
    with given(api_tokens=value), pytest.raises(ConfigurationError, match="must be a list of strings"):
        options()


@pytest.mark.parametrize("value", ["en", None, {"de": "en"}, {"de": [1]}, {"de": [""]}, {1: ["en"]}])
def test_fallbacks_must_be_lists_of_languages(value):
    with given(language_fallbacks=value), pytest.raises(ConfigurationError, match="must be a dict of lists"):
        options()


def test_a_lease_must_outlive_a_task():
    with given(lease_seconds=20, task_seconds=20), pytest.raises(ConfigurationError, match="must exceed"):
        options()


def test_a_wrong_setting_stops_django_as_one():
    assert issubclass(ConfigurationError, ImproperlyConfigured)


def test_every_kind_of_option_is_checked():
    checked = {
        "int",
        "float",
        "str",
        "bool",
        "tuple[str, ...]",
        "tuple[int, ...]",
        "dict[str, tuple[str, ...]]",
        "dict[str, str]",
        "dict[str, list[str]]",
        "dict[str, int]",
    }
    assert {str(field.type) for field in fields(Options)} <= checked


@pytest.mark.parametrize("levels", [["subject_length"], {"subject_length": "fatal"}, {"subject_length": None}, "off"])
def test_levels_of_checks_must_be_known(levels):
    with given(check_levels=levels), pytest.raises(ConfigurationError, match=r"check_levels.*'hint'"):
        options()


@pytest.mark.parametrize("claims", [["best"], {"en": "best"}, {"en": [1]}, {"en": [" "]}])
def test_claims_must_be_lists_of_phrases(claims):
    with given(misleading_claims=claims), pytest.raises(ConfigurationError, match="misleading_claims"):
        options()


def test_levels_and_claims_are_kept():
    with given(check_levels={"subject_length": "off"}, misleading_claims={"en": ["best"]}):
        assert options().check_levels == {"subject_length": "off"}
        assert options().misleading_claims == {"en": ["best"]}


@pytest.mark.parametrize(
    "value", ["bounces", "bounces+x@example.com", "a" * 24 + "@example.com", "b@localhost", "b @example.com"]
)
def test_a_bounce_address_leaves_room_for_a_token(value):
    with pytest.raises(ConfigurationError, match="bounce_address"):
        Options(bounce_address=value)
    assert Options(bounce_address="bounces@mail.example.com").bounce_address


def test_the_password_of_the_bounce_mailbox_is_not_shown():
    assert "secret" not in repr(Options(bounce_mailbox="imaps://bounces:secret@mail.example.com/INBOX"))
