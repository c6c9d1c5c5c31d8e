cimport cython

cimport proxy.wire.lengths as lengths

cdef class Translation:
    cdef unsigned int shift
    cdef bytes _data
    cdef bytearray _patched
    cdef bytearray _output
    cdef Py_ssize_t _copied

    cdef begin(self, bytes data)
    @cython.locals(patched=bytearray)
    cdef renumber(self, Py_ssize_t position)
    @cython.locals(output=bytearray)
    cdef replace(self, Py_ssize_t position, Py_ssize_t length, bytes payload)
    cdef insert_eof(self, Py_ssize_t position, int status)
    cdef append_eof(self, Py_ssize_t position, Py_ssize_t length, int warnings, int status)
    cdef replace_by_eof(self, Py_ssize_t position, Py_ssize_t length, int warnings, int status)
    @cython.locals(data=bytes, start=Py_ssize_t, end=Py_ssize_t, at=Py_ssize_t, rest=Py_ssize_t, output=bytearray)
    cdef redefine(self, Py_ssize_t position, Py_ssize_t length, int metadata)
    @cython.locals(data=bytes, patched=bytearray)
    cdef object take(self, Py_ssize_t until)
    cdef end(self)
    cdef int _number(self, Py_ssize_t position) except -1
    @cython.locals(output=bytearray)
    cdef _flush(self, Py_ssize_t until)
    @cython.locals(output=bytearray)
    cdef _put_header(self, Py_ssize_t size, Py_ssize_t position)
    @cython.locals(output=bytearray)
    cdef _put_eof(self, int sequence, int warnings, int status)

cdef int _EOF
cdef bytes _EOF_HEADER
cdef Py_ssize_t _HEADER, _SMALL
