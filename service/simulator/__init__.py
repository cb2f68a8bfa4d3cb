"""
A stand-in for a TrueConf Room, for demonstrations and tests.

Nothing of the daemon may import it.
"""
