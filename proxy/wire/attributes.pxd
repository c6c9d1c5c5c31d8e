cimport cython

cimport proxy.native as native

cdef int HEADER, BITMAP, FLAGS, _TEXT, _SHORT, _ONE_BYTE, PARAMETER_COUNT_AVAILABLE
cdef tuple _HEADERS, _PLAIN, _WITH_NONE, _BYTES
cdef bytes _NONE, _QUERY
cdef dict _named, _unnamed

@cython.locals(size=Py_ssize_t)
cpdef bytes with_none(bytes packet)
@cython.locals(size=Py_ssize_t)
cpdef bytes plain_query(bytes packet)
@cython.locals(flag=Py_ssize_t, end=Py_ssize_t, named=bytes, types=bytes, size=Py_ssize_t, start=bytes, middle=Py_ssize_t)
cpdef bytes execution_with_none(bytes packet, int parameters)
cdef bytes _with_names(bytes types)
@cython.locals(size=Py_ssize_t, flag=Py_ssize_t, end=Py_ssize_t, types=bytes)
cpdef bytes plain_execution(bytes packet, int parameters)
cdef bytes _flagged(bytes packet)
