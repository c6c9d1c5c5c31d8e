cimport cython

cimport proxy.wire.lengths as lengths
from proxy.wire.short cimport ShortAnswer
from proxy.wire.translation cimport Translation

cdef class Reply:
    cdef public bint done
    cdef public bint infile
    cdef public bint started
    cdef public int status
    cdef public object affected_rows
    cdef public object insert_id
    cdef public int warnings
    cdef public Py_ssize_t rows
    cdef public int width
    cdef public unsigned int statement_id
    cdef public int results
    cdef public bytes surplus
    cdef public bytes error
    cdef public bytes info
    cdef public bytes untold
    cdef public bint untold_waits
    cdef public list trackers
    cdef int _state
    cdef int _shape
    cdef bint _old_eof
    cdef frozenset _wanted
    cdef bytes _held
    cdef Py_ssize_t _skip
    cdef bint _continued
    cdef int _columns
    cdef int _more_columns
    cdef bint _mid_eof
    cdef int _metadata
    cdef public int file_sequence
    cdef Translation _translation

    cpdef begin(self, int shape, bint old_eof, frozenset wanted, int metadata=*)

    @cython.locals(data=bytes, size=Py_ssize_t, position=Py_ssize_t, step=Py_ssize_t, length=Py_ssize_t, passes=bint,
                   head="unsigned char", translation=Translation)
    cpdef object feed(self, bytes chunk)

    @cython.locals(answer=ShortAnswer)
    cdef object _short(self, bytes data)

    cpdef bint passes_rows(self) except -1
    cpdef bytes take_held(self)
    # A pointer: the loop stays within ``size``.
    @cython.locals(data="unsigned char *", position=Py_ssize_t, shift="unsigned int", continued=bint, rows=Py_ssize_t,
                   length=Py_ssize_t, head="unsigned char")
    cpdef Py_ssize_t pass_rows(self, bytearray buffer, Py_ssize_t size) except -1

    cdef object _close_chunk(self, bytes data, Py_ssize_t position)
    cdef _insert_eof(self, Py_ssize_t position)
    @cython.locals(head=int, state=int)
    cdef _whole(self, bytes data, Py_ssize_t position, Py_ssize_t length)
    cdef _first(self, bytes data, Py_ssize_t position, Py_ssize_t length, int head)
    cdef _column_seen(self)
    @cython.locals(end=Py_ssize_t, at=Py_ssize_t)
    cdef _end_of_rows(self, bytes data, Py_ssize_t position, Py_ssize_t length)
    cdef _prepared(self, bytes data, Py_ssize_t position, Py_ssize_t length)
    cdef _definition(self, Py_ssize_t position, Py_ssize_t length)
    @cython.locals(start=Py_ssize_t, end=Py_ssize_t, at=Py_ssize_t, status=int, after_info=Py_ssize_t,
                   tracked=bytes, info=bytes, ends_rows=bint)
    cdef _ok(self, bytes data, Py_ssize_t position, Py_ssize_t length)

cdef ShortAnswer _SHORT
cdef Py_ssize_t _SHORTEST_SHORT, _LONGEST_SHORT
cdef int _QUERY, _PREPARE, _FIELDS, _FETCH, _SINGLE_SHAPE
cdef int _FIRST, _COLUMNS, _ROWS, _DEFINITIONS, _FIELD, _SINGLE, _DONE
cdef int _LONGEST, _OK, _INFILE, _EOF, _ERR
cdef int _IN_TRANS, _AUTOCOMMIT, _MORE_RESULTS, _CURSOR_EXISTS, _NO_BACKSLASH_ESCAPES, _STATE_CHANGED, _LASTING
cdef Py_ssize_t _HEADER
