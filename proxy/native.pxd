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
