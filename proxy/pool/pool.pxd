cimport cython

from proxy.pool.alarm cimport Alarm
from proxy.pool.core cimport Core, Place
from proxy.pool.opener cimport Opener
from proxy.pool.stats cimport PoolStats
from proxy.pool.ticket cimport Ticket, new_ticket

cdef double _UNREAD

cdef class Pool:
    cdef public Alarm _alarm
    cdef public object _chance
    cdef object _check
    cdef object _clock
    cdef public object _close
    cdef object _describe
    cdef bint _handing
    cdef Opener _opener
    cdef double _patience
    cdef int _most_connecting
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
    cpdef borrow(self, taker, double now=*)
    @cython.locals(core=Core, place=Place)
    cpdef give_back(self, conn, double now=*)
    cpdef bint forget(self, taker) except -1
    cpdef unclaim(self, conn)
    @cython.locals(core=Core, deadline=double, outer=bint)
    cdef _queue(self, taker, double now)
    @cython.locals(core=Core)
    cdef _hand_over(self, double now, Ticket ticket=*, conn=*)
    @cython.locals(accepted=bint)
    cdef _offer(self, Ticket ticket, conn, double now)
