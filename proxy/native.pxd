from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy

cdef extern from *:
    """
    #include <time.h>
    /* The clock of time.monotonic. */
    static inline double forebay_monotonic(void) {
    #ifdef __APPLE__
        return (double)clock_gettime_nsec_np(CLOCK_UPTIME_RAW) * 1e-9;
    #else
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
    #endif
    }
    """
    double monotonic "forebay_monotonic"() noexcept

cdef inline Py_ssize_t copy(
    unsigned char *to, Py_ssize_t at, const unsigned char *data, Py_ssize_t start, Py_ssize_t end
) noexcept:
    memcpy(to + at, data + start, end - start)
    return at + end - start

cdef inline bytes joined(bytes first, bytes data, Py_ssize_t start):
    cdef Py_ssize_t before = PyBytes_GET_SIZE(first), rest = PyBytes_GET_SIZE(data) - start
    cdef bytes made = PyBytes_FromStringAndSize(NULL, before + rest)
    memcpy(PyBytes_AS_STRING(made), PyBytes_AS_STRING(first), before)
    memcpy(PyBytes_AS_STRING(made) + before, PyBytes_AS_STRING(data) + start, rest)
    return made

cdef inline bytes replaced(bytes data, Py_ssize_t at, bytes source, Py_ssize_t start, Py_ssize_t end):
    cdef bytes made = PyBytes_FromStringAndSize(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    memcpy(PyBytes_AS_STRING(made) + at, PyBytes_AS_STRING(source) + start, end - start)
    return made

cdef inline bytes with_number(bytes data, Py_ssize_t at, unsigned int number):
    cdef bytes made = PyBytes_FromStringAndSize(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    cdef unsigned char *to = <unsigned char *> PyBytes_AS_STRING(made) + at
    to[0] = number & 0xFF
    to[1] = number >> 8 & 0xFF
    to[2] = number >> 16 & 0xFF
    to[3] = number >> 24
    return made

cdef inline bytes head(bytearray buffer, Py_ssize_t size):
    return PyBytes_FromStringAndSize(PyByteArray_AS_STRING(buffer), size)

cdef inline bytes framed(bytes payload, int sequence):
    cdef Py_ssize_t size = PyBytes_GET_SIZE(payload)
    cdef bytes made = PyBytes_FromStringAndSize(NULL, size + 4)
    cdef unsigned char *to = <unsigned char *> PyBytes_AS_STRING(made)
    to[0] = size & 0xFF
    to[1] = size >> 8 & 0xFF
    to[2] = size >> 16 & 0xFF
    to[3] = sequence & 0xFF
    memcpy(to + 4, PyBytes_AS_STRING(payload), size)
    return made
