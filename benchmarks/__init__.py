"""The benchmark: place, accept and the sweep against floors made of the same SQL, and the tutorial idiom beside them.

`make bench` takes about three minutes, prints a table and exits 1 when a ratio is below what `expectations` asks.
"""
