cimport cython

from proxy.net.server_connection cimport ServerConnection
from proxy.net.stream cimport Stream
from proxy.net.transport cimport Sink

cpdef begin(ServerConnection server, Stream client)

cdef class Bulk(Sink):
    cdef object _answering
    cdef Stream _client
    cdef bytes _held
    cdef bint _plain
    cdef ServerConnection _server

    @cython.locals(server=ServerConnection, passed=Py_ssize_t, rest=Py_ssize_t)
    cpdef take(self, Py_ssize_t size)
    @cython.locals(client=Stream)
    cdef _write(self, Py_ssize_t size)
    cdef _end(self, Py_ssize_t start, Py_ssize_t size)

cdef bytearray _buffer
