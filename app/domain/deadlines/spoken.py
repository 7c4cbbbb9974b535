"""Moments and lengths of time as people say them. Pure."""

from datetime import date, datetime, timedelta

from app.kernel.time import CHINA

_WEEKDAYS = "一二三四五六日"


def duration(span: timedelta, *, days: bool = False) -> str:
    """A length of time in words: 3 小时 30 分钟, 20 分钟, 8 分 5 秒; with `days`, from 24 hours on, 3 天 2 小时."""
    seconds = int(span.total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    whole, hours = divmod(hours, 24) if days else (0, hours)
    parts = [f"{whole} 天"] * (whole > 0) + [f"{hours} 小时"] * (hours > 0)
    if rest:
        parts += [f"{minutes} 分"] * (minutes > 0) + [f"{rest} 秒"]
    elif minutes or not parts:
        parts.append(f"{minutes} 分钟")
    return " ".join(parts)


def moment(at: datetime) -> str:
    """11月30日(周一)09:00: people need no seconds."""
    return exact(at.replace(second=0))


def exact(at: datetime) -> str:
    """The same with seconds where there are any."""
    local = at.astimezone(CHINA)
    return f"{date_of(local.date())}({weekday_of(local.date())}){clock(local)}"


def dated(at: datetime) -> str:
    """2026年11月30日(周一)09:00: where it may be of another year."""
    return f"{at.astimezone(CHINA).year}年{moment(at)}"


def span(begin: datetime, until: datetime) -> str:
    """3月3日(周二)18:00至19:00: a day is named once."""
    same_day = begin.astimezone(CHINA).date() == until.astimezone(CHINA).date()
    return f"{exact(begin)}至{clock(until) if same_day else exact(until)}"


def date_of(day: date) -> str:
    return f"{day.month}月{day.day}日"


def weekday_of(day: date) -> str:
    return f"周{_WEEKDAYS[day.weekday()]}"


def clock(at: datetime, of: date | None = None) -> str:
    local = at.astimezone(CHINA)
    if of is not None and local.date() > of:
        return "24:00"
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
