cimport cython
cimport proxy.wire.primitives as primitives

cdef unsigned long long CLIENT_CONNECT_ATTRS, CLIENT_CONNECT_WITH_DB, CLIENT_LONG_PASSWORD, CLIENT_PLUGIN_AUTH
cdef unsigned long long CLIENT_PLUGIN_AUTH_LENENC, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_SSL, CLIENT_ZSTD
cdef Py_ssize_t MAX_ATTRIBUTE_BYTES, SSL_REQUEST_LENGTH, _KNOWN_BYTES

cdef unsigned long long _IN_REST

cdef class Login:
    cdef public object attributes
    cdef public bytes auth_response
    cdef public unsigned long long capabilities
    cdef public int collation
    cdef public unsigned long long mariadb_capabilities
    cdef public unsigned long long max_packet
    cdef public object plugin
    cdef public object schema
    cdef public str user
    cdef public int zstd_level

@cython.locals(wanted="unsigned long long")
cpdef bint is_ssl_request(bytes payload) except -1
cdef unsigned long long _announced(bytes payload) except? 0
cdef unsigned long long _extended(bytes payload, unsigned long long capabilities) except? 0
@cython.locals(value="unsigned long long")
cdef unsigned long long _uint32(bytes payload, Py_ssize_t pos) except? 0
@cython.locals(capabilities="unsigned long long", pos=Py_ssize_t, rest=bytes)
cpdef parse_login(bytes payload)
cdef tuple _read_auth_response(bytes payload, Py_ssize_t pos, unsigned long long capabilities)
cdef tuple _read_attributes(bytes payload, Py_ssize_t pos, unsigned long long capabilities)
