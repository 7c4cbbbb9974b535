"""Notifications 通知 · the inbox: what a person must know or do. Filled by the relay, read and ticked off here.

Whoever must be told is the holder of the role at the nearest place upward; where nobody is in post, the administrator, marked.
"""
