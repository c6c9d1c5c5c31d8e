cimport cython

cdef Py_ssize_t _BUCKETS

cdef class Histogram:
    cdef public tuple bounds
    cdef public double sum
    cdef double[24] _bounds
    cdef long long[24] _counts

    @cython.locals(at=Py_ssize_t)
    cpdef observe(self, double value)
    @cython.locals(at=Py_ssize_t, other=Histogram)
    cpdef Histogram with_first(self, long long more)

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
