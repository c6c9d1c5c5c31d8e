cimport cython

cimport proxy.native as native

cdef Py_ssize_t HEADER, LONGEST, _ID, _FLAGS, _BITMAP

@cython.locals(data="const unsigned char *", size=Py_ssize_t)
cpdef bytes text(bytes packet)
@cython.locals(data="const unsigned char *")
cpdef unsigned int statement_id(bytes packet) except? 0
cpdef bytes with_id(bytes packet, unsigned int number)
cpdef int flags(bytes packet) except -1
@cython.locals(flag=Py_ssize_t, types=bytes, data="const unsigned char *")
cpdef bytes bound_types(bytes packet, Py_ssize_t parameters)
