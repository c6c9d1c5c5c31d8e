cimport cython

from proxy.net.server_connection cimport ServerConnection
from proxy.relay.client cimport Client
from proxy.relay.stats cimport RelayStats

cdef int HIDDEN, INSERT_ID, WARNINGS

cdef class _Gone:
    cdef public Client client
    cdef public bint dirty
    cdef public bint in_transaction
    cdef public object lingering
    cdef public object route
    cdef public object since

@cython.locals(server=ServerConnection, lingering=ServerConnection, stats=RelayStats)
cpdef abandon(Client client)
cdef _disown(ServerConnection server)
