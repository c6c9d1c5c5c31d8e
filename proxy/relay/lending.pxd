cimport cython

from proxy.net.server_connection cimport ServerConnection
cimport proxy.relay.asking as asking
from proxy.relay.client cimport Client
from proxy.session.statements cimport Traits

cdef int BUSY, INSERT_ID, STATUS_AUTOCOMMIT
cdef long long _MAY_BE_SEVERAL, _READ_ONLY

@cython.locals(server=ServerConnection)
cpdef borrow(Client client, double now=*)
@cython.locals(old=Client, plain=bint, residue=int, several=bint)
cpdef lend(Client client, ServerConnection server)
@cython.locals(traits=Traits)
cdef bint _ignores_insert_id(Client client) except -1
cdef bint _has_other_insert_id(Client client, ServerConnection server) except -1
@cython.locals(several=bint)
cdef _go(Client client, ServerConnection server)
cpdef release(Client client, ServerConnection server, double now=*)
cpdef give_back(Client client, ServerConnection server, double now=*)
