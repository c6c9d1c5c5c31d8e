cdef class Stream:
    cdef object _compression
    cdef public bint reading_paused
    cdef bint _plain
    cdef bint _resting
    cdef Py_ssize_t _taken
    cdef public object _tls
    cdef bytes _waiting
    cdef public bint closing
    cdef public long long received_bytes
    cdef public long long sent_bytes
    cdef public Stream throttles
    cdef public object transport
    cdef public bint write_paused

    cpdef received(self, data)
    cpdef resume_reading(self)
    cpdef throttle(self, Stream source)
    cpdef write(self, data)
