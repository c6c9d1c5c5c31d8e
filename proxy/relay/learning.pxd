cimport cython

from proxy.net.server_connection cimport ServerConnection
from proxy.relay.client cimport Client
from proxy.relay.hub cimport Hub
from proxy.session.statements cimport Traits
from proxy.wire.replies cimport Reply

cdef int COM_FIELD_LIST, INSERT_ID, LATE, WARNINGS
cdef long long _ASKED, _MULTI, _SAVEPOINTS, _SET_LITERAL, _SPECIAL

@cython.locals(traits=Traits, flags="long long")
cpdef learn(Client client, ServerConnection server, Reply reply)
cdef _learn_count(Client client, ServerConnection server, Reply reply, Traits traits)
@cython.locals(hub=Hub, carried=dict)
cdef _count_carried(Client client, str part, Traits traits)
cdef _learn_warnings(Client client, ServerConnection server, int count, Traits traits)
