"""The page that shows the contract and tries it: Swagger UI from this server, with what people stumble over taken away.

It has no inline script, so that its security policy can forbid them; its style is inline, as Swagger UI's own is.
"""

import json
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

ASSETS_PATH: Final = "/docs-assets"
"""Where Swagger UI itself is served from."""

EXAMPLE_KEY: Final = "6f1f1d0e-2f0b-4c55-9a43-1d1a6a1b7c11"
"""The Idempotency-Key that the document shows; the page sends a new one in its place, since a key serves once."""

_SETTINGS: Final = {
    "url": "openapi.json",
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "persistAuthorization": True,
    "docExpansion": "none",
    "filter": True,
    "displayOperationId": True,
    "displayRequestDuration": True,
    "showExtensions": False,
    "validatorUrl": None,
}

# Swagger UI's own words. Buttons that the documents name keep their English beside the Chinese.
_WORDS: Final = {
    "Authorize": "登录 Authorize", "Logout": "退出 Logout", "Close": "关闭 Close", "Try it out": "试一试 Try it out",
    "Execute": "执行 Execute", "Cancel": "取消 Cancel", "Clear": "清空 Clear", "Reset": "恢复示例 Reset",
    "Available authorizations": "登录 Authorize", "Authorized": "已登录 Authorized", "Filter by tag": "按分组筛选",
    "Parameters": "参数", "No parameters": "没有参数", "Request body": "请求内容", "required": "必填",
    "Responses": "回答", "Server response": "服务器的回答", "Response body": "回答的内容", "Response headers": "回答的头部",
    "Request duration": "用时", "Request URL": "请求的地址", "Curl": "命令行 Curl", "Name": "名称", "Description": "说明",
    "Code": "状态码", "Details": "详情", "Media type": "内容类型", "Example Value": "示例", "Edit Value": "填写",
    "Schema": "结构", "Schemas": "结构", "Download": "下载", "Value:": "值:", "Example": "示例",
    "Examples": "示例", "Examples:": "示例:", "Headers:": "头部:", "Type": "类型",

    "Send empty value": "发送空值", "Example Description": "示例说明", "default": "默认",
    "Default value": "默认值", "Available values": "可选值", "Controls": "写入请求头", "header.": "。",
    "Undocumented": "文档未列出", "Errors": "错误", "Hide": "收起", "Show": "展开",
    "Required field is not provided": "必填,请填写", "Parameter string value must be valid JSON": "应为合格的 JSON",
    "Unrecognized response type; displaying content as text.": "内容类型不认识,按文字显示。",
    "Unrecognized response type; unable to display.": "内容类型不认识,无法显示。",
}  # fmt: skip

# Words that are names elsewhere: only in these places of the page they are Swagger UI's own.
_WORDS_AT: Final = {
    "parameter__in": {"path": "地址里", "query": "地址后", "header": "请求头"},
    "parameter__type": {
        "string": "文字", "integer": "整数", "number": "数字", "boolean": "是否", "array": "列表", "object": "对象",
        "file": "文件",
    },
    "prop-format": {"($": "(", "uuid": "编号", "password": "密码", "date": "日期", "date-time": "时间", "binary": "文件"},
}  # fmt: skip

# The headings of the two ways to log in.
_WAYS_IN: Final = {"(OAuth2,": "用登录名和密码", "(http, Bearer)": "用令牌"}

