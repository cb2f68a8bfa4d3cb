"""
A stand-in for a TrueConf Room, for demonstrations and tests.

The daemon may not import it.
"""
