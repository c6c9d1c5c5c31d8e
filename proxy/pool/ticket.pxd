cimport cython

cdef class Ticket:
    cdef public double deadline
    cdef public int overtaken
    cdef public double since
    cdef public object taker
    cdef public Ticket after
    cdef public Ticket before

@cython.locals(made=Ticket)
cpdef Ticket new_ticket(taker, double since, double deadline)

cdef class Queue:
    cdef dict _tickets
    cdef public Ticket first
    cdef public Ticket last

    @cython.locals(each=Ticket, found=list)
    cpdef list tickets(self)
    cpdef bint append(self, Ticket ticket) except -1
    @cython.locals(before=Ticket, after=Ticket)
    cpdef Ticket remove(self, Ticket ticket)
    cpdef Ticket find(self, taker)
