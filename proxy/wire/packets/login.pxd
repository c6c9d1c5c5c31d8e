cimport cython

cdef unsigned long long CLIENT_CONNECT_ATTRS, CLIENT_CONNECT_WITH_DB, CLIENT_LONG_PASSWORD, CLIENT_PLUGIN_AUTH
cdef unsigned long long CLIENT_PLUGIN_AUTH_LENENC, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_ZSTD
cdef Py_ssize_t MAX_ATTRIBUTE_BYTES, SSL_REQUEST_LENGTH, _KNOWN_BYTES

@cython.locals(capabilities="unsigned long long", pos=Py_ssize_t)
cpdef parse_login(bytes payload)
cdef tuple _read_auth_response(bytes payload, Py_ssize_t pos, unsigned long long capabilities)
cdef tuple _read_attributes(bytes payload, Py_ssize_t pos, unsigned long long capabilities)
