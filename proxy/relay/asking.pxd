cimport cython

from proxy.net.server_connection cimport ServerConnection
from proxy.relay.client cimport Client

cdef int COM_STMT_PREPARE
cdef long long _ASKS, _COUNTS, _DIAGNOSTICS, _RECOUNTS, _TOUCHES

@cython.locals(flags="long long")
cpdef long long wanted(Client client) except -1
cdef bint _is_mistakable(Client client, ServerConnection server) except -1
@cython.locals(flags="long long")
cpdef bint lacks(Client client) except -1
cdef bint _needs_list(Client client, long long flags) except -1
