"""The registry: stable keys, no second item under one key, and a way back for tests."""

from __future__ import annotations

import pytest

from wagtail_precise_mail.exceptions import PreciseMailError, RegistrationError, UnknownKey
from wagtail_precise_mail.registry import Registry


@pytest.fixture
def animals():
    made = Registry("animal")
    made.register("cat")("Cat")
    made.register("dog")("Dog")
    return made


def test_an_item_is_found_by_its_key(animals):
    assert animals.get("cat") == "Cat"
    assert "cat" in animals


def test_the_decorator_gives_the_class_back():
    @Registry("animal").register("owl")
    class Owl:
        pass

    assert Owl.__name__ == "Owl"


def test_items_come_in_the_order_of_registration(animals):
    animals.register("ape")("Ape")
    assert list(animals) == ["cat", "dog", "ape"]
    assert list(animals.items()) == [("cat", "Cat"), ("dog", "Dog"), ("ape", "Ape")]
    assert len(animals) == 3


def test_registering_while_walking_does_no_harm(animals):
    for number, _key in enumerate(animals):
        animals.register(f"new_{number}")("new")
    assert len(animals) == 4


def test_a_second_item_under_one_key_is_refused(animals):
    with pytest.raises(RegistrationError, match="already a animal 'cat': 'Cat'"):
        animals.register("cat")("Tiger")
    assert animals.get("cat") == "Cat"


@pytest.mark.parametrize("key", ["", "Cat", "big cat", "big-cat", "1cat", "_cat", "cat\n", "kätzchen", "a.b"])
def test_a_key_that_cannot_be_stored_is_refused(animals, key):
    with pytest.raises(RegistrationError, match="lower case"):
        animals.register(key)("x")


def test_an_unknown_key_is_told_with_the_known_ones(animals):
    with pytest.raises(UnknownKey, match="no animal 'cow'; registered: cat, dog"):
        animals.get("cow")


def test_an_unknown_key_is_a_lookup_error_and_one_of_ours():
    assert issubclass(UnknownKey, LookupError)
    assert issubclass(UnknownKey, PreciseMailError)


def test_temporarily_adds_and_takes_away(animals):
    with animals.temporarily("cow", "Cow") as item:
        assert item == animals.get("cow") == "Cow"
    assert "cow" not in animals


def test_temporarily_replaces_and_restores_in_place(animals):
    with animals.temporarily("cat", "Tiger"):
        assert animals.get("cat") == "Tiger"
    assert list(animals.items()) == [("cat", "Cat"), ("dog", "Dog")]


def test_temporarily_restores_after_a_failure(animals):
    with pytest.raises(ZeroDivisionError), animals.temporarily("cat", "Tiger"):
        1 / 0  # noqa: B018
    assert animals.get("cat") == "Cat"
