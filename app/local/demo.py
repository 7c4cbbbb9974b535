"""The thread once, over plain HTTP against the running system, one line a step; a limit of seconds that is missed; a whistle; the
district."""

import sys
import time
from typing import Any

import httpx

from app.local import demo_whistle as whistle
from app.local.faults import LocalFault
from app.local.seed import RESIDENTS, VOLUNTEERS, Accounts
from app.local.stage import Refused, Somebody, Stage
from app.settings import Settings

RESPOND_SECONDS = 4
NORMAL = 1
MISSED = 6
"""Which of the street's communities (from 0) each half plays in, so that the short limit disturbs nobody else."""

MARKS = [
    {"percent": 80, "effects": [{"primitive": "notify", "target": "dispatcher"}]},
    {
        "percent": 100,
        "effects": [{"primitive": "notify", "target": "dispatcher"}, {"primitive": "open_pool", "target": ""}],
    },
    {
        "percent": 150,
        "effects": [{"primitive": "set_holder", "target": "secretary"}, {"primitive": "notify", "target": "secretary"}],
    },
]

OTHER_PORT = (
    "先启动:make run;它若在别的端口(见它打印的“接口文档”一行),演示也用那个端口:LINLI_PORT=<端口> make demo"
    " · start the system first: make run; where it listens on another port (its line “docs”),"
    " name that one: LINLI_PORT=<port> make demo"
)


class Demo(Stage):
    """Plays it."""

    def play(self) -> None:
        """The parts, in order."""
        self.console.print("一、从点单到评价 · from the order to the rating", style="dim")
        self._served()
        self.console.print("二、时限错过，自己动作 · a limit is missed, and acts", style="dim")
        self._missed()
        self.console.print("三、吹哨报到 · the whistle: units report in", style="dim")
        whistle.play(self, self.wechat(RESIDENTS[NORMAL]), NORMAL + 1)
        self.console.print(
            "四、街道也解决不了，上报区县 · what the street cannot solve goes to the district", style="dim"
        )
        whistle.play_up(self, self.wechat(RESIDENTS[NORMAL]), NORMAL + 1)

    def _order(self, resident: Somebody, note: str) -> str:
        home = resident.get("/v1/me")["community_id"]
        services = resident.get("/v1/services", place_id=home)["items"]
        placed = resident.post("/v1/orders", {"service_id": services[0]["id"], "note": note})
        self.tell(resident.name, f"点单“{services[0]['name']}” · orders → {placed['state']}")
        return f"/v1/orders/{placed['id']}"

    def _served(self) -> None:
        resident, volunteer = self.wechat(RESIDENTS[NORMAL]), self.wechat(VOLUNTEERS[NORMAL])
        dispatcher = self.officer("派单员", f"paidan{NORMAL + 1:03d}", self.accounts.officers)
        order = self._order(resident, "周三上午想请人陪我去医院取药")
        plan = self._limit(resident, order, "plan")
        said = resident.get(f"{order}/deadlines/{plan['id']}")["sentences"]
        self.tell(resident.name, f"问方案时限为什么这时到期 · asks why the plan is due then: {''.join(said[:2])}")
        waiting = dispatcher.get("/v1/orders/pool")["items"]
        self.tell(dispatcher.name, f"看到 {len(waiting)} 个等人接的订单 · sees the pool")
        done = dispatcher.post(f"{order}/offer", {"volunteer_id": volunteer.get("/v1/me")["id"]})
        self.tell(dispatcher.name, f"派单给{volunteer.name} · offers → {done['state']}")
        done = volunteer.post(f"{order}/accept")
        self.tell(volunteer.name, f"接单 · accepts → {done['state']}")
        self.tell(volunteer.name, f"看到地址 · sees the address: {volunteer.get(order)['contact']['address']}")
        page = resident.get(order)
        coming = f"{page['volunteer']['name']} {page['volunteer']['phone']}"
        self.tell(resident.name, f"看到谁来和开始码 · sees who comes and the code: {coming} {page['start_code']}")
        done = volunteer.post(f"{order}/start", {"code": page["start_code"]})
        self.tell(volunteer.name, f"上门，核对开始码 · starts → {done['state']}")
        done = volunteer.post(f"{order}/deliver", {"outcome": "已陪同取药并送回家"})
        self.tell(volunteer.name, f"完成 · delivers → {done['state']}")
        done = resident.post(f"{order}/rate", {"solved": "yes", "stars": 5})
        self.tell(resident.name, f"评价五星 · rates → {done['state']}")
        steps = [row["action"] for row in resident.get(f"{order}/history")["items"]]
        self.tell("经过", " → ".join(steps))

    def _missed(self) -> None:
        admin = self.officer("管理员", "admin", self.accounts.administrator)
        resident, volunteer = self.wechat(RESIDENTS[MISSED]), self.wechat(VOLUNTEERS[MISSED])
        secretary = self.officer("书记", f"shuji{MISSED + 1:03d}", self.accounts.officers)
        place = resident.get("/v1/me")["community_id"]
        limits = {"place_id": place, "matter_kind": "order", "deadline_kind": "respond", "marks": MARKS}
        admin.post("/v1/deadline-policies", {**limits, "budget_seconds": RESPOND_SECONDS})
        self.tell(admin.name, f"把一个社区的响应时限改为 {RESPOND_SECONDS} 秒 · makes a limit of seconds")
        try:
            order = self._order(resident, "请帮我买一袋米")
            self.tell("无人应答", "看时限自己动作 · nobody answers; the limit acts")
            for percent in (80, 100, 150):
                self._until_mark(resident, order, percent)
            self._until_told(secretary, order)
            done = volunteer.post(f"{order}/claim")
            self.tell(volunteer.name, f"从抢单池领取 · claims it from the pool → {done['state']}")
            first = self._limit(resident, order, "respond")
            missed = "已错过 · missed" if first["missed"] else "没有错过 · kept"
            marks = "、".join(f"{mark['percent']}%" for mark in first["marks"])
            self.tell("时限", f"{first['kind_label']}，{missed}；各触发一次 · each once: {marks}")
        finally:
            admin.post("/v1/deadline-policies", {**limits, "calendar": "DUTY", "budget_seconds": 1200})
            self.tell(admin.name, "恢复为 20 分钟 · twenty minutes again")

    def _limit(self, resident: Somebody, order: str, kind: str) -> dict[str, Any]:
        items: list[dict[str, Any]] = resident.get(f"{order}/deadlines")["items"]
        return next(item for item in items if item["kind"] == kind)

    def _until_mark(self, resident: Somebody, order: str, percent: int) -> None:
        effect = {
            80: "提醒派单员 · the dispatcher is warned",
            100: "错过，开放抢单 · missed, the pool opens",
            150: "移交书记 · the secretary holds it",
        }
        for _ in range(200):
            for mark in self._limit(resident, order, "respond")["marks"]:
                if mark["percent"] == percent:
                    self.tell("时限", f"{mark['fired_at'][11:19]}  {percent:>3}%  {effect[percent]}")
                    return
            time.sleep(0.1)
        raise Refused(f"the mark of {percent} % did not come: does the worker run?")

    def _until_told(self, secretary: Somebody, order: str) -> None:
        subject = order.rsplit("/", 1)[1]
        for _ in range(100):
            for message in secretary.get("/v1/inbox")["items"]:
                if message["subject_id"] == subject:
                    self.tell(secretary.name, f"收到 · is told: {message['text']}")
                    return
            time.sleep(0.1)
        raise Refused("the secretary was not told: does the worker run?")


