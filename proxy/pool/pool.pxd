cimport cython

from proxy.pool.core cimport Core, Place
from proxy.pool.stats cimport PoolStats
from proxy.pool.ticket cimport Ticket

cdef class Pool:
    cdef public object _alarm
    cdef public object _chance
    cdef object _check
    cdef object _clock
    cdef public object _close
    cdef object _describe
    cdef bint _handing
    cdef object _opener
    cdef object _spawn
    cdef object _when_empty
    cdef public int asked
    cdef public object budget
    cdef public Core core
    cdef public bint draining
    cdef public object limits
    cdef public str name
    cdef public bint paused
    cdef public bint pressed
    cdef public PoolStats stats

    @cython.locals(core=Core)
    cpdef borrow(self, taker)
    @cython.locals(core=Core, place=Place, now=double)
    cpdef give_back(self, conn)
    @cython.locals(core=Core, now=double, ticket=Ticket, outer=bint)
    cdef _queue(self, taker)
    @cython.locals(core=Core)
    cdef _hand_over(self, Ticket ticket=*, conn=*)
    @cython.locals(accepted=bint)
    cdef _offer(self, Ticket ticket, conn)
