cimport cython

from proxy.pool.stats cimport PoolStats
from proxy.pool.ticket cimport Queue, Ticket

cdef int _LOOK_AHEAD, _MOST_OVERTAKEN

cdef class Place:
    cdef public double checked
    cdef public str doom
    cdef public double expires
    cdef public double opened
    cdef public double since
    cdef public object state
    cdef public Ticket ticket

cdef class Core:
    cdef public dict alike
    cdef public dict closing
    cdef public dict idle
    cdef public dict lent
    cdef public dict opening
    cdef public PoolStats stats
    cdef public dict unclaimed
    cdef public Queue waiting

    @cython.locals(idle=dict, place=Place, bucket=dict)
    cpdef lend(self, taker, Ticket ticket=*)
    cpdef rest(self, conn, Place place, double now)
    @cython.locals(bucket=dict)
    cpdef stand_idle(self, conn, Place place, double now)
    cpdef bint queue(self, Ticket ticket) except -1
    cpdef Ticket head(self)
    @cython.locals(ticket=Ticket)
    cpdef Ticket unqueue(self, taker)
    @cython.locals(queue=Queue, alike=Ticket, first=Ticket, ticket=Ticket)
    cpdef Ticket pass_on(self, conn, Place place)
    @cython.locals(ticket=Ticket, other=Ticket, passed=int, patience=Py_ssize_t)
    cdef Ticket _nearest_alike(self, state)
    @cython.locals(place=Place)
    cpdef bint held_by(self, Ticket ticket, conn) except -1
