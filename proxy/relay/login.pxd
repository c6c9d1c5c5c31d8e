cimport cython

from proxy.relay.client cimport Client
from proxy.relay.hub cimport Hub
from proxy.relay.stats cimport RelayStats

cdef int LOGIN, STATUS_AUTOCOMMIT
cdef unsigned long long CLIENT_DEPRECATE_EOF, CLIENT_EXTENDED_METADATA, CLIENT_FOUND_ROWS, CLIENT_LOCAL_FILES
cdef unsigned long long CLIENT_LONG_PASSWORD
cdef unsigned long long CLIENT_MULTI_STATEMENTS, CLIENT_SESSION_TRACK, CLIENT_SSL, COMPRESSED
cdef unsigned long long MARIADB_CLIENT_EXTENDED_METADATA, OFFERED

cdef class Login:
    cdef public bint changes_user
    cdef public object conversation
    cdef public object packet

@cython.locals(hub=Hub)
cpdef greet(Client client)
@cython.locals(hub=Hub, offered="unsigned long long")
cdef unsigned long long _offered(Client client) except? 0
cpdef step(Client client, bytes payload)
cdef _begin(Client client, packet)
@cython.locals(hub=Hub)
cdef _take(Client client, packet)
@cython.locals(hub=Hub)
cdef _authenticate(Client client, packet)
cdef _converse(Client client, bytes payload)
@cython.locals(hub=Hub)
cdef _accepted(Client client, bytes last_word)
@cython.locals(hub=Hub, stats=RelayStats)
cpdef _welcome(Client client)
@cython.locals(hub=Hub, stats=RelayStats)
cpdef gone(Client client)
