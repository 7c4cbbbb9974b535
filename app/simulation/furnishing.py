"""What the street has besides its people, over HTTP: services of every form, the team's, refused terms, household cards, who
orders for whom, neighbours who become volunteers, and service days."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from app.integrations.wechat_standin import DEMO
from app.kernel.time import CHINA
from app.local.seed import REFUSED, SERVICES
from app.simulation.affairs import Order
from app.simulation.person import Person
from app.simulation.profiles import Part, Way
from app.simulation.street import Street

FORMS = (
    (Way.WISH, "wish", "微心愿", "一个小小的愿望，谁都可以认领。"),
    (Way.ERRAND, "errand", "帮办代办", "代办证件和缴费，凭授权和收据。"),
)
RARE_SERVICE = {"name": "修二胡", "description": "换弦、调音；眼下没有会的人。", "skill": "luthier", "own_code": True}
"""What nobody on the street can do."""
DAY_SERVICE = {"name": "便民服务日", "description": "量血压、理发，先约先得。", "form": "service_day"}
TEAM_SERVICE = {"name": "红马甲理发", "description": "队员到家里为老人理发。", "skill": "haircut"}
SHOWN: Sequence[Sequence[str]] = ((), ("photo",), ("checklist",), ("photo", "receipt"))
"""What the services want to be shown at delivery, in turn."""
CARD_EVERY, REPRESENTED_EVERY = 4, 10
"""Every so many residents have a household card, or somebody who orders for them."""
PLACES = 0.6
"""Places of a service day for each one who wants one."""


async def furnish(street: Street, administrator: Person, street_id: str) -> None:
    """Everything but the service days."""
    at = {"place_id": street_id}
    await administrator.must("/v1/refused-terms/import", {**at, "terms": list(REFUSED), "reason": "广告和赌博"})
    for name, description in SERVICES:
        body = {**at, "name": name, "description": description}
        evidence = SHOWN[len(street.services) % len(SHOWN)]
        street.services.append((await administrator.must("/v1/services", {**body, "evidence": evidence}))["id"])
    street.special[Way.RARE] = (await administrator.must("/v1/services", {**at, **RARE_SERVICE}))["id"]
    for way, form, name, description in FORMS:
        body = {**at, "name": name, "description": description, "form": form}
        street.special[way] = (await administrator.must("/v1/services", body))["id"]
    lead, *members = street.team
    body = {**at, "name": "神堂沟红马甲", "colour": "red", "lead_id": lead.id}
    street.team_id = (await administrator.must("/v1/teams", body))["id"]
    for member in members:
        await lead.must(f"/v1/teams/{street.team_id}/members", {"phone": member.phone})
    for one in street.team:
        body = {**at, "person_id": one.id, "code": TEAM_SERVICE["skill"], "licence": "晋A20260301"}
        await administrator.must("/v1/skills", body)
    street.special[Way.TEAM] = (await lead.must("/v1/services", {**at, **TEAM_SERVICE, "team_id": street.team_id}))[
        "id"
    ]
    residents = [who for who in street.people.values() if who.part is Part.RESIDENT]
    residents.sort(key=lambda who: who.phone)
    for community in street.communities:
        neighbours = [who for who in residents if who.community == community]
        station, secretary = street.of(Part.STATION, community), street.of(Part.SECRETARY, community)
        if station is not None and secretary is not None:
            await _cards(street, station, neighbours)
            await _representatives(street, station, neighbours)
            await _newcomers(street, secretary, neighbours[:2])


async def _cards(street: Street, station: Person, residents: Sequence[Person]) -> None:
    for who in residents[::CARD_EVERY]:
        await station.must(f"/v1/residents/{who.id}/card")
        street.cards[who.id] = (await station.get(f"/v1/residents/{who.id}/card"))["number"]


async def _representatives(street: Street, station: Person, residents: Sequence[Person]) -> None:
    """A neighbour for every tenth; they consent on their own phone, or say so at the station."""
    for number, (who, neighbour) in enumerate(
        zip(residents[:-1:REPRESENTED_EVERY], residents[1::REPRESENTED_EVERY], strict=True)
    ):
        body = {"place_id": who.community, "name": who.name[:3], "phone": who.phone, "relation": "neighbour"}
        named = await neighbour.must("/v1/beneficiaries", body)
        path = f"/v1/beneficiaries/{named['id']}/consent"
        if number % 2:
            await who.must("/v1/auth/phone", {"code": f"{DEMO}{who.phone}"})
        await (who.must(path, {}) if number % 2 else station.must(path, {"how": "in_person", "name_checked": True}))
        street.represented[who.id] = neighbour


async def _newcomers(street: Street, secretary: Person, residents: Sequence[Person]) -> None:
    """Two neighbours want to serve as well; one is taken."""
    for number, who in enumerate(residents):
        body = {"text": "周末想陪老人看病", "skills": []}
        application = (await who.must("/v1/volunteer-applications", body))["id"]
        answer = {"approve": number == 0, "reason": None if number == 0 else "请先参加培训"}
        await secretary.must(f"/v1/volunteer-applications/{application}/decide", answer)
        if number == 0:
            street.serving.append(who)


async def open_days(street: Street, street_id: str, orders: Sequence[Order]) -> None:
    """The team's service days, with fewer places than are wanted. The second is cancelled on its eve."""
    lead = street.team[0]
    here = {"place_id": street_id, "team_id": street.team_id}
    here["service_id"] = (await lead.must("/v1/services", {**DAY_SERVICE, **here}))["id"]
    for days, way in enumerate((Way.DAY, Way.CANCELLED_DAY), 1):
        wanted = sum(order.fate.way is way for order in orders)
        if not wanted:
            continue
        begins = datetime.combine(street.profile.begins + timedelta(days=days), time(10), CHINA)
        capacity = max(1, round(wanted * PLACES / 2))
        slots = [
            {"starts_at": (begins + timedelta(minutes=30 * slot)).isoformat(), "minutes": 30, "capacity": capacity}
            for slot in range(2)
        ]
        street.days[way] = (await lead.must("/v1/service-days", {**here, "slots": slots}))["id"]
        if way is Way.CANCELLED_DAY:
            eve = begins - timedelta(days=1)
            path = f"/v1/service-days/{street.days[way]}/cancel"
            street.agenda.intend(eve, lambda path=path: lead.send(path, {"reason": "下雪，改期"}))  # type: ignore[misc]