# Authorize: user name and password first, without the fields of OAuth2 that nothing here uses.
_STYLE: Final = """\
.swagger-ui .modal-ux-content { display: flex; flex-direction: column-reverse; }
.swagger-ui .scope-def, .swagger-ui .modal-ux .flow, .swagger-ui .modal-ux .renderedMarkdown + p,
.swagger-ui .wrapper:has(> label[for$="_password"]:not([for="oauth_password"])),
.swagger-ui .wrapper:has(> label[for="password_type"]) { display: none; }
.swagger-ui label[for="oauth_username"]::before { content: "登录名 "; }
.swagger-ui label[for="oauth_password"]::before { content: "密码 "; }
.swagger-ui label[for="auth-bearer-value"]::before { content: "access_token "; }
.swagger-ui .parameter__name.required::after { content: "必填"; }
.swagger-ui .loading-container .loading::after { content: "载入中"; }
.swagger-ui .response-col_links { display: none; }
.swagger-ui .info { margin: 25px 0; }
.swagger-ui .info li { line-height: 1.7; }
.swagger-ui .scheme-container { padding: 12px 0; }
@media (max-width: 640px) { .swagger-ui .opblock .opblock-summary-operation-id { display: none; } }
"""

_START: Final = """\
"use strict";
const settings = %s;
const fresh = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
settings.requestInterceptor = (request) => {
  if (request.headers["Idempotency-Key"] === "%s") request.headers["Idempotency-Key"] = fresh();
  /* The page is Chinese whatever the browser speaks: so are the refusals. */
  request.headers["Accept-Language"] = "zh-CN";
  return request;
};
/* What went wrong in our words: Swagger UI shows no more of a refused log-in than this text. */
settings.responseInterceptor = (response) => {
  if (!response.ok && response.body && response.body.title) response.statusText = response.body.title;
  return response;
};
/* Swagger UI has no translations: its words pass here on their way to the page. What is code stays as it is. */
const words = new Map(Object.entries(%s));
const placed = %s;
const ways = new Map(Object.entries(%s));
const chinese = (said) => (typeof said === "string" && words.get(said.trim())) || said;
/* "string | (string | null)" is a text that may be left out. */
const parts = (said) => [...new Set(said.replace(/[()]/g, "").split(" | ").filter((part) => part !== "null"))].join(" | ");
const at = (place) => (said) => {
  if (typeof said !== "string") return said;
  const own = placed[place];
  if (place !== "parameter__type") return own[said] || said;
  return parts(said).replace(/[a-z]+/g, (word) => own[word] || word);
};
settings.plugins = [
  ({ React }) => {
    const create = React.createElement;
    React.createElement = (type, props, ...children) => {
      if (type === "code" || type === "pre") return create(type, props, ...children);
      const told = { ...props };
      if (told.placeholder) told.placeholder = chinese(told.placeholder);
      if (typeof told.source === "string") {
        told.source = told.source.replace(/^<i>([^<]+)<\\/i>/, (_, said) => `<i>${chinese(said)}</i>`);
      }
      const way = type === "h4" && children.find((child) => typeof child === "string" && ways.has(child.trim()));
      if (way) return create(type, told, ways.get(way.trim()), children[children.length - 1]);
      return create(type, told, ...children.map(told.className in placed ? at(told.className) : chinese));
    };
    return {};
  },
];
window.ui = SwaggerUIBundle(settings);
"""


async def front(_request: Request) -> Response:
    """Whoever types the address alone means the page: beside this path, wherever a proxy has put it."""
    return RedirectResponse("docs", 307)


async def page(_request: Request) -> Response:
    """The page; all its parts are beside it."""
    return HTMLResponse(f"""\
<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>邻里 Linli · 接口文档</title>
<link rel="stylesheet" href="{ASSETS_PATH[1:]}/swagger-ui.css">
<link rel="icon" href="{ASSETS_PATH[1:]}/favicon.png">
<style>
{_STYLE}</style>
</head>
<body>
<div id="swagger-ui"></div>
<script src="{ASSETS_PATH[1:]}/swagger-ui-bundle.js"></script>
<script src="docs-start.js"></script>
</body>
</html>
""")


async def start_script(_request: Request) -> Response:
    """What starts Swagger UI."""
    return Response(
        _START % (json.dumps(_SETTINGS), EXAMPLE_KEY, *(_written(words) for words in (_WORDS, _WORDS_AT, _WAYS_IN))),
        media_type="text/javascript; charset=utf-8",
    )


def _written(words: Mapping[str, object]) -> str:
    return json.dumps(words, ensure_ascii=False)
