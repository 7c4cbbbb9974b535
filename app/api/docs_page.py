"""The page that shows the contract and tries it: Swagger UI from this server, with what people stumble over taken away.

It has no inline script, so that its security policy can forbid them; its style is inline, as Swagger UI's own is.
"""

import json
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

    "Send empty value": "发送空值", "Example Description": "示例说明",
}  # fmt: skip

# Authorize: user name and password first, without the fields of OAuth2 that nothing here uses.
_STYLE: Final = """\
.swagger-ui .modal-ux-content { display: flex; flex-direction: column-reverse; }
.swagger-ui .scope-def, .swagger-ui .modal-ux .flow, .swagger-ui .modal-ux .renderedMarkdown + p,
.swagger-ui .wrapper:has(> label[for$="_password"]:not([for="oauth_password"])),
.swagger-ui .wrapper:has(> label[for="password_type"]) { display: none; }
.swagger-ui label[for="oauth_username"]::before { content: "登录名 "; }
.swagger-ui label[for="oauth_password"]::before { content: "密码 "; }
.swagger-ui label[for="auth-bearer-value"]::before { content: "access_token "; }
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
const chinese = (said) => (typeof said === "string" && words.get(said.trim())) || said;
settings.plugins = [
  ({ React }) => {
    const create = React.createElement;
    React.createElement = (type, props, ...children) => {
      if (type === "code" || type === "pre") return create(type, props, ...children);
      const told = props && props.placeholder ? { ...props, placeholder: chinese(props.placeholder) } : props;
      return create(type, told, ...children.map(chinese));
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
        _START % (json.dumps(_SETTINGS), EXAMPLE_KEY, json.dumps(_WORDS, ensure_ascii=False)),
        media_type="text/javascript; charset=utf-8",
    )
