cimport cython
from libc.stdint cimport uint32_t

cimport proxy.native as native
cimport proxy.net.sockets as sockets
from proxy.net.poller cimport Poller, Watched

cdef bytearray _buffer
cdef Py_ssize_t _SIZE, _FEW_UNSENT, _MOST_UNSENT
cdef Py_ssize_t _LATER
cdef int _DISCARDED, _UNSENT
cdef double _SLOW
cdef uint32_t _BROKEN, _COMES, _ENDS, _READABLE, _WATCHED_FOR, _WRITABLE

cdef class Protocol:
    cpdef data_received(self, bytes data)
    cpdef eof_received(self)
    cpdef connection_lost(self, exc)
    cpdef pause_writing(self)
    cpdef resume_writing(self)

cdef class Sink:
    cpdef Py_ssize_t head(self) except -1
    cpdef take(self, Py_ssize_t size)

cdef class Transport(Watched):
    cdef bytes _address
    cdef object _backlog
    cdef bint _dying
    cdef bint _ended
    cdef object _error
    cdef double _full_since
    cdef list _more
    cdef object _out
    cdef Poller _poller
    cdef Protocol _protocol
    cdef bint _queued
    cdef bint _ready
    cdef Py_ssize_t _sent
    cdef bint _slow
    cdef bint _told
    cdef bint _watches_writing
    cdef public bint closing
    cdef public bint paused
    cdef public Sink sink
    cdef public Py_ssize_t unsent

    @cython.locals(start=Py_ssize_t, size=Py_ssize_t, sink=Sink)
    cdef _read(self)
    cdef _discard(self)
    cdef _wait_for_turn(self)
    cpdef pause_reading(self)
    cpdef resume_reading(self)
    @cython.locals(size=Py_ssize_t)
    cpdef write(self, data)
    cpdef write_part(self, data, Py_ssize_t size)
    cdef _flush(self)
    @cython.locals(taken=Py_ssize_t)
    cdef _send(self, data, Py_ssize_t size)
    cdef _keep_rest(self, data, Py_ssize_t size, Py_ssize_t taken)
    cdef _begin_backlog(self)
    cpdef close(self)
    cpdef abort(self)
    @cython.locals(taken=Py_ssize_t)
    cdef _send_backlog(self)
    @cython.locals(now=double)
    cdef _measure(self)
    cdef _die(self, error)
