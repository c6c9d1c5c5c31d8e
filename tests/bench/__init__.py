"""Forebay beside its peers, in one run: ``make bench``, or ``python -m tests.bench``.

Decides what is measured (``workloads``), against whom (``contenders``), and what is good enough (``targets``).
Does not know how Forebay works: it sees ports, processes and what a load generator reports.

Each workload runs by turns against every contender, over several rounds. Absolute figures of a shared machine are
noise; ratios within one round hold, so the medians of the rounds' ratios are what counts. Nothing here is a test:
a figure that misses its target is printed, not raised.
"""
