"""What is known of skills by their codes: what people call each, and whether it takes a licence (domain.md §3: licence where
needed). A place may use other codes; of those nothing is known here, so nobody has one unless somebody recorded it. Pure."""

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
    """What people call a skill; a code of a place's own is called by itself."""
    return SKILLS[code].label if code in SKILLS else code


def takes_licence(code: str) -> bool | None:
    """Whether somebody must see a licence first; None: not known here, whoever records it judges."""
    return SKILLS[code].licensed if code in SKILLS else None


def by_word(codes: Iterable[str], had: Collection[str]) -> tuple[str, ...]:
    """Which of the codes somebody gets on their word, each once: they take no licence, and are not among what they have."""
    return tuple(code for code in dict.fromkeys(codes) if code not in had and takes_licence(code) is False)


def to_record(codes: Iterable[str], had: Collection[str]) -> tuple[str, ...]:
    """Which of the codes somebody has to look at and record, each once."""
    return tuple(code for code in dict.fromkeys(codes) if code not in had and takes_licence(code) is not False)
