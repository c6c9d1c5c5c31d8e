cimport cython

cdef Py_ssize_t HEADER, LONGEST, _ID

cpdef bytes text(bytes packet)
cpdef unsigned int statement_id(bytes packet) except? 0
cpdef bytes with_id(bytes packet, unsigned int number)
@cython.locals(flag=Py_ssize_t, types=bytes)
cpdef bytes bound_types(bytes packet, Py_ssize_t parameters)
