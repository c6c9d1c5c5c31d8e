cimport cython

from proxy.wire.replies cimport Reply

cdef class Answer:
    cdef public object affected_rows
    cdef public object error
    cdef public object insert_id
    cdef public bytes raw
    cdef public int status
    cdef public list trackers
    cdef public int warnings

    @cython.locals(raw=bytes, text="const unsigned char *", position=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t)
    cpdef bytes first_value(self)
