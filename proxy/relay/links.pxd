from proxy.net.server_connection cimport ServerConnection
from proxy.net.stream cimport Stream

cdef class Links:
    cpdef dispatch(self, Stream client, bytes packet, int command)
    cpdef lend(self, Stream client, ServerConnection server)
    cpdef send(self, Stream client, ServerConnection server)
    cpdef execute_on(self, Stream client, ServerConnection server)
