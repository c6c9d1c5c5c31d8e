cimport cython

from proxy.session.tokens cimport Scanner

cdef int ASSIGN, CLOSE, COMMA, DOT, END, EQUALS, MARIADB, NUMBER, OPEN, QUOTED, SEMICOLON, STRING, SYSTEM, VARIABLE, WORD
cdef long long _FUNCTION, _ADJOINS, _QUERY, _SHOWN, _NOT_READ_ONLY, _PERMITS, _SEQUENCES, _INTERESTING
cdef long long _READ_ONLY, _MULTI, _UNCERTAIN
cdef long long _KEEPS_VARIABLES, _NAMES_FIRST, _REREADS
cdef int BEGINNING, BODY, CREATING, DEALLOCATING, DISTRIBUTED, DROPPING, EXPLAINING, LOADING, LOCKING, PLAIN, PREFIX
cdef int PREPARING, READS, SETTING, SHOWING, STARTING, UNLOCKING
cdef dict ANYWHERE, CALLED, VERBS
cdef bytes LIKELY
cdef Py_ssize_t LONGEST
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
    cdef public bytes second

cdef class _Reader(Scanner):
    cdef long long _flags
    cdef Py_ssize_t _statements
    cdef bytes _verb
    cdef int _before
    cdef Py_ssize_t _before_start
    cdef Py_ssize_t _before_end
    cdef bint _before_named
    cdef bint _assigns
    cdef bint _functions
    cdef bint _readable
    cdef bint _system
    cdef dict _variables
    cdef list _created
    cdef list _dropped
    cdef dict _names

    @cython.locals(commented=Py_ssize_t)
    cpdef Traits read(self)
    @cython.locals(kind=int)
    cdef int _step(self) except -1
    @cython.locals(text="const unsigned char *", likely="const unsigned char *", size=Py_ssize_t)
    cdef void _plain_word(self) except *
    cdef void _system_word(self, bytes word) except *
    @cython.locals(name=bytes, flags="long long")
    cdef void _call(self) except *
    @cython.locals(name=bytes, quote=bytes)
    cdef void _variable(self) except *
    cdef bint _at_end(self) noexcept
    cdef bytes _word_here(self)
    cdef bytes _next_word(self)
    cdef bytes _unquoted(self)
    cdef bytes _name(self)
    cdef void _rest(self) except *
    @cython.locals(shape=int)
    cdef void _statement(self) except *
    @cython.locals(flags="long long", shape=int)
    cdef int _begin(self) except -1
    cdef void _look_further(self, int shape) except *
    cdef void _shape(self, int shape) except *
    cdef void _look_for(self, dict meanings) except *
    cdef void _body(self) except *
    cdef void _show(self) except *
    cdef void _lock(self, bint unlocks) except *
    cdef void _create(self) except *
    cdef void _skip_if_exists(self) except *
    cdef void _drop(self) except *
    cdef void _prepare(self, int shape) except *
    @cython.locals(literal=bint)
    cdef int _set(self) except -1
    @cython.locals(marked=bint, scoped=bint)
    cdef bint _assignment(self) except -1
    @cython.locals(flags="long long", literal=bint)
    cdef bint _system_assignment(self, bytes name, bint bare) except -1
    @cython.locals(depth=Py_ssize_t, tokens=Py_ssize_t, literal=bint)
    cdef tuple _value(self)
    cdef bint _other_set(self, bytes word, bint scoped) except -1
    cdef bint _set_names(self, bytes word) except -1
    @cython.locals(depth=Py_ssize_t)
    cdef int _set_for_statement(self) except -1
    @cython.locals(flags="long long", certain=bint, result=Traits)
    cdef Traits _result(self)
    cdef void _name_names(self, Traits result, bint certain) except *

cpdef Traits traits(bytes sql, int mode)

cdef class TraitsCache:
    cdef Py_ssize_t _entries
    cdef Py_ssize_t _bytes
    cdef Py_ssize_t _half_entries
    cdef Py_ssize_t _half_bytes
    cdef dict _young
    cdef dict _old

    @cython.locals(young=dict)
    cpdef Traits get(self, bytes sql, int mode)
    @cython.locals(old=dict, cost=Py_ssize_t)
    cdef Traits _add(self, bytes sql, int mode)
