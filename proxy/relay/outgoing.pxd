cimport proxy.wire.attributes as attributes
cimport proxy.wire.executions as executions
from proxy.net.server_connection cimport ServerConnection
from proxy.relay.client cimport Client

cdef int COM_QUERY, COM_STMT_EXECUTE
cdef Py_ssize_t _LONGEST_COMMENTED
cdef bytes _BEGIN

cpdef bytes packet(Client client, ServerConnection server)
cdef bint _takes_comment(Client client) except -1
cdef bytes _commented(Client client, ServerConnection server)
cpdef take_query(Client client)
cpdef take_execution(Client client, int parameters)
