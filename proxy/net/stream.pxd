from proxy.net.transport cimport Protocol, Transport

cdef class Stream(Protocol):
    cdef object _compression
    cdef bint _plain
    cdef public object _tls
    cdef public bint closing
    cdef public bint reading_paused
    cdef public long long received_bytes
    cdef public long long sent_bytes
    cdef public Stream throttles
    cdef public Transport transport
    cdef public bint write_paused

    cpdef connection_made(self, Transport transport)
    cpdef received(self, data)
    cpdef pause_reading(self)
    cpdef resume_reading(self)
    cpdef throttle(self, Stream source)
    cpdef write(self, data)
