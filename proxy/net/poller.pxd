cimport cython
from libc.stdint cimport uint32_t

cimport proxy.native as native
cimport proxy.net.batches as batches
cimport proxy.net.sockets as sockets

cdef int _ADD, _CHANGE, _FEW, _MOST_EVENTS, _MOST_WRITES
cdef double _LOOP_WAITS

cdef class Watched:
    cdef public int descriptor
    cdef public bint last

    cpdef happened(self, uint32_t mask)
    cpdef read_on(self)
    cpdef outgoing(self)
    cpdef sent(self, data, Py_ssize_t taken)
    cpdef bury(self)
    cpdef crashed(self, error)

cdef class Poller:
    cdef list _again
    cdef size_t _batch
    cdef list _dying
    cdef int _epoll
    cdef bytearray _events
    cdef bint _scheduled
    cdef list _senders
    cdef list _sending
    cdef list _watched
    cdef list _written
    cdef public bint turning

    @cython.locals(descriptor=int, missing=Py_ssize_t, failed=int)
    cpdef add(self, Watched watched, uint32_t mask)
    cpdef change(self, Watched watched, uint32_t mask)
    cpdef again(self, Watched watched)
    cpdef wrote(self, Watched watched)
    cpdef dies(self, Watched watched)
    @cython.locals(descriptor=int)
    cpdef close(self, Watched watched)
    @cython.locals(until=double)
    cpdef turn(self)
    @cython.locals(found=int)
    cdef int _one_turn(self) except -1
    @cython.locals(number=int, watched=Watched)
    cdef _tell_those(self, int found, bint last)
    cdef _schedule(self)
    @cython.locals(watched=Watched, waiting=list)
    cpdef _next_turn(self)
    cdef _end_turn(self)
    cdef _tell(self, Watched watched, uint32_t mask)
    @cython.locals(watched=Watched, written=list)
    cdef _send(self)
    @cython.locals(number=int, watched=Watched)
    cdef _send_batch(self)
    @cython.locals(watched=Watched)
    cdef _bury(self)
