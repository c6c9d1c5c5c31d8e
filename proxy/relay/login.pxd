cimport cython

cimport proxy.native as native
cimport proxy.relay.doors as doors
cimport proxy.wire.packets.login as login_packets
from proxy.relay.client cimport Client
from proxy.relay.doors cimport Door
from proxy.relay.hub cimport Hub
from proxy.relay.routes cimport Route, Routes
from proxy.relay.stats cimport RelayStats

cdef int LOGIN, STATUS_AUTOCOMMIT
cdef unsigned long long CLIENT_DEPRECATE_EOF, CLIENT_EXTENDED_METADATA, CLIENT_FOUND_ROWS, CLIENT_LONG_PASSWORD
cdef unsigned long long CLIENT_MULTI_STATEMENTS, CLIENT_SESSION_TRACK, MARIADB_CLIENT_EXTENDED_METADATA

cdef class Login:
    cdef public bint changes_user
    cdef public object conversation
    cdef public object packet

cdef class WayIn:
    cdef public object found_rows
    cdef public bytes ok
    cdef public object state

@cython.locals(hub=Hub, door=Door)
cpdef greet(Client client)
cpdef step(Client client, bytes payload)
@cython.locals(door=Door)
cdef _begin(Client client, login_packets.Login packet)
@cython.locals(hub=Hub)
cdef _take(Client client, packet)
@cython.locals(hub=Hub)
cdef _authenticate(Client client, packet, credentials)
cdef _credentials(Client client)
cdef _converse(Client client, bytes payload)
@cython.locals(door=Door, hub=Hub, login=Login, route=Route, routes=Routes, way_in=WayIn)
cdef _accepted(Client client, bytes last_word)
cdef tuple _kind(Client client)
@cython.locals(way_in=WayIn)
cdef _begin_session(Client client)
cdef bytes _last_word(Client client)
@cython.locals(login=Login, stats=RelayStats)
cdef _welcome(Client client, bytes ok)
@cython.locals(hub=Hub, stats=RelayStats)
cpdef gone(Client client)
