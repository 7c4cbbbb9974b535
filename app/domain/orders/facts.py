"""The SQL of what is known before an order is placed or started; the rest stands in `repository.py`."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from app.domain.orders.matching import candidates
from app.domain.orders.policy import LIFECYCLE, OPEN
from app.domain.services.models import Form
from app.domain.teams.fitness import Candidate
from app.kernel.doubles import Double, doubles_of
from app.kernel.verbs import Facts, Sealed

ASKED_FOR = "($3::jsonb ->> 'service_id')::uuid"


def category_of(service_id: str) -> str:
    """The category of a service. One without has its form as such, so that limits for a form are policies by category."""
    return f"""coalesce((SELECT coalesce(nullif(s.category, ''), nullif(s.form, 'visit')) FROM service s
                    WHERE s.id = {service_id}), '')"""


def _asked(service_id: str = ASKED_FOR) -> str:
    """The service with its form and category."""
    return f"""{service_id} AS service_id, coalesce((SELECT s.form FROM service s WHERE s.id = {service_id}), 'visit') AS form,
         {category_of(service_id)} AS category"""


def home(asked: str) -> str:
    """Where the resident lives, how to reach them, and what is asked for."""
    return f"""
  SELECT p.id, g.place_id, p.name_sealed, p.phone_sealed, p.phone_index, p.address_sealed, {asked}
    FROM person p LEFT JOIN role_grant g ON g.person_id = p.id AND g.role = 'resident' AND g.ends_at IS NULL
   WHERE p.id = $1"""


def _elsewhere(asked: str) -> str:
    return f"""SELECT h.person_id AS id, h.place_id, h.name_sealed, h.phone_sealed, h.phone_index, h.address_sealed,
         {asked}"""


def _represented(asked: str) -> str:
    """The same of somebody for whom the actor may order; the consent is held until the order stands."""
    return f"""
  {_elsewhere(asked)}
    FROM representation r CROSS JOIN LATERAL home_of(r.beneficiary_id, NULL) h
   WHERE r.representative_id = $1 AND r.beneficiary_id = ($3::jsonb ->> 'beneficiary_id')::uuid
     AND r.consented_at IS NOT NULL AND r.ended_at IS NULL FOR SHARE OF r"""


def _caller(asked: str) -> str:
    """The same of a caller who lives where the actor works; the actor at no place, where they work at no desk."""
    return f"""
  {_elsewhere(asked)}
    FROM home_of(($3::jsonb ->> 'person_id')::uuid, decode(substr($3::jsonb ->> 'caller_index', 3), 'hex')) h
   UNION ALL
  SELECT $1::uuid, NULL, NULL, NULL, NULL, NULL, {asked}
   WHERE NOT app_works('{{administrator,dispatcher,secretary,station_staff}}') LIMIT 1"""


HOME, REPRESENTED, CALLER = home(_asked()), _represented(_asked()), _caller(_asked())
_OF_SLOT = _asked(
    "(SELECT d.service_id FROM service_slot t JOIN service_day d ON d.id = t.day_id WHERE t.id = ($3::jsonb ->> 'id')::uuid)"
)
AT_HOME, AT_REPRESENTED, AT_CALLER = home(_OF_SLOT), _represented(_OF_SLOT), _caller(_OF_SLOT)
"""The same three for the service of a slot."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What placing an order has to know: whom it serves, the home, whether the service is offered there, the contact on
    file, and what they have open of the same service."""

    person_id: UUID
    place_id: UUID | None
    category: str
    offered: bool
    paused: bool
    name_sealed: Sealed | None
    phone_sealed: Sealed | None
    address_sealed: Sealed | None
    phone_index: Sealed | None = None
    form: Form = Form.VISIT
    doubles: tuple[Double, ...] = ()


def _orderable(service_id: str) -> str:
    """Whether a service is offered at the subject's place now."""
    return f"""'offered', EXISTS (SELECT 1 FROM service s JOIN place_ancestor a ON a.ancestor_id = s.place_id
                             WHERE s.id = {service_id} AND s.withdrawn_at IS NULL
                               AND a.place_id = subject.place_id),
         'paused', EXISTS (SELECT 1 FROM service s WHERE s.id = {service_id}
                              AND s.paused_at IS NOT NULL AND (s.paused_until IS NULL OR s.paused_until > app_now()))"""


_SAME = "EXISTS (SELECT 1 FROM order_detail o WHERE o.matter_id = m.id AND o.service_id = subject.service_id)"

PLACING = Facts(
    f"""jsonb_build_object('person_id', subject.id, 'place_id', subject.place_id, 'category', subject.category,
         'form', subject.form,
         'name_sealed', subject.name_sealed,
         'phone_sealed', subject.phone_sealed, 'phone_index', subject.phone_index, 'address_sealed', subject.address_sealed,
         'doubles', {doubles_of(LIFECYCLE.kind, OPEN, _SAME)},
         {_orderable("subject.service_id")})""",
    Placing,
)


@dataclass(frozen=True, slots=True)
class Recategorising:
    """The service that an order is to be for: its form and category, and whether it can be ordered there; and who represents whom
    the order serves; and how its service is called, and the new one."""

    form: Form | None
    category: str
    offered: bool
    paused: bool
    representatives: frozenset[UUID] = frozenset()
    from_name: str | None = None
    to_name: str | None = None


