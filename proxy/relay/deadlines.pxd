cimport cython

from proxy.relay.client cimport Client
from proxy.relay.hub cimport Hub

cdef double _NEVER
cdef int BUSY, IDLE, LOGIN

@cython.locals(client=Client, idle=double, inside=double, within=double)
cdef _check_clients(Hub hub, double now)
@cython.locals(silent=double)
cdef _check(Client client, Hub hub, double now)
