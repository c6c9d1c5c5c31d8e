cimport cython

from proxy.relay.client cimport Client
from proxy.relay.hub cimport Hub

cdef double _NEVER
cdef int BUSY, LOGIN

cdef class Deadlines:
    cdef Hub _hub
    cdef double _idle
    cdef double _inside
    cdef double _login
    cdef double _next
    cdef double _query
    cdef object _settings

    cdef _take(self, settings)
    @cython.locals(client=Client, first=double, due=double)
    cdef _check_clients(self, double now)
    cdef double _due(self, Client client) except -1
cdef _end(Client client, double now)
