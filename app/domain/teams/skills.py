"""What is known of skills by their codes: what people call each, and whether it takes a licence (domain.md §3: licence where
needed). A place may use other codes, which its staff bring by saying that it is a new one (`own_code`), so that nobody brings
one by a slip; of those nothing is known here, so nobody has one unless somebody recorded it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownSkill:
    """A skill that every place knows."""

    label: str
    licensed: bool


SKILLS: Mapping[str, KnownSkill] = {
    "haircut": KnownSkill("理发", licensed=False),
    "sewing": KnownSkill("缝补", licensed=False),
    "cleaning": KnownSkill("家政保洁", licensed=False),
    "cooking": KnownSkill("做饭", licensed=False),
    "repair": KnownSkill("小修小补", licensed=False),
    "tutoring": KnownSkill("课业辅导", licensed=False),
    "phone_help": KnownSkill("教用手机", licensed=False),
    "arts": KnownSkill("文艺表演", licensed=False),
    "electrician": KnownSkill("电工", licensed=True),
    "nursing": KnownSkill("护理", licensed=True),
    "medicine": KnownSkill("义诊", licensed=True),
    "law": KnownSkill("法律咨询", licensed=True),
    "counselling": KnownSkill("心理疏导", licensed=True),
    "driving": KnownSkill("开车接送", licensed=True),
}
"""The list is ours, after the five kinds of team (S3): law, medicine, counselling, help for the old, and the arts."""


def name_of(code: str) -> str:
    """What people call a skill; a code of a place's own, which may be Chinese words, is called by itself."""
    return SKILLS[code].label if code in SKILLS else code


def takes_licence(code: str) -> bool | None:
    """Whether somebody must see a licence first; None: not known here, whoever records it judges."""
    return SKILLS[code].licensed if code in SKILLS else None


def unknown(codes: Iterable[str], here: Collection[str]) -> tuple[int, ...]:
    """Which of the codes, by their number, no place knows and none uses here."""
    return tuple(n for n, code in enumerate(codes) if code not in SKILLS and code not in here)


def by_word(codes: Iterable[str], had: Collection[str]) -> tuple[str, ...]:
    """Which of the codes somebody gets on their word, each once: they take no licence, and are not among what they have."""
    return tuple(code for code in dict.fromkeys(codes) if code not in had and takes_licence(code) is False)


def to_record(codes: Iterable[str], had: Collection[str]) -> tuple[str, ...]:
    """Which of the codes somebody has to look at and record, each once."""
    return tuple(code for code in dict.fromkeys(codes) if code not in had and takes_licence(code) is not False)


def used_here(codes: str) -> str:
    """SQL for those of some codes (jsonb) that are used at the subject's place, as `list_skill_codes` shows them to the actor: a
    service there or above it wants them, or one of its volunteers has them."""
    return f"""(SELECT coalesce(jsonb_agg(c.code), '[]') FROM jsonb_array_elements_text({codes}) c(code)
         WHERE EXISTS (SELECT 1 FROM place_ancestor a JOIN service s ON s.place_id = a.ancestor_id
                        WHERE a.place_id = subject.place_id AND s.skill = c.code AND s.withdrawn_at IS NULL)
            OR EXISTS (SELECT 1 FROM skill k WHERE k.code = c.code AND k.ended_at IS NULL
                          AND person_holds(k.person_id, subject.place_id, 'volunteer')))"""
