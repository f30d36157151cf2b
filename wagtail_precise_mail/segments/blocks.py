"""Rules as blocks: the form of every registered condition, and groups of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks
from wagtail.admin.telepath import register
from wagtail.blocks.stream_block import StreamBlockAdapter
from wagtail.blocks.struct_block import StructBlockValidationError

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions import Condition, References, conditions
from wagtail_precise_mail.segments.conditions.parameters import Parameter
from wagtail_precise_mail.segments.rules import EXCEPT, MATCH_LABELS, RULES, Match, Rules

# A group in a group in a group: beyond that nobody understands the rules any more.
LEVELS = 3

GROUP = "group"
UNKNOWN = "unknown"


class SharedFields:
    """One block for all fields that are alike: a page describes a block that it has met by a number.

    Half of the fields of our own conditions are such, windows of time above all.
    """

    def __init__(self) -> None:
        self._made: list[tuple[str, Parameter, blocks.Block]] = []

    def block(self, name: str, parameter: Parameter) -> blocks.Block:
        """Return the block of a parameter below a name."""
        for known, other, block in self._made:
            if known == name and _are_alike(parameter, other):
                return block
        made = parameter.block()
        self._made.append((name, parameter, made))
        return made


def _are_alike(one: Parameter, other: Parameter) -> bool:
    # By identity: to compare words that wait for a language would choose one.
    values = vars(other)
    return type(one) is type(other) and all(value is values[name] for name, value in vars(one).items())


class ConditionBlock(blocks.StructBlock):
    """The form of one condition, made of its parameters."""

    def __init__(self, condition: type[Condition], fields: SharedFields, **kwargs: Any) -> None:
        self.condition = condition
        parameters = [(name, fields.block(name, parameter)) for name, parameter in condition.parameters().items()]
        super().__init__(
            parameters,
            form_layout=_layout(condition),
            label=condition.label,
            description=condition.description,
            icon=condition.icon,
            group=condition.group,
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """Refuse to publish a condition that could not be evaluated; drafts may be unfinished."""
        cleaned = super().clean(value)
        if not self.is_deferred_validation:
            try:
                self.condition.from_json(self.condition.from_block(cleaned))
            except InvalidRules as error:
                raise _to_validation_error(error, self.child_blocks) from error
        return cleaned


def _layout(condition: type[Condition]) -> blocks.BlockGroup:
    """Return the form: what a condition is about, and folded below it what few people need, such as the window."""
    parameters = condition.parameters()
    main: list[Any] = [name for name, parameter in parameters.items() if not parameter.is_aside]
    aside: list[Any] = [name for name, parameter in parameters.items() if parameter.is_aside]
    if not main:
        return blocks.BlockGroup(aside)
    if aside:
        heading = gettext_lazy("When, and more")
        main.append(blocks.BlockGroup(aside, heading=heading, classname="collapsed", icon="calendar-alt"))
    return blocks.BlockGroup(main)


def _to_validation_error(error: InvalidRules, names: Any) -> ValidationError:
    name = error.place.lstrip(".").partition("[")[0]
    message = ValidationError(error.message)
    if name in names and not isinstance(names[name], blocks.ListBlock):
        return StructBlockValidationError(block_errors={name: message})
    return StructBlockValidationError(non_block_errors=[message])


class UnknownBlock(blocks.StructBlock):
    """Stands for a stored rule that this installation cannot read, so that it is neither lost nor ignored."""

    stored = blocks.TextBlock(label=gettext_lazy("What is stored"))

    def clean(self, value: Any) -> Any:
        if not self.is_deferred_validation:
            message = _("This rule is not known here any more. Remove it, or install what it came from.")
            raise StructBlockValidationError(non_block_errors=[ValidationError(message)])
        return super().clean(value)

    class Meta:
        label = gettext_lazy("Unknown rule")
        icon = "warning"
        group = gettext_lazy("Groups")


class RulesBlock(blocks.StreamBlock):
    """A list of conditions and groups.

    Wagtail drops stored blocks of a type it does not know, and keys of a struct likewise. A filter that loses a part
    lets more people in, so here they are kept as :class:`UnknownBlock`.
    """

    def to_python(self, value: Any) -> blocks.StreamValue:
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except ValueError:
                return self.empty_value(raw_text=value)
        if isinstance(value, list):
            value = [self._keep(child) for child in value]
        return super().to_python(value)

    def bulk_to_python(self, values: Any) -> Any:
        return super().bulk_to_python([[self._keep(child) for child in stream] for stream in values])

    def get_prep_value(self, value: Any) -> list[dict[str, Any]]:
        return [_restore(child) for child in super().get_prep_value(value)]

    def _keep(self, child: Any) -> Any:
        if not isinstance(child, dict):
            return child
        block = self.child_blocks.get(child.get("type"))
        fields = getattr(block, "child_blocks", {})
        if block and isinstance(child.get("value"), dict) and set(child["value"]) <= set(fields):
            return child
        return {"type": UNKNOWN, "value": {"stored": json.dumps(child)}, "id": child.get("id")}


class RulesBlockAdapter(StreamBlockAdapter):
    """Keeps unknown rules out of the picker: they can be shown and removed, and nobody adds one."""

    def js_args(self, block: RulesBlock) -> list[Any]:
        *arguments, meta = super().js_args(block)
        return [*arguments, meta | {"blockCounts": {**meta["blockCounts"], UNKNOWN: {"max_num": 0}}}]


register(RulesBlockAdapter(), RulesBlock)


def _restore(child: dict[str, Any]) -> dict[str, Any]:
    if child["type"] != UNKNOWN:
        return child
    try:
        stored = json.loads(child["value"]["stored"])
    except (ValueError, TypeError):
        return child
    return stored if isinstance(stored, dict) and "type" in stored else child


class GroupBlock(blocks.StructBlock):
    """Rules of which all, any or none must hold."""

    def __init__(self, rules: RulesBlock, **kwargs: Any) -> None:
        choices = [(match.value, label) for match, label in MATCH_LABELS.items()]
        match = blocks.ChoiceBlock(choices=choices, default="any", label=gettext_lazy("What must hold"))
        super().__init__([("match", match), ("rules", rules)], **kwargs)

    class Meta:
        label = gettext_lazy("Group")
        description = gettext_lazy("Rules of which all, any or none must hold.")
        icon = "folder-open-inverse"
        group = gettext_lazy("Groups")
        label_format = "{match}"


def make_rules_block(*, required: bool = True) -> RulesBlock:
    """Return the top-level block, with every condition registered by now."""
    # What packages bring stands before the facts about a contact; purchases are what most segments are about.
    ordered = sorted(conditions.items(), key=lambda item: item[1].group == Condition.group)
    fields = SharedFields()
    forms = [(key, ConditionBlock(condition, fields)) for key, condition in ordered]
    unknown = UnknownBlock()
    block = RulesBlock([*forms, (UNKNOWN, unknown)], label=gettext_lazy("Rules"), required=True)
    for level in range(LEVELS):
        is_top = level == LEVELS - 1
        block = RulesBlock(
            [*forms, (GROUP, GroupBlock(block)), (UNKNOWN, unknown)],
            label=gettext_lazy("Rules"),
            required=required or not is_top,
        )
    return block


def make_exclusions_block() -> RulesBlock:
    """Return the block of rules of which any takes a contact out; none is needed."""
    return make_rules_block(required=False)


def read_stream(value: Any, exclusions: Any = (), *, references: References | None = None) -> Rules:
    """Return the rules that an editor entered.

    Args:
        exclusions: the stream of who is left out again.

    Raises:
        InvalidRules: something is unfinished, unknown or gone; then the rules as a whole say nothing.
    """
    return Rules.from_json(stream_to_json(value, exclusions), references=references)


def stream_to_json(value: Any, exclusions: Any = ()) -> dict[str, Any]:
    """Return what an editor entered as JSON, finished or not.

    Raises:
        InvalidRules: there is something that has no JSON: an unknown rule, or a stream that could not be read.
    """
    excluded = list(_stream_to_json(exclusions, EXCEPT))
    return {RULES: list(_stream_to_json(value, RULES)), **({EXCEPT: excluded} if excluded else {})}


def _stream_to_json(value: Any, place: str) -> Iterator[dict[str, Any]]:
    if getattr(value, "raw_text", None):  # Wagtail shows as empty what is no JSON; an exception must not be lost
        raise InvalidRules(_("what is stored cannot be read"), place=place)
    for index, child in enumerate(value or []):
        here = f"{place}[{index}]"
        if child.block_type == UNKNOWN:
            raise InvalidRules(_("this rule is not known here any more"), place=here)
        if child.block_type == GROUP:
            match = child.value.get("match")
            if not match:
                raise InvalidRules(_("choose all, any or none"), place=here)
            yield {match: list(_stream_to_json(child.value.get("rules"), f"{here}.{match}"))}
        else:
            condition = cast("type[Condition]", child.block.condition)
            yield {child.block_type: condition.from_block(child.value)}


def to_stream(rules: Rules) -> list[dict[str, Any]]:
    """Return what a StreamField stores for these rules, without the exclusions.

    Raises:
        InvalidRules: groups are nested deeper than the editor can show.
    """
    return [_to_child(rule, 0) for rule in rules.root.to_json()]


def to_exclusions_stream(rules: Rules) -> list[dict[str, Any]]:
    """Return what a StreamField stores for the exclusions of these rules.

    Raises:
        InvalidRules: groups are nested deeper than the editor can show.
    """
    return [_to_child(rule, 0) for rule in rules.exclusions.to_json()] if rules.exclusions else []


def _to_child(rule: dict[str, Any], depth: int) -> dict[str, Any]:
    [(key, value)] = rule.items()
    if key not in list(Match):
        return {"type": key, "value": conditions.get(key).to_block(value)}
    if depth == LEVELS:
        raise InvalidRules(_("groups can be nested %(levels)s deep in the editor") % {"levels": LEVELS})
    children = [_to_child(one, depth + 1) for one in value]
    return {"type": GROUP, "value": {"match": key, "rules": children}}
