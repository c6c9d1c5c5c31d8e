cimport cython

cimport proxy.net.sockets as sockets
from proxy.net.server_connection cimport ServerConnection
from proxy.net.stream cimport Stream

cpdef begin(ServerConnection server, Stream client)

cdef class Bulk:
    cdef object _answering
    cdef bint _backlog
    cdef Stream _client
    cdef int _descriptor
    cdef int _full
    cdef bytes _held
    cdef ServerConnection _server

    @cython.locals(held=Py_ssize_t)
    cpdef object get_buffer(self, sizehint)
    @cython.locals(server=ServerConnection, size=Py_ssize_t, passed=Py_ssize_t, rest=Py_ssize_t)
    cpdef buffer_updated(self, Py_ssize_t nbytes)
    @cython.locals(client=Stream, taken=Py_ssize_t)
    cdef _write(self, Py_ssize_t size)
    cdef _end(self, bytearray data)

cdef bytearray _buffer
cdef int SIZE, _TURNS
