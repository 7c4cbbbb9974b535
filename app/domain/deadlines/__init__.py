"""Deadlines 时限 · the limits as data: policies with versions, per place, inherited down the tree; the nearest place wins.

A policy acts on deadlines that start after it was published; those that run keep the version that they started with.
"""
