"""The base models refuse at import what would let bad input through."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field, TypeAdapter, ValidationError, create_model

from app.api.schema import Choice, Count, In, Int4, Out, StrictUUID
from app.kernel.text import Line
from app.kernel.time import Moment
from tests.bad_values import WRONG_IDS, WRONG_NUMBERS

AN_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"


class Size(StrEnum):
    SMALL = "small"


@pytest.mark.parametrize(
    "annotation",
    [
        str,
        str | None,
        int,
        float,
        datetime,
        date,
        UUID,
        Size,
        dict[str, int],
        Any,
        object,
        list[Int4],
        list[str],
        Annotated[int, Field(ge=1)],
        Annotated[list[str], Field(max_length=2)],
        Annotated[str, Field(max_length=2)],
    ],
)
def test_an_open_ended_field_does_not_get_past_import(annotation: Any) -> None:
    with pytest.raises(TypeError, match=r"Loose\.field"):
        create_model("Loose", __base__=In, field=(annotation, ...))


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, Line(5)],
        Annotated[str, Line(5)] | None,
        Int4,
        Count | None,
        bool,
        Moment,
        StrictUUID | None,
        Choice[Size],
        Annotated[list[Choice[Size]], Field(max_length=2)],
        Annotated[int, Field(ge=1, le=2)],
    ],
)
def test_a_strict_field_does(annotation: Any) -> None:
    create_model("Tight", __base__=In, field=(annotation, ...))


@pytest.mark.parametrize(
    ("name", "annotation"), [("at", datetime), ("at", datetime | None), ("id", int), ("place_id", int)]
)
def test_answers_have_no_bare_times_and_no_numbers_for_ids(name: str, annotation: Any) -> None:
    with pytest.raises(TypeError, match="Loose"):
        create_model("Loose", __base__=Out, **{name: (annotation, ...)})


@pytest.mark.parametrize("what", sorted(set(WRONG_NUMBERS) - {"1e999", "-1e999"}))
def test_numbers_are_whole_and_fit_their_column(what: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Int4).validate_python(WRONG_NUMBERS[what])


@pytest.mark.parametrize("what", sorted(WRONG_IDS))
def test_ids_are_canonical(what: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(StrictUUID).validate_python(WRONG_IDS[what])


def test_an_id_in_upper_case_is_the_same_id() -> None:
    read = TypeAdapter(StrictUUID).validate_python(AN_ID.upper())
    assert TypeAdapter(StrictUUID).dump_json(read) == f'"{AN_ID}"'.encode()


def test_inputs_cannot_be_changed_or_extended() -> None:
    small = create_model("Small", __base__=In, size=(Choice[Size], ...))
    read = small.model_validate({"size": "small"})
    with pytest.raises(ValidationError):
        read.size = Size.SMALL  # type: ignore[attr-defined]
    with pytest.raises(ValidationError):
        small.model_validate({"size": "small", "role": "administrator"})
