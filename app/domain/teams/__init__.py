"""Teams 志愿服务队 · who can serve what (亮单, domain.md §3): teams of five colours, skills that somebody has seen the licence
of, the hours of each volunteer, and how residents become volunteers. `fitness` is the one place that says who may serve.

secretary ──create──▶ team with a lead ──add, remove──▶ member ──leaves──▶ what was live is handed back
resident ──apply──▶ application ──approve──▶ volunteer ──▶ hours, quiet hours, daily capacity, away
"""
