# cython: annotation_typing=False
"""What a statement does to a session, told by its text: one pass, no parsing.

Decides the traits of a text from its tokens and from the tables of ``words``. It errs on one side only:
a trait that keeps a server connection with its client is set where it may apply, a trait that lets it go only
where the text leaves no doubt. ``UNSURE`` says that the text could not be followed.

It does not know the session, the server's answer, or what anyone does about a trait. Effects that no text
shows (of a trigger, of a view, behind CALL or FUNCTION) are for others to find.

Sources: MySQL manual, "SQL Statements"; MariaDB Knowledge Base, "SQL Statements".

Compiled when a C compiler was there at build time; the same source runs interpreted.
"""

from __future__ import annotations
