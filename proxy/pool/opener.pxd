from proxy.pool.core cimport Core

cdef class Opener:
    cdef public bint failing
    cdef public object last_error
    cdef object _arrived
    cdef object _backoff
    cdef object _clock
    cdef Core _core
    cdef object _ended
    cdef long long _generation
    cdef str _name
    cdef object _open
    cdef object _spawn
