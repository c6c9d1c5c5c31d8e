from posix.unistd cimport write as posix_write

cdef inline Py_ssize_t write(int descriptor, bytearray buffer, Py_ssize_t size):
    cdef char *data = buffer
    cdef Py_ssize_t taken = posix_write(descriptor, data, size)
    return taken if taken > 0 else 0
