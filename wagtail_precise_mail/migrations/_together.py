"""Creating many models in one step.

Django makes all models that a new one is related to anew, for each model that a migration creates: with more than a
hundred of them, most of the time of a first ``migrate``, and of every test run, goes there.
"""

from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation


class CreateTogether(Operation):
    """What ``makemigrations`` writes for new models, as one operation: tables come with all that is added to them.

    Args:
        operations: ``CreateModel``, and ``AddField``, ``AddIndex`` and ``AddConstraint`` that complete such models.

    Raises:
        TypeError: there is something else among them, which would never be done.
    """

    serialization_expand_args = ["operations"]

    def __init__(self, operations):
        if other := [one for one in operations if not isinstance(one, (CreateModel, AddField, AddIndex, AddConstraint))]:
            raise TypeError(f"{other[0].describe()}: do this in an operation of its own.")
        self.operations = operations

    def deconstruct(self):
        return self.__class__.__qualname__, [], {"operations": self.operations}

    def state_forwards(self, app_label, state):
        # Without the models that are made already, nothing is made until the end.
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self._creations():
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self._creations()):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        return f"Create {len(self._creations())} models"

    def _creations(self):
        return [one for one in self.operations if isinstance(one, CreateModel)]
