cimport cython

cimport proxy.native as native

cdef class ShortAnswer:
    cdef Py_ssize_t rows
    cdef int width
    cdef int status
    cdef int warnings
    cdef int shift
    cdef Py_ssize_t affected
    cdef Py_ssize_t insert_id
    cdef Py_ssize_t info
    cdef Py_ssize_t end
    cdef const unsigned char *_text
    cdef Py_ssize_t _size
    cdef Py_ssize_t _at
    cdef Py_ssize_t _put
    cdef bytearray _room
    cdef unsigned char *_to

    cdef object follow(self, bytes data, bint old_eof, int metadata, int status)
    cdef bytes _whole(self, bytes data)
    cdef void _copy(self, Py_ssize_t start, Py_ssize_t end) noexcept
    @cython.locals(text="const unsigned char *", at=Py_ssize_t, end=Py_ssize_t, count=int)
    cdef bint _columns(self, int metadata) noexcept
    @cython.locals(text="const unsigned char *", to="unsigned char *", put=Py_ssize_t, behind=Py_ssize_t,
                   rest=Py_ssize_t, length=Py_ssize_t)
    cdef bint _redefine(self, Py_ssize_t at, Py_ssize_t end, int metadata) noexcept
    @cython.locals(text="const unsigned char *", to="unsigned char *", at=Py_ssize_t, end=Py_ssize_t, put=Py_ssize_t,
                   shift=int, rows=Py_ssize_t)
    cdef bint _rows(self) noexcept
    @cython.locals(text="const unsigned char *", start=Py_ssize_t, end=Py_ssize_t, at=Py_ssize_t)
    cdef bint _ends(self, int head) noexcept
    @cython.locals(first=int)
    cdef Py_ssize_t _behind_integer(self, Py_ssize_t at) noexcept
    @cython.locals(to="unsigned char *", put=Py_ssize_t)
    cdef void _put_eof(self, int sequence, int warnings, int status) noexcept

cdef int _OK, _LENGTHS, _EOF, _ERR
cdef int _PARTICULAR
