"""The parts of a session, each really tried through a pool of one with a second client in between: docs/sessions.md.

Decides: which parts are tried, how what happened becomes a word, what the page says.
Does not know: how Forebay does it.
"""
