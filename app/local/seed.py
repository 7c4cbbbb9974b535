"""What a new data folder starts with: the tree of one city, and one street with its people and services.

People come in by the same door as everybody: verbs, with their rules. Running it again adds only what is missing.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from app.domain.orders import service_days
from app.domain.people.titles import office, title
from app.domain.places import service as stations
from app.domain.places.importing import import_places
from app.domain.places.models import Level
from app.domain.representations import service as representations
from app.domain.representations.models import How, Relation
from app.domain.services import service as services
from app.domain.services.models import Form
from app.domain.teams import moving, volunteers
from app.domain.teams import service as teams
from app.domain.teams.models import Colour
from app.domain.terms import service as terms
from app.integrations.wechat_standin import DEMO
from app.kernel.command import Caller
from app.kernel.database import Database
from app.kernel.passwords import Passwords, random_password
from app.kernel.rules import Role
from app.kernel.time import CHINA, real_now
from app.kernel.vault import Vault
from app.local.first_admin import create_administrator
from app.local.panel import Actor, Seeded
from app.local.seed_cases import BRANCH, CHIEF, INFORMATION, OFFICER, Ground, furnish_cases
from app.local.seeder import Seeder
from app.settings import Settings

TREE = Path(__file__).parent / "divisions-taiyuan.csv"
ESTATES = Path(__file__).parent / "estates.csv"
"""Invented estates of the four types below some communities of the street, so that a newcomer sees what types are for."""

STREET = "140109014"
"""神堂沟街道, whose "2341" promise this system keeps (S3)."""

SHOWN = "140109014002"
"""西峪社区, where the panel's people live."""

SERVICES = (
    ("陪同就医", "陪老人去医院挂号、检查、取药;不代缴费用。"),
    ("代买代取", "帮行动不便的居民买菜、取快递、取药。"),
    ("上门理发", "为出不了门的老人理发,每月一次。"),
    ("手机教学", "教老人用手机挂号、缴费、视频通话。"),
)

REFUSED = ("加微信领红包", "扫码进群", "刷单返利", "贷款秒批", "代开发票", "赌球", "网上博彩")
"""Samples of what the street refuses in texts that others read: advertising and gambling."""

SPECIAL = (
    ("代办老年证", "材料交给代办员,到街道政务大厅办好送回;不代办银行业务。", Form.ERRAND),
    ("微心愿", "一副老花镜、一本书、一次陪伴;由热心人认领。", Form.WISH),
    ("义诊日", "量血压、测血糖、问问用药;预约时段,不用排队。", Form.SERVICE_DAY),
)
"""A service of each special form."""

RESIDENTS = ("王奶奶", "李大爷", "陈阿姨", "刘奶奶", "孙大爷", "周阿姨", "吴奶奶")
VOLUNTEERS = ("小李", "小赵", "小钱", "小孙", "小周", "小吴", "小郑")

REPRESENTATIVE = "王芳"
"""Orders for the resident of the panel, whose consent the station has recorded."""
TEAMS = (
    # name, colour, members (the first leads), what one of them can do, and what the team publishes
    ("神堂沟红马甲", Colour.RED, ("小冯", "小陈"), "haircut", ("红马甲理发", "每周六到家里为老人理发。")),
    ("神堂沟心桥", Colour.GREEN, ("小褚", "小卫"), "counselling", ("心理倾听", "有证的咨询员上门或电话倾听。")),
)
"""Teams of the whole street, whose members volunteer in all of it."""

NAMES = {
    "小李": "李志强", "小赵": "赵敏", "小钱": "钱国栋", "小孙": "孙晓梅", "小周": "周建军", "小吴": "吴丽", "小郑": "郑海涛",
    "小冯": "冯秀兰", "小陈": "陈伟", "小褚": "褚文静", "小卫": "卫东",
}  # fmt: skip
"""What volunteers are called, by their names at WeChat: what is shown of each, the family name, is nobody else's."""

