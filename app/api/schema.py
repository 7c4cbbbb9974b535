"""What requests and answers are made of: strict in, plain out.

`In` refuses at import a field that would let bad input through: a bare `str`, an `int` without bounds, a list without a
length. So the care is taken once, here, and a room cannot forget it.
"""

import types
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from re import compile as pattern
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

import annotated_types as at
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.kernel.errors import FieldFault, InvalidInput
from app.kernel.text import TEXT_RULES, Digits, Opaque
from app.kernel.time import DayRule, MomentRule

INT4_MAX: Final = 2**31 - 1

_UUID: Final = pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_id(value: object) -> UUID:
    """An id from its canonical text (8-4-4-4-12, either case). Braces, urn: and bare hex are refused.

    A UUID that our own code hands over passes: JSON cannot hold one. Raises PydanticCustomError.
    """
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(value)
    raise PydanticCustomError("id", "编号格式不正确")


class IdRule:
    """Makes a `UUID` field read canonical text only, and write it in lower case."""

    __slots__ = ()

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            read_id,
            serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json-unless-none"),
        )

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "uuid", "examples": ["01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"]}


class FlagRule:
    """Makes a `bool` parameter read the words true and false only; pydantic alone would take "on", "y" and "1"."""

    __slots__ = ()

    @staticmethod
    def read(value: object) -> object:
        """The truth value that a string spells; everything else goes on as it came."""
        return value == "true" if value in ("true", "false") else value

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, core_schema.bool_schema(strict=True))


class NamedChoice:
    """Makes the refusal of a value name the members as people call them: `phone 电话`, where they have a label."""

    __slots__ = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        named = "、".join(f"{one.value} {getattr(one, 'label', '')}".rstrip() for one in source)

        def read(value: object, inner: core_schema.ValidatorFunctionWrapHandler) -> object:
            try:
                return inner(value)
            except ValidationError:
                raise PydanticCustomError("enum", "only {expected}", {"expected": named}) from None

        return core_schema.no_info_wrap_validator_function(read, handler(source))


E = TypeVar("E", bound=Enum)

StrictUUID = Annotated[UUID, IdRule()]
"""An id, in bodies, paths and query strings."""

Int4 = Annotated[int, Field(strict=True, ge=-INT4_MAX - 1, le=INT4_MAX)]
"""A whole number that fits its column: no true, no "12", no 1.0."""

Count = Annotated[int, Field(strict=True, ge=0, le=INT4_MAX)]

FlagArg = Annotated[bool, FlagRule()]
"""`true` or `false` in a query string, and nothing else."""

Choice = Annotated[E, Field(strict=False), NamedChoice()]
"""A member of an enum by its value: `Choice[OrderState]` (strict reading alone would ask for the member itself)."""

CommandKey = Annotated[str, Opaque(128, 8)]
"""The Idempotency-Key of a command: the client's own, one for each intention."""


_enums: Final[set[type[Enum]]] = set()


def meaning_of(name: str, words: Sequence[str]) -> str | None:
    """What the words of an enum of requests or answers mean, "sent 待签收、…"; None where its members bear no `label`."""
    for kind in _enums:
        if kind.__name__ == name and [member.value for member in kind] == list(words) and hasattr(kind, "label"):
            return "、".join(f"{member.value} {member.label}" for member in kind)
    return None


def _note_enum(kind: Any) -> None:
    if isinstance(kind, type) and issubclass(kind, Enum):
        _enums.add(kind)


class In(BaseModel):
    """Base of every request body and query model."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, str_strip_whitespace=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            if fault := open_ended(field):
                raise TypeError(f"{cls.__name__}.{name}: {fault}")
            for kind, _ in _leaves(field.annotation, field.metadata):
                _note_enum(kind)


class Out(BaseModel):
    """Base of every answer: instants are `Moment`, ids are `StrictUUID`, no floats that JSON cannot hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            for kind, found in _leaves(field.annotation, field.metadata):
                _note_enum(kind)
                if kind is datetime and not _holds(found, MomentRule):
                    raise TypeError(
                        f"{cls.__name__}.{name}: a bare datetime; use Moment, so that it is written as +08:00"
                    )
                if kind is int and (name == "id" or name.endswith("_id")):
                    raise TypeError(f"{cls.__name__}.{name}: ids are strings, a JSON number is a double")


def exactly_one(**given: object) -> None:
    """Of several ways to say a thing a body has exactly one; None and False count as left out. Raises InvalidInput."""
    if sum(value not in (None, False) for value in given.values()) != 1:
        fault = FieldFault(f"/body/{next(iter(given))}", "exactly-one", f"{'、'.join(given)} 须填写其中一项,且只填一项")
        raise InvalidInput(fields=(fault,))


def open_ended(field: FieldInfo) -> str | None:
    """Why this input field would let something through that it must not; None when it is safe.

    Also used for the parameters of routes (`app/api/census.py`).
    """
    for kind, metadata in _leaves(field.annotation, field.metadata):
        if fault := _fault_of(kind, metadata):
            return fault
    return None


def takes_several(field: FieldInfo) -> bool:
    """Whether this query parameter is a list, so that it may be repeated."""
    return any(kind is list for kind, _ in _leaves(field.annotation, field.metadata))


def _leaves(annotation: Any, metadata: list[Any]) -> list[tuple[Any, list[Any]]]:
    """The plain types inside an annotation, each with what is annotated to it; a list counts and so do its items."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _leaves(inner, [*metadata, *_flat(more)])
    if origin in (Union, types.UnionType):
        return [leaf for arm in get_args(annotation) for leaf in _leaves(arm, metadata)]
    if origin in (list, tuple, set, frozenset, dict):
        items = [leaf for arm in get_args(annotation) for leaf in _leaves(arm, [])]
        return [(origin, metadata), *items]
    return [(annotation, metadata)]


def _flat(metadata: list[Any]) -> list[Any]:
    return [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else [item])]


def _holds(metadata: list[Any], *kinds: type) -> bool:
    return any(isinstance(item, kinds) for item in metadata)


def _fault_of(kind: Any, metadata: list[Any]) -> str | None:  # noqa: C901, PLR0911 - one line for each kind reads best
    if kind in (None, type(None), bool, Ellipsis) or get_origin(kind) is Literal:
        return None
    if kind is str:
        return (
            None if _holds(metadata, *TEXT_RULES) else "a bare str; use Line, Paragraph, Opaque, Hex, Phone or Search"
        )
    if kind in (int, float, Decimal):
        bounded = _holds(metadata, at.Ge, at.Gt) and _holds(metadata, at.Le, at.Lt)
        return None if bounded or _holds(metadata, Digits) else "a number without bounds; give both ge and le"
    if kind is datetime:
        return None if _holds(metadata, MomentRule) else "a bare datetime; use Moment"
    if kind is date:
        return None if _holds(metadata, DayRule) else "a bare date; use Day"
    if kind is UUID:
        return None if _holds(metadata, IdRule) else "a bare UUID; use StrictUUID"
    if kind is list:
        return None if _holds(metadata, at.MaxLen) else "a list without max_length"
    if isinstance(kind, type) and issubclass(kind, Enum):
        loose = any(getattr(item, "strict", None) is False for item in metadata)
        return None if loose else "a bare enum cannot be read strictly; use Choice[...]"
    if isinstance(kind, type) and issubclass(kind, In):
        return None
    if kind in (time, timedelta):
        return "no strict reading is written for times and durations; use Moment or whole numbers"
    return f"no strict reading is known for {kind!r}"
