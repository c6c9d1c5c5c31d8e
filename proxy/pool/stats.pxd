cimport cython

cdef class Histogram:
    cdef public tuple bounds
    cdef public list counts
    cdef public double sum

    @cython.locals(at=Py_ssize_t, bound=double)
    cpdef observe(self, double value)

cdef class PoolStats:
    cdef public dict closed
    cdef public long long handed_over
    cdef public long long lingering_hits
    cdef public long long open_failures
    cdef public long long opened
    cdef public long long other_hits
    cdef public long long queued
    cdef public long long refused
    cdef public long long same_state_hits
    cdef public long long timeouts
    cdef public Histogram waits
