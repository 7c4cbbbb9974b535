"""Orders 订单 · the five-order flow 五单 (domain.md §3): a resident orders a small service, the community dispatches it to a
volunteer, who accepts, serves and delivers; the resident rates by the actual result. A representative or the station's staff
place it for who cannot; nobody serves what they placed, represent or benefit from.

    place ─▶ submitted ──offer──▶ offered ──accept──▶ accepted ──start──▶ in_service ──deliver──▶ delivered ──rate──▶ rated
                 ▲  │                │ │                ▲   │
                 └──┼─────lapse──────┘ └─────claim──────┤   │          while submitted or offered, and once opened to the
                    └───────────────claim───────────────┘   │          pool, any qualified volunteer may claim
                 submitted, offered, accepted ──cancel──▶ cancelled

Before delivered an order always has a live deadline: respond until accepted, then finish.
"""
