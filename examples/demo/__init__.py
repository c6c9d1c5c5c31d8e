"""Many function invocations, two database connections: Forebay in front of a real MariaDB, measured.

``python -m examples.demo`` (or ``make demo``) tells the story; the modules are its cast:

- ``story``       the steps, and what counts as a success
- ``stage``       starts and stops MariaDB and Forebay
- ``crowd``       runs the example functions, each invocation its own process
- ``witness``     asks MariaDB how many connections it has and had
- ``scrape``      reads Forebay's /metrics
- ``report``      the side-by-side table, the terminal plot and the result line
- ``picture``     the PNG
- ``screen``      progress lines, on a terminal and in a file
- ``interrupts``  Ctrl-C and SIGTERM
"""
