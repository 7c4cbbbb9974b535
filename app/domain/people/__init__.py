"""People 人: who they are (sealed), how they sign in, and what role they hold at which place, from when until when.

anybody ──log in by WeChat──▶ person ──choose a community or an estate──▶ resident there
administrator ──create──▶ officer with a password and a role; ──grant──▶ role at a place ──revoke──▶ ended
"""
