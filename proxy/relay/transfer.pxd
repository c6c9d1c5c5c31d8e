cimport cython

from proxy.net.server_connection cimport ServerConnection
cimport proxy.net.bulk as bulk
cimport proxy.relay.executed as executed
cimport proxy.native as native
cimport proxy.relay.learning as learning
cimport proxy.relay.lending as lending
cimport proxy.relay.outgoing as outgoing
from proxy.relay.client cimport Client
from proxy.relay.stats cimport RelayStats
from proxy.wire.replies cimport Reply

cdef Py_ssize_t _LARGE
cdef int BUSY, COM_QUERY, FILE, LASTING, MODE_FLAGS, STATUS_AUTOCOMMIT, STATUS_IN_TRANS
cdef unsigned long long CLIENT_LOCAL_FILES
cdef int _FOLLOWED
cdef long long _HANGS_UP

@cython.locals(reply=Reply, metadata=int)
cpdef send(Client client, ServerConnection server)
@cython.locals(server=ServerConnection, reply=Reply)
cpdef answered(Client client, bytes data)
@cython.locals(stats=RelayStats, reply=Reply, now=double, before=int, status=int, was=bint)
cpdef finish(Client client, ServerConnection server)
