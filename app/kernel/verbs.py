"""A verb: a pure function that decides, with the SQL of what it has to know. The door (`command.py`) runs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, ParamSpec, TypeVar

from pydantic import BeforeValidator, TypeAdapter

from app.kernel.change import Change
from app.kernel.errors import Kind, NotFound, Refusal
from app.kernel.lifecycle import Lifecycle
from app.kernel.loading import MATTER_SUBJECT, Beside, load
from app.kernel.matter import Matter

P = ParamSpec("P")
R = TypeVar("R", bound=Change | list[Change])

Sealed = Annotated[bytes, BeforeValidator(lambda value: bytes.fromhex(value[2:]) if isinstance(value, str) else value)]
"""A bytea as jsonb shows it, in the facts of a verb."""


@dataclass(frozen=True)
class Verb(Generic[P, R]):
    """`decide` with what message 2 has to load for it.

    `subject` is SQL that locks and gives the row that the verb is about (columns id and place_id at least; $1 is the
    actor's id, $3 the inputs as jsonb); `facts` is a SQL expression giving jsonb, beside that row as `subject`. `conflicts`
    says what the violation of a unique index or of a foreign key means; of any other it means a lost race, and the verb runs
    again. `missing` is the refusal when there is no such subject, or none that the actor may see. `read_by_others` names the
    inputs (texts and lists of texts, called as the fields of the body) that the door compares with the refused terms of the
    place. `category` is SQL for the category that the subject shall have, where the verb gives it another one. `beside`: the
    deadlines of other matters that it makes. `lifecycle`: that of its matter (None: a record). `joins`: the actor comes to a
    matter that they do not see yet; the walls let them in for this one command, where a rule says JOINER.
    """

    decide: Callable[P, R]
    name: str
    kind: str
    subject: str
    facts: str | None
    facts_type: TypeAdapter[Any] | None
    detail_type: TypeAdapter[Any] | None
    starts: tuple[str, ...]
    timed: bool = False
    missing: type[NotFound] = NotFound
    conflicts: Mapping[str, type[Refusal]] = field(default_factory=dict)
    read_by_others: tuple[str, ...] = ()
    category: str | None = None
    beside: Beside | None = None
    joins: bool = False
    lifecycle: Lifecycle | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.decide(*args, **kwargs)

    def explain(self, refused: Refusal, matter: Matter[Any]) -> None:
        """To a conflict that says nothing of its own but what can be done instead: how the matter stands."""
        if self.lifecycle is None or refused.advice_zh is None:
            return
        if refused.kind is Kind.CONFLICT and refused.detail == refused.advice_zh:
            refused.detail = f"{self.lifecycle.present(matter)};{refused.advice_zh}"
            refused.detail_en = f"The state is now {matter.state}"

    @property
    def is_matter(self) -> bool:
        return self.subject is MATTER_SUBJECT

    @property
    def statement(self) -> str:
        """Message 2 of this verb."""
        return load(
            subject=self.subject,
            facts=self.facts,
            is_matter=self.is_matter,
            starts=bool(self.starts),
            timed=self.timed,
            texts=bool(self.read_by_others),
            category=self.category,
            beside=self.beside,
        )


@dataclass(frozen=True)
class Facts:
    """What a verb must know beside its subject: a SQL expression, and the type that it is parsed into."""

    sql: str
    type: type[Any]


class Room:
    """The verbs of one kind of matter. `detail` gives the room's own snapshot of a matter as jsonb."""

    def __init__(self, lifecycle: Lifecycle, *, detail: Facts, missing: type[NotFound]) -> None:
        self.lifecycle = lifecycle
        self.detail = detail
        self.missing = missing

    def creates(
        self,
        action: str,
        *,
        subject: str,
        facts: Facts,
        missing: type[NotFound] | None = None,
        read_by_others: tuple[str, ...] = (),
        beside: Beside | None = None,
    ) -> Callable[[Callable[P, R]], Verb[P, R]]:
        """A verb that makes a matter; `subject` gives where it will stand. Called with (facts, actor, now, **inputs)."""
        return self._verb(action, subject, facts.sql, facts.type, None, read_by_others, missing, beside=beside)

    def moves(
        self,
        action: str,
        *,
        facts: Facts | None = None,
        read_by_others: tuple[str, ...] = (),
        category: str | None = None,
        beside: Beside | None = None,
        joins: bool = False,
    ) -> Callable[[Callable[P, R]], Verb[P, R]]:
        """A verb on a matter. Called with (matter, actor, now, **inputs), and `facts=` when it asks for some."""
        sql = f"jsonb_build_object('detail', {self.detail.sql}, 'facts', {facts.sql if facts else 'NULL'})"
        return self._verb(
            action,
            MATTER_SUBJECT,
            sql,
            facts.type if facts else None,
            self.detail.type,
            read_by_others,
            category=category,
            beside=beside,
            joins=joins,
        )

    def _verb(
        self,
        action: str,
        subject: str,
        sql: str,
        facts: type[Any] | None,
        detail: type[Any] | None,
        read_by_others: tuple[str, ...],
        missing: type[NotFound] | None = None,
        category: str | None = None,
        beside: Beside | None = None,
        joins: bool = False,
    ) -> Callable[[Callable[P, R]], Verb[P, R]]:
        def wrap(decide: Callable[P, R]) -> Verb[P, R]:
            return Verb(
                decide,
                action,
                self.lifecycle.kind,
                subject,
                sql,
                TypeAdapter(facts) if facts else None,
                TypeAdapter(detail) if detail else None,
                self.lifecycle[action].starts + self.lifecycle[action].may_start,
                self.lifecycle[action].timed,
                missing or self.missing,
                read_by_others=read_by_others,
                category=category,
                beside=beside,
                joins=joins,
                lifecycle=self.lifecycle,
            )

        return wrap


def record(
    kind: str,
    action: str,
    *,
    subject: str,
    facts: Facts | None = None,
    missing: type[NotFound] = NotFound,
    conflicts: Mapping[str, type[Refusal]] | None = None,
    read_by_others: tuple[str, ...] = (),
) -> Callable[[Callable[P, R]], Verb[P, R]]:
    """A verb on a record, which has a version and an audit but no state machine. Called with (facts, actor, now, **inputs)."""

    def wrap(decide: Callable[P, R]) -> Verb[P, R]:
        sql = facts.sql if facts else "NULL::jsonb"
        parsed = TypeAdapter(facts.type) if facts else None
        return Verb(
            decide, action, kind, subject, sql, parsed, None, (), False, missing, conflicts or {}, read_by_others
        )

    return wrap