RECATEGORISING = Facts(
    f"""jsonb_build_object(
         'from_name', (SELECT s.name FROM order_detail o JOIN service s ON s.id = o.service_id WHERE o.matter_id = subject.id),
         'to_name', (SELECT s.name FROM service s WHERE s.id = {ASKED_FOR}),
         'form', (SELECT s.form FROM service s WHERE s.id = {ASKED_FOR}),
         'category', {category_of(ASKED_FOR)}, 'representatives', representatives_of(subject.id), {_orderable(ASKED_FOR)})""",
    Recategorising,
)


MOST_STARTS = 50
"""Orders are begun less often than this; from then on their code stays."""


@dataclass(frozen=True, slots=True)
class Starting:
    """Whether the card that was shown is the beneficiary's, and whether the staff reached the resident since acceptance; what is
    known of whoever begins: of a team's order, as its member; `of_team`: a team has it; and how often it has begun."""

    card_fits: bool
    reached: bool
    candidate: Candidate | None = None
    of_team: bool = False
    begun: int = 0

    def shown(self, fits_after: Collection[int]) -> bool:
        """Whether the card was shown, or the code of this start: each has its own, so that who was shown one cannot begin again
        without the resident."""
        return self.card_fits or min(self.begun, MOST_STARTS - 1) in fits_after


ACCEPTED_AT = """(SELECT max(h.at) FROM history h
    WHERE h.matter_id = subject.id AND h.action IN ('accept', 'claim', 'claim_wish', 'book'))"""
"""When the order was last accepted, in whichever way; NULL: never."""


def _reached(since: str) -> str:
    """Whether the staff, and not whoever serves, reached the resident by phone or visit since then; looked up for who shows
    nothing."""
    return f"""CASE WHEN $3::jsonb ->> 'unverified' IS DISTINCT FROM 'true' THEN false ELSE EXISTS (
           SELECT 1 FROM history c
            WHERE c.matter_id = subject.id AND c.action = 'contact' AND c.note ->> 'channel' IN ('phone', 'visit')
              AND c.through IN ('subtree', 'placer') AND c.actor_id NOT IN ($1, coalesce(subject.assignee_id, $1))
              AND NOT EXISTS (SELECT 1 FROM team t WHERE t.id = subject.team_id AND t.lead_id = c.actor_id)
              AND c.at >= {since}) END"""


_CARD_FITS = """CASE WHEN $3::jsonb ->> 'card' IS NULL THEN false ELSE card_fits(
           subject.beneficiary_id, subject.place_id, decode(substr($3::jsonb ->> 'card', 3), 'hex')) END"""

STARTING = Facts(
    f"""jsonb_build_object(
         'of_team', subject.team_id IS NOT NULL,
         'candidate', CASE WHEN subject.team_id IS NOT NULL THEN team_candidate(subject.id, subject.place_id, subject.team_id, $1)
           WHEN subject.assignee_id = $1 THEN to_jsonb({candidates("ARRAY[$1::uuid]")} -> 0) END,
         'begun', (SELECT count(*) FROM history b WHERE b.matter_id = subject.id AND b.to_state = 'in_service'
            AND b.from_state <> 'in_service'),
         'card_fits', {_CARD_FITS}, 'reached', {_reached(ACCEPTED_AT)})""",
    Starting,
)


@dataclass(frozen=True, slots=True)
class Returning:
    """The same where papers come back: whether the staff reached the resident since papers last went out or came back."""

    card_fits: bool
    reached: bool


_LAST_RECEIPT = """(SELECT max(h.at) FROM history h
    WHERE h.matter_id = subject.id AND h.action IN ('hand_over_papers', 'return_papers'))"""

RETURNING = Facts(f"jsonb_build_object('card_fits', {_CARD_FITS}, 'reached', {_reached(_LAST_RECEIPT)})", Returning)


@dataclass(frozen=True, slots=True)
class OnFile:
    """What is on file of whom an order serves, beside its contact: `own_phone`, that its phone is theirs; the address where they
    live at its place. `authority_of`: who gave the authority that has not ended; `changed_by`: who changed the contact last.
    Whether a `question`, or a time that the other side proposed, waits."""

    own_phone: bool
    name_sealed: Sealed | None = None
    phone_sealed: Sealed | None = None
    phone_index: Sealed | None = None
    address_sealed: Sealed | None = None
    authority_of: UUID | None = None
    changed_by: UUID | None = None
    question: bool = False
    proposal: bool = False

    def instead(self, former_id: UUID) -> dict[str, bytes]:
        """What takes the place of the former's contact; what is not on file stays, and what somebody else wrote since."""
        if self.changed_by not in (None, former_id):
            return {}
        own = {
            "name_sealed": self.name_sealed,
            "phone_sealed": self.phone_sealed,
            "phone_index": self.phone_index,
            "address_sealed": self.address_sealed,
        }
        return {} if self.own_phone else {column: value for column, value in own.items() if value is not None}


ON_FILE = Facts("contact_on_file(subject.id)", OnFile)
