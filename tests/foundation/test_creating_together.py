"""The operation that creates all models of the first migration in one step."""

from __future__ import annotations

import pytest
from django.db import migrations, models
from django.db.migrations.state import ProjectState

from wagtail_precise_mail.migrations._together import CreateTogether


def _number() -> tuple[str, models.Field[int, int]]:
    return "id", models.BigAutoField(primary_key=True)


def test_models_may_refer_to_each_other_whatever_their_order() -> None:
    operation = CreateTogether(
        [
            migrations.CreateModel("Egg", [_number(), ("layer", models.ForeignKey("zoo.Hen", models.CASCADE))]),
            migrations.CreateModel("Hen", [_number()]),
            migrations.AddField("Hen", "hatched_from", models.ForeignKey("zoo.Egg", models.CASCADE, null=True)),
        ]
    )
    state = ProjectState()
    assert not state.apps.get_models()
    operation.state_forwards("zoo", state)
    hen, egg = (state.apps.get_model("zoo", name) for name in ("Hen", "Egg"))
    assert hen._meta.get_field("hatched_from").related_model is egg
    assert egg._meta.get_field("layer").related_model is hen
    assert operation.describe() == "Create 2 models"


def test_what_would_never_be_done_is_refused() -> None:
    work = migrations.RunPython(migrations.RunPython.noop)
    with pytest.raises(TypeError, match="do this in an operation of its own"):
        CreateTogether([migrations.CreateModel("Hen", [_number()]), work])
