"""Places have no verbs of their own yet: the tree is imported whole (`importing.py`)."""
