"""One realistic application per ORM: a shop, written the way that ORM's manual writes it.

Every application takes steps as arguments: ``first`` and ``second`` are its two migrations, a number is the work of
one process, whose rows carry that number. What it prints for a step never depends on other processes.
"""
