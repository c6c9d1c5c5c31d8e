cimport cython

cimport proxy.native as native

cdef Py_ssize_t _HEADER, _LONGEST

@cython.locals(size=Py_ssize_t, parts=list, start=Py_ssize_t)
cpdef bytes frame(bytes payload, long long sequence=*)

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
