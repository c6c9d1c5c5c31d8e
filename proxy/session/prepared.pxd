cimport cython

from proxy.session.statements cimport Traits

cdef class Definition:
    cdef public bytes answer
    cdef public int columns
    cdef public object context
    cdef public long long epoch
    cdef public int parameters
    cdef public bytes text
    cdef public Traits traits
    cdef public Py_ssize_t users

cdef class Preparation:
    cdef public Preparations home
    cdef public tuple key
    cdef public unsigned int number
    cdef public bytes types
    cdef public bint unsettled

cdef class Statement:
    cdef public bint cursor
    cdef public Definition definition
    cdef public object failure
    cdef public bint kept
    cdef public bytes label
    cdef public bint long_data
    cdef public unsigned int number
    cdef public Preparation owned
    cdef public bint private
    cdef public bytes steady
    cdef public bytes types
    cdef public Preparation used

cdef class Cache:
    cdef public Py_ssize_t bytes
    cdef public object counts
    cdef public dict definitions
    cdef public long long epoch
    cdef public Py_ssize_t limit
    cdef public object order
    cdef public Preparation latest

cdef class Preparations:
    cdef set _owned
    cdef object _shared
    cdef Preparation _latest
    cdef public Cache cache
    cdef public list closing
    cdef public object server

    @cython.locals(found=Preparation)
    cpdef Preparation find(self, tuple key)

cdef class ClientStatements:
    cdef long long _last_number
    cdef dict _statements
    cdef public Statement latest

    cpdef Statement find(self, number)
