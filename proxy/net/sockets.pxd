from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING
from libc.errno cimport errno
from libc.stdint cimport uint32_t
from libc.string cimport memset
from posix.unistd cimport close as posix_close

cdef extern from *:
    """
    #include <errno.h>
    #include <netinet/in.h>
    #include <netinet/tcp.h>
    #include <stdint.h>
    #include <sys/epoll.h>
    #include <sys/socket.h>

    static inline int forebay_open_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

    static inline int forebay_watch(int epoll, int how, int descriptor, uint32_t mask) {
        struct epoll_event event = {.events = mask, .data = {.fd = descriptor}};
        return epoll_ctl(epoll, how, descriptor, &event) < 0 ? -errno : 0;
    }

    static inline int forebay_wait(int epoll, char *events, int most) {
        int found = epoll_wait(epoll, (struct epoll_event *)events, most, 0);
        return found < 0 ? 0 : found;
    }

    static inline int forebay_happened_to(char *events, int number) {
        return ((struct epoll_event *)events)[number].data.fd;
    }

    static inline uint32_t forebay_happened(char *events, int number) {
        return ((struct epoll_event *)events)[number].events;
    }

    static inline ssize_t forebay_receive(int descriptor, char *to, size_t size) {
        ssize_t taken;
        do taken = recv(descriptor, to, size, 0); while (taken < 0 && errno == EINTR);
        return taken < 0 ? -errno : taken;
    }

    static inline ssize_t forebay_send(int descriptor, const char *data, size_t size) {
        ssize_t taken;
        do taken = send(descriptor, data, size, MSG_NOSIGNAL); while (taken < 0 && errno == EINTR);
        return taken < 0 ? -errno : taken;
    }

    static inline void forebay_bound_unsent(int descriptor, int size) {
        (void)!setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &size, sizeof size);  /* no TCP, no bound */
    }

    static inline int forebay_accept(int listening, char *address, socklen_t size) {
        int accepted;
        do accepted = accept4(listening, (struct sockaddr *)address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        while (accepted < 0 && errno == EINTR);
        return accepted < 0 ? -errno : accepted;
    }
    """
    int forebay_open_epoll() noexcept
    int forebay_watch(int, int, int, uint32_t) noexcept
    int forebay_wait(int, char *, int) noexcept
    int forebay_happened_to(char *, int) noexcept
    uint32_t forebay_happened(char *, int) noexcept
    Py_ssize_t forebay_receive(int, char *, size_t) noexcept
    Py_ssize_t forebay_send(int, const char *, size_t) noexcept
    int forebay_accept(int, char *, int) noexcept
    void forebay_bound_unsent(int, int) noexcept

cdef inline int open_epoll() except -1:
    cdef int made = forebay_open_epoll()
    if made < 0:
        raise OSError(errno, "No epoll instance can be had")
    return made

cdef inline void close_epoll(int epoll) noexcept:
    posix_close(epoll)

cdef inline int watch(int epoll, int how, int descriptor, uint32_t mask) noexcept:
    return forebay_watch(epoll, how, descriptor, mask)

cdef inline int wait(int epoll, bytearray events, int most) noexcept:
    return forebay_wait(epoll, PyByteArray_AS_STRING(events), most)

cdef inline int happened_to(bytearray events, int number) noexcept:
    return forebay_happened_to(PyByteArray_AS_STRING(events), number)

cdef inline uint32_t happened(bytearray events, int number) noexcept:
    return forebay_happened(PyByteArray_AS_STRING(events), number)

cdef inline Py_ssize_t receive(int descriptor, bytearray buffer, Py_ssize_t start, Py_ssize_t size) noexcept:
    return forebay_receive(descriptor, PyByteArray_AS_STRING(buffer) + start, size)

cdef inline Py_ssize_t send(int descriptor, object data, Py_ssize_t start, Py_ssize_t end) noexcept:
    if isinstance(data, bytes):
        return forebay_send(descriptor, PyBytes_AS_STRING(data) + start, end - start)
    return forebay_send(descriptor, PyByteArray_AS_STRING(data) + start, end - start)

cdef inline int accept(int listening, bytearray address) noexcept:
    memset(PyByteArray_AS_STRING(address), 0, 128)
    return forebay_accept(listening, PyByteArray_AS_STRING(address), 128)

cdef inline void bound_unsent(int descriptor, int size) noexcept:
    forebay_bound_unsent(descriptor, size)

cdef inline void close(int descriptor) noexcept:
    posix_close(descriptor)
