"""Seven ORMs, each with a realistic application: through a Forebay with a pool of 2 they must see and leave what they
see and leave directly, and pin only for what truly must.

Decides: how the applications are run, compared and reported. Does not know: what an application does.
"""