CHANGED = "(密码已改 · changed since)"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The passwords of a local data folder, kept in it so that the panel can print them again."""

    administrator: str
    officers: str

    @classmethod
    def kept(cls, settings: Settings) -> "Accounts | None":
        """Those of the folder, if it has been seeded."""
        file = settings.data / "accounts.json"
        return cls(**json.loads(file.read_text("utf-8"))) if file.exists() else None

    @classmethod
    def of(cls, settings: Settings) -> "Accounts":
        """Those of the folder; made at random the first time. LINLI_ADMIN_PASSWORD is the administrator's when it is set."""
        if kept := cls.kept(settings):
            return kept
        made = cls(settings.admin_password or random_password(), random_password())
        file = settings.data / "accounts.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"administrator": made.administrator, "officers": made.officers}), "utf-8")
        return made


async def seed(settings: Settings, say: Say) -> Seeded:
    """Import the tree and people the street; answers who can log in. Needs the owner's and the application's URL."""
    accounts = Accounts.of(settings)
    owner = await asyncpg.connect(settings.migration_url)
    try:
        say("导入地点 · importing places")
        for tree in (TREE, ESTATES):
            with tree.open("rb") as lines:
                await import_places(owner, lines, dry_run=False)
        await create_administrator(owner, "admin", accounts.administrator, None)
        communities = await owner.fetch(
            "SELECT p.id, p.code, p.name FROM place p JOIN place s ON s.id = p.parent_id WHERE s.code = $1 ORDER BY p.code",
            STREET,
        )
        homes = dict(
            await owner.fetch(
                "SELECT DISTINCT ON (parent_id) parent_id, id FROM place WHERE level = 'estate' AND parent_id = ANY ($1)"
                " ORDER BY parent_id, code",
                [community["id"] for community in communities],
            )
        )
        street = await owner.fetchrow("SELECT id, name, parent_id FROM place WHERE code = $1", STREET)
        places = await owner.fetchval("SELECT count(*) FROM place")
        database = await Database.connect(settings.database_url, size=2)
        try:
            say("准备演示街道 · peopling the street")
            vault = Vault.from_text(settings.keyring, settings.index_key)
            await _people(database, vault, street, communities, homes, accounts)
            shown = _shown(communities)
            await _represented(database, vault, communities[shown]["id"], shown)
        finally:
            await database.close()
        actors = await _checked(owner, _actors(shown, accounts))
    finally:
        await owner.close()
    return Seeded(actors, places, street["name"], communities[shown]["name"].removesuffix("居委会"))


async def _published(seeder: Seeder, admin: Caller, street_id: UUID) -> dict[str, UUID]:
    """What can be ordered in the street, and which words are refused; answers what there was to order before."""
    published = await seeder.known(admin, "service", street_id)
    # What an administrator has removed since does not come back.
    refused = await seeder.known(admin, "refused_term", street_id, "term")
    for name, description in SERVICES:
        if name not in published:
            await seeder.run(admin, services.publish, place_id=street_id, name=name, description=description)
    if missing := [term for term in REFUSED if term not in refused]:
        await seeder.run(admin, terms.import_terms, place_id=street_id, terms=missing, reason="示例:广告和赌博")
    return published


