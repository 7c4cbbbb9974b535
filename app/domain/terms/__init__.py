"""Refused terms 不宜词 · what texts that others read may not hold, kept by the administrators of a place and holding in its
whole subtree. The door compares (`app/kernel/command.py`); this room keeps the list."""
