"""What can be refused about units."""

from app.kernel.errors import Kind, NotFound, Refusal


class UnitNotFound(NotFound):
    """There is no such unit, or it was closed."""

    code = "unit-not-found"
    title_zh = "没有找到这个单位"
    title_en = "No such unit"


class UnitExists(Refusal):
    """The place has an open unit of that name."""

    kind = Kind.CONFLICT
    code = "unit-exists"
    title_zh = "这个地点已有同名的单位"
    title_en = "The place has a unit of that name"


class WorksThere(Refusal):
    """The person works in the unit already."""

    kind = Kind.CONFLICT
    code = "works-there"
    title_zh = "此人已在这个单位"
    title_en = "The person works in the unit already"
