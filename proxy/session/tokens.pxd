cimport cython

cdef int ANSI_QUOTES, ASSIGN, DIGIT, EIGHT_BIT, END, IN_WORD, LETTER, MARIADB, MULTIBYTE, NO_BACKSLASH_ESCAPES
cdef int NUMBER, OTHER, QUOTED, SPACE, STRING, SYSTEM, UNREADABLE, VARIABLE, WORD
cdef bytes CLASSES, EIGHT_BIT_CLASSES, _SURE_VERSION, _SURE_MARIADB
cdef tuple LEADS, TRAILS, _STOPS
cdef dict _INSIDE, _HINTS
cdef Py_ssize_t _LONG

cdef Py_ssize_t _run(object pattern, bytes text, Py_ssize_t position) except -1

cdef class Scanner:
    cdef readonly bytes sql
    cdef readonly int kind
    cdef readonly Py_ssize_t start
    cdef readonly Py_ssize_t end
    cdef readonly bint named
    cdef readonly bint doubt
    cdef readonly int hints
    cdef readonly int mode
    cdef readonly bint inside_code
    cdef readonly Py_ssize_t commented
    cdef const unsigned char *text
    cdef const unsigned char *_classes
    cdef const unsigned char *_leads
    cdef const unsigned char *_trails
    cdef Py_ssize_t _size
    cdef Py_ssize_t _position
    cdef Py_ssize_t _word_end
    cdef int _wide
    cdef bint _continues
    cdef bint _escapes

    @cython.locals(text="const unsigned char *", classes="const unsigned char *", position=Py_ssize_t,
                   size=Py_ssize_t, byte=int, kind=int)
    cpdef int advance(self)
    cpdef bytes token(self)
    cdef Py_ssize_t _take(self, int kind, Py_ssize_t end) noexcept
    cdef int _byte(self, Py_ssize_t position) noexcept
    @cython.locals(following=int)
    cdef Py_ssize_t _special(self, Py_ssize_t position, int byte)
    @cython.locals(text="const unsigned char *", classes="const unsigned char *", size=Py_ssize_t,
                   begun=Py_ssize_t, watch=Py_ssize_t)
    cdef int _word(self, Py_ssize_t position)
    @cython.locals(text="const unsigned char *")
    cdef Py_ssize_t _wide_word(self, Py_ssize_t position) noexcept
    cdef bint _is_pair(self, Py_ssize_t position) noexcept
    @cython.locals(text="const unsigned char *", byte=int, after=Py_ssize_t)
    cdef int _number(self, Py_ssize_t position)
    @cython.locals(end=Py_ssize_t)
    cdef int _hexadecimal(self, Py_ssize_t position)
    cdef Py_ssize_t _digits(self, Py_ssize_t position) noexcept
    @cython.locals(byte=int, end=Py_ssize_t)
    cdef Py_ssize_t _exponent(self, Py_ssize_t position) noexcept
    @cython.locals(byte=int, after=Py_ssize_t)
    cdef int _fraction(self, Py_ssize_t position)
    cdef Py_ssize_t _dot(self, Py_ssize_t position, int following)
    @cython.locals(after=int)
    cdef Py_ssize_t _minus(self, Py_ssize_t position, int following)
    @cython.locals(end=Py_ssize_t)
    cdef Py_ssize_t _line(self, Py_ssize_t position)
    @cython.locals(text="const unsigned char *", end=Py_ssize_t)
    cdef Py_ssize_t _at(self, Py_ssize_t position, int following)
    @cython.locals(name=bint, end=Py_ssize_t)
    cdef Py_ssize_t _quoted(self, Py_ssize_t position, int quote)
    @cython.locals(text="const unsigned char *", stops="const unsigned char *", table=bytes, row=int, size=Py_ssize_t,
                   watch=Py_ssize_t, byte=int)
    cdef Py_ssize_t _closing(self, Py_ssize_t position, int quote, bint escapes)
    @cython.locals(following=int)
    cdef int _wide_character(self, Py_ssize_t position) noexcept
    @cython.locals(inner=Py_ssize_t, end=Py_ssize_t, byte=int)
    cdef Py_ssize_t _comment(self, Py_ssize_t position)
    cdef bint _balanced(self, Py_ssize_t position, Py_ssize_t end)
    @cython.locals(end=Py_ssize_t)
    cdef Py_ssize_t _code(self, Py_ssize_t position, bytes sure)
