"""The oracle: random sessions run through Forebay and directly must look the same to their clients.

``python -m tests.oracle --seconds 60``. A *case* is what one seed gives: k clients and the order of their steps.
Every client has schemas and names of its own, so what it sees does not depend on when the others run: the direct run
may go as fast as it can, the shared run goes in the case's order, through a Forebay with fewer server connections
than clients.
"""
