cimport cython

cdef Py_ssize_t behind(bytes data, Py_ssize_t position, Py_ssize_t end) except -1
@cython.locals(after=Py_ssize_t)
cdef object integer(bytes data, Py_ssize_t position, Py_ssize_t end)
@cython.locals(after=Py_ssize_t)
cdef Py_ssize_t behind_string(bytes data, Py_ssize_t position, Py_ssize_t end) except -1
