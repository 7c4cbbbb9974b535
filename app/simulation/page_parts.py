"""The pieces of which the page is made."""

from collections.abc import Iterable, Sequence
from html import escape


def heading(zh: str, en: str) -> str:
    return f"<h2>{zh} <span class=en>{en}</span></h2>"


def figure(svg: str) -> str:
    return f"<figure>{svg}</figure>"


def details(title: str, inside: str) -> str:
    return f"<details><summary>{title}</summary>{inside}</details>"


def listed(css: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    return f'<ul class="{css}">{"".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)}</ul>'


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    rows = list(rows)
    numbers = [isinstance(value, int) for value in rows[0]] if rows else [False] * len(headings)

    def line(tag: str, values: Sequence[object]) -> str:
        cells = (
            f"<{tag}{' class=n' if number else ''}>{escape(str(value))}</{tag}>"
            for value, number in zip(values, numbers, strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"

    return f"<table>{line('th', headings)}{''.join(line('td', row) for row in rows)}</table>"
