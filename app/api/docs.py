"""The contract as people and programs read it: the OpenAPI document, and a docs page without any outside address.

Many government networks block content networks, so every part of the page comes from this server (`fastapi-offline`
carries Swagger UI).
"""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import Field
from starlette.staticfiles import StaticFiles

from app.api import docs_page, problems
from app.api.docs_order import put_in_order
from app.api.docs_page import ASSETS_PATH
from app.api.docs_words import say_what_is_meant
from app.api.schema import In
from app.kernel.text import Opaque

PAGES: Final = frozenset(("/", "/openapi.json", "/docs", "/docs-start.js", ASSETS_PATH))
"""Everything that is served beside the operations; the census knows no other."""

PASSWORD_PATH: Final = "/v1/auth/password"  # noqa: S105 - a path
MINI_PROGRAM: Final = "miniprogram"
ADMIN_ONLY: Final = frozenset(("admin",))

_SCHEMAS: Final = "#/components/schemas/"
_METHODS: Final = ("get", "post", "put", "delete")
_DESCRIPTION: Final = """\
社区邻里服务的后端接口:居民下单、志愿者上门、社区派单与时限督办。

- 时间一律为 RFC 3339,带时区,回答总是 `+08:00`;编号一律为字符串。
- 每个会改变数据的操作都要带请求头 `Idempotency-Key`(登录、刷新、改密、验证手机号除外):网络不好时用同一个键重发,只会生效一次。
- 出错时返回 `application/problem+json`:请按 `code` 判断,把 `title` 给人看,反馈问题时附上 `trace_id`。
- 列表按 `next_cursor` 翻页。"""
_TRYING: Final = """\


在本页试用:点右上角 Authorize,填工作人员的登录名和密码;居民和志愿者先用 `loginWithWechat` 登录,再把 `access_token` 填进去。\
`Idempotency-Key` 留着示例值即可,本页每次自动换成新的键。回答 401 时登录已过期:Logout,再登录一次。

文中常见的词:

- 时限:社区答应在多久之内做到什么。响应是有人联系您,答复是给您回话,协调是商定怎么办、什么时候来,方案是写下带日期的办法;\
每一项为什么这时到期,用 `explainDeadline` 看。
- 一轮:从点单到完成一次;没做好再做一次(返工),就是下一轮。
- 抢单池:没有派给谁、谁先领取就归谁的单。
- 附议:别人已经反映了同一件事,您也算一份。
- 令牌:登录以后得到的一串字,`access_token` 证明是您,`refresh_token` 用来换新的,都不要告诉别人。"""


class Tag(StrEnum):
    """Who an operation is for; the page groups by it, in this order."""

    LOGIN = "登录"
    RESIDENT = "居民"
    VOLUNTEER = "志愿者"
    DISPATCHER = "社区派单员"
    STATION = "站点工作人员"
    GRID_WORKER = "网格员"
    BRANCH = "小区党支部书记"
    STREET = "街道"
    OFFICER = "部门经办人"
    INDEPENDENT = "回访、督办、裁定"
    ADMINISTRATOR = "管理员"
    EVERYBODY = "所有人"
    SYSTEM = "系统"


