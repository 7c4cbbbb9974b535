"""The cases of the demonstration: what a grid cannot solve goes up, a unit reports in, the resident has the last word; and what
the street cannot solve goes to the district."""

from app.local.seed_cases import BESIDE, CHIEF, LAMP, LEAD, OFFICER
from app.local.stage import Somebody, Stage

PIPES = {"category": "lighting", "words": "一下雨东门外就积水,管子一直不通", "spot": "东门外"}

DONE = {
    "outcome": "灯杆已扶正加固",
    "answer": "路灯已修好",
    "evidence": [{"kind": "photo", "text": "IMG-0301"}, {"kind": "note", "text": "权属已与供电所核对"}],
}


def play(stage: Stage, resident: Somebody, number: int) -> None:
    """From the report to the end, in the community with this number. Raises Refused."""
    grid = stage.officer("网格员", f"wangge{number:03d}", stage.accounts.officers)
    secretary = stage.officer("书记", f"shuji{number:03d}", stage.accounts.officers)
    street = stage.officer("街道书记", "jiedao001", stage.accounts.officers)
    officer = stage.officer("部门经办", OFFICER, stage.accounts.officers)
    caller = stage.officer("回访员", "huifang001", stage.accounts.officers)

    reported = resident.post("/v1/cases", LAMP)
    case = f"/v1/cases/{reported['id']}"
    stage.tell(resident.name, f"反映“{LAMP['words']}” · reports → {reported['state']}")
    done = grid.post(f"{case}/triage", {"lane": "hard"})
    stage.tell(grid.name, f"分流为难事 · triages as hard → {done['state']}；{_where(resident, case)}")
    secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "现场看过,不属物业"})
    stage.tell(secretary.name, f"上报街道 · escalates → {_where(resident, case)}")
    place = street.get(case)["place_id"]
    units = {row["name"]: row["id"] for row in street.get("/v1/units", place_id=place)["items"]}
    asked = {"kind": "routine", "reason": "权属不清", "lead_id": units[LEAD], "co_ids": [units[BESIDE]]}
    street.post(f"{case}/whistle", asked)
    done = street.post(f"{case}/whistle/decide", {"approved": True})
    stage.tell(street.name, f"吹哨，主办{LEAD}，协办{BESIDE} · whistles → {done['state']}；{_where(resident, case)}")

    task = next(row for row in officer.get("/v1/assignments")["items"] if row["case_id"] == reported["id"])
    stage.tell(
        officer.name,
        f"看到任务“{task['words']}”，{task['due_at'][5:16].replace('T', ' ')} 前签收 · sees the assignment",
    )
    done = officer.post(f"/v1/assignments/{task['id']}/sign")
    stage.tell(officer.name, f"签收 · signs → {done['state']}")
    done = officer.post(f"/v1/assignments/{task['id']}/report-in")
    stage.tell(officer.name, f"报到 · reports in → {done['state']}")
    done = officer.post(f"{case}/result", DONE)
    stage.tell(officer.name, f"提交结果和照片 · submits → {done['state']}")
    done = street.post(f"{case}/check", {"accepted": True})
    stage.tell(street.name, f"核验通过 · checks → {done['state']}")
    resident.post(f"{case}/callback", {"solved": True, "stars": 5, "contacted_in_time": True})
    stage.tell(resident.name, "一键答复：解决了，五星 · taps: solved, five stars")
    call = next(
        row
        for row in caller.get("/v1/callbacks", place_id=place, limit=100)["items"]
        if row["case_id"] == reported["id"]
    )
    said = {"channel": "phone", "reached": True, "solved": True, "stars": 5, "contacted_in_time": True}
    done = caller.post(f"{case}/callbacks/{call['id']}", said)
    stage.tell(caller.name, f"难事另由回访员电话核实 · a hard matter is called back as well → {done['state']}")
    stage.tell("经过", " → ".join(row["action"] for row in resident.get(f"{case}/history")["items"]))


def play_up(stage: Stage, resident: Somebody, number: int) -> None:
    """What the street cannot solve either goes to the district, which solves it. Raises Refused."""
    grid = stage.officer("网格员", f"wangge{number:03d}", stage.accounts.officers)
    secretary = stage.officer("书记", f"shuji{number:03d}", stage.accounts.officers)
    street = stage.officer("街道书记", "jiedao001", stage.accounts.officers)
    district = stage.officer("区县书记", CHIEF, stage.accounts.officers)

    case = f"/v1/cases/{resident.post('/v1/cases', PIPES)['id']}"
    stage.tell(resident.name, f"反映“{PIPES['words']}” · reports")
    grid.post(f"{case}/triage", {"lane": "hard"})
    for below, tried in ((secretary, "现场看过,管网不在社区"), (street, "查过图纸,要改主干管")):
        below.post(f"{case}/escalate", {"reason": "无权限", "tried": tried})
        stage.tell(below.name, f"上报 · escalates → {_where(resident, case)}")
    asked = district.post(f"{case}/result", {**DONE, "outcome": "主干管已疏通并更换", "answer": "下雨不再积水"})
    stage.tell(district.name, f"办好，提交结果 · solves it → {asked['state']}")
    resident.post(f"{case}/callback", {"solved": True, "stars": 5, "contacted_in_time": True})
    stage.tell(resident.name, "一键答复：解决了 · taps: solved")


def _where(resident: Somebody, case: str) -> str:
    """Who holds it, and until when, as the resident reads it."""
    page = resident.get(case)
    return f"由{page['holder']}负责到 {page['due_at'][5:16].replace('T', ' ')}"
