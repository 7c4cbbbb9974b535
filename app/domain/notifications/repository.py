"""The SQL of the inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kernel.pagination import Cursor
from app.kernel.verbs import Facts

MESSAGE = """
  SELECT m.id, m.place_id, m.version FROM inbox_message m
   WHERE m.id = ($3::jsonb ->> 'id')::uuid AND m.person_id = $1 FOR NO KEY UPDATE"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message with the version that was seen."""

    id: UUID
    version: int
    place_id: UUID | None


READING = Facts(
    "jsonb_build_object('id', subject.id, 'version', subject.version, 'place_id', subject.place_id)", Message
)


# Which order a message is about – of one about a role, a skill or hours, the order that it names –, where it is about a time, the
# one of that moment, and where its reader passes it on, to whom; which case, also of an assignment; of an exclusion, that of its
# matter; which role, team or application: as far as the reader sees it by now. A unit that an arbiter took its case from still
# reads which it was (`assigned_case`). Whoever joined a case from another community reads the street alone, and only those who
# reported or joined it what was said. Whom a representation is about, sealed: once it was consented to as they are on file, but
# to the representative as whom they named, alone.
# Each row is looked up by plain columns of a few messages: beside an expression the policies would be asked of whole tables.
_INBOX = text("""
WITH page AS MATERIALIZED (
  SELECT m.id, m.topic, m.payload, m.subject_kind AS kind, m.subject_id AS record_id, m.place_id, m.as_role, m.nobody_in_post,
         m.created_at, m.read_at, CASE WHEN m.payload ? 'order_id' THEN 'order' ELSE m.subject_kind END AS subject_kind,
         coalesce((m.payload ->> 'order_id')::uuid, m.subject_id) AS subject_id,
         coalesce((m.payload ->> 'team_id')::uuid, m.subject_id) AS team_id, (m.payload ->> 'person_id')::uuid AS person_id
    FROM inbox_message m
   WHERE m.person_id = :person AND (NOT CAST(:unread AS boolean) OR m.read_at IS NULL)
     AND (CAST(:after_at AS timestamptz) IS NULL OR (m.created_at, m.id) < (:after_at, CAST(:after_id AS uuid)))
   ORDER BY m.created_at DESC, m.id DESC LIMIT :limit),
about AS MATERIALIZED (
  SELECT p.*, coalesce(y.kind, p.subject_kind) AS about_kind, coalesce(y.id, p.subject_id) AS about_id,
         coalesce(p.person_id, a.person_id) AS who, a.reason AS answer
    FROM page p
    LEFT JOIN exclusion e ON p.kind = 'exclusion' AND e.id = p.record_id
    LEFT JOIN matter y ON y.id = e.matter_id
    LEFT JOIN volunteer_application a ON p.kind = 'volunteer_application' AND a.id = p.record_id),
m AS MATERIALIZED (
  SELECT b.*, CASE b.about_kind WHEN 'case' THEN b.about_id WHEN 'assignment' THEN (
           SELECT a.case_id FROM assignment_detail a WHERE a.matter_id = b.about_id) END AS case_id FROM about b)
SELECT m.id, m.topic, m.payload, m.subject_kind, m.subject_id, m.as_role, m.nobody_in_post, m.created_at, m.read_at,
       coalesce(o.service, CASE m.subject_kind WHEN 'order' THEN told_service(m.id) END, z.name) AS service,
       o.meet_at, coalesce(x.category, f.category) AS category, coalesce(x.place, f.place, r.place) AS place, x.words,
       r.role, r.level, coalesce(t.team, told_team(m.id)) AS team,
       coalesce(t.name_sealed, r.name_sealed, o.caller, told_person(m.id)) AS name_sealed,
       CASE WHEN m.topic IN ('volunteer.approved', 'volunteer.refused') THEN m.answer END AS reason,
       coalesce((SELECT w.name_sealed FROM named_on_file(q.id) w WHERE q.consented_at IS NOT NULL), q.name_sealed) AS represented,
       CASE WHEN q.representative_id <> app_actor() THEN q.representative_name_sealed END AS representative
  FROM m
  LEFT JOIN LATERAL (
    SELECT s.name AS service, CASE WHEN m.payload ? 'pass_on' THEN (
             SELECT c.name_sealed FROM order_contact c WHERE c.matter_id = d.matter_id) END AS caller, CASE
             WHEN m.topic IN ('order.appointment_proposed', 'order.time_waits') THEN (
               SELECT a.meet_at FROM appointment a WHERE a.matter_id = d.matter_id AND a.proposed_at <= m.created_at
                ORDER BY a.proposed_at DESC LIMIT 1)
             WHEN m.topic IN ('order.appointment_confirmed', 'order.appointment_kept', 'order.assigned',
                              'order.member_changed') THEN (
               SELECT a.meet_at FROM appointment a WHERE a.matter_id = d.matter_id AND a.confirmed_at <= m.created_at
                  AND (a.ended_at IS NULL OR a.ended_at > m.created_at)
                ORDER BY a.confirmed_at DESC LIMIT 1) END AS meet_at
      FROM order_detail d JOIN service s ON s.id = d.service_id WHERE d.matter_id = m.about_id
    ) o ON m.about_kind = 'order'
  LEFT JOIN LATERAL (
    SELECT k.name AS category, p.name AS place,
           CASE WHEN w.whole AND (app_actor() IN (c.requester_id, c.beneficiary_id) OR EXISTS (
             SELECT 1 FROM case_reporter r WHERE r.matter_id = c.id AND r.person_id = app_actor())) THEN d.words END AS words
      FROM case_detail d JOIN matter c ON c.id = d.matter_id JOIN case_category k ON k.id = d.category_id
      CROSS JOIN LATERAL (SELECT app_sees_whole(d.matter_id) AS whole OFFSET 0) w
      JOIN place p ON p.id = CASE WHEN w.whole THEN c.place_id ELSE street_of(c.place_id) END
     WHERE d.matter_id = m.case_id
    ) x ON m.case_id IS NOT NULL
  LEFT JOIN LATERAL (SELECT g.* FROM assigned_case(m.case_id) g WHERE m.case_id IS NOT NULL AND x.category IS NULL) f ON true
  LEFT JOIN service z ON m.kind = 'service' AND z.id = m.record_id
  LEFT JOIN representation q ON m.kind = 'representation' AND q.id = m.record_id
  LEFT JOIN LATERAL (
    SELECT m.payload ->> 'role' AS role, p.level, p.name AS place, u.name_sealed
      FROM place p LEFT JOIN person u ON u.id = m.who WHERE p.id = m.place_id
    ) r ON m.topic LIKE 'role.%' OR m.topic IN ('shift.handed_over', 'volunteer.applied', 'volunteer.withdrawn',
                                                'person.number_moved')
  LEFT JOIN LATERAL (
    SELECT t.name AS team, CASE m.topic WHEN 'team.left' THEN member_name(m.record_id) END AS name_sealed
      FROM team t WHERE t.id = m.team_id
    ) t ON m.topic LIKE 'team.%'
 ORDER BY m.created_at DESC, m.id DESC""")


async def list_inbox(
    connection: AsyncConnection, person_id: UUID, *, unread: bool, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """A person's messages, newest first; one more than `limit`."""
    place = {"after_at": after and after.created_at, "after_id": after and after.id, "limit": limit + 1}
    return (await connection.execute(_INBOX, {"person": person_id, "unread": unread} | place)).mappings().all()


_WAS_TOLD = text("""
SELECT EXISTS (SELECT 1 FROM inbox_message m WHERE m.person_id = app_actor() AND m.subject_kind = :kind
                 AND m.subject_id = :subject_id AND m.topic = ANY (CAST(:topics AS text[])))""")


async def was_told(connection: AsyncConnection, kind: str, subject_id: UUID, topics: Sequence[str]) -> bool:
    """Whether the reader was told any of these things about a subject."""
    asked = {"kind": kind, "subject_id": subject_id, "topics": list(topics)}
    return bool((await connection.execute(_WAS_TOLD, asked)).scalar_one())