_TAGS: Final = {
    Tag.LOGIN: "用微信或登录名密码登录,换取和作废令牌。",
    Tag.RESIDENT: "提出需要、代人点单、预约服务日,查看进展、确认和评价。",
    Tag.VOLUNTEER: "查看派给自己的和可以领取的任务,接受、开始、完成;服务队、微心愿、帮办代办。\
队长为本队发布服务,见“管理员”的 `publishService`。",
    Tag.DISPATCHER: "派单员和书记:把本社区的订单派给合适的志愿者或队伍,查看时限,查找、导出、交班。",
    Tag.STATION: "为没有微信的居民登记、点单,记录代下单的同意,发住户卡;居民来电问起的单,按居民所说转达:授权、回答、约时间、\
改联系方式、取消、中止;自己代为点的,还有评价。",
    Tag.GRID_WORKER: "网格员:上报、随手办、分流;网格解决不了的,上报一级或提请吹哨。民情信息员只上报:`reportCase`,\
再用 `listCases` 查看自己上报的。",
    Tag.BRANCH: "召集居民、物业、社区等各方商量大事。先用“网格员”的 `listCases` 查看本小区的事项,复制 `id`,提交议事,写下决定;\
也可上报 `reportCase`、提请吹哨 `proposeWhistle`。",
    Tag.STREET: "街道(和区县)的书记、派单员:先用 `listCases` 查看上报来的事项,复制 `id`。两者都可提请吹哨、核验结果、上报一级,\
查看督办;批准吹哨、挂账、下派、决定延期、查看三率由书记,派单员不办。时限规则、人员和服务在“管理员”。",
    Tag.OFFICER: "单位的经办人和负责人:先用 `listAssignments` 查看派来的任务,复制 `id` 去签收、报到、处置;\
用任务的 `case_id` 查看事项,答复、提交结果。",
    Tag.INDEPENDENT: "不经手办理的人。回访员先用 `listCallbacks`,督办员先用 `listSupervision`,裁定人先用 `listContests`。",
    Tag.ADMINISTRATOR: "管理人员与角色、地点、服务和时限规则;书记在这里发布服务、组建服务队、审批志愿者、暂停时限和裁定异议。",
    Tag.EVERYBODY: "登录后人人可用:个人资料、地点、消息。",
    Tag.SYSTEM: "运行状况,供监控使用。",
}


LOGIN_NAMES: Final = "登录名只有英文字母、数字和半角符号,请按管理员给您的填写"


class PasswordForm(In):
    """The form of OAuth2's password flow, with all that "Authorize" on the docs page sends."""

    username: Annotated[str, Opaque(64, instead=LOGIN_NAMES)] = Field(description="登录名")
    password: Annotated[str, Opaque(128)] = Field(description="密码", json_schema_extra={"format": "password"})
    grant_type: Literal["password"] = Field(default="password", description="固定为 password")
    scope: Annotated[str, Opaque(128)] | None = Field(default=None, description="不使用")
    client_id: Annotated[str, Opaque(128)] | None = Field(default=None, description="不使用")
    client_secret: Annotated[str, Opaque(128)] | None = Field(default=None, description="不使用")


class Application(FastAPI):
    """FastAPI with our document: problems, security of each operation, no redirects, no outside address."""

    def __init__(
        self,
        *,
        version: str,
        lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    ) -> None:
        super().__init__(
            title="邻里 Linli",
            version=version,
            description=_DESCRIPTION + _TRYING,
            openapi_tags=[{"name": tag.value, "description": text} for tag, text in _TAGS.items()],
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            lifespan=lifespan,
        )
        self.add_route("/", docs_page.front, include_in_schema=False)
        self.add_route("/docs", docs_page.page, include_in_schema=False)
        self.add_route("/docs-start.js", docs_page.start_script, include_in_schema=False)
        assets = files("fastapi_offline") / "static"
        self.mount(ASSETS_PATH, StaticFiles(directory=str(assets)), name="docs-assets")

    def openapi(self) -> dict[str, Any]:
        """The whole document, for administrators and the docs page."""
        if not self.openapi_schema:
            spec = super().openapi()
            _bring_back_examples(spec, self)
            self.openapi_schema = _finished(_named(spec))
        return self.openapi_schema


def mini_program_openapi(app: FastAPI) -> dict[str, Any]:
    """The part of the document that the mini-program may use: its operations and only what they refer to."""
    spec = copy.deepcopy(app.openapi())
    spec["info"] |= {"title": "邻里 Linli · 小程序接口", "description": _DESCRIPTION}
    for path, item in list(spec["paths"].items()):
        kept = {method: op for method, op in item.items() if MINI_PROGRAM in op.get("x-audience", ())}
        for operation in kept.values():
            # Nobody types a password into the mini-program.
            operation["security"] = [need for need in operation["security"] if "password" not in need]
        if kept:
            spec["paths"][path] = kept
        else:
            del spec["paths"][path]
    used = {tag for _, _, operation in operations(spec) for tag in operation["tags"]}
    spec["tags"] = [tag for tag in spec["tags"] if tag["name"] in used]
    _prune(spec)
    return spec


