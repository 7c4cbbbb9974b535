"""Cases 民情事项, and the whistle 吹哨报到: what a grid cannot solve goes up – estate, community, street, district –, departments
report in, and an independent call-back decides whether it is solved (domain.md §5, S2, S3).

    reported ─┬─ triage ──► handling ─┬─ submit ─────────────────────────► callback ─┬─► closed
              ├─ refuse ─► not_accepted │                                      ▲  │     └─► closed_unreached
              └─ alarm ─┐               ├─ whistle ─► whistled ─ submit ─► result  │ unsolved: round + 1, back to work
                        └───────────────┼─────────────►  ▲                     │   ▼
                                        ├─ deliberate ⇄ deliberating           └ returned: back to work
                                        └─ hang ⇄ hung              withdrawn · merged · terminated

Each unit that is whistled has an assignment 任务, a matter of its own: sent ─► signed ─► reported_in ─► working ─► done, or
contested, excused. For every minute of an open case one holder is known, and one deadline governs it."""
