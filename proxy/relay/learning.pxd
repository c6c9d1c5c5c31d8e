cimport cython

from proxy.net.server_connection cimport ServerConnection
from proxy.relay.client cimport Client
from proxy.session.statements cimport Traits
from proxy.wire.replies cimport Reply

cdef int INSERT_ID, WARNINGS
cdef long long _ASKED, _MULTI, _SAVEPOINTS, _SET_LITERAL, _SPECIAL

@cython.locals(traits=Traits, flags="long long")
cpdef learn(Client client, ServerConnection server, Reply reply)
