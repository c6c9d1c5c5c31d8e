"""Forebay's tests: a folder a room, the whole daemon, the oracle and the bench."""