async def _people(
    database: Database,
    vault: Vault,
    street: asyncpg.Record,
    communities: list[asyncpg.Record],
    homes: Mapping[UUID, UUID],
    accounts: Accounts,
) -> None:
    """Officers, a resident and a volunteer of each community; the resident lives in its first estate, where there is one."""
    street_id = street["id"]
    seeder = Seeder(database, vault)
    admin = await seeder.by_login("admin")
    published = await _published(seeder, admin, street_id)
    password_hash = await Passwords().hash_password(accounts.officers)
    for number, (community, resident, volunteer) in enumerate(zip(communities, RESIDENTS, VOLUNTEERS, strict=False), 1):
        for role, login in ((Role.DISPATCHER, "paidan"), (Role.SECRETARY, "shuji"), (Role.STATION_STAFF, "zhandian")):
            name = f"{community['name'].removesuffix('居委会')[:4]}{office(role)}"
            await seeder.officer(admin, community["id"], f"{login}{number:03d}", password_hash, name, role)
        if not await seeder.known(admin, "station", community["id"], "phone"):
            name = community["name"].removesuffix("居委会")
            await seeder.run(
                admin,
                stations.set_station,
                place_id=community["id"],
                phone=f"0351601{number:04d}",
                address=f"{name} 1 号,{name}党群服务站",
            )
        for kind, name in (("居民", resident), ("志愿者", volunteer)):
            caller, new = await seeder.somebody(name)
            if new:
                phone = resident_phone(number) if kind == "居民" else volunteer_phone(name)
                await seeder.introduce(
                    caller,
                    NAMES.get(name, name),
                    phone,
                    f"{community['name'].removesuffix('居委会')} {number} 号院 2 号楼 301",
                )
            if kind == "居民" and new:
                await seeder.run(caller, moving.join, place_id=homes.get(community["id"], community["id"]))
            elif kind == "志愿者":
                await seeder.admit(admin, caller, community["id"], new=new)
    await _teams(seeder, admin, street_id)
    await _special_kinds(seeder, admin, street_id, published, communities)
    ids = tuple(community["id"] for community in communities)
    ground = Ground(street["parent_id"], street_id, ids, _shown(communities), homes)
    await furnish_cases(seeder, admin, password_hash, ground)


def _shown(communities: list[asyncpg.Record]) -> int:
    """Which of the communities, from 0, is the panel's."""
    return next(number for number, community in enumerate(communities) if community["code"] == SHOWN)


