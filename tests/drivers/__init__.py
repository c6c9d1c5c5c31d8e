"""Every driver and command line that people bring, the same trials directly and through Forebay: docs/drivers.md.

Decides: which drivers and trials there are, how they are run, compared and reported. Does not know: any protocol.
"""
