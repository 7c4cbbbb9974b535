"""What must always be true of people and of the tree of places (domain.md §2), each as a SELECT that must answer no row."""

from app.kernel.invariants import Invariant

_TREE = """
  SELECT id AS place_id, id AS ancestor_id, 0 AS depth FROM place
  UNION ALL
  SELECT p.id, a.ancestor_id, a.depth + 1 FROM place p JOIN place_ancestor a ON a.place_id = p.parent_id"""

PEOPLE_AND_PLACES = (
    Invariant(
        "one-home",
        "没有人同时住在两个社区",
        "nobody lives in two communities at a time",
        """SELECT a.person_id, a.place_id, b.place_id AS other FROM role_grant a
             JOIN role_grant b ON b.person_id = a.person_id AND b.id > a.id AND b.role = 'resident'
            WHERE a.role = 'resident'
              AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)""",
    ),
    Invariant(
        "home-not-wider",
        "居民只住在社区或小区",
        "a resident lives in a community or an estate, never in a wider place",
        """SELECT g.id, g.person_id, p.level FROM role_grant g JOIN place p ON p.id = g.place_id
            WHERE g.role = 'resident' AND p.level NOT IN ('community', 'estate')""",
    ),
    Invariant(
        "tree-closed",
        "每个地点的上级表与地点树一致",
        "the table of ancestors is the tree's: oneself, and the parent's ancestors one step further",
        f"""SELECT 'missing' AS fault, m.* FROM ({_TREE} EXCEPT SELECT * FROM place_ancestor) m
            UNION ALL
            SELECT 'too much', t.* FROM (SELECT * FROM place_ancestor EXCEPT ({_TREE})) t""",
    ),
)
