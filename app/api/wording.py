"""Pydantic's errors in Chinese. Our own types bring their message along; these are the standard ones."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic_core.core_schema import ErrorType

_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "必填,请填写",
    "extra_forbidden": "不认识的字段,请去掉",
    "frozen_field": "不能修改",
    "none_required": "只能为 null",
    "string_type": "应为文字",
    "string_unicode": "含有残缺的字符,请删除后重新填写",
    "string_sub_type": "应为文字",
    "string_too_short": "至少填写 {min_length} 个字",
    "string_too_long": "最多填写 {max_length} 个字",
    "string_pattern_mismatch": "格式不正确",
    "bytes_type": "应为文字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_parsing_size": "数值过大",
    "int_from_float": "应为整数,不能带小数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "decimal_type": "应为数字",
    "decimal_parsing": "应为数字",
    "decimal_max_digits": "位数过多",
    "decimal_max_places": "小数位数过多",
    "decimal_whole_digits": "整数位数过多",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "multiple_of": "应为 {multiple_of} 的整数倍",
    "enum": "只能是 {expected} 之一",
    "literal_error": "只能是 {expected} 之一",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
    "set_type": "应为列表",
    "frozen_set_type": "应为列表",
    "iterable_type": "应为列表",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "dict_type": "应为对象",
    "mapping_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "dataclass_type": "应为对象",
    "is_instance_of": "类型不正确",
    "uuid_type": "编号格式不正确",
    "uuid_parsing": "编号格式不正确",
    "uuid_version": "编号格式不正确",
    "datetime_type": "时间格式不正确",
    "datetime_parsing": "时间格式不正确",
    "datetime_from_date_parsing": "时间格式不正确",
    "datetime_object_invalid": "时间格式不正确",
    "timezone_aware": "时间必须带时区",
    "timezone_naive": "时间不能带时区",
    "date_type": "日期格式不正确",
    "date_parsing": "日期格式不正确",
    "date_from_datetime_parsing": "日期格式不正确",
    "date_from_datetime_inexact": "日期格式不正确",
    "time_type": "时刻格式不正确",
    "time_parsing": "时刻格式不正确",
    "time_delta_type": "时长格式不正确",
    "time_delta_parsing": "时长格式不正确",
    "url_type": "网址格式不正确",
    "url_parsing": "网址格式不正确",
    "url_scheme": "网址格式不正确",
    "url_too_long": "网址过长",
    "union_tag_invalid": "类别不正确",
    "union_tag_not_found": "缺少类别",
    "json_invalid": "不是合格的 JSON",
}
_UNKNOWN: Final = "内容不正确"
_STANDARD: Final = frozenset(get_args(ErrorType))


def in_chinese(error: Mapping[str, Any]) -> str:
    """The message of one of pydantic's errors: only limits of the schema are filled in, nothing that was sent."""
    kind = error["type"]
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if kind not in _STANDARD:
        return str(error["msg"])
    template = _MESSAGES.get(kind, _UNKNOWN)
    return template.format_map({key: _plain(value) for key, value in error.get("ctx", {}).items()})


def _plain(value: object) -> str:
    """A limit as people read it: pydantic writes the members of an enum as `'a', 'b' or 'c'`."""
    return str(value).replace(" or ", "、").replace(", ", "、").replace("'", "")
