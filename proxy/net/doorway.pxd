cimport cython

cimport proxy.native as native
cimport proxy.net.sockets as sockets
from proxy.net.poller cimport Poller, Watched
from proxy.net.stream cimport Stream
from proxy.net.transport cimport Transport

cdef int _AT_ONCE, _LATER, _LONGEST_ADDRESS, _READABLE

cdef class Doorway(Watched):
    cdef bytearray _address
    cdef object _make
    cdef Poller _poller

    cpdef open(self)
    cpdef close(self)
    @cython.locals(transport=Transport, stream=Stream)
    cdef _let_in(self, int descriptor)
    cdef _shut_for_a_while(self, int number)
