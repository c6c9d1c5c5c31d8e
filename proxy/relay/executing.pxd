cimport cython

from proxy.net.server_connection cimport ServerConnection
cimport proxy.relay.executed as executed
cimport proxy.relay.lending as lending
cimport proxy.relay.transfer as transfer
cimport proxy.relay.outgoing as outgoing
from proxy.relay.client cimport Client
from proxy.session.prepared cimport Definition, Preparation, Preparations, Statement
cimport proxy.wire.executions as executions

cdef int COM_STMT_EXECUTE, _QUERY, _NO_CURSOR
cdef unsigned int _NO_ID
cdef int _UNSEEN
cdef long long _CONNECTION_ID

@cython.locals(statement=Statement)
cpdef execute(Client client)
@cython.locals(number="unsigned int", statement=Statement)
cdef Statement _named(Client client)
@cython.locals(types=bytes)
cdef object _refusal(Client client, Statement statement)
@cython.locals(statement=Statement, preparation=Preparation)
cpdef execute_on(Client client, ServerConnection server)
@cython.locals(home=Preparations, label=bytes, cursor=bytes, definition=Definition, found=Preparation)
cdef Preparation _fitting(Client client, ServerConnection server, Statement statement)
cdef bytes _cursor_label(Client client, ServerConnection server)
cdef bint _wants_cursor(Client client) except -1
@cython.locals(statement=Statement, packet=bytes, types=bytes)
cdef _send_execution(Client client, ServerConnection server, Preparation preparation)
