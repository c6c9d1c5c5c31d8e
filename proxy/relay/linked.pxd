cimport proxy.relay.commands as commands
cimport proxy.relay.executing as executing
cimport proxy.relay.lending as lending
cimport proxy.relay.transfer as transfer
from proxy.net.server_connection cimport ServerConnection
from proxy.net.stream cimport Stream
from proxy.relay.links cimport Links

cdef class Linked(Links):
    cpdef dispatch(self, Stream client, bytes packet, int command)
    cpdef lend(self, Stream client, ServerConnection server)
    cpdef send(self, Stream client, ServerConnection server)
    cpdef execute_on(self, Stream client, ServerConnection server)