async def _special_kinds(
    seeder: Seeder, admin: Caller, street_id: UUID, published: Mapping[str, UUID], communities: list[asyncpg.Record]
) -> None:
    """A service of each special form; of a new data folder also a team, and its service day tomorrow: four slots in the
    morning, five places each."""
    for name, description, form in SPECIAL:
        if name in published:
            continue
        service_id = await seeder.run(
            admin, services.publish, place_id=street_id, name=name, description=description, form=form
        )
        if form is Form.SERVICE_DAY:
            here = _shown(communities)
            place_id, (lead, _) = communities[here]["id"], await seeder.somebody(VOLUNTEERS[here])
            team_id = await seeder.run(
                admin,
                teams.create,
                place_id=place_id,
                name="白衣义诊队",
                colour=Colour.WHITE,
                lead_id=lead.person_id,
            )
            nine = (real_now().astimezone(CHINA) + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
            slots = [service_days.Slot(nine + n * timedelta(minutes=30), 30, 5) for n in range(4)]
            await seeder.run(
                admin, service_days.open_day, place_id=place_id, team_id=team_id, service_id=service_id, slots=slots
            )


async def _teams(seeder: Seeder, admin: Caller, street_id: UUID) -> None:
    known = await seeder.known(admin, "team", street_id)
    for number, (name, colour, members, skill, (service, description)) in enumerate(TEAMS, 1):
        if name in known:
            continue
        people_of = []
        for member in members:
            caller, new = await seeder.somebody(member)
            if new:
                await seeder.introduce(caller, NAMES[member], volunteer_phone(member), "神堂沟街道")
            await seeder.admit(admin, caller, street_id, new=new)
            people_of.append(caller)
        lead, second = people_of
        team_id = await seeder.run(
            admin, teams.create, place_id=street_id, name=name, colour=colour, lead_id=lead.person_id
        )
        await seeder.run(lead, teams.add_member, team_id, person_id=second.person_id)
        await seeder.run(
            admin,
            volunteers.add_skill,
            place_id=street_id,
            person_id=second.person_id,
            code=skill,
            licence=seeder.vault.seal("licence", f"晋-{number:06d}"),
            licence_until=date(2031, 12, 31),
        )
        await seeder.run(
            lead,
            services.publish,
            place_id=street_id,
            name=service,
            description=description,
            skill=skill,
            team_id=team_id,
        )


async def _represented(database: Database, vault: Vault, community: UUID, shown: int) -> None:
    """A daughter who orders for the shown community's resident, unless that one has changed their phone or home since."""
    seeder = Seeder(database, vault)
    daughter, new = await seeder.somebody(REPRESENTATIVE)
    if not new:
        return
    await seeder.introduce(daughter, REPRESENTATIVE, f"1383{shown + 1:07d}", "外地")
    phone = resident_phone(shown + 1)
    named = await seeder.run(
        daughter,
        representations.register,
        place_id=community,
        name=vault.seal("name", RESIDENTS[shown]),
        phone=vault.seal("phone", phone),
        phone_index=vault.index("phone", phone),
        relation=Relation.FAMILY,
    )
    station = await seeder.by_login(f"zhandian{shown + 1:03d}")
    await seeder.run(station, representations.consent, named, how=How.IN_PERSON, name_checked=True)


def resident_phone(number: int) -> str:
    """The phone of the street's resident with this number."""
    return f"1381{number:07d}"


def volunteer_phone(nickname: str) -> str:
    """The phone of a volunteer of the street: of no two do the last four digits agree, which are all that others see."""
    return f"1382{(list(NAMES).index(nickname) + 1) * 7919:07d}"


def _actors(shown: int, accounts: Accounts) -> tuple[Actor, ...]:
    """Who is behind the panel's rows: the people of the community with this number."""
    return (
        Actor("管理员 · admin", "admin", accounts.administrator),
        Actor(f"{title(Role.DISPATCHER, Level.COMMUNITY)} · dispatcher", f"paidan{shown + 1:03d}", accounts.officers),
        Actor(f"{title(Role.SECRETARY, Level.COMMUNITY)} · secretary", f"shuji{shown + 1:03d}", accounts.officers),
        Actor(f"{title(Role.STATION_STAFF, Level.COMMUNITY)} · station", f"zhandian{shown + 1:03d}", accounts.officers),
        Actor("网格员 · grid worker", f"wangge{shown + 1:03d}", accounts.officers),
        Actor(f"{Role.INFORMATION_OFFICER.label} · reports", INFORMATION.format(shown + 1), accounts.officers),
        Actor(f"{title(Role.BRANCH_SECRETARY, Level.ESTATE)} · branch", BRANCH.format(shown + 1), accounts.officers),
        Actor(f"{title(Role.SECRETARY, Level.STREET)} · street", "jiedao001", accounts.officers),
        Actor(f"{title(Role.SECRETARY, Level.DISTRICT)} · district", CHIEF, accounts.officers),
        Actor("部门经办人 · officer", OFFICER, accounts.officers),
        Actor("回访员 · call-back", "huifang001", accounts.officers),
        Actor("督办员 · supervisor", "duban001", accounts.officers),
        Actor("裁定人 · arbiter", "caiding001", accounts.officers),
        Actor("居民 · resident", f"{DEMO}{RESIDENTS[shown]}"),
        Actor("代下单人 · represents", f"{DEMO}{REPRESENTATIVE}"),
        Actor("志愿者 · volunteer", f"{DEMO}{VOLUNTEERS[shown]}"),
        Actor("队长 · team lead", f"{DEMO}{TEAMS[0][2][0]}"),
        Actor("队员 · member", f"{DEMO}{TEAMS[0][2][1]}"),
    )


async def _checked(owner: asyncpg.Connection, actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """The same, without passwords that do not hold: changed since, or of a database that was peopled from elsewhere."""
    rows = await owner.fetch(
        "SELECT login_name, password_hash FROM person WHERE login_name = ANY($1)", [actor.login for actor in actors]
    )
    stored = {row["login_name"]: row["password_hash"] for row in rows}
    passwords = Passwords()
    try:
        known = [actor for actor in actors if actor.password]
        hold = await asyncio.gather(
            *(passwords.verify_password(stored[actor.login], actor.password or "") for actor in known)
        )
    finally:
        passwords.close()
    changed = {actor.login for actor, holds in zip(known, hold, strict=True) if not holds}
    return tuple(replace(actor, password=CHANGED) if actor.login in changed else actor for actor in actors)
