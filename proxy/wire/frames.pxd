cimport cython

cdef Py_ssize_t _HEADER, _LONGEST

cdef class FrameReader:
    cdef public Py_ssize_t limit
    cdef public int sequence
    cdef public bint ordered
    cdef bytearray _buffer
    cdef list _parts
    cdef Py_ssize_t _size

    @cython.locals(size=Py_ssize_t)
    cpdef bytes whole(self, bytes chunk)
    cpdef Py_ssize_t pending(self)
