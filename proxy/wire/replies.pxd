cimport cython

from proxy.wire.short cimport ShortAnswer

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
    cdef public unsigned int shift
    cdef public int file_sequence
    cdef bytearray _output
    cdef Py_ssize_t _copied

    cpdef begin(self, int shape, bint old_eof, frozenset wanted, int metadata=*)

    @cython.locals(data=bytes, size=Py_ssize_t, position=Py_ssize_t, patched=bytearray, step=Py_ssize_t,
                   length=Py_ssize_t, passes=bint, head="unsigned char")
    cpdef object feed(self, bytes chunk)

    @cython.locals(answer=ShortAnswer)
    cdef object _short(self, bytes data)

    cpdef bint passes_rows(self) except -1
    cpdef bytes take_held(self)
    # A pointer: the loop stays within ``size``.
    @cython.locals(data="unsigned char *", position=Py_ssize_t, shift="unsigned int", continued=bint, rows=Py_ssize_t,
                   length=Py_ssize_t, head="unsigned char")
    cpdef Py_ssize_t pass_rows(self, bytearray buffer, Py_ssize_t size) except -1

    cdef object _close_chunk(self, bytes data, bytearray patched, Py_ssize_t position)
    cdef _flush(self, bytes data, bytearray patched, Py_ssize_t until)
    @cython.locals(output=bytearray, size=Py_ssize_t)
    cdef _replace(self, bytes data, bytearray patched, Py_ssize_t position, Py_ssize_t length, bytes payload)
    cdef _insert_eof(self, bytes data, bytearray patched, Py_ssize_t position)
    @cython.locals(output=bytearray)
    cdef _put_eof(self, int sequence, int warnings, int status)
    @cython.locals(head=int, state=int)
    cdef _whole(self, bytes data, bytearray patched, Py_ssize_t position, Py_ssize_t length)
    cdef _first(self, bytes data, bytearray patched, Py_ssize_t position, Py_ssize_t length, int head)
    cdef _column_seen(self)
    @cython.locals(start=Py_ssize_t, end=Py_ssize_t, at=Py_ssize_t, rest=Py_ssize_t, size=Py_ssize_t, output=bytearray)
    cdef _redefine(self, bytes data, bytearray patched, Py_ssize_t position, Py_ssize_t length)
    @cython.locals(after=Py_ssize_t)
    cdef Py_ssize_t _skip_string(self, bytes data, Py_ssize_t position, Py_ssize_t end) except -1
    @cython.locals(end=Py_ssize_t, at=Py_ssize_t)
    cdef _end_of_rows(self, bytes data, bytearray patched, Py_ssize_t position, Py_ssize_t length)
    cdef _prepared(self, bytes data, Py_ssize_t position, Py_ssize_t length)
    cdef _definition(self, bytes data, bytearray patched, Py_ssize_t position, Py_ssize_t length)
    cdef Py_ssize_t _skip_lenenc(self, bytes data, Py_ssize_t position, Py_ssize_t end) except -1
    cdef object _lenenc(self, bytes data, Py_ssize_t position, Py_ssize_t end)
    @cython.locals(start=Py_ssize_t, end=Py_ssize_t, at=Py_ssize_t, status=int, after_info=Py_ssize_t,
                   tracked=bytes, info=bytes, ends_rows=bint)
    cdef _ok(self, bytes data, bytearray patched, Py_ssize_t position, Py_ssize_t length)

cdef ShortAnswer _SHORT
cdef Py_ssize_t _SHORTEST_SHORT, _LONGEST_SHORT
cdef int _QUERY, _PREPARE, _FIELDS, _FETCH, _SINGLE_SHAPE
cdef int _FIRST, _COLUMNS, _ROWS, _DEFINITIONS, _FIELD, _SINGLE, _DONE
cdef int _LONGEST, _OK, _INFILE, _EOF, _ERR
cdef int _IN_TRANS, _AUTOCOMMIT, _MORE_RESULTS, _CURSOR_EXISTS, _NO_BACKSLASH_ESCAPES, _STATE_CHANGED, _LASTING
cdef int _TRACK_VARIABLES, _TRACK_SCHEMA
cdef bytes _EOF_HEADER
cdef Py_ssize_t _HEADER, _SMALL
