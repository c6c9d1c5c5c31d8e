from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport EINTR
from libc.stdint cimport int64_t, uint64_t

from proxy.net.sockets cimport forebay_send

cdef extern from *:
    """
    #include <linux/aio_abi.h>
    #include <stdint.h>
    #include <stdlib.h>
    #include <sys/syscall.h>
    #include <unistd.h>

    enum { FOREBAY_BATCH = 64 };

    struct forebay_batch {
        aio_context_t context;  /* 0: one write after the other */
        int count;
        struct iocb writes[FOREBAY_BATCH], *order[FOREBAY_BATCH];
        int64_t taken[FOREBAY_BATCH];
    };

    /* What a context points to: the kernel puts the results there, and who knows its layout needs no call to take them.
       fs/aio.c; libaio, fio and QEMU read it so, too. */
    struct forebay_ring {
        uint32_t id, size, head, tail, magic, compatible, incompatible, header_length;
        struct io_event results[];
    };
    enum { FOREBAY_RING_MAGIC = 0xa10a10a1 };

    static inline void forebay_end_context(struct forebay_batch *batch) {
        if (batch->context) syscall(SYS_io_destroy, batch->context);
        batch->context = 0;
    }

    static inline struct forebay_batch *forebay_open_batch(void) {
        struct forebay_batch *batch = calloc(1, sizeof *batch);
        if (!batch) return NULL;
        for (int i = 0; i < FOREBAY_BATCH; i++) batch->order[i] = &batch->writes[i];
        if (syscall(SYS_io_setup, FOREBAY_BATCH, &batch->context) < 0) batch->context = 0;
        struct forebay_ring *ring = (struct forebay_ring *)batch->context;
        if (ring && (ring->magic != (uint32_t)FOREBAY_RING_MAGIC || ring->incompatible)) forebay_end_context(batch);
        return batch;
    }

    static inline void forebay_close_batch(struct forebay_batch *batch) {
        forebay_end_context(batch);
        free(batch);
    }

    static inline void forebay_add(struct forebay_batch *batch, int descriptor, const char *data, size_t size) {
        int number = batch->count++;
        batch->writes[number] = (struct iocb){
            .aio_data = number, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = descriptor,
            .aio_buf = (uint64_t)(uintptr_t)data, .aio_nbytes = size,
        };
    }

    static inline void forebay_take_results(struct forebay_batch *batch, int count) {
        struct forebay_ring *ring = (struct forebay_ring *)batch->context;
        struct io_event one;
        while (count > 0) {
            uint32_t head = ring->head;
            if (head != __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE)) {
                one = ring->results[head];
                __atomic_store_n(&ring->head, (head + 1) % ring->size, __ATOMIC_RELEASE);
            } else if (syscall(SYS_io_getevents, batch->context, 1, 1, &one, NULL) != 1) {
                continue;  /* interrupted; the kernel still uses the bytes */
            }
            batch->taken[one.data] = one.res;
            count--;
        }
    }

    /* How many of the first ones are done with. */
    static inline int forebay_submit(struct forebay_batch *batch) {
        if (batch->count < 2 || !batch->context) return 0;
        int done = syscall(SYS_io_submit, batch->context, (long)batch->count, batch->order);
        if (done < 0) return 0;
        forebay_take_results(batch, done);
        return done;
    }
    """
    enum:
        MOST "FOREBAY_BATCH"

    struct iocb:
        int aio_fildes
        uint64_t aio_buf
        uint64_t aio_nbytes

    struct forebay_batch:
        int count
        iocb *writes
        int64_t *taken

    forebay_batch *forebay_open_batch() noexcept
    void forebay_close_batch(forebay_batch *) noexcept
    void forebay_add(forebay_batch *, int, const char *, size_t) noexcept
    int forebay_submit(forebay_batch *) noexcept

cdef inline size_t open_batch() except 0:
    cdef forebay_batch *made = forebay_open_batch()
    if made is NULL:
        raise MemoryError
    return <size_t> made

cdef inline void close_batch(size_t batch) noexcept:
    forebay_close_batch(<forebay_batch *> batch)

cdef inline void add(size_t batch, int descriptor, object data) noexcept:
    if isinstance(data, bytes):
        forebay_add(<forebay_batch *> batch, descriptor, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    else:
        forebay_add(<forebay_batch *> batch, descriptor, PyByteArray_AS_STRING(data), PyByteArray_GET_SIZE(data))

cdef inline void send(size_t batch) noexcept:
    cdef forebay_batch *this = <forebay_batch *> batch
    cdef int done = forebay_submit(this), number
    cdef iocb *write
    for number in range(this.count):
        if number >= done or this.taken[number] == -EINTR:
            write = &this.writes[number]
            this.taken[number] = forebay_send(write.aio_fildes, <const char *> <size_t> write.aio_buf, write.aio_nbytes)
    this.count = 0

cdef inline Py_ssize_t taken(size_t batch, int number) noexcept:
    return (<forebay_batch *> batch).taken[number]
