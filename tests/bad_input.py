"""Bad requests for every field of every operation, made from the OpenAPI document alone.

A new field or operation joins by itself. Use:

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        for bad in bad_requests(app.openapi()):
            answer = await client.request(bad.method, bad.url, headers={**signed_in, **bad.headers}, content=bad.body)
            assert answer.status_code in bad.expects, bad

Two rules hold for each: never a 5xx, and the status is one of `expects`. Send them once with an administrator's token
and once without (a body that can be read may be answered with 401), and hold their number above a floor.
Headers that a request sets itself (a broken `authorization`) must win over the sender's: write those in lower case too.
`params` is the raw query string; a header value that no client writes as text is bytes.

Requests whose values are strange but sound (emoji, rare characters, 29 February of a leap year) come too; they expect a
success or a refusal of the domain. Ids in paths are those of the examples, so most commands end as 404 at the latest.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from tests.bad_values import (
    AN_ID,
    SOUND_DAYS,
    SOUND_IDS,
    SOUND_MOMENTS,
    SOUND_TEXTS,
    WRONG_CHOICES,
    WRONG_DAYS,
    WRONG_FLAGS,
    WRONG_IDS,
    WRONG_LISTS,
    WRONG_MOMENTS,
    WRONG_NUMBERS,
    WRONG_OBJECTS,
    WRONG_TEXTS,
    WRONG_TYPES_FOR_TEXT,
    Raw,
)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# The sender may have no token or no role, and the thing may not exist: these come instead.
ELSEWHERE = frozenset((401, 403, 404, 409, 429))
INVALID = ELSEWHERE | {422}
UNREADABLE = frozenset((400,))
SOUND = ELSEWHERE | {400, 422, 200, 201, 202, 204}


class BadRequest(NamedTuple):
    """One request; `expects` are the statuses that are right for it."""

    operation_id: str
    description: str
    method: str
    path: str
    headers: dict[str, str | bytes]
    params: str
    body: bytes | None
    expects: frozenset[int]

    @property
    def url(self) -> str:
        """Path and query, encoded."""
        return f"{self.path}?{self.params}" if self.params else self.path


def bad_requests(openapi: dict[str, Any]) -> Iterator[BadRequest]:
    """Every class of bad input for every parameter and body field of every operation of the document."""
    for path, item in openapi["paths"].items():
        for method, operation in item.items():
            yield from _Operation(openapi, path, method.upper(), operation).requests()


class _Operation:
    """One operation, and a sound request for it that is then spoiled in one place at a time."""

    def __init__(self, document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> None:
        self.document = document
        self.template = path
        self.method = method
        self.id = operation["operationId"]
        self.parameters = operation.get("parameters", [])
        content = operation.get("requestBody", {}).get("content", {})
        self.media = next(iter(content), None)
        self.body_schema = self.resolve(content[self.media].get("schema", {})) if self.media else {}
        self.sound_body = self.example(content[self.media]) if self.media else None
        self.sound_values = {
            (parameter["in"], parameter["name"]): self.sound(parameter["schema"])
            for parameter in self.parameters
            if parameter.get("required")
        }

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema behind references and "or null"."""
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        arms = [arm for key in ("anyOf", "oneOf", "allOf") for arm in schema.get(key, ()) if arm.get("type") != "null"]
        return self.resolve(arms[0]) if arms else schema

    def example(self, content: dict[str, Any]) -> Any:
        """The declared example of a body, else one made from its schema."""
        for example in content.get("examples", {}).values():
            return copy.deepcopy(example["value"])
        return self.sound(content.get("schema", {}))

    def sound(self, schema: dict[str, Any]) -> Any:
        """A value that fits the schema."""
        schema = self.resolve(schema)
        if "const" in schema:
            return schema["const"]
        for key in ("enum", "examples"):
            if schema.get(key):
                return schema[key][0]
        match schema.get("type"):
            case "object":
                wanted = schema.get("required", ())
                value: Any = {name: self.sound(schema["properties"][name]) for name in wanted}
            case "array":
                value = [self.sound(schema.get("items", {}))] * schema.get("minItems", 1)
            case "integer" | "number":
                value = schema.get("minimum", 1)
            case "boolean":
                value = True
            case _:
                letter = "a" if "pattern" in schema else "甲"
                value = AN_ID if schema.get("format") == "uuid" else letter * max(1, schema.get("minLength", 1))
        return value

    def request(self, what: str, expects: frozenset[int], **changes: Any) -> BadRequest:
        """The sound request with some of its parts replaced: values, query, headers, body."""
        values = self.sound_values | changes.get("values", {})
        path = self.template
        for (place, name), value in values.items():
            if place == "path":
                path = path.replace("{" + name + "}", value if isinstance(value, Raw) else _quoted(value))
        query = [(name, value) for (place, name), value in values.items() if place == "query"]
        params = "&".join(f"{quote(k)}={v if isinstance(v, Raw) else _quoted(v)}" for k, v in query)
        if extra := changes.get("query"):
            params = f"{params}&{extra}" if params else extra
        headers: dict[str, str | bytes] = {
            name: str(value) for (place, name), value in values.items() if place == "header"
        }
        body = changes.get("body", _written(self.sound_body, self.media) if self.media else None)
        if self.media:
            headers["content-type"] = self.media
        for name, value in changes.get("headers", {}).items():
            headers[name] = value if value.isascii() else value.encode("latin-1")
        if headers.get("content-type") == "":
            del headers["content-type"]
        return BadRequest(self.id, what, self.method, path, headers, params, body, expects)

    def requests(self) -> Iterator[BadRequest]:
        """All of them, each spoiled in one place."""
        yield from self.about_the_parameters()
        yield from self.about_the_query()
        yield from self.about_the_headers()
        if self.media == JSON:
            yield from self.about_the_json()
            yield from self.about_the_fields()
        elif self.media == FORM:
            yield from self.about_the_form()
        elif self.media:
            yield from self.about_the_upload()
        elif self.method != "GET":
            yield self.request("a body where none is taken", INVALID, body=b'{"a":1}', headers={"content-type": JSON})
            yield self.request("300 KiB where none is taken", ELSEWHERE | {413}, body=b" " * 300 * 1024)

    def about_the_parameters(self) -> Iterator[BadRequest]:
        for parameter in self.parameters:
            place, name = parameter["in"], parameter["name"]
            schema = self.resolve(parameter["schema"])
            for what, value, expects in self.values_for(schema, in_text=True):
                if place == "header" and not _fits_a_header(str(value)):
                    continue
                if place == "path" and str(value) in ("", "..", "../../etc/passwd"):
                    continue  # another path altogether
                yield self.request(f"{place} {name}: {what}", expects, values={(place, name): value})
            if place == "header":
                continue
            for raw in ("%ff", "%00", "%c0%af", "%ed%a0%80", "%d6%d0%ce%c4", "%E2%80%AE", "%20"):
                yield self.request(f"{place} {name}: {raw}", INVALID, values={(place, name): Raw(raw)})
            for raw in ("%2e%2e", "%2f", "%5c", "%25"):
                yield self.request(f"{place} {name}: {raw}", SOUND, values={(place, name): Raw(raw)})

    def about_the_query(self) -> Iterator[BadRequest]:
        yield self.request("unknown query parameter", INVALID, query="no_such_parameter=1")
        yield self.request("NUL as a query parameter", INVALID, query="%00=%00")
        yield self.request("query that is no UTF-8", INVALID, query="a=%ff%fe")
        yield self.request("query of signs", INVALID, query="&&==&;&%&a[]=1")
        yield self.request("200 query parameters", INVALID, query="&".join(f"a{n}=1" for n in range(200)))
        for parameter in self.parameters:
            if parameter["in"] == "query" and self.resolve(parameter["schema"]).get("type") != "array":
                value = quote(str(self.sound(parameter["schema"])))
                twice = "&".join([f"{parameter['name']}={value}"] * 2)
                yield self.request(f"query {parameter['name']} twice", INVALID, query=twice)

    def about_the_headers(self) -> Iterator[BadRequest]:
        tokens = {
            "no token behind Bearer": "Bearer",
            "a broken token": "Bearer a.b.c",
            "alg none": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
            "a long token": "Bearer " + "a" * 7000,
            "Basic": "Basic Og==",
            "bytes": "Bearer \xff\xfe",
        }
        for what, value in tokens.items():
            yield self.request(f"Authorization: {what}", SOUND, headers={"authorization": value})
        yield self.request("strange Accept-Language", SOUND, headers={"accept-language": "en;q=x,,;;zh;q=9e999,\xff"})
        yield self.request(
            "strange X-Request-Id", SOUND, headers={"x-request-id": "a" * 3000, "traceparent": "00-0-0-0"}
        )

    def about_the_json(self) -> Iterator[BadRequest]:
        sound = _written(self.sound_body, JSON)
        malformed = {
            "cut off": sound[:-1],
            "no JSON": b"{a:1}",
            "byte order mark": b"\xef\xbb\xbf" + sound,
            "GBK": '{"note":"中文"}'.encode("gbk"),
            "cut-off UTF-8": '{"note":"中'.encode()[:-1] + b'"}',
            "overlong UTF-8": b'{"note":"\xc0\xaf"}',
            "UTF-16": sound.decode().encode("utf-16"),
            "surrogates in UTF-8": b'{"note":"\xed\xa0\x80"}',
            "repeated key": b'{"a":1,"a":2}',
            "repeated key inside": b'{"b":{"a":1,"a":2}}',
            "25 deep": b'{"a":' * 25 + b"1" + b"}" * 25,
            "50,000 deep": b"[" * 50_000 + b"]" * 50_000,
            "100,000 open": b"[" * 100_000,
            "10^5000": b'{"a":1' + b"0" * 5000 + b"}",
            "NaN": b'{"a":NaN}',
            "Infinity": b'{"a":-Infinity}',
            "more behind": sound + b"{}",
            "raw control character": b'{"a":"\x01"}',
            "NUL behind": sound + b"\x00",
            "trailing comma": b'{"a":1,}',
            "white space": b"   ",
        }
        for what, body in malformed.items():
            yield self.request(f"body: {what}", UNREADABLE, body=body)
        for body in (b"", b"null", b"[]", b'"a"', b"1", b"true"):
            yield self.request(f"body: {body!r}", INVALID, body=body)
        yield self.request("body: 300 KiB", frozenset((413,)), body=b'{"a":"' + b"a" * 300 * 1024 + b'"}')
        yield self.request("body: half a surrogate pair as key", INVALID, body=b'{"\\ud800":1}')
        for media in (
            "text/plain",
            FORM,
            "application/xml",
            "multipart/form-data",
            "",
            "application/json; charset=gbk",
        ):
            yield self.request(f"content type: {media or 'none'}", frozenset((415,)), headers={"content-type": media})
        yield self.request("content type: rubbish", frozenset((415,)), headers={"content-type": "\xff;=;;"})
        yield self.request("compressed", frozenset((415,)), headers={"content-encoding": "gzip"})

    def about_the_fields(self) -> Iterator[BadRequest]:
        for place, schema in self.fields(self.body_schema, ()):
            name = "/".join(map(str, place)) or "whole"
            for what, value, expects in self.values_for(schema):
                body = _written(_replaced(self.sound_body, place, value), JSON)
                if len(body) < 256 * 1024:
                    yield self.request(f"{name}: {what}", expects, body=body)
            if schema.get("type") == "object" and "properties" in schema:
                for field in schema.get("required", ()):
                    without = _replaced(self.sound_body, (*place, field), _GONE)
                    yield self.request(f"{name}: without {field}", INVALID, body=_written(without, JSON))
                    null = _replaced(self.sound_body, (*place, field), None)
                    yield self.request(f"{name}: null for {field}", SOUND, body=_written(null, JSON))
                for extra in ("no_such_field", "id", "role", "state", "version", "created_at", "__proto__", "坏\x00"):
                    if extra not in schema["properties"]:
                        more = _replaced(self.sound_body, (*place, extra), "1")
                        yield self.request(f"{name}: unknown field {extra!r}", INVALID, body=_written(more, JSON))

    def about_the_form(self) -> Iterator[BadRequest]:
        sound = _written(self.sound_body, FORM)
        for name in self.body_schema.get("properties", {}):
            for what, value in (WRONG_TEXTS | SOUND_TEXTS).items():
                if what not in ("half a surrogate pair", "60,000 characters"):
                    body = _written({**self.sound_body, name: value}, FORM)
                    yield self.request(f"form {name}: {what}", SOUND, body=body)
        for name in self.body_schema.get("required", ()):
            body = _written({key: value for key, value in self.sound_body.items() if key != name}, FORM)
            yield self.request(f"form without {name}", INVALID, body=body)
        yield self.request("form: no UTF-8", UNREADABLE, body=sound + b"&scope=%ff")
        yield self.request("form: raw bytes", UNREADABLE, body=sound + b"&scope=\xff")
        yield self.request("form: unknown field", INVALID, body=sound + b"&no_such_field=1")
        yield self.request("form: nothing", INVALID, body=b"")
        yield self.request("form: 300 KiB", frozenset((413,)), body=b"username=" + b"a" * 300 * 1024)
        for media in (JSON, "text/plain", ""):
            yield self.request(f"content type: {media or 'none'}", frozenset((415,)), headers={"content-type": media})

    def about_the_upload(self) -> Iterator[BadRequest]:
        bodies = {
            "empty": b"",
            "GBK": "编号,名称\n1,中文\n".encode("gbk"),
            "NUL": b"code,name\n\x00,\x00\n",
            "an open quote": b'code,name\n"1,a\n',
            "no such columns": b"a,b,c\n1,2,3\n",
            "one long line": b"a" * 200_000,
            "JSON": b'{"a":1}',
            "binary": bytes(range(256)) * 10,
        }
        for what, body in bodies.items():
            yield self.request(f"upload: {what}", SOUND | {413}, body=body)
        yield self.request("content type: JSON", ELSEWHERE | {415}, headers={"content-type": JSON})

    def fields(
        self, schema: dict[str, Any], place: tuple[Any, ...]
    ) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """Every place in the body with its schema: the whole, its fields, the first item of its lists."""
        schema = self.resolve(schema)
        yield place, schema
        for name, inner in schema.get("properties", {}).items():
            yield from self.fields(inner, (*place, name))
        if schema.get("type") == "array":
            yield from self.fields(schema.get("items", {}), (*place, 0))

    def values_for(self, schema: dict[str, Any], *, in_text: bool = False) -> Iterator[tuple[str, Any, frozenset[int]]]:
        """The values of the schema's kind. `in_text`: for query, path and header, where all is text."""
        wrong: dict[str, Any] = {}
        sound: dict[str, Any] = {}
        kind, form = schema.get("type"), schema.get("format")
        if "enum" in schema or "const" in schema:
            wrong = WRONG_CHOICES
        elif form == "uuid":
            wrong, sound = WRONG_IDS, SOUND_IDS
        elif form == "date-time":
            wrong, sound = WRONG_MOMENTS, SOUND_MOMENTS
        elif form == "date":
            wrong, sound = WRONG_DAYS, SOUND_DAYS
        elif kind == "string":
            wrong, sound = WRONG_TEXTS | ({} if in_text else WRONG_TYPES_FOR_TEXT), SOUND_TEXTS
            wrong = {**wrong, "too long by one": "甲" * (schema.get("maxLength", 10**4) + 1)}
        elif kind in ("integer", "number"):
            wrong, sound = WRONG_NUMBERS, {"zero": 0, "-1": -1}
            low, high = schema.get("minimum"), schema.get("maximum")
            wrong = wrong | ({"too small": low - 1} if low is not None else {})
            wrong = wrong | ({"too large": high + 1} if high is not None else {})
        elif kind == "boolean":
            wrong = WRONG_FLAGS
        elif kind == "array":
            wrong = WRONG_LISTS
        elif kind == "object":
            wrong = WRONG_OBJECTS
        for what, value in wrong.items():
            # 12 and true are text in a query string, and a lone surrogate cannot be written there at all.
            if not in_text or (isinstance(value, str) and "\ud800" not in value and "\udfff" not in value):
                shown = value[:5000] if in_text and not isinstance(value, Raw) else value
                spelled = in_text and what in ("text for a number", "text")
                yield what, shown, SOUND if spelled else INVALID
        for what, value in sound.items():
            yield what, value, SOUND


_GONE = object()


def _replaced(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy of the body with `value` at `place`; lists and objects on the way are made where they are missing."""
    if not place:
        return value
    name, *rest = place
    if isinstance(name, int):
        items = list(body) if isinstance(body, list) and body else [None]
        return [_replaced(items[0], tuple(rest), value), *items[1:]]
    fields = dict(body) if isinstance(body, dict) else {}
    if not rest and value is _GONE:
        fields.pop(name, None)
        return fields
    fields[name] = _replaced(fields.get(name), tuple(rest), value)
    return fields


def _written(body: Any, media: str | None) -> bytes:
    if media == FORM:
        return urlencode(body or {}).encode()
    if media != JSON:
        return str(body or "").encode()
    return _json(body).encode()


def _json(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value)


def _quoted(value: Any) -> str:
    return quote(str(value), safe="")


def _fits_a_header(value: str) -> bool:
    """What an HTTP client can send at all: no control characters, Latin-1, no space at the edges."""
    return value == value.strip() and all(
        " " <= character <= "~" or "\xa0" <= character <= "\xff" for character in value
    )
