"""Places 地点: the one tree on which everything hangs (domain §2, 一张网).

What: a place is a node: province 省 → city 市 → district 区县 → street 街道/镇 → community 社区 (the national
statistical codes of 2, 4, 6, 9 and 12 digits) → estate 小区 → grid 网格 → micro-grid 微网格 → building 楼栋 → unit 单元
(a code of one's own that begins with the community's). An estate may be of one of four types (`models.EstateType`).

    province ─ city ─ district ─ street ─ community ─ estate ─ grid ─ microgrid ─ building ─ unit
    a level may be skipped (a city without districts), never turned round: a parent stands on a higher level

No states. A place comes by import and is renamed or moved by import; it is never deleted, since orders, roles and
history point at it. `place_ancestor` holds the tree's closure, itself at depth 0 included: "is X at or below Y?" is one
look-up by primary key, and this is the question that every permission asks.

Files: models (tables, levels) · policy (which code, which parent, which name; what an import reports) · errors ·
repository (lists, look-ups, and the SQL of an import) · importing (reads the file, holds the order of an import; the
one writer).
"""
