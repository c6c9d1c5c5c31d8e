cimport cython

from proxy.net.server_connection cimport ServerConnection
from proxy.relay.client cimport Client
from proxy.session.prepared cimport Definition, Preparation, Statement
from proxy.wire.replies cimport Reply

cdef int COM_STMT_EXECUTE, COM_STMT_FETCH, COM_STMT_RESET, STATUS_CURSOR_EXISTS
cdef long long _ASSIGNS_VARIABLE

@cython.locals(statement=Statement, reply=Reply)
cpdef ended(Client client, ServerConnection server)
@cython.locals(definition=Definition, used=Preparation)
cdef _executed(Client client, Statement statement, Reply reply)
cpdef object present(Client client, Statement statement)
