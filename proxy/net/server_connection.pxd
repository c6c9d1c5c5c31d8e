cimport cython

cimport proxy.native as native
from proxy.net.stream cimport Stream
from proxy.session.prepared cimport Preparations
from proxy.wire.replies cimport Reply

cdef int COM_QUERY, COM_STMT_PREPARE, _PREPARE, _QUERY

cdef class ServerConnection(Stream):
    cdef object __weakref__
    cdef list _answers
    cdef Py_ssize_t _expected
    cdef object _failure
    cdef object _finished
    cdef list _raw
    cdef object _reader
    cdef list _shapes
    cdef object _talk
    cdef object _waiter
    cdef public str address
    cdef public object answering
    cdef public double asked_at
    cdef public bint behind
    cdef public object borrower
    cdef public unsigned long long capabilities
    cdef public unsigned long long connection_id
    cdef public bint extended_metadata
    cdef public bint found_none
    cdef public object insert_id
    cdef public double large
    cdef public object lingers_for
    cdef public bint mariadb
    cdef public bint multi_statements
    cdef public bytes nonce
    cdef public object on_lost
    cdef public str plugin
    cdef public Preparations prepared
    cdef public bint query_attributes
    cdef public Reply reply
    cdef public int residue
    cdef public object state
    cdef public bint switching
    cdef public dict variables
    cdef public set variables_seen
    cdef public str version

    cpdef data_received(self, bytes data)
    cpdef received(self, data)
    @cython.locals(commands=list)
    cpdef converse(self, talk, finished, bytes behind=*)
    @cython.locals(packets=list, command=bytes)
    cdef _ask(self, list commands, bytes behind=*)
    @cython.locals(packet=bytes)
    cdef bytes _framed(self, bytes command)
    @cython.locals(shape=int)
    cdef _expect(self)
    @cython.locals(reply=Reply)
    cpdef _conversing(self, bytes data)
    cdef _answered(self)
    cdef _end_talk(self, result, error)
