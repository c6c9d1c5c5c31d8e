cimport cython

from proxy.session.tokens cimport Scanner

cdef int ASSIGN, DOT, END, MARIADB, OPEN, QUOTED, SEMICOLON, STRING, SYSTEM, VARIABLE, WORD, PLAIN, READS
cdef long long _ASSIGNS_VARIABLE, _USER_VARIABLE, _UNSURE, _TAIL, _MULTI, _READ_ONLY, _INTERESTING, _FUNCTION
cdef long long _ADJOINS, _QUERY, _SEQUENCED, _REREADS, _NAMES_FIRST, _KEEPS_VARIABLES, _SHOWN, _NOT_READ_ONLY
cdef long long _UNCERTAIN, _SEQUENCES, _NAMEABLE, _PERMITS
cdef long long _RECOUNTS, _LIMITED, _READER_RECOUNTS, _WRITER_RECOUNTS
cdef dict ANYWHERE, CALLED, GRAMMAR, SEQUENCE_WORDS, SYSTEM_VARIABLES, VERBS
cdef bytes LIKELY
cdef Py_ssize_t LONGEST, _ENTRY, _LONGEST_CACHED
cdef tuple _UNKNOWN

cdef class Traits:
    cdef public long long flags
    cdef public Py_ssize_t statements
    cdef public bytes verb
    cdef public tuple user_variables
    cdef public tuple locks_taken
    cdef public tuple locks_freed
    cdef public tuple tables_created
    cdef public tuple tables_dropped
    cdef public bytes prepared
    cdef public bytes executed
    cdef public bytes deallocated
    cdef public bytes prepared_text
    cdef public bytes handler_opened
    cdef public bytes handler_closed
    cdef public bytes second

cdef class Reader(Scanner):
    cdef public long long flags
    cdef public bint readable
    cdef public bint again
    cdef Py_ssize_t _statements
    cdef bytes _verb
    cdef int _before
    cdef Py_ssize_t _before_start
    cdef Py_ssize_t _before_end
    cdef bint _before_named
    cdef bint _assigns
    cdef bint _functions
    cdef bint _system
    cdef dict _variables
    cdef dict _found

    @cython.locals(commented=Py_ssize_t)
    cpdef Traits read(self)
    cpdef int step(self) except -1
    @cython.locals(kind=int)
    cdef int _next(self) except -1
    @cython.locals(text="const unsigned char *", likely="const unsigned char *", size=Py_ssize_t, flags="long long")
    cdef void _look_up(self, Py_ssize_t start, Py_ssize_t end, bint keyword) except *
    cdef bytes _word_before(self)
    cdef void _system_word(self, bytes word) except *
    @cython.locals(name=bytes, flags="long long")
    cdef void _call(self) except *
    @cython.locals(name=bytes, quote=bytes)
    cdef void _variable(self) except *
    cpdef bint at_end(self) noexcept
    cpdef bytes word(self)
    cpdef bytes next_word(self)
    cpdef bytes unquoted(self)
    cdef void _statement(self) except *
    @cython.locals(flags="long long", shape=int)
    cdef void _begin(self) except *
    @cython.locals(flags="long long", certain=bint, result=Traits)
    cdef Traits _result(self)
    cdef bint _recounts(self, long long flags) except -1
    cdef void _fill(self, Traits result, bint certain) except *

cpdef Traits traits(bytes sql, int mode)

cdef class TraitsCache:
    cdef Py_ssize_t _entries
    cdef Py_ssize_t _bytes
    cdef Py_ssize_t _half_entries
    cdef Py_ssize_t _half_bytes
    cdef dict _young
    cdef dict _old
    cdef int _mode
    cdef dict _texts

    @cython.locals(found=Traits)
    cpdef Traits get(self, bytes sql, int mode)
    @cython.locals(old=dict, cost=Py_ssize_t)
    cdef Traits _add(self, bytes sql, int mode)