def _demand_linli(base: str) -> None:
    """Whoever answers there is a Linli: another program may have the port. Raises LocalFault, and httpx's errors."""
    answer = httpx.get(f"{base}/v1/health/live", timeout=10)
    if answer.headers.get("Content-Type") != "application/json" or answer.json() != {"status": "ok"}:
        raise LocalFault(
            f"{base} 上回答的不是 Linli({answer.status_code})。",
            f"What answers at {base} is no Linli ({answer.status_code}).",
            OTHER_PORT,
        )


def run(settings: Settings) -> None:
    """Play it. Raises LocalFault when the system does not answer or says no."""
    if not settings.local:
        raise LocalFault(
            "演示只用于 local 模式。",
            "The demonstration is for LINLI_MODE=local only.",
            "it logs in people who are none",
        )
    accounts = Accounts.kept(settings)
    if accounts is None:
        raise LocalFault(
            f"{settings.data} 中没有演示账号。",
            f"There are no accounts of a demonstration in {settings.data}.",
            "start the system first: make run (with the same LINLI_DATA)",
        )
    demo = Demo(settings, accounts)
    try:
        _demand_linli(demo.base)
        demo.play()
    except httpx.TransportError as error:
        raise LocalFault(f"连不上 {demo.base}。", f"Nothing answers at {demo.base}.", OTHER_PORT) from error
    except Refused as error:
        raise LocalFault("演示没有走完。", "The demonstration did not end.", str(error)) from error
    sys.stdout.flush()