def dumped(spec: dict[str, Any]) -> str:
    """The document as it is frozen in a file: the same bytes for the same contract."""
    return json.dumps(spec, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation of a document as (method, path, operation)."""
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield method.upper(), path, operation


def _bring_back_examples(spec: dict[str, Any], app: FastAPI) -> None:
    """FastAPI drops every null from its document, those of examples too: each example comes back as it was declared."""
    for route in iter_route_contexts(app.routes):
        declared = getattr(route.original_route, "openapi_extra", None)
        if declared is None or route.path_format not in spec["paths"]:
            continue
        for method in route.methods or ():
            operation = spec["paths"][route.path_format][method.lower()]
            known = [(declared.get("requestBody", {}), operation.get("requestBody"))]
            known += [(body, operation["responses"][status]) for status, body in declared.get("responses", {}).items()]
            for said, shown in known:
                for media, content in said.get("content", {}).items():
                    if "examples" in content:
                        shown["content"][media]["examples"] = copy.deepcopy(content["examples"])


def _named(spec: dict[str, Any]) -> dict[str, Any]:
    """Generic models under the name that they give themselves (`OrderRowPage`, which would be `Page_OrderRow_`)."""
    schemas = spec["components"]["schemas"]
    names = {f"{_SCHEMAS}{name}": f"{_SCHEMAS}{schema['title']}" for name, schema in schemas.items() if "_" in name}
    names = {old: new for old, new in names.items() if new.removeprefix(_SCHEMAS).isidentifier()}

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: renamed(value) for key, value in part.items()}
        if isinstance(part, list):
            return [renamed(item) for item in part]
        return names.get(part, part) if isinstance(part, str) else part

    named: dict[str, Any] = renamed(spec)
    short = {old.removeprefix(_SCHEMAS): new.removeprefix(_SCHEMAS) for old, new in names.items()}
    components = named["components"]
    components["schemas"] = {short.get(name, name): schema for name, schema in components["schemas"].items()}
    return named


def _finished(spec: dict[str, Any]) -> dict[str, Any]:
    components = spec.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = problems.Problem.model_json_schema(ref_template=_SCHEMAS + "{model}", mode="serialization")
    schemas.update(schemas["Problem"].pop("$defs"))
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "登录后得到的 access_token"},
        "password": {
            "type": "oauth2",
            "description": "工作人员用登录名和密码登录",
            "flows": {"password": {"tokenUrl": PASSWORD_PATH.removeprefix("/"), "scopes": {}}},
        },
    }
    for _, _, operation in operations(spec):
        public = operation.get("x-access") == "public"
        operation["security"] = [] if public else [{"bearer": []}, {"password": []}]
        if operation.get("description") == operation.get("summary"):
            operation.pop("description", None)
        for parameter in operation.get("parameters", ()):
            parameter["schema"].pop("title", None)
            parameter["schema"].pop("description", None)  # stands beside it
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
    _prune(spec)
    put_in_order(spec)
    say_what_is_meant(spec, _reachable(spec, [op.get("requestBody", {}) for _, _, op in operations(spec)]))
    return spec


def _prune(spec: dict[str, Any]) -> None:
    """Drop the components that nothing refers to."""
    components = spec["components"]
    wanted = _reachable(spec, spec["paths"])
    components["schemas"] = {name: schema for name, schema in components["schemas"].items() if name in wanted}
    schemes = {name for _, _, op in operations(spec) for need in op["security"] for name in need}
    components["securitySchemes"] = {k: v for k, v in components["securitySchemes"].items() if k in schemes}


def _reachable(spec: dict[str, Any], part: Any) -> set[str]:
    """The components that a part of the document refers to, and those that they refer to."""
    schemas = spec["components"]["schemas"]
    wanted: set[str] = set()
    fresh = set(_references(part))
    while fresh:
        wanted |= fresh
        fresh = {name for known in fresh for name in _references(schemas[known])} - wanted
    return wanted


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref" and isinstance(value, str) and value.startswith(_SCHEMAS):
                yield value.removeprefix(_SCHEMAS)
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for item in part:
            yield from _references(item)
