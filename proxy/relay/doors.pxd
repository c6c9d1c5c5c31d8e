cimport cython

cimport proxy.native as native
from proxy.relay.hub cimport Hub

cdef Py_ssize_t NONCE_LENGTH, NONCE_PART
cdef unsigned long long CLIENT_LOCAL_FILES, CLIENT_LONG_PASSWORD, CLIENT_QUERY_ATTRIBUTES, CLIENT_SSL
cdef unsigned long long COMPRESSED, MARIADB_CLIENT_EXTENDED_METADATA, OFFERED

cdef class Door:
    cdef Py_ssize_t _at_id
    cdef Py_ssize_t _at_nonce
    cdef Py_ssize_t _at_rest
    cdef object _client_tls
    cdef bint _extended_metadata
    cdef bytes _form
    cdef bint _query_attributes
    cdef object _settings
    cdef str _version
    cdef public bint comments
    cdef public bint demands_tls
    cdef public Py_ssize_t longest_packet
    cdef public Py_ssize_t most_clients
    cdef public unsigned long long offered
    cdef public bint shares

    cdef bint stands(self, Hub hub) except -1
    @cython.locals(made=bytes)
    cdef bytes greeting(self, unsigned int connection_id, bytes nonce)

@cython.locals(door=Door)
cdef Door current(Hub hub)
