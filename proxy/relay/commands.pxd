cimport cython

cimport proxy.native as native
cimport proxy.wire.executions as executions
cimport proxy.relay.executing as executing
cimport proxy.relay.lending as lending
cimport proxy.relay.outgoing as outgoing
from proxy.relay.client cimport Client
from proxy.relay.stats cimport RelayStats
from proxy.session.statements cimport Traits

cdef int COM_QUERY, COM_STMT_EXECUTE
cdef long long _MAY_BE_SPECIAL

cpdef dispatch(Client client, bytes packet, int command)
@cython.locals(stats=RelayStats, traits=Traits)
cpdef _query(Client client, bytes packet)
@cython.locals(stats=RelayStats)
cpdef _execute(Client client, bytes packet)
cpdef Traits read_traits(Client client)
