cimport cython

cimport proxy.native as native
from proxy.net.server_connection cimport ServerConnection
from proxy.net.stream cimport Stream
from proxy.relay.hub cimport Hub
from proxy.relay.links cimport Links
from proxy.relay.routes cimport Route
from proxy.session.prepared cimport ClientStatements, Statement
from proxy.session.statements cimport Traits
from proxy.wire.frames cimport FrameReader

# The modules that a client calls are not named here: they name Client, and have to be made after it. See Links.

cdef Links _LINKS
cdef int BUSY, CLOSED, FILE, HEADER, IDLE, LOGIN, LONGEST

cdef class Client(Stream):
    cdef object _holdings
    cdef str _peer
    cdef public double active
    cdef public bint ahead
    cdef public int answer_sequence
    cdef public object answering
    cdef public bytes attributed
    cdef public tuple attributes
    cdef public double began
    cdef public unsigned long long capabilities
    cdef public int collation
    cdef public int command
    cdef public bytes comment
    cdef public bint counted_elsewhere
    cdef public bint dedicated
    cdef public object diagnostics
    cdef public object door
    cdef public bint doomed
    cdef public str error_state
    cdef public bint extended_metadata
    cdef public bint first_session
    cdef public object found_rows
    cdef public bint gives_attributes
    cdef public Hub hub
    cdef public long long id
    cdef public bint in_transaction
    cdef public object insert_id
    cdef public long long late_rows
    cdef public bint lightly
    cdef public ServerConnection lingering
    cdef public object login
    cdef public int mode
    cdef public object mode_of
    cdef public bint multi_statements
    cdef public bytes nonce
    cdef public bint old_eof
    cdef public object on_lent
    cdef public bytes packet
    cdef public int phase
    cdef public dict pins
    cdef public ClientStatements prepared
    cdef public FrameReader reader
    cdef public bint retried
    cdef public Route route
    cdef public object row_count
    cdef public object schema
    cdef public bint secure
    cdef public double sent_at
    cdef public ServerConnection server
    cdef public ServerConnection settling
    cdef public int shape
    cdef public object state
    cdef public Statement statement
    cdef public int status
    cdef public object told
    cdef public Traits traits
    cdef public str user
    cdef public dict variables
    cdef public bytes untold
    cdef public bint waits_for_settling
    cdef public frozenset wanted
    cdef public int warned

    cpdef data_received(self, bytes data)
    cpdef bint granted(self, ServerConnection connection) except -1
    @cython.locals(header="const unsigned char *", size=Py_ssize_t)
    cpdef received(self, data)
    cpdef ready(self)
    cpdef send(self, ServerConnection server)
