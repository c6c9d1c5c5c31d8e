cdef Py_ssize_t NATIVE_LENGTH, SHA2_LENGTH
cdef bytes _FAST_SUCCESS

cpdef bytes at_once(str plugin, bytes response, bytes nonce, credentials)

cdef class _Check:
    cdef bint changes_user
    cdef object credentials
    cdef str default_plugin
    cdef str host
    cdef object rsa
    cdef bint secure
    cdef str user

    cpdef bint can_use(self, str plugin, bytes response, bytes nonce) except -1
    cpdef str right_plugin(self, str plugin)
    cdef bint _can_caching_sha2(self) except -1
    cdef bint _can_ask_password(self) except -1
    cpdef without_plugins(self, bytes response, bytes nonce)
    cpdef native(self, bytes response, bytes nonce)
    cpdef clear(self, bytes response)
