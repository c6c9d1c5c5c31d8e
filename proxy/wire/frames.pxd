cdef class FrameReader:
    cdef public Py_ssize_t limit
    cdef public int sequence
    cdef public bint ordered
    cdef bytearray _buffer
    cdef list _parts
    cdef Py_ssize_t _size

    cpdef Py_ssize_t pending(self)
