cimport cython

from proxy.net.server_connection cimport ServerConnection
cimport proxy.relay.asking as asking
cimport proxy.relay.outgoing as outgoing
from proxy.relay.client cimport Client
from proxy.relay.stats cimport RelayStats
from proxy.session.statements cimport Traits

cdef int BUSY, INSERT_ID, STATUS_AUTOCOMMIT
cdef long long _MAY_BE_SEVERAL, _READ_ONLY

@cython.locals(server=ServerConnection)
cpdef borrow(Client client, double now=*)
@cython.locals(old=Client, plain=bint, residue=int, several=bint)
cpdef lend(Client client, ServerConnection server)
cdef bint _same_variables(Client client, ServerConnection server) except -1
@cython.locals(traits=Traits)
cdef bint _ignores_insert_id(Client client) except -1
cdef bint _has_other_insert_id(Client client, ServerConnection server) except -1
@cython.locals(several=bint)
cdef _go(Client client, ServerConnection server)
cpdef release(Client client, ServerConnection server, double now=*)
cpdef give_back(Client client, ServerConnection server, double now=*)
cdef _bring(Client client, ServerConnection server, talk, bytes behind=*)
@cython.locals(stats=RelayStats, residue=int)
cdef _begin_exchange(Client client, ServerConnection server, Client old)
cdef _end_exchange(ServerConnection server, Client old, list answers)
cdef _part(Client old, ServerConnection server)
cdef _settling_failed(Client old, ServerConnection server)
cdef _settling_ended(Client old)
cpdef _moved(Client client, ServerConnection server, result, error)
cpdef brought(Client client, ServerConnection server)
