"""MySQL's bytes: pure functions and small machines that know no socket, loop, clock or log."""
