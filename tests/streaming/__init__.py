"""A gigabyte to a slow reader: what it costs Forebay's memory, and the others' time."""
