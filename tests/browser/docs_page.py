"""What a person does on the docs page: opens operations, logs in by Authorize, tries operations out."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Route, ViewportSize

WIDE: "ViewportSize" = {"width": 1280, "height": 900}
PATIENCE = 15_000


class DocsPage:
    """One window on /docs. `strangers`: addresses other than ours that it asked for, all blocked. `complaints`: errors
    of the page and of its security policy."""

    def __init__(self, browser: "Browser", url: str, screenshots: Path) -> None:
        self.url = url
        self.screenshots = screenshots
        self.strangers: list[str] = []
        self.asked: list[str] = []
        self.complaints: list[str] = []
        # The page asks for Chinese by itself.
        self.context = browser.new_context(viewport=WIDE, locale="en-US")
        self.context.set_default_timeout(PATIENCE)
        self.context.route("**/*", self._route)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", lambda socket: self.strangers.append(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)
        self.open()

    def _note(self, url: str) -> None:
        self.asked.append(url)
        if not self._ours(url):
            self.strangers.append(url)

    def _said(self, message: "ConsoleMessage") -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _route(self, route: "Route") -> None:
        if self._ours(route.request.url):
            route.continue_()
        else:
            route.abort()

    def _ours(self, url: str) -> bool:
        return url.startswith((f"{self.url}/", "data:"))

    def open(self) -> None:
        self.page.goto(f"{self.url}/docs")
        self.page.locator(".opblock-tag").first.wait_for()

    def picture(self, name: str, *, whole: bool = False) -> None:
        """A screenshot, of the window or of the whole page."""
        self.page.screenshot(path=self.screenshots / f"{name}.png", full_page=whole)

    def picture_of(self, operation_id: str, name: str) -> None:
        """A screenshot of one operation, with its answer."""
        self._operation(operation_id).screenshot(path=self.screenshots / f"{name}.png")

    def _operation(self, operation_id: str) -> "Locator":
        """The operation in the group that is open."""
        return self.page.locator(f".opblock.is-open[id$='-{operation_id}']").first

    # ── what the page shows ──────────────────────────────────────────────────────────────────────────────────

    def tags(self) -> dict[str, str]:
        """Each group with its description, in the order of the page."""
        headings = self.page.locator(".opblock-tag").all()
        return {one.get_attribute("data-tag") or "": one.locator("small").inner_text() for one in headings}

    def summaries(self, tag: str) -> dict[str, str]:
        """The operations of a group, "POST /v1/orders" → summary; opens the group."""
        group = self._group(tag)
        return {
            f"{one.locator('.opblock-summary-method').inner_text()} "
            f"{one.locator('.opblock-summary-path').get_attribute('data-path')}": one.locator(
                ".opblock-summary-description"
            ).inner_text()
            for one in group.locator(".opblock").all()
        }

    def _group(self, tag: str) -> "Locator":
        heading = self.page.locator(f".opblock-tag[data-tag='{tag}']")
        if heading.get_attribute("data-is-open") != "true":
            heading.click()
        group = self.page.locator(f".opblock-tag-section:has(> .opblock-tag[data-tag='{tag}'])")
        group.locator(".opblock").first.wait_for()
        return group

    def unfold(self, tag: str, operation_id: str) -> None:
        """Opens an operation, and tries nothing."""
        operation = self._group(tag).locator(f".opblock[id$='-{operation_id}']")
        operation.locator(".opblock-summary-control").click()
        operation.locator(".parameters-container").wait_for()

    # ── Authorize ────────────────────────────────────────────────────────────────────────────────────────────

    def authorize_with_password(self, name: str, password: str) -> str:
        """Fills the password form; answers what the form says afterwards. Leaves the dialogue open."""
        form = self._dialogue("用登录名和密码")
        form.locator("#oauth_username").fill(name)
        form.locator("#oauth_password").fill(password)
        form.locator("button.authorize").click()
        form.locator(".errors, button:has-text('Logout')").first.wait_for()
        return str(form.inner_text())

    def authorize_with_token(self, token: str) -> None:
        form = self._dialogue("用令牌")
        form.locator("input").fill(token)
        form.locator("button.authorize").click()
        form.locator("button:has-text('Logout')").wait_for()
        self.close_dialogue()

    def _dialogue(self, heading: str) -> "Locator":
        if not self.page.locator(".modal-ux").is_visible():
            self.page.locator(".auth-wrapper > button.authorize").click()
        return self.page.locator(".auth-container", has_text=heading)

    def close_dialogue(self) -> None:
        self.page.locator(".close-modal").click()

    def authorized(self) -> bool:
        return bool(self.page.locator(".auth-wrapper > button.authorize.locked").count())

    # ── Try it out ───────────────────────────────────────────────────────────────────────────────────────────

    def try_out(
        self, tag: str, operation_id: str, parameters: dict[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> tuple[int, Any]:
        """Presses Try it out, fills in, presses Execute; answers the status and the answer that the page shows."""
        operation = self._group(tag).locator(f".opblock[id$='-{operation_id}']")
        if "is-open" not in (operation.get_attribute("class") or ""):
            operation.locator(".opblock-summary-control").click()
        operation.locator(".try-out__btn").first.wait_for()
        if not operation.locator(".try-out__btn.cancel").is_visible():
            operation.locator(".try-out__btn").click()
        for name, value in (parameters or {}).items():
            row = operation.locator(f"tr[data-param-name='{name}']")
            if (choice := row.locator("select:not(.examples-select-element)")).count():
                choice.select_option(value)
            else:
                row.locator("input[type='text']").fill(value)
        if body is not None:
            operation.locator("textarea.body-param__text").fill(json.dumps(body, ensure_ascii=False, indent=2))
        with self.page.expect_response(lambda answer: "/v1/" in answer.url):
            operation.locator("button.execute").click()
        shown = operation.locator(".live-responses-table tbody tr.response")
        status = int(shown.locator(".response-col_status").inner_text().split()[0])
        return status, json.loads(shown.locator(".response-col_description .highlight-code code").inner_text())
